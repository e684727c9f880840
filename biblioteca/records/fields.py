"""Columns that behave alike on every database."""

from typing import Any

from django.db import models

# Compared code point by code point; any Unicode text fits (MySQL's default may not take emoji).
CODE_POINT_COLLATIONS = {"mysql": "utf8mb4_bin", "postgresql": "C", "sqlite": "BINARY"}


class CodePointField(models.CharField):
    """Text that is stored, compared and ordered by code point on every engine.

    The default collations of MySQL hold ``José`` and ``Jose`` for the same, those of PostgreSQL
    depend on the machine: what is equal must not depend on where it is stored.
    """

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        """Add the collation that this engine calls by its own name."""
        parameters = super().db_parameters(connection)
        parameters["collation"] = CODE_POINT_COLLATIONS.get(connection.vendor)
        return parameters

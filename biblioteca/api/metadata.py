"""What OPTIONS answers."""

from typing import Any

from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request


class MethodsMetadata(BaseMetadata):
    """The methods and media types of a route; the schema says the rest."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        """Return the body of an OPTIONS answer."""
        return {
            "methods": view.allowed_methods,
            "accepts": [parser.media_type for parser in view.parser_classes],
            "schema": "/schema/",
        }

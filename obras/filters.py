"""The filters of ``/obras/``."""

from autores.models import Autor
from biblioteca.api.filters import (
    COMMON,
    ID_SCHEMA,
    by_column,
    by_identifier,
    read_id_or_null,
    read_identifier,
)
from biblioteca.api.parameters import Filter, read_id
from editoras.models import Editora

BY_PUBLISHER = Filter(
    "editora",
    "Works of this publisher; `null` lists those whose publisher is unknown.",
    read_id_or_null,
    {"oneOf": [ID_SCHEMA, {"type": "string", "enum": ["null"]}]},
    by_column("editora"),
    resource=Editora.RESOURCE,
)
BY_AUTHOR = Filter(
    "autor",
    "Works of this author.",
    read_id,
    ID_SCHEMA,
    by_column("autorias__autor"),
    resource=Autor.RESOURCE,
)

BY_IDENTIFIER = Filter(
    "identificador",
    "The work with this identifier, as `isbn:9788535910636`; hyphens and ISBN-10 are accepted.",
    read_identifier,
    {"type": "string", "pattern": "^[a-z][a-z0-9_.-]*:.+$"},
    by_identifier,
)

FILTERS = (*COMMON, BY_PUBLISHER, BY_AUTHOR, BY_IDENTIFIER)

"""How publishers are exported."""

from biblioteca.loading.exporting import named_export
from editoras.models import Editora

EXPORT = named_export(Editora)

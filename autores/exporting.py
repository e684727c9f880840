"""How authors are exported."""

from autores.models import Autor
from biblioteca.loading.exporting import named_export

EXPORT = named_export(Autor)

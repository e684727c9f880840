"""Loading a file of authors."""

from autores.models import Autor
from biblioteca.loading.named_writer import NamedWriter


class AutorWriter(NamedWriter):
    """Writes authors."""

    model = Autor

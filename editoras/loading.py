"""Loading a file of publishers."""

from biblioteca.loading.named_writer import NamedWriter
from editoras.models import Editora


class EditoraWriter(NamedWriter):
    """Writes publishers."""

    model = Editora

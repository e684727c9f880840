"""``/autores/``."""

from autores.filters import FILTERS
from autores.models import Autor
from autores.serializers import AutorSerializer
from biblioteca.api.merging import MergeView
from biblioteca.api.viewsets import CatalogueViewSet


class AutorViewSet(CatalogueViewSet):
    """Authors."""

    model = Autor
    schema_name = "authors"
    serializer_class = AutorSerializer
    filters = FILTERS
    dependents = "obras"


class AutorMergeView(MergeView):
    """Merging authors."""

    model = Autor
    schema_name = "authors"

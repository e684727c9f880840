"""``/editoras/``."""

from biblioteca.api.merging import MergeView
from biblioteca.api.viewsets import CatalogueViewSet
from editoras.filters import FILTERS
from editoras.models import Editora
from editoras.serializers import EditoraSerializer


class EditoraViewSet(CatalogueViewSet):
    """Publishers."""

    model = Editora
    schema_name = "publishers"
    serializer_class = EditoraSerializer
    filters = FILTERS
    dependents = "obras"


class EditoraMergeView(MergeView):
    """Merging publishers."""

    model = Editora
    schema_name = "publishers"

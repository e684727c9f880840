"""``/obras/``, and the works of an author or a publisher."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from autores.models import Autor
from biblioteca.api import links
from biblioteca.api.identifiers import IdentifiersView
from biblioteca.api.parameters import Filter
from biblioteca.api.redirects import absent, read_item_id
from biblioteca.api.serializers import represent_named
from biblioteca.api.viewsets import CatalogueListView, CatalogueViewSet
from biblioteca.records.models import NamedRecord, Record
from editoras.models import Editora
from obras.filters import BY_AUTHOR, BY_PUBLISHER, FILTERS
from obras.models import Obra
from obras.serializers import ObraSerializer


@dataclass(frozen=True)
class Expansion:
    """A field whose ids ``expand`` replaces by the objects of ``model``."""

    model: type[NamedRecord]

    def records(self, ids: Sequence[int]) -> QuerySet:
        """Return the records with these ids."""
        return (
            self.model._default_manager.filter(pk__in=ids)
            if ids
            else self.model._default_manager.none()
        )

    def represent(self, record: NamedRecord) -> dict[str, Any]:
        """Return the object that stands in the place of an id."""
        return represent_named(record)


EXPANDABLE = {"editora": Expansion(Editora), "autores": Expansion(Autor)}


class ObraViewSet(CatalogueViewSet):
    """Works."""

    model = Obra
    schema_name = "works"
    serializer_class = ObraSerializer
    filters = FILTERS
    expandable = EXPANDABLE

    def with_representation(self, queryset: Any) -> QuerySet:
        """Fetch the authors' ids with each work."""
        return queryset.with_author_ids()


class ObraIdentifiersView(IdentifiersView):
    """The identifiers of a work."""

    model = Obra
    schema_name = "identifiers of a work"


class WorksOf(CatalogueListView):
    """The works that refer to one record: ``/obras/`` with one filter fixed by the path."""

    model = Obra
    schema_name = "works"
    serializer_class = ObraSerializer
    expandable = EXPANDABLE
    owner: type[Record]
    owner_filter: Filter

    @property
    def filters(self) -> Sequence[Filter]:  # type: ignore[override]
        """Return the filters of works but the one that the path fixes."""
        return [declared for declared in FILTERS if declared is not self.owner_filter]

    def with_representation(self, queryset: Any) -> QuerySet:
        """Fetch the authors' ids with each work."""
        return queryset.with_author_ids()

    def get_queryset(self) -> QuerySet:
        """Return the works of the owner. Raises NotFound without one, Moved for one merged away."""
        key = read_item_id(self.kwargs["pk"])
        if not self.owner._default_manager.filter(pk=key).exists():
            raise absent(self.request, self.owner, key)
        return self.owner_filter.narrow(super().get_queryset(), key)

    def collection_path(self) -> str:
        """Return the path of this list as the contract spells it."""
        return links.collection_path(self.owner.RESOURCE, int(self.kwargs["pk"]), Obra.RESOURCE)


class WorksOfAuthor(WorksOf):
    """Works of an author."""

    owner = Autor
    owner_filter = BY_AUTHOR


class WorksOfPublisher(WorksOf):
    """Works of a publisher."""

    owner = Editora
    owner_filter = BY_PUBLISHER

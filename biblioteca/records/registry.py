"""The models of the catalogue's records by the resource that each is."""

from functools import cache

from django.apps import apps

from biblioteca.records.models import Record


@cache
def record_models() -> dict[str, type[Record]]:
    """Return the model of each resource, in order of the resources' names."""
    found = {model.RESOURCE: model for model in apps.get_models() if issubclass(model, Record)}
    return dict(sorted(found.items()))


def model_of(resource: str) -> type[Record]:
    """Return the model of ``resource``. Raises KeyError for one that is none."""
    return record_models()[resource]

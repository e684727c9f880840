"""Making a former state fit for today: what it names may be gone, merged away or taken."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext as _

from biblioteca.records.models import Identificador, Record
from biblioteca.records.redirects import living

IDENTIFIERS = "identificadores"

State = dict[str, Any]
# In words, by the record's id, what of a state could not be kept.
Losses = dict[int, list[str]]


def label_of(model: type[Record], name: str) -> str:
    """Return what people call the key ``name`` of a state."""
    if name == IDENTIFIERS:
        return str(Identificador._meta.verbose_name_plural)
    try:
        return str(getattr(model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        return name


def ids_in(value: Any) -> list[int]:
    """Return the ids that a value of a state holds: one, several or none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def fit(model: type[Record], states: Mapping[int, State]) -> tuple[dict[int, State], Losses]:
    """Return ``states`` (or parts of states), by record, as they can be written now.

    A reference to a merged record becomes one to its survivor, one to a record that is gone is
    dropped, and so is an identifier that another record has. All that is lost is said in words.
    """
    fitted = {key: dict(state) for key, state in states.items()}
    losses: Losses = defaultdict(list)
    names = {name for state in states.values() for name in state}
    for name in sorted(names):
        if (related := model.REFERENCES.get(name)) is not None:
            fit_references(model, name, related, fitted, losses)
        elif name == IDENTIFIERS:
            fit_identifiers(model, fitted, losses)
    return fitted, losses


def fit_references(
    model: type[Record],
    name: str,
    related: type[Record],
    states: dict[int, State],
    losses: Losses,
) -> None:
    """Replace and drop the ids under ``name`` in place."""
    wanted = {key for state in states.values() for key in ids_in(state.get(name))}
    now = living(related, wanted)
    for record_id, state in states.items():
        if name not in state:
            continue
        kept: list[int] = []
        for key in ids_in(state[name]):
            target = now.get(key)
            if target is None:
                text = _("%(field)s: %(resource)s/%(id)s is not there any more")
                losses[record_id].append(
                    text % {"field": label_of(model, name), "resource": related.RESOURCE, "id": key}
                )
            elif target not in kept:
                kept.append(target)
        state[name] = kept if isinstance(state[name], list) else (kept[0] if kept else None)


def fit_identifiers(model: type[Record], states: dict[int, State], losses: Losses) -> None:
    """Drop in place the identifiers that another record has."""
    pairs = {tuple(pair) for state in states.values() for pair in state.get(IDENTIFIERS, ())}
    rows = Identificador.objects.filter(
        recurso=model.RESOURCE,
        esquema__in={scheme for scheme, _value in pairs},
        valor__in={value for _scheme, value in pairs},
    )
    holders = {
        (scheme, value): key
        for scheme, value, key in rows.values_list("esquema", "valor", "registro_id")
    }
    for record_id, state in states.items():
        if IDENTIFIERS not in state:
            continue
        kept = []
        for scheme, value in state[IDENTIFIERS]:
            holder = holders.setdefault((scheme, value), record_id)
            if holder == record_id:
                kept.append([scheme, value])
                continue
            text = _("%(scheme)s %(value)s is now an identifier of %(resource)s/%(id)s")
            losses[record_id].append(
                text % {"scheme": scheme, "value": value, "resource": model.RESOURCE, "id": holder}
            )
        state[IDENTIFIERS] = kept


def name_in(model: type[Record], state: State | None) -> str:
    """Return the title or name that a state holds."""
    return str((state or {}).get(model.TEXT_FIELD, ""))

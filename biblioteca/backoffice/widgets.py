"""Form widgets that a person can use by mouse, finger and keyboard alike.

Each is a piece of HTML that works with the module of the same name in ``static/backoffice``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.validators import EMPTY_VALUES
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from biblioteca.api.parameters import MAX_ID
from biblioteca.backoffice.naming import change_address
from biblioteca.photos.pictures import MAX_BYTES
from biblioteca.records.models import NamedRecord, Record

# What the picker's text field is called, beside the id that was chosen.
TEXT_SUFFIX = "_texto"


def read_key(value: Any) -> int | None:
    """Return the id that ``value`` writes, None when no record can have it."""
    text = str(value)
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > MAX_ID:
        return None
    return int(text)


class Related:
    """Where a picker finds the records of a relation, and makes new ones.

    ``source`` is the model and the field that refers to the records.
    """

    def __init__(self, source: type[Record], field: str) -> None:
        self.source, self.field = source, field
        self.model: type[Record] = source._meta.get_field(field).related_model  # type: ignore[assignment]

    def context(self, *, may_create: bool) -> dict[str, Any]:
        """Return what the template says to the script."""
        options = self.source._meta
        query: dict[str, Any] = {
            "app_label": options.app_label,
            "model_name": options.model_name,
            "field_name": self.field,
        }
        kind = self.model._meta
        return {
            "source": f"{reverse('admin:autocomplete')}?{urlencode(query)}",
            "create": self.create_address() if may_create else "",
            "create_label": _("Create the %(kind)s") % {"kind": kind.verbose_name},
            "kind": kind.verbose_name,
        }

    def create_address(self) -> str:
        """Return where a record with a name alone is made, empty if this is none."""
        kind = self.model._meta
        if not issubclass(self.model, NamedRecord):
            return ""
        try:
            return reverse(f"admin:{kind.app_label}_{kind.model_name}_quick_create")
        except NoReverseMatch:
            return ""

    def rows(self, ids: Sequence[Any]) -> list[dict[str, Any]]:
        """Return id, text and address of the records with ``ids``, in their order."""
        keys = [key for key in map(read_key, ids) if key is not None]
        records = self.model._default_manager.in_bulk(keys) if keys else {}
        return [
            {
                "id": key,
                "text": records[key].display_text,
                "address": change_address(records[key]),
            }
            for key in keys
            if key in records
        ]


class RecordPicker(forms.Widget):
    """One record, found by typing."""

    template_name = "backoffice/widgets/picker.html"

    def __init__(self, related: Related, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.related = related
        self.may_create = True
        self.typed = ""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Return the id; a text that nothing was chosen for is refused by the field."""
        self.typed = (data.get(name + TEXT_SUFFIX) or "").strip()
        key = data.get(name)
        return self.typed if key in EMPTY_VALUES and self.typed else key

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the chosen record and where to look for others."""
        context = super().get_context(name, value, attrs)
        chosen = self.related.rows([value] if value not in EMPTY_VALUES else [])
        context |= {
            "chosen": chosen[0] if chosen else None,
            "typed": "" if chosen else self.typed,
            "text_name": name + TEXT_SUFFIX,
        }
        return context | self.related.context(may_create=self.may_create)


class OrderedRecords(forms.Widget):
    """Several records in an order that a person gives them."""

    template_name = "backoffice/widgets/ordered.html"

    def __init__(self, related: Related, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.related = related
        self.may_create = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the ids in order."""
        values = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        return [value for value in values if value not in EMPTY_VALUES]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell that nothing is ever left out: an empty list sends nothing."""
        return False

    def id_for_label(self, id_: str) -> str:
        """Return the id of the field in which names are typed."""
        return id_

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the records in their order."""
        context = super().get_context(name, value, attrs)
        context["rows"] = self.related.rows(value or [])
        return context | self.related.context(may_create=self.may_create)


SCHEMES = ("isbn", "issn", "doi", "lccn", "oclc")


class IdentifierRows(forms.Widget):
    """Pairs of scheme and value; the check digit is verified while typing."""

    template_name = "backoffice/widgets/identifiers.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the pairs whose value is not empty."""
        if not hasattr(data, "getlist"):
            return data.get(name, [])
        pairs = zip(
            data.getlist(f"{name}_esquema"), data.getlist(f"{name}_valor"), strict=False
        )  # fmt: skip
        return [[scheme.strip().lower(), value] for scheme, value in pairs if value.strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell that nothing is ever left out: no row means no identifier."""
        return False

    def id_for_label(self, id_: str) -> str:
        """Return nothing: each field of each row has a label of its own."""
        return ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the rows; a scheme that the list does not have keeps its place in its own row."""
        context = super().get_context(name, value, attrs)
        context["rows"] = [
            {"scheme": scheme, "value": number, "schemes": self.schemes(scheme)}
            for scheme, number in value or []
        ]
        context["schemes"] = self.schemes("isbn")
        context["check"] = reverse("admin:check_identifier")
        return context

    def schemes(self, present: str) -> list[str]:
        """Return the schemes to choose from."""
        return list(SCHEMES) if present in SCHEMES else [present, *SCHEMES]


class PictureInput(forms.TextInput):
    """A picture by address, by file or dropped, with a preview.

    The file is a field of its own (``file_name``), which this widget shows too.
    """

    template_name = "backoffice/widgets/picture.html"
    file_name = "arquivo"
    accept = "image/jpeg,image/png,image/webp,image/gif"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the preview and the check."""
        context = super().get_context(name, value, attrs)
        return context | {
            "preview": value or "",
            "check": reverse("admin:check_picture"),
            "file_name": self.file_name,
            "accept": self.accept,
            "most_bytes": MAX_BYTES,
            "most_megabytes": MAX_BYTES // 1024 // 1024,
        }

"""The form of a work."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.endpoints import taken_identifiers
from biblioteca.backoffice.fields import IdentifiersField, OrderedRecordsField, RecordField
from biblioteca.backoffice.forms import RecordForm
from biblioteca.backoffice.naming import change_address
from obras.models import Obra


class ObraForm(RecordForm):
    """A work with its publisher, its authors in order and its identifiers."""

    editora = RecordField(
        Obra,
        "editora",
        label=_("publisher"),
        required=False,
        help_text=_("Leave it empty when nobody knows the publisher."),
    )
    autores = OrderedRecordsField(
        Obra,
        "autores",
        label=_("authors, in order"),
        required=False,
        help_text=_("The first author stands first. Leave it empty for anonymous works."),
    )
    identificadores = IdentifiersField(
        label=_("identifiers"),
        required=False,
        help_text=_(
            "With or without hyphens. The last digit of an ISBN or ISSN is worked out from the "
            "others: a mistyped digit is noticed."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["autores"] = self.instance.author_ids
            self.initial["identificadores"] = self.instance.identifiers

    def clean(self) -> dict[str, Any]:
        """Refuse also the identifiers that another work has."""
        values = super().clean()
        for (scheme, value), other in taken_identifiers(
            self.instance, values.get("identificadores") or []
        ).items():
            message = format_html(
                gettext("{} {} is already that of {}."),
                scheme.upper(),
                value,
                format_html('<a href="{}">“{}”</a>', change_address(other), other.display_text),
            )
            self.add_error("identificadores", ValidationError(message, code="taken"))
        return values

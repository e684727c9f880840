"""What can be done to many works in one go."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.bulk import BulkEdit, remove_picture
from biblioteca.backoffice.fields import RecordField
from obras.models import Obra

State = dict[str, Any]


def publisher_form(_admin: Any) -> type[forms.Form]:
    """Return the form that asks for a publisher, or for none."""
    field = RecordField(
        Obra,
        "editora",
        label=_("publisher"),
        required=False,
        help_text=_("Leave it empty for works whose publisher nobody knows."),
    )
    return type("PublisherForm", (forms.Form,), {"editora": field})


def author_form(_admin: Any) -> type[forms.Form]:
    """Return the form that asks for an author."""
    field = RecordField(
        Obra,
        "autores",
        label=_("author"),
        help_text=_("Comes last among the authors of each work that does not have it yet."),
    )
    return type("AuthorForm", (forms.Form,), {"autor": field})


def set_publisher(_state: State, given: dict[str, Any]) -> State:
    """Give a work the publisher."""
    publisher = given["editora"]
    return {"editora_id": publisher.pk if publisher else None}


def add_author(state: State, given: dict[str, Any]) -> State:
    """Put the author after the others of a work."""
    authors = state["autores"]
    key = given["autor"].pk
    return {"autores": authors if key in authors else [*authors, key]}


BULK_EDITS = (
    BulkEdit("set_publisher", _("Set the publisher"), set_publisher, publisher_form),
    BulkEdit("add_author", _("Add an author"), add_author, author_form),
    BulkEdit("remove_picture", _("Remove the picture"), remove_picture),
)

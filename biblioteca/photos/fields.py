"""``foto`` in a request: a reference, a file, a data URL, or the URL of a picture kept here."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty, get_error_detail

from biblioteca.photos.pictures import Picture, clean_picture, read_data_url
from biblioteca.photos.references import MAX_LENGTH, clean_reference
from biblioteca.photos.storage import public_url, store, stored_value_of


@dataclass(frozen=True)
class PendingPhoto:
    """A valid picture that is stored when the rest of the request is known to be valid too."""

    picture: Picture


def settle(value: str | PendingPhoto) -> str:
    """Return the value to keep in the record, storing the picture if one was sent."""
    return store(value.picture) if isinstance(value, PendingPhoto) else value


def clean_photo(data: str | UploadedFile) -> str | PendingPhoto:
    """Return what ``data`` means as a ``foto``. Raises Django's ValidationError."""
    if isinstance(data, UploadedFile):
        return PendingPhoto(clean_picture(data))
    if data[:5].lower() == "data:":
        return PendingPhoto(clean_picture(read_data_url(data)))
    return stored_value_of(data) or clean_reference(data)


@extend_schema_field(
    {
        "type": "string",
        "description": f"A URI reference of at most {MAX_LENGTH} characters (http, https or "
        "relative; may be empty), or a picture as data:image/…;base64,…",
    }
)
class PhotoField(serializers.Field):
    """Reads every way to give a picture; see :func:`clean_photo`."""

    default_error_messages = {
        "invalid": _("Not a text and not a file."),
        "repeated": _("This field stands more than once."),
    }

    def get_value(self, dictionary: Any) -> Any:
        """Return the raw value; a form without the field has none."""
        if isinstance(dictionary, QueryDict):
            values = dictionary.getlist(str(self.field_name))
            return values if len(values) > 1 else values[0] if values else empty
        return dictionary.get(self.field_name, empty)

    def to_internal_value(self, data: Any) -> str | PendingPhoto:
        """Return the value to settle."""
        if isinstance(data, list) and isinstance(self.parent.initial_data, QueryDict):
            self.fail("repeated")
        if not isinstance(data, str | UploadedFile):
            self.fail("invalid")
        try:
            return clean_photo(data)
        except DjangoValidationError as error:
            raise serializers.ValidationError(get_error_detail(error)) from error

    def to_representation(self, value: str) -> str:
        """Return the address of the picture."""
        return public_url(value)

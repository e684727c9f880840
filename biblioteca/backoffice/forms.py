"""Forms of the admin: the API's own rules, in fields that a person fills in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from biblioteca.photos.fields import PendingPhoto, clean_photo
from biblioteca.photos.references import MAX_LENGTH
from biblioteca.photos.storage import public_url
from biblioteca.records.models import Record
from biblioteca.records.text import clean_text


class RecordForm(forms.ModelForm):
    """A title or name, and a picture by address or by file."""

    foto = forms.CharField(
        label=_("address of the picture"),
        required=False,
        max_length=MAX_LENGTH,
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
        help_text=_("An http(s) address, or leave it and choose a file below."),
    )
    arquivo = forms.FileField(
        label=_("picture from a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text=_("JPEG, PNG, WebP or GIF. It takes the place of the address."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["foto"] = public_url(self.instance.foto)

    @property
    def record_model(self) -> type[Record]:
        """The model of the form."""
        return self._meta.model

    def clean(self) -> dict[str, Any]:
        """Apply the rules of the catalogue to the text and the picture."""
        values = super().clean() or {}
        name = self.record_model.TEXT_FIELD
        if name in values:
            longest = self.record_model._meta.get_field(name).max_length  # type: ignore[union-attr]
            try:
                values[name] = clean_text(values[name], longest or 0)
            except ValidationError as error:
                self.add_error(name, error)
        given = values.get("arquivo") or values.get("foto", "")
        try:
            values["foto"] = clean_photo(given)
        except ValidationError as error:
            self.add_error("arquivo" if values.get("arquivo") else "foto", error)
        return values

    def _post_clean(self) -> None:
        # A picture still to be stored is no value for the model's column: the writer settles it.
        photo = self.cleaned_data.get("foto")
        if isinstance(photo, PendingPhoto):
            self.cleaned_data["foto"] = ""
        super()._post_clean()  # type: ignore[misc]
        if isinstance(photo, PendingPhoto):
            self.cleaned_data["foto"] = photo

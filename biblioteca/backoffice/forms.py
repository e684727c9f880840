"""Forms of the admin: the API's own rules, in fields that a person fills in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from biblioteca.backoffice.naming import capitalized
from biblioteca.backoffice.widgets import OrderedRecords, PictureInput, RecordPicker
from biblioteca.photos.fields import PendingPhoto, clean_photo
from biblioteca.photos.references import MAX_LENGTH
from biblioteca.photos.storage import public_url
from biblioteca.records.models import Record
from biblioteca.records.text import clean_text

# Sent with what was filled in before the session ended: show it again, save nothing.
REVIEW = "_rever"


class RecordForm(forms.ModelForm):
    """A title or name, and a picture by address or by file."""

    foto = forms.CharField(
        label=_("picture"), required=False, max_length=MAX_LENGTH, widget=PictureInput
    )
    # Shown by the widget of ``foto``, which also shows what is wrong with it.
    arquivo = forms.FileField(label=_("picture from a file"), required=False)

    # Whose form it is; the admin says.
    editor: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["foto"] = public_url(self.instance.foto)
        for field in self.fields.values():
            field.label = capitalized(field.label)
            if isinstance(field.widget, RecordPicker | OrderedRecords):
                options = field.widget.related.model._meta
                permission = f"{options.app_label}.add_{options.model_name}"
                field.widget.may_create = self.editor is None or self.editor.has_perm(permission)

    @property
    def record_model(self) -> type[Record]:
        """The model of the form."""
        return self._meta.model

    @property
    def is_review(self) -> bool:
        """Whether this is what was filled in before the session ended, to be looked over."""
        return REVIEW in self.data

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
        try:
            values["foto"] = clean_photo(values.get("arquivo") or values.get("foto", ""))
        except ValidationError as error:
            self.add_error("foto", error)
        if self.is_review:
            message = _(
                "Your session had ended, and nothing was saved yet. Here is what you had filled "
                "in: look it over and save it."
            )
            self.add_error(None, ValidationError(message, code="review"))
        return values

    def _post_clean(self) -> None:
        # A picture still to be stored is no value for the model's column: the writer settles it.
        photo = self.cleaned_data.get("foto")
        if isinstance(photo, PendingPhoto):
            self.cleaned_data["foto"] = ""
        super()._post_clean()  # type: ignore[misc]
        if isinstance(photo, PendingPhoto):
            self.cleaned_data["foto"] = photo

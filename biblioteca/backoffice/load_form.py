"""The form by which files are sent to be loaded."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from biblioteca.loading.detection import FORMATS
from biblioteca.loading.records import WORKS
from biblioteca.loading.registry import writers

MOST_FILES = 20


class FilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files, none of them empty."""

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Return the files. Raises ValidationError."""
        given = data or [None]
        if len(given) > MOST_FILES:
            raise ValidationError(_("At most %d files at once.") % MOST_FILES)
        clean_one = super().clean
        return [clean_one(file, initial) for file in given]


class LoadForm(forms.Form):
    """Files, what they hold, and how they meet the catalogue."""

    arquivos = FilesField(
        label=gettext_lazy("Files"),
        widget=FilesInput(attrs={"multiple": True}),
        help_text=gettext_lazy(
            "CSV, Excel (XLSX), JSON, MARC 21, MARCXML, ONIX or Open Library; also packed as gzip "
            "or zip. What a file is, is found out from its content."
        ),
        error_messages={
            "required": gettext_lazy("Choose at least one file."),
            "empty": gettext_lazy("The file is empty."),
        },
    )
    recurso = forms.ChoiceField(label=gettext_lazy("Its records are"), choices=[])
    fonte = forms.CharField(
        label=gettext_lazy("Source"),
        required=False,
        max_length=60,
        help_text=gettext_lazy(
            "Where the file comes from, such as the name of a supplier. With it, the supplier's "
            "own numbers recognise a record that was loaded before. Leave it empty if you do not "
            "know."
        ),
    )
    formato = forms.ChoiceField(
        label=gettext_lazy("Format"),
        required=False,
        choices=[("", gettext_lazy("find out")), *((name, name) for name in FORMATS)],
    )
    mapear = forms.CharField(
        label=gettext_lazy("Columns"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Only where a column was not recognised: one a line, as column=field, for instance "
            "Obra=titulo."
        ),
    )
    overwrite = forms.BooleanField(
        label=gettext_lazy("Change also what people edited here"), required=False
    )
    recreate = forms.BooleanField(
        label=gettext_lazy("Create again what was deleted here"), required=False
    )
    by_id = forms.BooleanField(
        label=gettext_lazy("Believe the ids in the file, and keep them"), required=False
    )

    ADVANCED = ("formato", "mapear", "overwrite", "recreate", "by_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        names = {name: writer.model._meta for name, writer in writers().items()}
        order = sorted(names, key=lambda name: (name != WORKS, name))
        self.fields["recurso"].choices = [  # type: ignore[attr-defined]
            (name, names[name].verbose_name_plural) for name in order
        ]

    def clean_mapear(self) -> dict[str, str]:
        """Return the fields by column. Raises ValidationError for a line that does not say both."""
        mapping = {}
        for line in self.cleaned_data["mapear"].splitlines():
            if not line.strip():
                continue
            column, equals, field = line.rpartition("=")
            if not equals or not column.strip() or not field.strip():
                message = _("“%s”: write column=field, such as Obra=titulo.")
                raise ValidationError(message % line[:100])
            mapping[column.strip()] = field.strip()
        return mapping

    def advanced(self) -> Iterable[Any]:
        """Return the fields that are folded away."""
        return [self[name] for name in self.ADVANCED]

    def has_advanced(self) -> bool:
        """Tell whether the folded part has something to show."""
        return any(
            self[name].errors or (self.is_bound and self[name].data) for name in self.ADVANCED
        )

"""Loading a file of authors or of publishers."""

from collections.abc import Sequence
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from biblioteca.loading.named import Names
from biblioteca.loading.records import PHOTO, CleanName, CleanRecord
from biblioteca.loading.writer import RecordWriter, State
from biblioteca.records.models import NamedRecord
from biblioteca.records.text import digest, sort_key


class NamedWriter(RecordWriter):
    """Writes records that have a name and a picture; without a key they are known by the name."""

    model: ClassVar[type[NamedRecord]]
    LABELS = {"nome": _("name"), "foto": _("picture")}
    LIKENESS = "nome"

    def digest(self, record: CleanRecord) -> str:
        """Return what name and picture are."""
        return digest(record.text, record.photo)

    def likeness(self, record: CleanRecord) -> str:
        """Return the digest of the name's key, as traces have it."""
        return digest(sort_key(record.text))

    def alike(self, records: Sequence[CleanRecord]) -> dict[str, int]:
        """Return the records that have, or had, these names."""
        names = Names(self.model)
        names.find({CleanName(record.text) for record in records})
        return {digest(sort_key(name.name)): key for name, key in names.ids.items()}

    def wanted(self, record: CleanRecord, state: State) -> State:
        """Return name and picture where they differ."""
        found: State = {}
        by_name = not (record.key or record.id or record.identifiers)
        if record.text != state["nome"] and not by_name:
            found["nome"] = record.text
        if (record.photo or PHOTO in record.blank) and record.photo != state["foto"]:
            found["foto"] = record.photo
        return found

    def new_state(self, record: CleanRecord) -> State:
        """Return the state of a new record."""
        return {"nome": record.text, "foto": record.photo}

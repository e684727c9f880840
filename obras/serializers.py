"""What the API reads and writes of a work."""

from typing import Any

from rest_framework import serializers

from autores.models import Autor
from biblioteca.api.fields import ReferenceField, ReferenceListField, TextField
from biblioteca.api.serializers import ContractSerializer
from biblioteca.photos.fields import PhotoField
from biblioteca.photos.storage import public_url
from editoras.models import Editora
from obras.models import Obra


class ObraSerializer(ContractSerializer):
    """A work."""

    id = serializers.IntegerField(read_only=True)
    titulo = TextField(max_length=Obra.TITLE_LENGTH)
    editora = ReferenceField(model=Editora, source="editora_id", allow_null=True)
    foto = PhotoField()
    autores = ReferenceListField(model=Autor)

    @classmethod
    def answer_properties(cls) -> dict[str, Any]:
        """Return the schema of the keys; ``expand`` puts objects in the place of ids."""
        integer = {"type": "integer", "format": "int64"}
        publisher = {"$ref": "#/components/schemas/Editora"}
        author = {"$ref": "#/components/schemas/Autor"}
        return {
            "titulo": {"type": "string"},
            "editora": {"nullable": True, "oneOf": [integer, publisher]},
            "foto": {"type": "string"},
            "autores": {"type": "array", "items": {"oneOf": [integer, author]}},
        }

    @staticmethod
    def represent(record: Obra) -> dict[str, Any]:
        """Return the contract's representation."""
        return {
            "id": record.pk,
            "titulo": record.titulo,
            "editora": record.editora_id,
            "foto": public_url(record.foto),
            "autores": list(record.author_ids),
        }

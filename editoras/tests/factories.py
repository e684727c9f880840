"""Editora records for tests, written the way the product writes them."""

from typing import Any

import factory

from biblioteca.records import writing
from editoras.models import Editora


class EditoraFactory(factory.django.DjangoModelFactory):
    """A publisher with a name and no picture."""

    class Meta:
        model = Editora

    nome = factory.Sequence(lambda number: f"Editora {number}")
    foto = ""

    @classmethod
    def _create(cls, model_class: type[Editora], *args: Any, **values: Any) -> Editora:
        return writing.create(model_class(), values)

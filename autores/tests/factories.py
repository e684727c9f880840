"""Autor records for tests, written the way the product writes them."""

from typing import Any

import factory

from autores.models import Autor
from biblioteca.records import writing


class AutorFactory(factory.django.DjangoModelFactory):
    """An author with a name and no picture."""

    class Meta:
        model = Autor

    nome = factory.Sequence(lambda number: f"Autor {number}")
    foto = ""

    @classmethod
    def _create(cls, model_class: type[Autor], *args: Any, **values: Any) -> Autor:
        return writing.create(model_class(), values)

"""Works for tests, written the way the product writes them."""

from typing import Any

import factory

from autores.tests.factories import AutorFactory
from biblioteca.records import writing
from editoras.tests.factories import EditoraFactory
from obras.models import Obra


class ObraFactory(factory.django.DjangoModelFactory):
    """A work with two authors and a publisher, none of them shared."""

    class Meta:
        model = Obra

    titulo = factory.Sequence(lambda number: f"Obra {number}")
    foto = ""
    editora = factory.SubFactory(EditoraFactory)
    autores = factory.LazyFunction(lambda: [AutorFactory(), AutorFactory()])

    @classmethod
    def _create(cls, model_class: type[Obra], *args: Any, **values: Any) -> Obra:
        publisher, authors = values.pop("editora"), values.pop("autores")
        values["editora_id"] = publisher.pk if publisher else None
        values["autores"] = [author.pk for author in authors]
        return writing.create(model_class(), values)

from autores.tests.factories import AutorFactory
from biblioteca.api.tests.contract import Contract


class AutorContract:
    route, resource, text_field, factory = "/autores/", "autores", "nome", AutorFactory

    def literal(self, record):
        return f'{{"id":{record.pk},"nome":"{record.nome}","foto":""}}'

    def body(self):
        return {"nome": "Um nome", "foto": "https://example.org/foto.jpg"}


class TestAutorReading(AutorContract, Contract.Reading):
    pass


class TestAutorWriting(AutorContract, Contract.Writing):
    pass

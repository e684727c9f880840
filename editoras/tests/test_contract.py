from biblioteca.api.tests.contract import Contract
from editoras.tests.factories import EditoraFactory


class EditoraContract:
    route, resource, text_field, factory = "/editoras/", "editoras", "nome", EditoraFactory

    def literal(self, record):
        return f'{{"id":{record.pk},"nome":"{record.nome}","foto":""}}'

    def body(self):
        return {"nome": "Um nome", "foto": "https://example.org/foto.jpg"}


class TestEditoraReading(EditoraContract, Contract.Reading):
    pass


class TestEditoraWriting(EditoraContract, Contract.Writing):
    pass

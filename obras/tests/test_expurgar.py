"""A person's data is removed from the past, and that this was done is not forgotten."""

import io
import json

import pytest
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from autores.models import Autor
from autores.tests.factories import AutorFactory
from biblioteca.loading.models import Batch, BatchItem
from biblioteca.records import undoing, versions, writing
from biblioteca.records.models import (
    Alias,
    Expunging,
    HistoryEntry,
    IdempotencyKey,
    Merge,
    Trace,
    Undoing,
)  # fmt: skip
from biblioteca.records.origins import Origin, writing_as
from biblioteca.records.undoing import OnEdited
from obras.tests.factories import ObraFactory

pytestmark = pytest.mark.django_db

PICTURES = [f"fotos/{letter * 2}/{letter * 64}.jpg" for letter in "ab"]


def expunge(*arguments):
    out = io.StringIO()
    call_command("expurgar", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def everything():
    """Return all that the tables about the past hold, as text."""
    tables = (
        HistoryEntry,
        Undoing,
        Merge,
        Batch,
        BatchItem,
        Alias,
        Trace,
        IdempotencyKey,
        Expunging,
    )
    rows = [list(table.objects.values()) for table in tables]
    return json.dumps([rows, list(get_user_model().objects.values())], default=str)


@pytest.fixture
def ana():
    user = get_user_model().objects.create_user(
        "ana.souza", "ana.souza@example.org", "x", first_name="Ana", is_staff=True
    )
    with writing_as(Origin("ana.souza", "admin", group="acao:x")):
        author = writing.create(Autor(), {"nome": "Machado", "foto": ""})
        writing.update(author, {"nome": "Machado de Assis"})
    Batch.objects.create(quem="ana.souza", desfeito_por="ana.souza")
    Merge.objects.create(recurso="autores", destino_id=1, quem="ana.souza", porta="admin")
    IdempotencyKey.objects.create(chamador="ana.souza", chave="1", resumo="x")
    return user


def test_a_persons_name_goes_everywhere_and_the_history_stays(ana):
    before = everything()
    said = expunge("--pessoa", "ana.souza", "--simular")
    assert "historyentry.quem: 2" in said
    assert everything() == before
    expunge("--pessoa", "ana.souza")
    assert "ana.souza" not in everything()
    entries = HistoryEntry.objects.filter(recurso="autores")
    assert len(set(entries.values_list("quem", flat=True))) == 1
    assert entries.last().depois["nome"] == "Machado de Assis"
    ana.refresh_from_db()
    assert not ana.is_active
    assert not ana.has_usable_password()
    row = Expunging.objects.get()
    assert (row.porta, row.tipo, row.contagens["historyentry.quem"]) == ("comando", "pessoa", 2)
    assert row.alvo == ana.username
    assert "Nothing" in expunge("--pessoa", "ana.souza") or "Nada" in expunge(
        "--pessoa", "ana.souza"
    )
    assert Expunging.objects.count() == 1


def test_another_person_with_a_longer_name_keeps_it(ana):
    HistoryEntry.objects.create(recurso="obras", registro_id=1, acao="criado", quem="ana.souza2")
    expunge("--pessoa", "ana.souza")
    assert HistoryEntry.objects.filter(quem="ana.souza2").count() == 1


@pytest.fixture
def author():
    for name in PICTURES:
        default_storage.save(name, ContentFile(b"x"))
    author = AutorFactory(nome="Fulana de Tal", foto=f"arquivo:{PICTURES[0]}")
    writing.update(author, {"nome": "Fulana Silva", "foto": f"arquivo:{PICTURES[1]}"})
    AutorFactory(nome="Outra", foto=f"arquivo:{PICTURES[1]}")
    Alias.objects.create(recurso="autores", registro_id=author.pk, nome="F. de Tal", chave="f.")
    batch = Batch.objects.create()
    for raw in ({"autor": "Tal, Fulana de"}, {"autor": "Outra"}):
        BatchItem.objects.create(
            lote=batch, linha=1, recurso="obras", registro_id=9, veredito="criado", bruto=raw,
            resultado={"titulo": "x"},
        )  # fmt: skip
    details = {"origens": [{"id": author.pk, "estado": {"nome": "Fulana Silva", "foto": ""}}]}
    Merge.objects.create(recurso="autores", destino_id=author.pk, porta="admin", detalhes=details)
    return author


def test_what_the_past_knows_of_an_author_goes(author):
    writing.delete(Autor.objects.get(pk=author.pk))
    others = HistoryEntry.objects.exclude(registro_id=author.pk)
    kept = list(others.values())
    expunge("--registro", f"autores/{author.pk}", "--simular")
    assert default_storage.exists(PICTURES[0])
    expunge("--registro", f"autores/{author.pk}")
    left = everything()
    for word in ("Fulana", "fulana", "F. de Tal", PICTURES[0]):
        assert word not in left, word
    assert not default_storage.exists(PICTURES[0])
    assert default_storage.exists(PICTURES[1])  # another author has the same
    assert list(others.values()) == kept
    assert BatchItem.objects.exclude(bruto=None).filter(bruto__isnull=False).get().bruto == {
        "autor": "Outra"
    }
    assert not Trace.objects.filter(registro_id=author.pk).exists()
    assert HistoryEntry.objects.filter(registro_id=author.pk, recurso="autores").count() == 3
    counts = Expunging.objects.get().contagens
    assert counts["fotos"] == counts["batchitem"] == counts["alias"] == 1
    expunge("--registro", f"autores/{author.pk}")
    assert Expunging.objects.count() == 1


def test_nothing_that_was_removed_can_be_brought_back(author, admin_client):
    writing.delete(Autor.objects.get(pk=author.pk))
    HistoryEntry.objects.filter(registro_id=author.pk, recurso="autores").update(grupo="acao:y")
    expunge("--registro", f"autores/{author.pk}")
    with pytest.raises(versions.CannotRestoreError):
        versions.restore_deleted(Autor, author.pk)
    report = undoing.undo_group("acao:y", OnEdited.SKIP)
    assert report.stayed_count == 3
    assert not Autor.objects.filter(pk=author.pk).exists()
    for path in (f"/admin/autores/autor/{author.pk}/history/", "/admin/historico/",
                 "/admin/lixeira/?recurso=autores", "/admin/historico/acao/acao:y/"):  # fmt: skip
        page = admin_client.get(path)
        assert page.status_code == 200
        assert "Fulana" not in page.content.decode()


def test_author_in_the_catalogue_stays_as_it_is(author):
    expunge("--registro", f"autores/{author.pk}")
    assert Autor.objects.get(pk=author.pk).nome == "Fulana Silva"
    assert default_storage.exists(PICTURES[1])


def test_works_keep_their_history(author):
    work = ObraFactory(autores=[author])
    expunge("--registro", f"autores/{author.pk}")
    assert HistoryEntry.of(work).get().depois["autores"] == [author.pk]


@pytest.mark.parametrize("given", ["autores", "autores/x", "nada/1", "autores/-1"])
def test_what_is_no_record_is_refused(given):
    with pytest.raises(CommandError):
        expunge("--registro", given)
    with pytest.raises(CommandError):
        expunge("--pessoa", " ")

import io
import unicodedata

import pytest
from django.core.management import call_command
from PIL import Image

from biblioteca.records.models import HistoryEntry
from obras.demonstracao import covers
from obras.demonstracao.catalogue import read_demonstration
from obras.models import Obra


def test_two_to_three_hundred_works_none_twice():
    works = read_demonstration()
    assert 200 <= len(works) <= 300
    assert len({(work.titulo, work.autores) for work in works}) == len(works)
    for work in works:
        for text in (work.titulo, *work.autores, work.editora or "-"):
            assert text == unicodedata.normalize("NFC", " ".join(text.split()))
    assert any(work.editora is None for work in works)
    assert any(not work.autores for work in works)
    assert any(len(work.autores) > 1 for work in works)


def test_covers_are_pictures_and_always_the_same():
    works = read_demonstration()[::60]
    drawn = [covers.draw_cover(work.titulo, "", work.editora or "") for work in works]
    assert len(set(drawn)) == len(works)
    for work, picture in zip(works, drawn, strict=True):
        with Image.open(io.BytesIO(picture.content)) as image:
            assert image.size == (picture.width, picture.height) == (400, 600)
        assert covers.draw_cover(work.titulo, "", work.editora or "") == picture


def test_the_typeface_has_every_letter_of_the_demonstration():
    face = covers.font(40)
    missing = bytes(face.getmask("\uffff"))
    letters = {letter for work in read_demonstration() for letter in work.titulo if letter != " "}
    assert [letter for letter in letters if bytes(face.getmask(letter)) == missing] == []


def test_long_titles_fit():
    title = "Historia da origem e estabelecimento " * 6
    lines, face = covers.fitted(title, 500, 330, 84)
    assert all(face.getlength(line) <= 500 for line in lines)
    assert len(lines) * face.size * 1.2 <= 330


@pytest.mark.django_db
def test_loaded_once_and_never_again(capsys):
    call_command("demonstracao")
    count = Obra.objects.count()
    assert str(count) in capsys.readouterr().out
    assert count == len(read_demonstration())
    farpas = Obra.objects.get(titulo="As Farpas")
    names = dict(farpas.autores.values_list("pk", "nome"))
    assert [names[key] for key in farpas.author_ids] == ["Eça de Queirós", "Ramalho Ortigão"]
    assert farpas.foto.startswith("arquivo:fotos/")
    Obra.objects.all().delete()
    call_command("demonstracao")
    assert not Obra.objects.exists()
    assert HistoryEntry.objects.filter(porta="comando", origem="demonstracao").exists()

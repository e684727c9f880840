"""Files that were made to do harm, or came to it: a clear answer, and bounded memory."""

import gzip
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.utils import translation

from biblioteca.loading.cleaning import clean
from biblioteca.loading.reading import ReadingOptions, open_reading
from biblioteca.loading.records import Fault, RawRecord
from biblioteca.loading.source import UnreadableFileError
from biblioteca.loading.tests.counting import raw, refusal

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<collection><record><leader>00000cam a2200000 a 4500</leader>"
    '<datafield tag="245" ind1=" " ind2=" "><subfield code="a">&b;</subfield></datafield>'
    "</record></collection>"
)
EXTERNAL = LAUGHS.replace('<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">',
                          '<!ENTITY b SYSTEM "file:///etc/passwd">')  # fmt: skip


def write(tmp_path, content, name="arquivo"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def archive(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        (b" \n\n ", "empty"),
        (b"\x1f\x8bjunk", "damaged"),
        (gzip.compress(b""), "empty"),
        (b"\x00" * 1000, "neither text"),
        (b"%PDF-1.4 \x00", "PDF"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old Excel"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("<?xml version='1.0'?><feed><entry/></feed>", "neither MARCXML nor ONIX"),
        (LAUGHS, "entities"),
        (EXTERNAL, "entities"),
        (LAUGHS.replace("collection", "ONIXMessage").replace("record", "Product"), "entities"),
        ("titulo" + ",x" * 1_000_000 + "\n", "1048576"),
        ("titulo" + ",x" * 1_500 + "\n", "1501 columns"),
        ("a,b\n1,2\n", "no column is a title"),
        ("nome,foto\nAna,\n", "--recurso"),
        ("x" * 2_000_000, "1048576"),
        (b"PK\x03\x04 and nothing", "damaged"),
        (archive(), "empty"),
        (archive(a__zip=archive(b__csv="titulo\nUm\n")), "archive within an archive"),
        (archive(a__gz=gzip.compress(b"titulo\nUm\n")), "archive within an archive"),
        (gzip.compress(archive(b__csv="titulo\nUm\n")), "archive within an archive"),
        (archive(a__csv="titulo\n" + "\n" * 100_000_000), "more than 200 times"),
    ],
    ids=[str(number) for number in range(23)],
)
def test_what_cannot_be_read_at_all_is_refused_with_the_reason(tmp_path, content, words):
    assert words in refusal(write(tmp_path, content))


def test_missing_files_and_directories_are_named(tmp_path):
    assert "nada.csv" in refusal(tmp_path / "nada.csv")
    assert "directory" in refusal(tmp_path)
    assert "nul" in refusal("a\0b").lower()


@pytest.mark.parametrize("given", ["xlsx", "marc", "json", "onix", "nada"])
def test_a_format_that_it_is_not_is_said_so(tmp_path, given):
    assert given in refusal(write(tmp_path, "titulo\nUm\n"), format=given)


def test_encrypted_archives_are_refused(tmp_path):
    content = bytearray(archive(a__csv="titulo\nUm\n"))
    for start in (content.find(b"PK\x03\x04") + 6, content.find(b"PK\x01\x02") + 8):
        content[start] |= 1
    assert "encrypted" in refusal(write(tmp_path, bytes(content)))


def test_a_zip_of_several_files_is_read_file_by_file(tmp_path):
    content = archive(
        um__csv="titulo,autor\nUm,Ana\n", dois__csv="title;author\nDois;Rui\nTrês;Eva\n",
        leia__pdf=b"%PDF-1.4", tres__jsonl='{"titulo": "Quatro"}\n',
    )  # fmt: skip
    path = write(tmp_path, content)
    with open_reading(path, ReadingOptions()) as reading:
        seen = [
            (reading.member, reading.format, item.line, getattr(item, "text", "fault"))
            for item in reading.records()
        ]
    assert seen == [
        ("um.csv", "csv", 2, "Um"), ("dois.csv", "csv", 2, "Dois"), ("dois.csv", "csv", 3, "Três"),
        ("leia.pdf", "csv", 1, "fault"), ("tres.jsonl", "jsonl", 1, "Quatro"),
    ]  # fmt: skip


def test_a_gzip_cut_short_gives_what_is_whole_and_says_so(tmp_path):
    lines = b"".join(b"Obra %d,%d\n" % (n, n * 7919) for n in range(200_000))
    content = gzip.compress(b"titulo,codigo\n" + lines)
    items = raw(write(tmp_path, content[: len(content) // 2]))
    assert isinstance(items[-1], Fault)
    assert "cut short" in items[-1].reason
    assert [item.text for item in items[:-1]] == [f"Obra {n}" for n in range(len(items) - 1)]
    assert len(items) > 50_000


def test_a_gzip_bomb_ends_where_it_shows(tmp_path):
    content = gzip.compress(b"titulo\nUm\n" + (b" " * 9_999 + b"\n") * 10_000)
    items = raw(write(tmp_path, content))
    assert [item.text for item in items[:-1]] == ["Um"]
    assert "200 times" in items[-1].reason


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_file_that_shrinks_while_it_is_read_ends_there(tmp_path, name):
    line = "Obra %d,Ana\n" if name == "a.csv" else '{"titulo": "Obra %d"}\n'
    header = "titulo,autor\n" if name == "a.csv" else ""
    path = write(tmp_path, header + "".join(line % n for n in range(200_000)), name)
    with translation.override("en"), open_reading(path, ReadingOptions()) as reading:
        found = []
        for number, item in enumerate(reading.records()):
            found.append(item)
            if number == 10:
                os.truncate(path, 1_500_000)
        assert isinstance(found[-1], Fault)
        assert "became shorter" in found[-1].reason
        assert [item.text for item in found[:-1]] == [f"Obra {n}" for n in range(len(found) - 1)]
        assert reading.sha256 is None


def test_nul_bytes_bad_utf8_and_long_lines_harm_their_line_only(tmp_path):
    content = (
        "titulo,autor\nUm,Açaí\nDo\0is,Ana\n".encode() + b"Tr\xeas,Ana\n"
        + b"x" * 3_000_000 + b"\n" + b'"nunca,fechado\nQuatro,Ana\n"Cinco","A ""B"" C"\n'
        + b"Seis\n" + b"=1+1,Ana\n"
    )  # fmt: skip
    items = raw(write(tmp_path, content))
    assert [(item.line, getattr(item, "text", None)) for item in items] == [
        (2, "Um"), (3, None), (4, "Três"), (5, None), (6, None), (7, "Quatro"), (8, "Cinco"),
        (9, None), (10, "=1+1"),
    ]  # fmt: skip
    reasons = [item.reason for item in items if isinstance(item, Fault)]
    assert [word in reason for word, reason in zip(
        ("NUL", "longer", "never closed", "1 cells"), reasons, strict=True,
    )] == [True] * 4  # fmt: skip
    assert "Windows-1252" in items[2].warnings[0]
    assert all("\0" not in json.dumps(item.raw, ensure_ascii=False) for item in items)


def test_json_faults_harm_their_record_only(tmp_path):
    faulty = [
        '{"titulo": NaN}', '{"titulo": "A", "titulo": "B"}', '{"titulo": 7}', '{"titulo": "x",}',
        '{"titulo": "\\ud800"}', '{"titulo": "a\\u0000"}', '{"titulo": ' + "[" * 100_000 + "}",
        '{"titulo": "A", "autores": 7}', '{"titulo": "A", "autores": [true]}',
        '{"titulo": "A", "editora": 1.5}', '{"titulo": "A", "identificadores": [{}]}',
        "7", '["A"]', '{"titulo": ' + "9" * 5000 + "}",
    ]  # fmt: skip
    lines = ['{"titulo": "Um"}', *faulty, '{"titulo": "Dois"}']
    items = raw(write(tmp_path, "\n".join(lines)))
    assert [item.text for item in items if isinstance(item, RawRecord)] == ["Um", "Dois"]
    assert [item.line for item in items] == list(range(1, len(lines) + 1))
    nested = [text for text in lines if "[" * 100 not in text]
    items = raw(write(tmp_path, "[" + ",".join(nested) + "]"))
    assert [item.text for item in items if isinstance(item, RawRecord)] == ["Um", "Dois"]
    assert len(items) == len(nested)


@pytest.mark.parametrize(
    ("content", "titles"),
    [
        ('[{"titulo": "Um"}, {"titulo": "Dois"', ["Um"]),
        ('[{"titulo": "Um"}', ["Um"]),
        ('{"count": 2, "results": [{"titulo": "Um"}, {"ti', ["Um"]),
    ],
)
def test_json_cut_short_says_so(tmp_path, content, titles):
    items = raw(write(tmp_path, content))
    assert [item.text for item in items[:-1]] == titles
    assert "ends" in items[-1].reason


def test_xml_faults_harm_their_record_only(tmp_path):
    good = "<Product><Title><TitleText>{}</TitleText></Title></Product>"
    content = (
        "<ONIXMessage>" + good.format("Um") + "<!-- <Product>no</Product> -->"
        + "<Product><Title><TitleText>x</Title></Product>" + good.format("Dois")
        + "<Product><Title><TitleText>&nada;</TitleText></Title></Product>"
        + "<Product>" + "<a>" * 5000 + "</Product>" + good.format("Tr&ecirc;s \x03&amp; &#8212;")
        + "</ONIXMessage>"
    )  # fmt: skip
    items = raw(write(tmp_path, content))
    found = [getattr(item, "text", None) for item in items]
    assert found == ["Um", None, "Dois", None, None, "Três & —"]
    cut = raw(write(tmp_path, content[: content.index("Dois") + 2]))
    assert [getattr(item, "text", None) for item in cut] == ["Um", None, None]
    assert "ends inside" in cut[-1].reason


def peak(tmp_path, path):
    """Return how many MB reading and cleaning a file in a fresh process adds at most."""
    program = (
        "import sys, django; django.setup()\n"
        "from biblioteca.loading.cleaning import clean\n"
        "from biblioteca.loading.reading import ReadingOptions, open_reading\n"
        "from biblioteca.loading.records import RawRecord\n"
        "from biblioteca.loading.source import UnreadableFileError\n"
        # Not getrusage: its peak begins with that of the process that started this one.
        "def used():\n"
        "    with open('/proc/self/status') as status:\n"
        "        return next(int(line.split()[1]) for line in status if line.startswith('VmHWM'))\n"
        "before, count = used(), 0\n"
        "try:\n"
        "    with open_reading(sys.argv[1], ReadingOptions()) as reading:\n"
        "        for item in reading.records():\n"
        "            count += 1\n"
        "            if isinstance(item, RawRecord): clean(item, reading.style)\n"
        "except UnreadableFileError: count = -1\n"
        "print(count, (used() - before) // 1024)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "biblioteca.tests.settings"},
    )  # fmt: skip
    return tuple(map(int, found.stdout.split()))


@pytest.mark.parametrize(
    ("start", "count"),
    [
        (b"titulo,autor\nUm,Ana\n", 2), (b'{"titulo": "Um"}\n', 2), (b'[{"titulo": "Um"}, "', 3),
        (b"", -1),
    ],
    ids=["csv", "jsonl", "json", "nothing"],
)  # fmt: skip
def test_an_endless_line_takes_little_memory(tmp_path, start, count):
    path = write(tmp_path, start)
    os.truncate(path, 300 * 1024 * 1024)
    found, grown = peak(tmp_path, path)
    assert found == count
    assert grown < 60


def generated_csv(number):
    return f"Uma obra {number},Ana Lima {number}; Rui Sá {number},Editora {number % 999},\n"


def generated_jsonl(number):
    return f'{{"titulo": "Uma obra {number}", "autores": ["Ana Lima {number}"]}}\n'


def generated_marc(number):
    fields = [("001", f"x{number}"), ("100", f"1 \x1faLima, Ana {number},"),
              ("245", f"10\x1faUma obra {number} /")]  # fmt: skip
    directory, content = "", ""
    for tag, text in fields:
        directory += f"{tag}{len(text) + 1:04d}{len(content):05d}"
        content += f"{text}\x1e"
    base = 24 + len(directory) + 1
    return f"{base + len(content) + 1:05d}nam a22{base:05d} a 4500{directory}\x1e{content}\x1d"


@pytest.mark.parametrize("generated", [generated_csv, generated_jsonl, generated_marc])
def test_memory_does_not_grow_with_the_file(tmp_path, generated):
    grown = {}
    header = "titulo,autores,editora,isbn\n" if generated is generated_csv else ""
    for count in (10_000, 60_000):
        path = tmp_path / str(count)
        with path.open("w", newline="") as file:
            file.write(header)
            file.writelines(generated(number) for number in range(count))
        found, grown[count] = peak(tmp_path, path)
        assert found == count
    # A load that kept its records would need 40 MB and more.
    assert grown[60_000] - grown[10_000] < 15


def mutated(content, chance):
    """Return ``content`` with some bytes changed, taken out, or special ones put in."""
    special = (b"\0", b'"', b"\n", b"<", b"&", b"{", b"]", b"\x1d", b"\x1e", b"\x1f", b"\xff",
               b"\x1b", b"\\ud800", b"<!--", b"\t")  # fmt: skip
    changed = bytearray(content)
    for _time in range(chance.randrange(1, 12)):
        place = chance.randrange(len(changed))
        changed[place : place + chance.randrange(3)] = chance.choice(special)
    return bytes(changed[: chance.randrange(1, len(changed))] if chance.random() < 0.3 else changed)


def samples():
    product = "<Product><Title><TitleText>Um</TitleText></Title></Product>"
    author = '/type/author\t/authors/OL1A\t1\t2020-01-01\t{"name": "Ana Lima"}\n'
    return (
        ("titulo,autor,isbn\n" + 'Um,"Lima, Ana; Sá, Rui",9788535910636\n' * 20).encode(),
        (generated_jsonl(1) * 20).encode(), f"[{','.join([generated_jsonl(1)] * 20)}]".encode(),
        (generated_marc(1) * 10).encode(), f"<ONIXMessage>{product * 10}</ONIXMessage>".encode(),
        (author * 10).encode(), gzip.compress(b"titulo\n" + b"Um\n" * 500),
        archive(a__csv="titulo\nUm\n" * 20, b__jsonl=generated_jsonl(1) * 20),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_no_damage_is_an_exception_and_everything_kept_can_be_stored(tmp_path, seed):
    chance = random.Random(seed)
    path = tmp_path / "arquivo"
    for _time in range(150):
        path.write_bytes(mutated(samples()[seed], chance))
        try:
            with open_reading(path, ReadingOptions()) as reading:
                for item in reading.records():
                    found = clean(item, reading.style) if isinstance(item, RawRecord) else item
                    kept = json.dumps(found.raw, ensure_ascii=False).encode()
                    assert b"\\u0000" not in kept
                    assert "\0" not in getattr(found, "reason", "")
        except UnreadableFileError:
            continue

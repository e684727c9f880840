"""Every real file is read to its end, and what came of it is what is committed.

``expected/real_files.json`` has, for each file, the counts of a run and, in ``why``, one line on
each difference from what the files' README measured. They were compared with counts made by the
csv, json and xml modules of Python and by pymarc.
"""

import json
from pathlib import Path

import pytest

from biblioteca.loading.tests.counting import summary

EXPECTED = json.loads((Path(__file__).parent / "expected" / "real_files.json").read_text("utf-8"))
FOLDERS = ("tabular", "openlibrary", "marc", "marc/openlibrary", "onix")


@pytest.mark.parametrize("name", EXPECTED)
def test_the_file_is_read_to_its_end_with_the_counts_that_are_committed(name, shared_data):
    found = summary(shared_data / name)
    expected = {key: value for key, value in EXPECTED[name].items() if key != "why"}
    assert found == expected, json.dumps({name: found}, ensure_ascii=False, indent=1)


def test_every_file_has_an_expectation(shared_data):
    there = {
        str(path.relative_to(shared_data))
        for folder in FOLDERS
        for path in (shared_data / folder).iterdir()
        if path.is_file()
    }
    assert there == set(EXPECTED)

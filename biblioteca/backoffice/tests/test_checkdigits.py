"""What is said of a mistyped number."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from biblioteca.backoffice.checkdigits import approve, explain
from biblioteca.records.identifiers import clean_identifier


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def said(scheme, value):
    with pytest.raises(ValidationError) as refused:
        clean_identifier(scheme, value)
    return explain(scheme, value, refused.value)


@pytest.mark.parametrize(
    ("scheme", "value", "words"),
    [
        ("isbn", "978-85-359-1063-5", "for 978853591063 it would be 6, not 5"),
        ("isbn", "85-359-1063-9", "for 853591063 it would be 8, not 9"),
        ("isbn", "85-325-1101-1", "it would be 5, not 1"),
        ("isbn", "0-8044-2957-1", "it would be X, not 1"),
        ("issn", "0034-7660", "it would be "),
        ("isbn", "978-85-359-1063", "has 10 or 13 characters; this one has 12"),
        ("isbn", "978853591063O", "Only digits"),
        ("isbn", "1234567890128", "begins with 978 or 979"),
        ("issn", "123", "has 8 characters; this one has 3"),
    ],
)
def test_the_slip_is_named(scheme, value, words):
    assert words in said(scheme, value)


def test_what_is_right_is_shown_in_its_usual_form():
    assert approve("isbn", "8535910638") == "978-85-359-1063-6: the check digit 6 is right."
    assert approve("doi", "10.1000/182") == ""
    with pytest.raises(ValidationError):
        approve("isbn", "978-85-359-1063-5")

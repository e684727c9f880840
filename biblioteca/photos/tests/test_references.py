import pytest
from django.core.exceptions import ValidationError

from biblioteca.photos.references import clean_reference


@pytest.mark.parametrize(
    "text",
    [
        "", "capa.jpg", "string", "/a/b?c=d#e", "?x", "#y", "../x", "a/b:c", "capa%20nova.jpg",
        "https://example.org", "HTTP://Example.org:8080/a?b=c", "http://[::1]/x",
        "https://exämple.org/ç.jpg", "maçã.png", "x" * 2000, "@", "a@b",
    ],
)  # fmt: skip
def test_accepted_and_returned_as_it_is(text):
    assert clean_reference(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 2001, "max_length"),
        ("a b", "invalid_character"), ("a\tb", "invalid_character"),
        ("a\x00", "invalid_character"),
        ("a\\b", "invalid_character"), ("<x>", "invalid_character"),
        ("\u202e", "invalid_character"),
        ("\ud800", "invalid_character"), ("a\u00a0", "invalid_character"),
        ('"', "invalid_character"),
        ("//host/x", "invalid_reference"), ("http://", "invalid_reference"),
        ("http:/x", "invalid_reference"), ("http:x", "invalid_reference"),
        ("https://user:pw@host/x", "invalid_reference"),
        ("http://host:99999/", "invalid_reference"),
        ("http://[::1/x", "invalid_reference"), ("a%2", "invalid_reference"),
        ("%zz", "invalid_reference"), (":x", "invalid_reference"), ("1:x", "invalid_reference"),
        ("javascript:alert(1)", "scheme_not_allowed"), ("JaVaScRiPt:x", "scheme_not_allowed"),
        ("file:///etc/passwd", "scheme_not_allowed"), ("ftp://h/x", "scheme_not_allowed"),
        ("arquivo:fotos/x", "scheme_not_allowed"), ("data:text/html,x", "scheme_not_allowed"),
    ],
)  # fmt: skip
def test_refused(text, code):
    with pytest.raises(ValidationError) as caught:
        clean_reference(text)
    assert caught.value.code == code

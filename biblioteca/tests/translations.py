"""The translations: collected from the code, checked to be complete, compiled.

``python -m biblioteca.tests.translations`` fails when a message of the code has no Portuguese, or
when the compiled file is older than the readable one; ``--write`` brings both up to date, leaving
new messages empty for a person. GNU gettext is not needed.
"""

import io
import sys
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "biblioteca" / "locale" / "pt_BR" / "LC_MESSAGES"
READABLE, COMPILED = DIRECTORY / "django.po", DIRECTORY / "django.mo"
PACKAGES = ("biblioteca", "autores", "editoras", "obras")
METHODS = [
    ("**/tests/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.html", "biblioteca.tests.translations:extract_template"),
]
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2)}


def extract_template(
    file: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Generator[Any, None, None]:
    """Yield the messages of a template, which Django turns into something like Python."""
    text = templatize(file.read().decode("utf-8"))
    # What is left of the layout would be read as indentation.
    flat = "\n".join(line.strip() for line in text.splitlines())
    yield from extract_python(io.BytesIO(flat.encode()), keywords, comment_tags, options)


def collected() -> Catalog:
    """Return the messages that the code has, without translations."""
    catalog = Catalog(locale="pt_BR", project="Biblioteca", fuzzy=False)
    for package in PACKAGES:
        found = extract_from_dir(
            ROOT / package, method_map=METHODS, keywords=KEYWORDS,
        )  # fmt: skip
        for name, _line, message, _comments, context in found:
            if "/tests/" not in f"/{name}":
                catalog.add(message, locations=[(f"{package}/{name}", 1)], context=context)
    return catalog


def stored() -> Catalog:
    """Return the readable catalogue."""
    with READABLE.open("rb") as file:
        return read_po(file, locale="pt_BR")


def compiled(catalog: Catalog) -> bytes:
    """Return ``catalog`` as gettext reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def faults() -> list[str]:
    """Return what is missing or out of date."""
    catalog = stored()
    known = {message.id: message for message in catalog if message.id}
    wanted = {message.id for message in collected() if message.id}
    lines = [
        f"not translated: {key!r}" for key in wanted if key not in known or not known[key].string
    ]
    lines += [f"no longer in the code: {key!r}" for key in known if key not in wanted]
    if COMPILED.read_bytes() != compiled(catalog):
        lines.append("django.mo is older than django.po: make messages")
    return sorted(lines)


def write() -> None:
    """Bring the readable catalogue up to date with the code, and the compiled one with it."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    catalog = stored() if READABLE.exists() else Catalog(locale="pt_BR", fuzzy=False)
    catalog.update(collected(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    with READABLE.open("wb") as file:
        write_po(file, catalog, omit_header=False, no_location=True, sort_output=True, width=100)
    COMPILED.write_bytes(compiled(stored()))


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    found_faults = faults()
    sys.stdout.write("".join(f"{line}\n" for line in found_faults))
    sys.exit(1 if found_faults else 0)

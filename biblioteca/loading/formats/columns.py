"""Which column of a table holds what, by what people call it."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from biblioteca.loading.options import ReadingOptions
from biblioteca.loading.records import WORKS
from biblioteca.loading.source import UnreadableFileError
from biblioteca.records.text import words

MAX_COLUMNS = 1000
NAME, KEY, CATALOGUE, AUTHOR_IDS, PUBLISHER_ID, IDS = (
    "nome", "codigo", "catalogo", "autores_id", "editora_id", "id",
)  # fmt: skip

# What people call the columns, folded and without punctuation, in order of preference.
SYNONYMS = {
    "titulo": (
        "titulo", "title", "book title", "booktitle", "titulo da obra", "titulo do livro",
        "nome do livro", "titulo principal", "full title", "name of book", "book name", "obra",
        "livro", "libro", "book",
    ),
    "autores": (
        "autores", "autor", "authors", "author", "book authors", "book author", "autor es",
        "author s", "autoria", "autor principal", "autor a", "autora", "author name",
        "author names", "nome do autor", "escritor", "writer", "creator", "creators",
    ),
    "editora": (
        "editora", "publisher", "editorial", "book publisher", "casa editora", "publisher name",
        "nome da editora", "publishing house", "publishers", "editoras", "editor",
    ),
    "foto": (
        "foto", "capa", "imagem", "imagem url", "url da capa", "url da imagem", "image url",
        "cover", "cover url", "cover image", "cover image url", "portada", "imagen", "image url l",
        "image url m", "image url s", "image", "photo", "photo url", "picture", "picture url",
        "coverimg", "cover img", "thumbnail", "small image url",
    ),
    "isbn": (
        "isbn", "isbn13", "isbn 13", "isbn10", "isbn 10", "isbns", "ean", "ean13", "ean 13",
        "codigo isbn", "isbn issn",
    ),
    "issn": ("issn",),
    "identificadores": ("identificadores",),
    NAME: (
        "nome", "name", "nombre", "nome completo", "full name", "razao social", "nome autor",
    ),
    KEY: (
        "codigo", "code", "key", "chave", "clave", "identifier", "identificador", "record id",
        "source id", "book id", "bookid", "work id", "cod", "id externo", "external id", "tombo",
        "id",
    ),
    IDS: ("id",),
    CATALOGUE: ("catalogo",),
    AUTHOR_IDS: ("autores id",),
    PUBLISHER_ID: ("editora id",),
}  # fmt: skip
NORMAL = {
    field: [synonym.replace(" ", "") for synonym in synonyms]
    for field, synonyms in SYNONYMS.items()
}
KNOWN = {synonym for synonyms in NORMAL.values() for synonym in synonyms}
# What the name column may be called where the resource is known.
OF_RESOURCE = {"autores": "autores", "editoras": "editora"}
IGNORED = ("", "-")
Columns = dict[str, list[int]]


def normal(name: str) -> str:
    """Return a column's name for comparing: BookTitle, Book-Title, book title are one."""
    return "".join(words(name))


def unique(header: Iterable[str]) -> list[str]:
    """Return the names of the columns, each once; nameless ones are called by their number."""
    found: dict[str, None] = {}
    for number, name in enumerate(header, start=1):
        label = name.strip() or f"[{number}]"
        found[label if label not in found else f"{label} [{number}]"] = None
    return list(found)


def columns_of(header: list[str], options: ReadingOptions) -> Columns:
    """Return which columns hold each field, in order of preference.

    Raises UnreadableFileError for too many columns, or a mapping that fits none.
    """
    if len(header) > MAX_COLUMNS:
        raise UnreadableFileError(
            _("the first line has %(columns)d columns; at most %(most)d can be read")
            % {"columns": len(header), "most": MAX_COLUMNS}
        )
    names = [normal(name) for name in header]
    mapped = mapped_columns(header, names, options.mapping)
    for place in mapped:
        names[place] = ""
    found = {
        field: places
        for field, synonyms in NORMAL.items()
        if (
            places := list(
                dict.fromkeys(names.index(synonym) for synonym in synonyms if synonym in names)
            )
        )
    }
    for field in mapped.values():
        if field not in IGNORED:
            found[field] = [place for place, other in mapped.items() if other == field]
    return found


def mapped_columns(header: list[str], names: list[str], mapping: dict[str, str]) -> dict[int, str]:
    """Return the field that the person names for a column, by the column's place."""
    places: dict[int, str] = {}
    for column, field in mapping.items():
        if field not in SYNONYMS and field not in IGNORED:
            raise UnreadableFileError(
                _("there is no field %(field)s; the fields are %(fields)s")
                % {"field": repr(field), "fields": ", ".join(SYNONYMS)}
            )
        if column in header:
            place = header.index(column)
        elif normal(column) and normal(column) in names:
            place = names.index(normal(column))
        elif column.isascii() and column.isdigit() and 1 <= int(column) <= len(header):
            place = int(column) - 1
        else:
            raise UnreadableFileError(
                _("there is no column %(column)s; the first line has %(columns)s")
                % {"column": repr(column), "columns": shown(header)}
            )
        places[place] = field
    return places


def text_column(header: list[str], columns: Columns, options: ReadingOptions) -> list[int]:
    """Return the columns of the title or name. Raises UnreadableFileError when there is none."""
    if options.wanted != WORKS:
        for field in (NAME, OF_RESOURCE.get(options.wanted, NAME)):
            if field in columns:
                return columns[field]
        raise UnreadableFileError(
            _("no column is a name (called nome, name, nombre); the first line has %s")
            % shown(header)
        )
    if "titulo" in columns:
        return columns["titulo"]
    if NAME in columns:
        raise UnreadableFileError(
            _(
                "no column is a title, one is a name: say --recurso autores or --recurso editoras; "
                "the first line has %s"
            )
            % shown(header)
        )
    raise UnreadableFileError(
        _(
            "no column is a title (called titulo, title, Book-Title…); the first line has %s. "
            "Say which one it is: --mapear NAME=titulo, or --mapear NUMBER=titulo for a file "
            "without a header"
        )
        % shown(header)
    )


def has_header(header: list[str], mapping: dict[str, str]) -> bool:
    """Tell whether the first line names the columns; numbers as columns say that it may not."""
    if not mapping or not all(column.isascii() and column.isdigit() for column in mapping):
        return True
    return any(normal(name) in KNOWN for name in header)


def shown(header: list[str]) -> str:
    """Return the beginning of a header for a message."""
    return ", ".join(repr(name[:40]) for name in header[:20])

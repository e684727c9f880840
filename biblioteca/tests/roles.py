"""The table of the admin: each page and action, and the least role that may use it.

A new page is a line in PAGES, a new model in the admin a line in MODELS, a new action of a list a
line in ACTIONS and a word in LISTS. ``test_roles.py`` fails for what is missing here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models

from autores.tests.factories import AutorFactory
from biblioteca.operations.sso import ROLES
from biblioteca.records import merging
from biblioteca.records.models import Merge

PASSWORD = "uma senha comprida de teste"
NEW_PASSWORD = "outra senha comprida de teste"
WHO = ("anonymous", *ROLES)
# The least that a page asks for, as a place in WHO; nobody in this table is beyond the last one.
ANYBODY, READER, EDITOR, ADMINISTRATOR, NOBODY = range(5)


def csv() -> SimpleUploadedFile:
    """Return a file of one author, not read yet."""
    return SimpleUploadedFile("autores.csv", b"nome\nAutora de um arquivo\n", "text/csv")


@dataclass(frozen=True)
class Rows:
    """Rows that the pages are about: an obra, its author and publisher, an account."""

    obra: Any
    autor: Any
    editora: Any
    user: Any
    entry: Any
    deleted: Any
    group: str
    simulated: Any
    loaded: Any

    def of(self, label: str) -> Any:
        """Return the row of a model in the admin."""
        names = {"auth.group": Group.objects.get(name=ROLES[0]), "auth.user": self.user}
        names |= {"backoffice.accessentry": self.entry}
        names |= {f"{resource}.{row._meta.model_name}": row for resource, row in self.records}
        return names[label]

    @property
    def records(self) -> list[tuple[str, Any]]:
        """The rows of the catalogue by their application."""
        return [("obras", self.obra), ("autores", self.autor), ("editoras", self.editora)]


def simulated(rows: Rows) -> tuple[int]:
    """Return the argument of the pages of a load that waits to be confirmed."""
    return (rows.simulated.pk,)


def author_of(rows: Rows) -> Any:
    """Return the first author of the work."""
    return rows.obra.autorias.all()[0].autor


def to_merge(survivor: Any, other: Any) -> dict[str, Any]:
    """Return the form that confirms that one record is merged into another."""
    both = (survivor, other)
    chosen = dict.fromkeys(("destino", "nome", "foto"), survivor.pk)
    versions = {f"versao_{record.pk}": record.versao for record in both}
    return {"ids": ",".join(str(record.pk) for record in both)} | chosen | versions


@dataclass(frozen=True)
class Model:
    """A model in the admin: who may look, add, change and delete; what a changed form says."""

    view: int
    add: int
    change: int
    delete: int
    form: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Another page: who may ask for it, and how it is asked."""

    least: int
    arguments: Callable[[Rows], tuple] = lambda rows: ()
    query: dict[str, str] = field(default_factory=dict)
    # A form to send (or what makes it of the rows); without one the page is only looked at.
    form: Any = None
    # Whether the form, sent by one who may, changes a row.
    changes: bool = False
    # The answer to one who may; the others are sent to sign in (anonymous) or get a 403.
    answer: tuple[int, ...] = (200, 302)


MODELS = {
    "obras.obra": Model(READER, EDITOR, EDITOR, EDITOR, {"titulo": "Título novo"}),
    "autores.autor": Model(READER, EDITOR, EDITOR, EDITOR, {"nome": "Nome novo"}),
    "editoras.editora": Model(READER, EDITOR, EDITOR, EDITOR, {"nome": "Nome novo"}),
    "auth.user": Model(
        ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR, ADMINISTRATOR,
        {"username": "nova", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
    ),
    "auth.group": Model(ADMINISTRATOR, NOBODY, NOBODY, NOBODY, {"name": "Nova"}),
    "backoffice.accessentry": Model(ADMINISTRATOR, NOBODY, NOBODY, NOBODY, {"quem": "ninguém"}),
}  # fmt: skip


def merged(rows: Rows) -> Merge:
    """Return a merge that is not undone, the same for everybody who asks about it."""
    found = Merge.objects.filter(desfeita_em__isnull=True).first()
    return found or merging.merge(type(rows.autor), rows.autor.pk, [AutorFactory().pk])


OWN = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
SET = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
FILE = {"recurso": "autores", "fonte": "", "formato": "", "mapear": ""}
NAME = {"nome": "Nome feito num instante"}
LOOKUP = {"app_label": "obras", "model_name": "obra", "field_name": "editora"}
# By the name of the route; several ways of asking one page are several lines.
PAGES: tuple[tuple[str, Page], ...] = (
    ("admin:login", Page(ANYBODY)),
    ("admin:logout", Page(ANYBODY, form={})),
    ("admin:admin_password_reset", Page(ANYBODY)),
    ("admin:admin_password_reset", Page(ANYBODY, form={"email": "quem@example.org"})),
    ("admin:admin_password_reset_done", Page(ANYBODY)),
    ("admin:admin_password_reset_confirm", Page(ANYBODY, lambda rows: ("x", "y"))),
    ("admin:admin_password_reset_complete", Page(ANYBODY)),
    ("social:begin", Page(ANYBODY, lambda rows: ("oidc",), form={}, answer=(404,))),
    ("social:complete", Page(ANYBODY, lambda rows: ("oidc",), answer=(404,))),
    ("admin:index", Page(READER)),
    ("admin:search", Page(READER, query={"s": "obra"})),
    ("admin:jsi18n", Page(READER)),
    ("admin:password_change", Page(READER)),
    ("admin:password_change", Page(READER, form=OWN, changes=True)),
    ("admin:password_change_done", Page(READER)),
    ("admin:autocomplete", Page(READER, query=LOOKUP)),
    ("admin:view_on_site", Page(READER, lambda rows: (type_of(rows.obra), 1), answer=(404,))),
    ("admin:help", Page(READER)),
    ("admin:help_page", Page(READER, lambda rows: ("carregar-dados",))),
    ("admin:set_language", Page(READER, form={"language": "en", "next": "/admin/"})),
    ("admin:thumbnail", Page(READER, lambda rows: ("nada.jpg",), answer=(404,))),
    ("admin:check_picture", Page(EDITOR, form={"foto": "capa.jpg"})),
    ("admin:check_identifier", Page(EDITOR, query={"esquema": "isbn", "valor": "1"})),
    ("admin:obras_obra_similar", Page(READER, query={"titulo": "Título velho"})),
    ("admin:autores_autor_quick_create", Page(EDITOR, form=NAME, changes=True)),
    ("admin:editoras_editora_quick_create", Page(EDITOR, form=NAME, changes=True)),
    ("admin:historico", Page(EDITOR)),
    ("admin:historico_csv", Page(EDITOR)),
    ("admin:acao", Page(EDITOR, lambda rows: (rows.group,))),
    ("admin:acao", Page(EDITOR, lambda rows: (rows.group,), form={}, changes=True)),
    ("admin:lixeira", Page(EDITOR)),
    (
        "admin:lixeira",
        Page(EDITOR, form=lambda rows: {"recurso": "autores", "id": rows.deleted}, changes=True),
    ),
    ("admin:fusoes", Page(EDITOR)),
    ("admin:fusao", Page(EDITOR, lambda rows: (merged(rows).pk,))),
    ("admin:fusao", Page(EDITOR, lambda rows: (merged(rows).pk,), form={}, changes=True)),
    ("admin:autores_autor_duplicates", Page(EDITOR)),
    ("admin:autores_autor_duplicates", Page(EDITOR, form={})),
    ("admin:autores_autor_merge", Page(EDITOR, query={"ids": "1,2"})),
    (
        "admin:autores_autor_merge",
        Page(
            EDITOR,
            form=lambda rows: to_merge(rows.autor, author_of(rows)),
            changes=True,
        ),
    ),
    ("admin:editoras_editora_duplicates", Page(EDITOR)),
    ("admin:editoras_editora_duplicates", Page(EDITOR, form={})),
    ("admin:editoras_editora_merge", Page(EDITOR, query={"ids": "1,2"})),
    (
        "admin:editoras_editora_merge",
        Page(EDITOR, form=lambda rows: to_merge(rows.editora, rows.obra.editora), changes=True),
    ),
    ("admin:cargas", Page(EDITOR)),
    ("admin:carga_nova", Page(EDITOR)),
    ("admin:carga_nova", Page(EDITOR, form=lambda rows: FILE | {"arquivos": csv()}, changes=True)),
    ("admin:carga", Page(EDITOR, simulated)),
    ("admin:carga_andamento", Page(EDITOR, simulated)),
    ("admin:carga_registros", Page(EDITOR, lambda rows: (rows.loaded.pk,))),
    ("admin:carga_rejeitados", Page(EDITOR, lambda rows: (rows.loaded.pk,))),
    (
        "admin:carga_confirmar",
        Page(EDITOR, lambda rows: (rows.simulated.pk,), form={}, changes=True),
    ),
    (
        "admin:carga_descartar",
        Page(EDITOR, lambda rows: (rows.simulated.pk,), form={}, changes=True),
    ),
    ("admin:carga_desfazer", Page(EDITOR, lambda rows: (rows.loaded.pk,), form={}, changes=True)),
    *(
        (f"admin:{name}_export", Page(READER, form={"formato": "csv"}))
        for name in ("obras_obra", "autores_autor", "editoras_editora")
    ),
    # Of somebody else: nobody's business, whatever the role.
    *(
        (f"admin:exportacao{name}", Page(READER, lambda rows: (1,), answer=(404,)))
        for name in ("", "_andamento", "_arquivo")
    ),
    ("admin:app_list", Page(READER, lambda rows: ("obras",))),
    ("admin:auth_user_password_change", Page(ADMINISTRATOR, lambda rows: (rows.user.pk,))),
    (
        "admin:auth_user_password_change",
        Page(ADMINISTRATOR, lambda rows: (rows.user.pk,), form=SET, changes=True),
    ),
)
# Actions of lists, and what each asks for besides: the first is of every list.
ACTIONS: dict[str, Callable[[Rows], dict[str, Any]]] = {
    "delete_selected": lambda rows: {},
    "remove_picture": lambda rows: {"confirmar": "1"},
    "set_publisher": lambda rows: {"confirmar": "1", "editora": rows.editora.pk},
    "merge_selected": lambda rows: {},
    "add_author": lambda rows: {"confirmar": "1", "autor": rows.autor.pk},
}
# This one shows a page, and what is done there is in PAGES.
ASKS_FIRST = "merge_selected"
OF_NAMES = ("delete_selected", "remove_picture", ASKS_FIRST)
LISTS = {
    "obras.obra": ("delete_selected", "remove_picture", "set_publisher", "add_author"),
    "autores.autor": OF_NAMES,
    "editoras.editora": OF_NAMES,
}
# Routes without a name: what is not there, and the old address of a form.
UNNAMED = {r"(?P<url>.*)$", "<path:object_id>/"}


def type_of(row: models.Model) -> int:
    """Return the key of a row's content type."""
    return ContentType.objects.get_for_model(row).pk

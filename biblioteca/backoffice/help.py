"""The guides for editors: ``/admin/ajuda/`` lists them, ``/admin/ajuda/<name>/`` shows one.

To add a page, write ``biblioteca/backoffice/help/<name>.md`` in Markdown (CommonMark with tables);
nothing else is registered. Its first line is the title (``# …``), its first paragraph the summary
in the list; ``##`` headings become the table of contents. A link to another page is written
``[…](other-name.md#heading)``. A screenshot is ``![what it shows](name.png)`` for the file
``biblioteca/backoffice/static/backoffice/help/name.png``; one that does not exist is left out.
HTML is not rendered. Pages are in Portuguese, in a librarian's words.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

DIRECTORY = Path(__file__).parent / "help"
LANGUAGE = "pt-BR"
OTHER_PAGE = re.compile(r"([a-z0-9-]+)\.md(#.*)?")


@dataclass(frozen=True)
class HelpPage:
    """A guide: its name in the address, and what its Markdown became."""

    name: str
    title: str
    summary: str
    body: SafeString
    # The name in the address and the text of each ``##`` heading.
    contents: tuple[tuple[str, str], ...]


def pages() -> list[HelpPage]:
    """Return all guides, by title."""
    found = [read_page(path) for path in DIRECTORY.glob("*.md")]
    return sorted(found, key=lambda page: page.title.casefold())


def read_page(path: Path) -> HelpPage:
    """Return the guide in a file, rendered again only when the file has changed."""
    return rendered(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def rendered(path: Path, _changed: int) -> HelpPage:
    """Return the guide in a file."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    for kind in ("table_open", "table_close", "fence"):
        markdown.add_render_rule(kind, SCROLLING[kind])
    tokens = markdown.parse(path.read_text(encoding="utf-8"))
    title = text_after(tokens, "heading_open")
    summary = text_after(tokens, "paragraph_open")
    if tokens and tokens[0].type == "heading_open":
        del tokens[:3]  # the theme shows it, as the title of the page
    contents = name_headings(tokens)
    for token in tokens:
        if token.type == "inline":
            resolve(token)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return HelpPage(path.stem, title, summary, mark_safe(html), contents)  # noqa: S308 (our files)


def text_after(tokens: list[Token], kind: str) -> str:
    """Return the plain text of the first block of a kind that has any, "" where there is none."""
    for place, token in enumerate(tokens):
        if token.type == kind and (text := plain_text(tokens[place + 1])):
            return text
    return ""


def plain_text(inline: Token) -> str:
    """Return the text of a block without its marks and pictures, on one line."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in inline.children or []
        if child.type != "image"
    )


def name_headings(tokens: list[Token]) -> tuple[tuple[str, str], ...]:
    """Give every heading a name that links can lead to; return those of the second level."""
    contents = []
    taken: set[str] = set()
    for place, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = plain_text(tokens[place + 1])
        name = slugify(text)
        while name in taken:
            name += "-"
        taken.add(name)
        token.attrSet("id", name)
        if token.tag == "h2":
            contents.append((name, text))
    return tuple(contents)


def resolve(inline: Token) -> None:
    """Lead links to other guides and pictures to where they are; leave out missing pictures."""
    kept = []
    for child in inline.children or []:
        if child.type == "image":
            # Written with its address or without.
            source = str(child.attrGet("src")).removeprefix("/static/backoffice/help/")
            name = f"backoffice/help/{source}"
            if finders.find(name) is None:
                continue
            child.attrSet("src", static(name))
            child.attrSet("loading", "lazy")
        if child.type == "link_open":
            found = OTHER_PAGE.fullmatch(str(child.attrGet("href")))
            if found:
                address = reverse("admin:help_page", args=[found[1]])
                child.attrSet("href", address + (found[2] or ""))
        kept.append(child)
    inline.children = kept


def open_table(*_arguments: Any) -> str:
    """Begin a table that is scrolled by itself where the window is narrower."""
    return '<div class="help-wide" tabindex="0" role="region" aria-label="Tabela"><table>\n'


def close_table(*_arguments: Any) -> str:
    """End a table."""
    return "</table></div>\n"


def code(_renderer: Any, tokens: list[Token], place: int, *_arguments: Any) -> str:
    """Return a block of code, which is scrolled by itself too."""
    if tokens[place].info == "bash":
        return command_lines(tokens[place].content)
    return format_html('<pre tabindex="0"><code>{}</code></pre>\n', tokens[place].content)


def command_lines(text: str) -> str:
    """Return commands, which are wrapped where the window is narrow, but in no word."""
    words = format_html_join("", "<span>{}</span>{}", re.findall(r"(\S+)(\s*)", text))
    return format_html('<pre class="help-command" tabindex="0"><code>{}</code></pre>\n', words)


SCROLLING: dict[str, Any] = {"table_open": open_table, "table_close": close_table, "fence": code}


def help_index(request: HttpRequest) -> HttpResponse:
    """Show the list of guides."""
    return show(request, {"title": _("Help"), "help_pages": pages()})


def help_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one guide. Raises Http404 for a name that none has."""
    path = DIRECTORY / f"{name}.md"
    if not path.is_file():
        raise Http404
    page = read_page(path)
    return show(request, {"title": page.title, "help_page": page})


def show(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Return a page of the admin around ``context``."""
    around = admin.site.each_context(request) | {"help_language": LANGUAGE}
    return TemplateResponse(request, "backoffice/help.html", around | context)


def register(site: Any) -> None:
    """Put the guides into the admin."""
    site.register_page("ajuda/", help_index, "help", title=_("Help"), icon="help")
    site.register_page("ajuda/<slug:name>/", help_page, "help_page")

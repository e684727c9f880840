"""What browser tests share: a server with an editor, signing in, accessibility, pictures.

A test file has one server and one signed-in context for all its tests::

    @pytest.fixture(scope="module")
    def office(browser, tmp_path_factory):
        with back_office(browser, tmp_path_factory.mktemp("escritorio")) as office:
            yield office

    def test_something(office):
        page = office.page("/admin/")
        page.get_by_role("heading", name="Início").wait_for()
        office.keep(page, "inicio")  # a screenshot, light and dark, each looked at by axe
"""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from biblioteca.tests.servers import ROOT, environment_for, serving

# Where screenshots go; never committed.
ARTEFACTS = Path(os.environ.get("ARTEFACTS", ROOT / "var" / "artefatos"))
EDITOR = "editora"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
GRAVE = ("serious", "critical")
# Transitions would be photographed and measured half-way.
STILL = (
    "*, *::before, *::after { transition: none !important; animation: none !important; }"
    # What sticks to the window would stand in the middle of a picture of the whole page.
    " #submit-row, [class*='lg:sticky'] { position: static !important; }"
)


@dataclass
class BackOffice:
    """A running catalogue and a browser in which its editor is signed in."""

    address: str
    data_dir: Path
    browser: Any
    context: Any
    environment: dict[str, str] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)

    @property
    def password(self) -> str:
        """The editor's password."""
        return (self.data_dir / "editor_password").read_text(encoding="ascii")

    def page(self, path: str = "/admin/") -> Any:
        """Open ``path`` in a new page of the signed-in context."""
        page = self.context.new_page()
        page.goto(self.address + path)
        return page

    def new_context(self, viewport: dict[str, int] = DESKTOP, **options: Any) -> Any:
        """Return a context of its own, nobody signed in; pt-BR unless ``locale`` says otherwise."""
        options.setdefault("locale", "pt-BR")
        context = self.browser.new_context(
            viewport=viewport, reduced_motion="reduce", timezone_id="America/Sao_Paulo", **options
        )
        context.set_default_timeout(15_000)
        context.on("request", self.note_foreign)
        return context

    def note_foreign(self, request: Any) -> None:
        """Remember what was asked of another origin than ours."""
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def sign_in(self, page: Any, user: str = EDITOR, password: str | None = None) -> None:
        """Fill in the sign-in form, which ``page`` shows or is brought to."""
        if "/login/" not in page.url:
            page.goto(f"{self.address}/admin/login/?next=/admin/")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", self.password if password is None else password)
        page.locator("#login-form [type=submit]").click()
        page.wait_for_url(lambda url: "/login/" not in url)

    def signed_in(self, viewport: dict[str, int] = DESKTOP, user: str = EDITOR,
                  password: str | None = None, **options: Any) -> Any:  # fmt: skip
        """Return a new context in which ``user`` is signed in."""
        context = self.new_context(viewport, **options)
        page = context.new_page()
        self.sign_in(page, user, password)
        page.close()
        return context

    def keep(self, page: Any, name: str, *, full_page: bool = True) -> None:
        """Keep a picture of ``page``, and fail when axe finds a grave fault; in the dark too."""
        for scheme in ("light", "dark"):
            set_scheme(page, scheme)
            suffix = "" if scheme == "light" else "-escuro"
            screenshot(page, name + suffix, full_page=full_page)
            check_accessibility(page, f"{name} ({scheme})")
        set_scheme(page, "auto")

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run ``manage.py`` on the data of the server and return what it prints."""
        more = self.environment | environment
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, check=True, text=True,
            capture_output=True, env=environment_for(self.data_dir, **more),
        )  # fmt: skip
        return done.stdout

    def create_user(self, name: str, password: str, *groups: str) -> None:
        """Create a member of staff in ``groups``."""
        code = (
            "from django.contrib.auth.models import Group, User\n"
            f"u = User.objects.create_user({name!r}, password={password!r}, is_staff=True)\n"
            f"u.groups.set(Group.objects.filter(name__in={groups!r}))"
        )
        self.manage("shell", "-v0", "-c", code)

    def expire_sessions(self) -> None:
        """Forget everybody's session, as time would (on the server's SQLite)."""
        link = sqlite3.connect(self.data_dir / "biblioteca.sqlite3", timeout=20)
        with link:
            link.execute("DELETE FROM django_session")
        link.close()


@contextmanager
def back_office(
    browser: Any, data_dir: Path, *arguments: str, **environment: str
) -> Iterator[BackOffice]:
    """Run a server with the demonstration and sign its editor in."""
    with serving(data_dir, *arguments, worker=True, **environment) as address:
        office = BackOffice(address, data_dir, browser, None, environment)
        office.context = office.signed_in()
        yield office
        office.context.close()


def set_scheme(page: Any, scheme: str) -> None:
    """Show ``page`` light, dark, or (``auto``) as the browser wishes, which is light."""
    root = "document.documentElement"
    page.wait_for_function("window.Alpine")
    page.evaluate(f"scheme => {{ Alpine.$data({root}).adminTheme = scheme }}", scheme)
    page.wait_for_function(f"is => {root}.classList.contains('dark') === is", arg=scheme == "dark")


def screenshot(page: Any, name: str, *, full_page: bool = True) -> Path:
    """Keep a picture of ``page`` among the artefacts and return where."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTEFACTS / f"{re.sub('[^a-z0-9-]+', '-', name.lower())}.png"
    page.add_style_tag(content=STILL)
    page.screenshot(path=path, full_page=full_page)
    return path


def check_accessibility(page: Any, name: str) -> None:
    """Raise AssertionError with axe's report when it finds a serious or critical fault."""
    page.add_style_tag(content=STILL)
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    faults = [
        f"{fault['id']} ({fault['impact']}): {fault['help']}\n    "
        + "\n    ".join(
            f"{' '.join(map(str, node['target']))} {node['html'][:200]} "
            + "; ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])
            for node in fault["nodes"][:8]
        )
        for fault in results.response["violations"]
        if fault["impact"] in GRAVE
    ]
    assert not faults, f"{name}: axe finds\n" + "\n".join(faults)


def overflows(page: Any) -> bool:
    """Tell whether the page is wider than its window, once it has loaded."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))

"""The guides: found, rendered, closed to strangers, and true of the commands that they show."""

import re
import shlex

import pytest
from django.core.management import CommandError, get_commands, load_command_class
from django.test import override_settings

from biblioteca.backoffice import help as guides

GUIDE = guides.DIRECTORY / "carregar-dados.md"


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """Guides of the test's own."""
    directory = tmp_path / "help"
    directory.mkdir()
    monkeypatch.setattr(guides, "DIRECTORY", directory)
    return directory


def test_strangers_are_sent_to_sign_in(client, db):
    for path in ("/admin/ajuda/", "/admin/ajuda/carregar-dados/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={path}")


def test_the_list_leads_to_the_guides(admin_client):
    answer = admin_client.get("/admin/ajuda/").content.decode()
    assert '<a href="/admin/ajuda/carregar-dados/">Carregar dados</a>' in answer
    page = admin_client.get("/admin/ajuda/carregar-dados/")
    assert page.status_code == 200
    text = page.content.decode()
    assert len(re.findall(r"<h1[ >]", text)) == 1  # the theme's, with the title
    assert "<title> Carregar dados |" in text
    assert '<h2 id="desfazer-uma-carga">' in text
    assert '<li><a href="#desfazer-uma-carga">' in text


@pytest.mark.parametrize(
    "name", ["nada", "help", "carregar-dados.md", "..%2Fhelp%2Fcarregar-dados"]
)
def test_there_is_no_other_page(name, admin_client):
    assert admin_client.get(f"/admin/ajuda/{name}/").status_code == 404


def test_markdown_becomes_a_page(directory, admin_client, tmp_path):
    (directory / "um.md").write_text(
        "# Um & outro\n\n![A tela](tela.png)\n\nResumo com\n`código`.\n\n## Título\n\n## Título\n\n"
        "[dois](dois.md#final) [fora](https://x.org/a.md)\n\n<script>alert(1)</script>\n\n"
        "![A tela](tela.png) ![Falta](falta.png)\n\n| a | b |\n|---|---|\n| <b> | 2 |\n\n"
        "```bash\nls <x>\n```\n",
        encoding="utf-8",
    )
    (directory / "dois.md").write_text("# Ábaco\n\nOutro resumo.\n", encoding="utf-8")
    pictures = tmp_path / "static" / "backoffice" / "help"
    pictures.mkdir(parents=True)
    (pictures / "tela.png").write_bytes(b"x")
    with override_settings(STATICFILES_DIRS=[tmp_path / "static"]):
        text = admin_client.get("/admin/ajuda/um/").content.decode()
    assert "Um &amp; outro |" in text
    assert '<h2 id="titulo">' in text
    assert '<h2 id="titulo-">' in text
    assert '<a href="/admin/ajuda/dois/#final">' in text
    assert '<a href="https://x.org/a.md">' in text
    assert "&lt;script&gt;alert(1)" in text
    assert '<img src="/static/backoffice/help/tela.png" alt="A tela" loading="lazy"' in text
    assert "falta.png" not in text
    assert "<td>&lt;b&gt;</td>" in text
    assert "<code><span>ls</span> <span>&lt;x&gt;</span>" in text
    listed = admin_client.get("/admin/ajuda/").content.decode()
    assert listed.index("Um &amp; outro") < listed.index("Ábaco")
    assert "Resumo com código." in listed


def test_a_changed_guide_is_shown_as_it_is_now(directory):
    path = directory / "um.md"
    path.write_text("# Antes\n", encoding="utf-8")
    assert guides.read_page(path).title == "Antes"
    path.write_text("# Depois\n", encoding="utf-8")
    assert guides.read_page(path).title == "Depois"


@pytest.mark.parametrize("path", sorted(guides.DIRECTORY.glob("*.md")), ids=lambda path: path.stem)
def test_every_link_leads_somewhere(path):
    page = guides.read_page(path)
    assert page.title
    assert page.summary
    headings = {
        other.name: set(re.findall(r'<h\d id="([^"]+)"', other.body)) for other in guides.pages()
    }
    for address in re.findall(r'<a href="([^"]+)"', page.body):
        found = re.fullmatch(r"(?:/admin/ajuda/([a-z0-9-]+)/)?(?:#(.+))?", address)
        if found is None:
            assert address.startswith("https://")
            continue
        name = found[1] or page.name
        assert name in headings
        assert found[2] is None or found[2] in headings[name]


def commands():
    """The command lines of every guide."""
    lines = [
        line
        for path in sorted(guides.DIRECTORY.glob("*.md"))
        for block in re.findall(r"^```bash\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)
        for line in block.splitlines()
    ]
    return [pytest.param(line, id=line.removeprefix("python manage.py ")) for line in lines]


@pytest.mark.parametrize("line", commands())
def test_every_command_line_is_understood(line):
    python, program, name, *arguments = shlex.split(line)
    assert (python, program) == ("python", "manage.py")
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parser.called_from_command_line = False  # an error is raised, not printed
    try:
        parser.parse_args(arguments)
    except CommandError as error:
        pytest.fail(f"{line}: {error}")


def test_every_option_is_explained():
    text = GUIDE.read_text("utf-8")
    for name in ("importar", "exportar", "desfazer"):
        command = load_command_class(get_commands()[name], name)
        own = command.create_parser("manage.py", name)
        common = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback",
                  "--no-color", "--force-color", "--skip-checks"}  # fmt: skip
        options = {option for action in own._actions for option in action.option_strings}
        missing = [name for name in options - common if name[:2] == "--" and name not in text]
        assert missing == []

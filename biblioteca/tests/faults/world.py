"""Several server processes over one database and one Redis, with records that carry counters."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from biblioteca.tests.redis_server import RedisServer
from biblioteca.tests.servers import ROOT, environment_for, serving


@dataclass
class World:
    """What a fault is done to, and what is read and written meanwhile."""

    directory: Path
    servers: list[str]
    environment: dict[str, str]
    module: tuple[str, ...] = ("manage.py",)
    redis: RedisServer | None = None
    works: list[int] = field(default_factory=list)
    author: int = 0
    publisher: int = 0
    editor: Any = None

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        """Run a command of the service's environment to its end."""
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment_for(self.directory, **(self.environment | environment)),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def change_author_in_admin(self, name: str) -> int:
        """Rename the author as an editor does; return the status of the answer."""
        page = f"{self.servers[0]}/admin/autores/autor/{self.author}/change/"
        token = self.editor.cookies["csrftoken"]
        form = {"csrfmiddlewaretoken": token, "nome": name, "foto": "", "_save": "1"}
        return self.editor.post(page, data=form, allow_redirects=False, timeout=30).status_code


@contextmanager
def world(
    directory: Path,
    processes: int = 2,
    with_redis: bool = True,
    module: tuple[str, ...] = ("manage.py",),
    **environment: str,
) -> Iterator[World]:
    """Start everything and give the world; everything is gone afterwards."""
    with ExitStack() as stack:
        redis_server = RedisServer(directory) if with_redis else None
        if redis_server is not None:
            stack.callback(redis_server.kill)
            environment["REDIS_URL"] = redis_server.url
        servers = [
            stack.enter_context(serving(directory, "--vazio", module=module, **environment))
            for _ in range(processes)
        ]
        made = World(directory, servers, environment, module, redis_server)
        populate(made)
        yield made


def populate(made: World) -> None:
    """Create the records that carry the counters, and sign the editor in."""
    server = made.servers[0]

    def create(resource: str, body: dict[str, Any]) -> int:
        answer = requests.post(f"{server}/{resource}/", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    made.publisher = create("editoras", {"nome": "Contador 0"})
    made.author = create("autores", {"nome": "Contador 0"})
    body = {"titulo": "Contador 0", "editora": made.publisher, "autores": [made.author]}
    made.works = [create("obras", body) for _ in range(4)]
    made.editor = requests.Session()
    login = f"{server}/admin/login/"
    page = made.editor.get(login, timeout=30).text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    password = (made.directory / "editor_password").read_text()
    form = {"csrfmiddlewaretoken": found[1], "username": "editora", "password": password}
    answer = made.editor.post(login + "?next=/admin/", data=form, timeout=30)
    assert answer.url.endswith("/admin/"), answer.url

"""What lies in deploy/: checked by the tools made for it, and run where no container is needed."""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests
import yaml

from biblioteca.tests.machine import DEPLOY, Machine
from biblioteca.tests.servers import ROOT, free_port
from biblioteca.tests.stack import wait_for

SCRIPTS = ("start", "backup", "restore", "write-env")
PROGRAMS = ("setup", "demo", "healthy", "gateway/clients")
# Kinds of Kubernetes itself; those of Kong and kustomize have no published schema.
MANIFESTS = (
    "namespace", "configuration", "storage", "migrate", "deployment", "worker", "service",
    "network",
)  # fmt: skip


def tool(name, *arguments):
    done = subprocess.run(
        [Path(sys.executable).parent / name, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_passes_its_linter():
    tool("hadolint", "deploy/Dockerfile")


def test_the_scripts_pass_their_linter():
    tool("shellcheck", *(f"deploy/{name}" for name in SCRIPTS), ".ci/run")
    for name in (*SCRIPTS, *PROGRAMS):
        assert (DEPLOY / name).stat().st_mode & stat.S_IXUSR, f"{name} is no program"


def test_compose_files_are_what_the_specification_says():
    files = ("docker-compose.yml", "deploy/compose.mysql.yml", "deploy/compose.node.yml")
    tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *files)


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_what_kubernetes_knows(name):
    tool("kubernetes-validate", "--strict", "--no-warn", f"deploy/kubernetes/{name}.yaml")


def test_kustomize_finds_every_file():
    entry = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
    written = {"gateway.yaml"}  # by manage.py kong --kubernetes
    assert set(entry["resources"]) == {f"{name}.yaml" for name in MANIFESTS} | written


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_compose_holds_together(compose):
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, f"{name} waits for {other}"
            # What a profile adds is not there without it.
            optional = "profiles" in services[other] and "profiles" not in service
            assert how.get("required", True) is not optional, f"{name} waits for {other}"
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if not source.startswith((".", "$")):
                assert source in compose["volumes"], f"{name} mounts {source}"
        for network in service.get("networks", []):
            assert network in compose["networks"]
        if service.get("image", "").startswith("biblioteca"):
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
    assert compose["networks"]["inside"]["internal"]
    published = [name for name, service in services.items() if service.get("ports")]
    assert published == ["kong"]
    assert services["kong"]["environment"]["KONG_ADMIN_LISTEN"] == "${KONG_ADMIN_LISTEN:-off}"
    # Kong must come to the service by the network whose addresses the service believes.
    assert set(services["app"]["networks"]) & set(services["kong"]["networks"]) == {"inside"}


def test_options_of_the_gateway_stay_when_its_configuration_is_rendered_again(compose, tmp_path):
    """What stands in .env comes with every start, and not only with the one command."""
    command = compose["services"]["gateway-config"]["command"]
    assert command.endswith(" ${GATEWAY_OPTIONS:-}")
    options = "--no 10.0.0.11:8000 --acme-email a@example.org --acme-dominio c.example.org"
    command = command.replace("${GATEWAY_OPTIONS:-}", options)
    command = command.replace("${GATEWAY_WAY:-token}", "token").replace("/run/gateway", "{place}")
    machine = Machine(tmp_path)
    machine.program("setup")
    machine.program("demo")
    machine.service |= {
        "CERTIFICATES_REDIS_URL_FILE": str(machine.settings / "certificates_redis_url")
    }
    machine.as_service(*(word.format(place=tmp_path) for word in shlex.split(command)))
    document = yaml.safe_load((tmp_path / "kong.yml").read_text())
    assert [one["target"] for one in document["upstreams"][0]["targets"]] == ["10.0.0.11:8000"]
    (acme,) = [one for one in document["plugins"] if one["name"] == "acme"]
    kept = acme["config"]["storage_config"]["redis"]
    assert kept["host"] in compose["services"], "certificates are kept in a service of the stack"
    assert "appendonly yes" in compose["services"][kept["host"]]["command"][-1]
    assert kept["password"] == (machine.services / "redis_password").read_text()


def test_compose_sets_what_the_service_knows(compose):
    known = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    environment = compose["services"]["app"]["environment"]
    names = {name.removesuffix("_FILE") for name in environment}
    gunicorn = {"BIND", "WORKERS", "FORWARDED_ALLOW_IPS"}
    assert names - gunicorn <= known
    # What the image says (directories), and what a stack behind a gateway is never set to.
    elsewhere = {"DATA_DIR", "STATIC_ROOT", "MEDIA_ROOT", "DJANGO_DEBUG", "TRUST"}
    assert known - names == elsewhere, "a setting in .env that does not reach the service"
    drawn = compose["services"]["setup"]["environment"]
    for name, value in environment.items():
        if name.endswith("_FILE"):
            assert value == f"/run/biblioteca/{name.removesuffix('_FILE').lower()}"
            assert name == "DEMO_FILE" or name.removesuffix("_FILE") in drawn


def test_units_start_what_is_there():
    units = list((DEPLOY / "systemd").iterdir())
    assert len(units) == 5
    for unit in units:
        text = unit.read_text(encoding="utf-8")
        for program in re.findall(r"^ExecStart=/opt/biblioteca/(deploy/\S+)", text, re.MULTILINE):
            assert (ROOT / program).exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="a machine without systemd")
def test_units_are_what_systemd_knows(tmp_path):
    """Checked where this tree lies, in place of where the service would."""
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8")
        text = text.replace("/opt/biblioteca/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("/opt/biblioteca", str(ROOT)))
    units = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def write_env(directory, *arguments):
    """Run deploy/write-env in a copy of the tree's root."""
    (directory / "deploy").mkdir(exist_ok=True)
    program = directory / "deploy" / "write-env"
    program.write_bytes((DEPLOY / "write-env").read_bytes())
    program.chmod(0o755)
    return subprocess.run([program, *arguments], capture_output=True, text=True)


TOKEN_WAY = ("catalogo.example.org", "https://issuer.example.org/", "https://catalogo.example.org")


def settings_in(file):
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_env_is_written_once_and_for_its_owner_only(tmp_path):
    assert write_env(tmp_path, *TOKEN_WAY).returncode == 0
    file = tmp_path / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = settings_in(file)
    assert first["OAUTH_ISSUER"] == TOKEN_WAY[1]
    drawn = [first[name] for name in ("DJANGO_SECRET_KEY", "GATEWAY_SECRET", "MARIADB_PASSWORD")]
    assert len(set(drawn)) == 3
    assert min(map(len, drawn)) >= 64
    again = write_env(tmp_path, *TOKEN_WAY)
    assert again.returncode == 1
    assert "there already" in again.stderr
    assert settings_in(file) == first
    assert sorted(os.listdir(tmp_path)) == [".env", "deploy"]


def test_env_for_the_other_way_names_what_compose_reads(tmp_path, compose):
    assert write_env(tmp_path, "--oauth2", "catalogo.example.org").returncode == 0
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in settings_in(tmp_path / ".env"):
        assert f"${{{name}" in text or name == "COMPOSE_PROFILES", name


@pytest.mark.parametrize("arguments", [(), ("a",), ("a", "b", "$(c)"), ("--oauth2", "a", "b")])
def test_env_from_nonsense_is_refused(tmp_path, arguments):
    assert write_env(tmp_path, *arguments).returncode == 2
    assert not (tmp_path / ".env").exists()


def test_setup_draws_once_and_takes_what_is_given(tmp_path):
    machine = Machine(tmp_path)
    machine.environment.pop("DATABASE_URL")
    machine.program("setup")
    first = {path.name: path.read_text() for path in machine.settings.iterdir()}
    password = (machine.services / "database_password").read_text()
    assert first["database_url"] == f"mysql://biblioteca:{password}@database:3306/biblioteca"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in machine.settings.iterdir()}
    assert modes == {0o600}
    machine.program("setup")
    assert {path.name: path.read_text() for path in machine.settings.iterdir()} == first
    machine.program("setup", GATEWAY_SECRET="g" * 40, MARIADB_PASSWORD="p@ss/word")
    assert (machine.settings / "gateway_secret").read_text() == "g" * 40
    assert "p%40ss%2Fword@" in (machine.settings / "database_url").read_text()


@pytest.mark.served
def test_the_demonstration_gives_tokens_that_production_refuses(tmp_path):
    machine = Machine(tmp_path)
    machine.program("setup")
    # Without an issuer there is nobody whose tokens the gateway could verify …
    assert "--issuer" in machine.as_service("kong", status=1)
    # … and nobody draws one.
    assert "Only in development" in machine.as_service("token", status=1)
    machine.program("demo")
    machine.as_service("migrate", "-v0")
    machine.as_service("demonstracao")
    machine.as_service("collectstatic", "--no-input", "-v0")
    kong = yaml.safe_load(machine.as_service("kong", "--no", "app:8000"))
    assert kong["consumers"][0]["jwt_secrets"][0]["key"] == "desenvolvimento"
    token = machine.as_service("token", "--escopo", "catalogo:escrever").strip()
    secret = (machine.settings / "gateway_secret").read_text()

    port, log = free_port(), tmp_path / "log"
    environment = {k: v for k, v in machine.environment.items() if k != "DATABASE_URL"}
    environment |= machine.service | {"BIND": f"127.0.0.1:{port}", "WORKERS": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [DEPLOY / "start"], env=environment, stdout=output, stderr=output
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(f"{address}/health/ready", process, log)
        machine.program("healthy", BIND=f"0.0.0.0:{port}")
        headers = {"Host": "localhost", "X-Gateway-Secret": secret}
        bearer = headers | {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{address}/obras/", headers=headers).status_code == 401
        assert requests.get(f"{address}/obras/", headers=bearer).json()["count"] > 100
        made = requests.post(f"{address}/autores/", json={"nome": "Demo"}, headers=bearer)
        assert made.status_code == 201
        assert "Server" not in made.headers
        assert made.headers["Location"].startswith("https://localhost/autores/")
    finally:
        process.terminate()
        process.wait()
    machine.program("healthy", BIND="127.0.0.1:9", status=1)

    # The next start without the profile takes the trust away.
    machine.program("setup")
    assert "Only in development" in machine.as_service("token", status=1)
    issuer = {"OAUTH_ISSUER": "https://issuer.example.org/", "OAUTH_AUDIENCE": "https://c.example"}
    machine.program("setup", **issuer)
    assert "real issuer" in machine.program("demo", status=1)


class AdminApi(BaseHTTPRequestHandler):
    """Answers as Kong's Admin API does, as far as the program asks; there is no Kong here."""

    asked: ClassVar[list] = []
    refuses = ""

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        self.asked.append((self.command, self.path, body))
        refused = bool(self.refuses) and self.refuses in self.path and self.command == "POST"
        found = {"client_id": "id-1", "data": [{"id": "7", "username": "loja", "group": "x"}]}
        self.send_response(409 if refused else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 (names of the standard library)

    def log_message(self, *_arguments):
        pass


def clients(server, *arguments):
    return subprocess.run(
        [sys.executable, DEPLOY / "gateway" / "clients", *arguments], capture_output=True,
        text=True, env=os.environ | {"KONG_ADMIN": f"http://127.0.0.1:{server.server_port}"},
    )  # fmt: skip


@pytest.fixture
def admin_api():
    AdminApi.asked, AdminApi.refuses = [], ""
    with ThreadingHTTPServer(("127.0.0.1", 0), AdminApi) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_client_gets_its_groups_and_a_secret_that_is_kept_hashed(admin_api):
    done = clients(admin_api, "add", "loja do zé", "--escopo", "catalogo:escrever")
    assert done.returncode == 0, done.stderr
    secret = done.stdout.split("client_secret=")[1].strip()
    paths = [path for _method, path, _body in AdminApi.asked]
    at = "/consumers/loja%20do%20z%C3%A9"
    assert paths == ["/consumers", f"{at}/acls", f"{at}/acls", f"{at}/oauth2"]
    groups = [body["group"] for _method, _path, body in AdminApi.asked[1:3]]
    assert groups == ["catalogo:ler", "catalogo:escrever"]
    credential = AdminApi.asked[-1][2]
    assert credential["client_secret"] == secret
    assert credential["hash_secret"] is True
    assert "loja x" in clients(admin_api, "list").stdout


def test_half_a_client_is_none(admin_api):
    AdminApi.refuses = "/oauth2"
    done = clients(admin_api, "add", "loja")
    assert done.returncode == 1
    assert "409" in done.stderr
    assert AdminApi.asked[-1][:2] == ("DELETE", "/consumers/loja")


def test_clients_of_the_other_way_need_the_admin_api():
    done = subprocess.run(
        [sys.executable, DEPLOY / "gateway" / "clients", "list"], capture_output=True, text=True,
        env=os.environ | {"KONG_ADMIN": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "does not answer" in done.stderr

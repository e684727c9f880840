"""The processes of the stack, natively: nodes under gunicorn, and nginx where Kong would be.

nginx stands for the network hop: TLS ends there, the client's identity headers end there, and the
secret is added there. What Kong itself does with its configuration is not shown by it.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from biblioteca.tests import engines
from biblioteca.tests.servers import ROOT, free_port

SECRET = secrets.token_urlsafe(40)
HOST = "catalogo.test"
NGINX = """
worker_processes 1;
daemon off;
pid {directory}/nginx.pid;
error_log {directory}/nginx.log warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  client_max_body_size 16m;
  underscores_in_headers off;
  upstream nodes {{ {nodes} keepalive 16; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/certificate.pem;
    ssl_certificate_key {directory}/key.pem;
    location / {{
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Gateway-Secret "{secret}";
      proxy_set_header X-Consumer-Username $http_test_client;
      proxy_set_header X-Consumer-ID "";
      proxy_set_header X-Consumer-Custom-ID "";
      proxy_set_header X-Consumer-Groups "";
      proxy_set_header X-Authenticated-Scope $http_test_scope;
      # A POST that reached a node is not sent to the other one.
      proxy_next_upstream error timeout;
      proxy_connect_timeout 2s;
    }}
  }}
}}
"""


@dataclass
class Node:
    """One process group of the service."""

    port: int
    process: subprocess.Popen
    log: Path

    @property
    def address(self) -> str:
        """Where it listens, past the hop."""
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """End every process of the node without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass
class Stack:
    """What the tests of the stack use."""

    directory: Path
    environment: dict[str, str]
    nodes: list[Node] = field(default_factory=list)
    port: int = 0
    proxy: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """The address that clients use; HOST in their Host header."""
        return f"https://127.0.0.1:{self.port}"

    def run(self, *command: str, root: Path = ROOT) -> str:
        """Run a manage.py command of the service; return its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command], cwd=root, env=self.environment,
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start_node(self, port: int = 0, root: Path = ROOT) -> Node:
        """Start a node as an operator does, and wait until it is ready."""
        port = port or free_port()
        log = self.directory / f"node-{port}-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["deploy/start"], cwd=root, stdout=output, stderr=output, start_new_session=True,
                env=self.environment | {"BIND": f"127.0.0.1:{port}"},
            )  # fmt: skip
        node = Node(port, process, log)
        self.nodes.append(node)
        wait_for(f"{node.address}/health/ready", process, log)
        return node

    def start_proxy(self) -> None:
        """Start the hop before the nodes there are."""
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not Path(program).exists() and engines.may_install():
            engines.install_packages("nginx-light")
        if not Path(program).exists():
            missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            missing("there is no nginx here (Debian: apt-get install nginx-light)")
        make_certificate(self.directory)
        self.port = free_port()
        file = self.write_hop(self.nodes)
        self.proxy = subprocess.Popen(
            [program, "-c", str(file), "-p", str(self.directory)], stderr=subprocess.DEVNULL
        )
        wait_for(f"{self.url}/health/live", self.proxy, self.directory / "nginx.log")

    def write_hop(self, nodes: list[Node]) -> Path:
        """Write the hop's configuration for ``nodes``."""
        servers = " ".join(
            f"server 127.0.0.1:{node.port} max_fails=1 fail_timeout=2s;" for node in nodes
        )
        file = self.directory / "nginx.conf"
        file.write_text(
            NGINX.format(directory=self.directory, nodes=servers, port=self.port, secret=SECRET)
        )
        return file

    def send_to(self, nodes: list[Node]) -> None:
        """Let the hop send what comes from now on to ``nodes``; what is on its way goes on."""
        assert self.proxy is not None
        self.write_hop(nodes)
        self.proxy.send_signal(signal.SIGHUP)
        time.sleep(1)

    def client(self, scope: str = "catalogo:escrever", name: str = "cliente") -> requests.Session:
        """Return a client whose token the hop has verified."""
        session = requests.Session()
        session.trust_env = False  # where a bundle of certificates may be named
        session.verify = str(self.directory / "certificate.pem")
        session.headers.update({"Host": HOST, "Test-Client": name, "Test-Scope": scope})
        return session

    def stop(self) -> None:
        """End everything."""
        if self.proxy is not None:
            self.proxy.terminate()
            self.proxy.wait()
        for node in self.nodes:
            node.stop()


def wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    """Return when an address answers with 200. Raises AssertionError with the log."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.verify = str(log.parent / "certificate.pem")
                status = session.get(address, timeout=5).status_code
            if status == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def make_certificate(directory: Path) -> None:
    """Write a certificate for HOST that it signs itself."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    here = ipaddress.ip_address("127.0.0.1")
    names = [x509.DNSName(HOST), x509.IPAddress(here)]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(encoding))
    (directory / "key.pem").write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@contextmanager
def stack(directory: Path, **environment: Any) -> Iterator[Stack]:
    """Give a stack without nodes; what is started in it ends with the block."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    made = Stack(
        directory,
        kept
        | {
            "PYTHON": sys.executable,
            "PYTHONPATH": "",
            "DATA_DIR": str(directory / "data"),
            "STATIC_ROOT": str(directory / "static"),
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
            "GATEWAY_SECRET": SECRET,
            "DJANGO_ALLOWED_HOSTS": f"{HOST},127.0.0.1",
            "WORKERS": "1",
            # As in the stack: a network, and not an address.
            "FORWARDED_ALLOW_IPS": "127.0.0.0/24",
        }
        | environment,
    )
    (directory / "data").mkdir(exist_ok=True)
    try:
        yield made
    finally:
        made.stop()

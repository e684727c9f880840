"""A real OpenID provider for tests: a process of its own, and people with claims."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from biblioteca.tests.servers import free_port

CLAIM = "https://acervo.example.org/papeis"


@dataclass
class Provider:
    """A provider that runs, and its process."""

    issuer: str
    process: subprocess.Popen

    def register(self, callback: str) -> dict[str, str]:
        """Make ourselves known to it; return the settings that say who we are there."""
        answer = requests.post(
            f"{self.issuer}/oauth2/clients", json={"redirect_uris": [callback]}, timeout=10
        )
        answer.raise_for_status()
        client = answer.json()
        return {
            "SSO_ISSUER": self.issuer,
            "SSO_CLIENT_ID": client["client_id"],
            "SSO_CLIENT_SECRET": client["client_secret"],
            "SSO_ROLES_CLAIM": CLAIM,
            "SSO_ROLES": "leitora=Leitores,bibliotecaria=Editores,chefe=Administradores",
            "SSO_NAME": "Casa das Contas",
        }

    def person(self, sub: str, *roles: str, **claims: Any) -> None:
        """Set what it says of a person from now on."""
        said = {"email": f"{sub}@example.org", "email_verified": True, CLAIM: list(roles)}
        said |= {"preferred_username": sub, "given_name": "Ana", "family_name": sub} | claims
        told = {name: value for name, value in said.items() if value is not None}
        requests.put(f"{self.issuer}/users/{quote(sub)}", json=told, timeout=10).raise_for_status()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)


@contextmanager
def provider(directory: Path, port: int = 0) -> Iterator[Provider]:
    """Run a provider that knows its clients and demands a nonce."""
    port = port or free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    command += ["--require-registration", "true", "--require-nonce", "true"]
    with (directory / "provider.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory)
    running = Provider(f"http://127.0.0.1:{port}", process)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                requests.get(f"{running.issuer}/jwks", timeout=5).raise_for_status()
            except requests.ConnectionError:
                assert process.poll() is None, "the provider ended"
                assert time.monotonic() < deadline, "the provider does not answer"
                time.sleep(0.1)
            else:
                break
        yield running
    finally:
        if process.poll() is None:
            running.stop()

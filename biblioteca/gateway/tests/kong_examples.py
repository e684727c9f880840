"""The committed examples of the gateway's configuration; this module writes them (make gateway)."""

from pathlib import Path

import yaml

from biblioteca.gateway.callers import READ, WRITE
from biblioteca.gateway.kong import kubernetes
from biblioteca.gateway.kong.checking import EXAMPLE_SECRET
from biblioteca.gateway.kong.rendering import Options, as_yaml, render
from biblioteca.gateway.tokens import Keys, usable_keys

DIRECTORY = Path(__file__).resolve().parents[3] / "deploy" / "gateway"
# Public halves; nobody has the private ones.
KEY_SET = DIRECTORY / "example-jwks.json"
KUBERNETES = DIRECTORY.parent / "kubernetes" / "gateway.example.yaml"
EXAMPLES = {
    "token": (
        "# Example, not for use: dummy keys, a known secret. Kong 3.9 without a database, tokens of"
        " an issuer.\n# Yours: manage.py kong --issuer https://issuer.example.org/ --saida kong.yml"
    ),
    "oauth2": (
        "# Example, not for use: a known secret. Kong 3.9 with PostgreSQL, which issues the tokens"
        " itself.\n# Yours: manage.py kong --modo oauth2 --saida kong.yml; kong config db_import"
    ),
}


def example(way: str) -> Path:
    """Return the file of one way."""
    return DIRECTORY / f"kong-{way}.example.yml"


def render_kubernetes() -> str:
    """Return what stands in the example of the Kong Ingress Controller's resources."""
    text = render_example("token").partition("\n\n")[2]
    found = kubernetes.resources(yaml.safe_load(text), "catalogo.example.org")
    return (
        "# Example, not for use: dummy keys, a known secret.\n# Yours: manage.py kong --kubernetes"
        f" HOST --saida deploy/kubernetes/gateway.yaml\n{kubernetes.as_yaml(found)}"
    )


def render_example(way: str) -> str:
    """Return what stands in the file."""
    options = Options(
        way=way,
        secret=EXAMPLE_SECRET,
        keys=usable_keys(yaml.safe_load(Keys(str(KEY_SET)).read())) if way == "token" else {},
        scopes=(READ, WRITE),
        cors_origins=("https://app.example.org",),
        cors_headers=(
            "authorization",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "content-type",
        ),
        cors_exposed=("ETag", "Location", "Retry-After", "Allow", "Cache-Status", "X-Request-Id"),
    )
    return f"{EXAMPLES[way]}\n\n{as_yaml(render(options))}"


if __name__ == "__main__":
    for name in EXAMPLES:
        example(name).write_text(render_example(name), encoding="utf-8")
    KUBERNETES.write_text(render_kubernetes(), encoding="utf-8")

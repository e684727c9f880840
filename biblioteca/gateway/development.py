"""An issuer on one's own machine, to try tokens; nobody trusts it outside development."""

import json
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

# .invalid is nobody's name (RFC 2606).
ISSUER = "https://desenvolvimento.biblioteca.invalid/"
AUDIENCE = "https://catalogo.biblioteca.invalid"
KEY_ID = "desenvolvimento"


def directory() -> Path:
    """Return where the key pair is kept."""
    return Path(settings.DATA_DIR) / "issuer"


def key_set() -> Path:
    """Return the file with the public key, as ``OAUTH_JWKS`` takes it."""
    return directory() / "jwks.json"


def private_key() -> rsa.RSAPrivateKey:
    """Return the private key; made once, in a file that only this user reads."""
    path = directory() / "key.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        path.touch(mode=0o600)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        entry = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        published = {"keys": [entry | {"kid": KEY_ID, "alg": "RS256", "use": "sig"}]}
        key_set().write_text(json.dumps(published), encoding="ascii")
    loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError(f"{path} is no RSA key")
    return loaded


def sign(scopes: list[str], client: str, seconds: int) -> str:
    """Return a token for ``client`` with ``scopes``, good for ``seconds``."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + seconds, "azp": client,
        "scope": " ".join(scopes),
    }  # fmt: skip
    return jwt.encode(claims, private_key(), "RS256", headers={"kid": KEY_ID})

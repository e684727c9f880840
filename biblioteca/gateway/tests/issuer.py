"""An issuer of tokens: keys of its own, a key set in a file, any claims."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER, AUDIENCE = "https://issuer.test/", "https://catalogo.test"


class Issuer:
    """Signs what it is asked to sign."""

    def __init__(self, directory: Any) -> None:
        self.file = directory / "jwks.json"
        self.keys: dict[str, Any] = {}
        self.add("one")

    def add(self, key_id: str, kind: str = "RS256") -> None:
        """Make a key and publish it beside the others."""
        if kind == "RS256":
            self.keys[key_id] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())
        self.publish()

    def publish(self) -> None:
        """Write the key set."""
        entries = []
        for key_id, key in self.keys.items():
            is_rsa = isinstance(key, rsa.RSAPrivateKey)
            algorithm = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
            entry = json.loads(algorithm.to_jwk(key.public_key()))
            entries.append(entry | {"kid": key_id, "alg": "RS256" if is_rsa else "ES256"})
        self.file.write_text(json.dumps({"keys": entries}))

    def token(self, key_id: str = "one", algorithm: str = "RS256", **claims: Any) -> str:
        """Return a token that reads and writes, but for ``claims``; None leaves one out."""
        now = int(time.time())
        all_claims = {
            "iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "iat": now, "azp": "leitor",
            "scope": "openid catalogo:escrever",
        } | claims  # fmt: skip
        kept = {name: value for name, value in all_claims.items() if value is not None}
        return jwt.encode(kept, self.keys[key_id], algorithm, headers={"kid": key_id})

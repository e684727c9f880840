"""The settings of a measured server: production's, with the twin's routes."""

import os

# The tests' settings forget those of the shell.
REDIS = os.environ.get("BENCH_REDIS_URL", "")
TRUSTED = {
    name: os.environ.get(f"BENCH_{name}", "")
    for name in ("GATEWAY_SECRET", "OAUTH_ISSUER", "OAUTH_AUDIENCE", "OAUTH_JWKS")
}
SECONDS = int(os.environ.get("BENCH_CACHE_SECONDS", "30"))

from biblioteca.tests.settings import *  # noqa: E402, F403 (the settings of the service itself)

ROOT_URLCONF = "bench.urls"
REDIS_URL = REDIS
CACHE_SECONDS = SECONDS
GATEWAY_SECRETS = [TRUSTED["GATEWAY_SECRET"]] if TRUSTED["GATEWAY_SECRET"] else []
OAUTH_ISSUER, OAUTH_AUDIENCE = TRUSTED["OAUTH_ISSUER"], TRUSTED["OAUTH_AUDIENCE"]
OAUTH_JWKS = TRUSTED["OAUTH_JWKS"]

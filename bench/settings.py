"""The settings of a measured server: production's, with the twin's routes."""

import os

# The tests' settings forget the shell's REDIS_URL.
REDIS = os.environ.get("BENCH_REDIS_URL", "")

from biblioteca.tests.settings import *  # noqa: E402, F403 (the settings of the service itself)

ROOT_URLCONF = "bench.urls"
REDIS_URL = REDIS

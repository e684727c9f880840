"""The settings of a measured server: production's, with the twin's routes."""

from biblioteca.tests.settings import *  # noqa: F403 (the settings of the service itself)

ROOT_URLCONF = "bench.urls"

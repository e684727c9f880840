"""Settings under which a gateway's configuration is rendered."""

import pytest

from biblioteca.gateway.kong import checking


@pytest.fixture
def gateway_settings(settings):
    settings.GATEWAY_SECRETS = [checking.EXAMPLE_SECRET]
    settings.CORS_ALLOWED_ORIGINS = []
    settings.REDIS_URL = ""
    settings.PUBLIC_READING = False

"""Configurations of the gateway as ``manage.py kong`` renders them, for the tests."""

from io import StringIO

import yaml
from django.core.management import call_command

from biblioteca.gateway.kong import checking
from biblioteca.gateway.kong.serving import known_requests
from biblioteca.gateway.tests.kong_examples import KEY_SET

SECRET = "a-secret-of-the-tests-0123456789-abcdef"


def rendered(*options):
    out = StringIO()
    call_command("kong", *options, stdout=out)
    return out.getvalue()


def token_document(settings):
    settings.GATEWAY_SECRETS = [SECRET]
    return yaml.safe_load(rendered("--jwks", str(KEY_SET)))


def faults(document, **options):
    return {
        fault.name
        for fault in checking.check(yaml.safe_dump(document), known_requests(), **options)
    }


def route(document, name):
    return next(one for one in document["services"][0]["routes"] if one["name"] == name)


def plugin(entry, name):
    return next(one for one in entry["plugins"] if one["name"] == name)

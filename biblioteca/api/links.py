"""Where links are made: absolute, spelled as in the contract."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings
from rest_framework.request import Request


def absolute(request: Request, path: str, query: Mapping[str, str] | None = None) -> str:
    """Return the address of ``path`` as clients reach it.

    Below ``PUBLIC_URL`` where that is set, otherwise on the (checked) host of the request.
    """
    base = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    return base + path + (f"?{urlencode(query)}" if query else "")


def collection_path(*parts: object) -> str:
    """Return ``/obras/`` or ``/autores/7/obras/``."""
    return "/" + "".join(f"{part}/" for part in parts)


def item_path(resource: str, key: object) -> str:
    """Return ``/obras/1``."""
    return f"/{resource}/{key}"

"""Stored pictures: named by the hash of their bytes, through Django's storage API."""

import hashlib
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from biblioteca.photos.pictures import Picture

# Stands before the storage key in a record. No reference begins so: the scheme is refused.
STORED = "arquivo:"
DIRECTORY = "fotos"
NAME = re.compile(rf"{DIRECTORY}/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.(?:jpg|png|webp)")


def store(picture: Picture) -> str:
    """Keep ``picture`` and return the value that names it in a record.

    The same bytes have the same name, so that storing them twice, at once too, is storing them
    once: a storage that evades the other's file by another name has its copy removed.
    """
    digest = hashlib.sha256(picture.content).hexdigest()
    key = f"{DIRECTORY}/{digest[:2]}/{digest}.{picture.extension}"
    if not default_storage.exists(key):
        saved = default_storage.save(key, ContentFile(picture.content))
        if saved != key:
            default_storage.delete(saved)
    return STORED + key


def is_stored_name(name: str) -> bool:
    """Tell whether ``name`` is the storage key of a picture."""
    return NAME.fullmatch(name) is not None


def storage_key(value: str) -> str | None:
    """Return the storage key in a record's value, None for a reference."""
    return value.removeprefix(STORED) if value.startswith(STORED) else None


def public_url(value: str) -> str:
    """Return what the API answers for a record's value: a reference as it is, or the file's URL."""
    if not value.startswith(STORED):
        return value
    url = default_storage.url(value.removeprefix(STORED))
    return settings.PUBLIC_URL + url if url.startswith("/") else url


def stored_value_of(text: str) -> str | None:
    """Return the value of the stored picture whose URL is ``text``, None if it is not one."""
    if not text or len(text) > 500:
        return None
    found = NAME.search(urlsplit(text).path if "://" in text else text)
    if found is None:
        return None
    value = STORED + found[0]
    return value if public_url(value) == text and default_storage.exists(found[0]) else None

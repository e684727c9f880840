"""Small derivatives of stored pictures, kept beside them under names that follow from theirs.

A picture is named by the hash of its bytes, and so its thumbnail never changes either: it is made
when it is first asked for, and every process that makes it makes the same.
"""

import io
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from biblioteca.photos.storage import is_stored_name

DIRECTORY = "miniaturas"
# Fits a list at twice the density of the screen, and a card of the home page.
SIDE = 240
QUALITY = 78


def thumbnail_name(name: str) -> str:
    """Return the storage key of the thumbnail of the picture ``name``."""
    _directory, shelf, file = name.split("/")
    return f"{DIRECTORY}/{shelf}/{file.rpartition('.')[0]}-{SIDE}.webp"


def open_thumbnail(name: str) -> IO[Any]:
    """Return the thumbnail of the stored picture ``name``, made now if need be.

    Raises FileNotFoundError when there is no such picture.
    """
    if not is_stored_name(name):
        raise FileNotFoundError(name)
    key = thumbnail_name(name)
    if not default_storage.exists(key):
        if not default_storage.exists(name):
            raise FileNotFoundError(name)
        with default_storage.open(name) as file:
            content = shrink(file.read())
        saved = default_storage.save(key, ContentFile(content))
        if saved != key:  # another process was quicker
            default_storage.delete(saved)
    return default_storage.open(key)


def shrink(content: bytes) -> bytes:
    """Return the picture in ``content`` (one of ours, already checked) as a small WebP."""
    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        small = image.convert("RGBA" if image.mode == "RGBA" else "RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    small.save(encoded, "WEBP", quality=QUALITY, method=4)
    return encoded.getvalue()


def delete_picture(name: str) -> None:
    """Delete the stored picture ``name`` and its thumbnail."""
    default_storage.delete(name)
    default_storage.delete(thumbnail_name(name))

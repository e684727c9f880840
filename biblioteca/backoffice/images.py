"""Pictures in lists: small ones of our own, other people's as they are."""

from django.http import FileResponse, Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from biblioteca.photos.storage import storage_key
from biblioteca.photos.thumbnails import open_thumbnail

# Beside width and height: lazily, and without telling another site which page shows it.
MARKUP = (
    '<img src="{}" alt="" width="{}" height="{}" loading="lazy" decoding="async"'
    ' referrerpolicy="no-referrer" class="cover">'
)


def image_address(foto: str) -> str:
    """Return the address of the small picture for a record's ``foto``, empty without one."""
    key = storage_key(foto)
    return reverse("admin:thumbnail", args=[key]) if key else foto


def image(foto: str, width: int, height: int) -> SafeString:
    """Return the picture of a record in a box of this size, an empty box without one."""
    address = image_address(foto)
    if not address:
        box = '<svg class="cover cover-missing" width="{}" height="{}" aria-hidden="true"></svg>'
        return format_html(box, width, height)
    return format_html(MARKUP, address, width, height)


def thumbnail(request: HttpRequest, name: str) -> FileResponse:
    """Answer with the thumbnail of the stored picture ``name``. It never changes."""
    try:
        file = open_thumbnail(name)
    except FileNotFoundError as error:
        raise Http404 from error
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(file, content_type="image/webp", headers=headers)

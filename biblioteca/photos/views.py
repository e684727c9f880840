"""Pictures kept on this machine, served by the application itself."""

import mimetypes

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest

from biblioteca.photos.storage import is_stored_name


def picture(request: HttpRequest, name: str) -> FileResponse:
    """Answer with a stored picture. Its name is the hash of its bytes: it never changes."""
    if not is_stored_name(name) or not default_storage.exists(name):
        raise Http404
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return FileResponse(
        default_storage.open(name),
        content_type=content_type,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )

"""How long the files may be that editors send."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _


def too_long(request: HttpRequest) -> HttpResponse | None:
    """Return how a request with longer files than the service takes is answered."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.path_info != settings.UPLOAD_PATH or not length.isdecimal():
        return None
    megabytes = int(length) / (1024 * 1024)
    if megabytes <= settings.UPLOAD_MAX_MB:
        return None
    message = _(
        "Nothing was loaded: the files have %(given)d MB together, and at most %(most)d MB are "
        "taken. Pack them (gzip, zip), send them one by one, or ask whoever runs the service."
    )
    sizes = {"given": round(megabytes), "most": settings.UPLOAD_MAX_MB}
    messages.error(request, message % sizes)
    response = HttpResponseRedirect(settings.UPLOAD_PATH)
    response.status_code = 303
    return response

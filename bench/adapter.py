"""The same service behind a2wsgi: what our own threads are measured against."""

from a2wsgi import WSGIMiddleware
from django.conf import settings

from biblioteca.wsgi import application as django_application

application = WSGIMiddleware(django_application, workers=settings.SERVING_THREADS)  # type: ignore[arg-type]

"""The ASGI application that Uvicorn serves: layers, outermost last."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")

from django.conf import settings

from biblioteca.serving.threads import FixedThreads
from biblioteca.wsgi import application as django_application

# An SQLite database in memory belongs to one connection, and so to one thread.
IN_MEMORY = settings.DATABASES["default"]["NAME"] == ":memory:"

django_threads = FixedThreads(
    django_application,
    threads=1 if IN_MEMORY else settings.SERVING_THREADS,
    max_body=settings.REQUEST_MAX_BYTES,
)

application = django_threads

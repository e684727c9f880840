"""Django as a WSGI application: what the serving threads call."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")

application = get_wsgi_application()

"""The service's routes, and its twin's before them."""

from bench.twin import router
from biblioteca.urls import urlpatterns as service

urlpatterns = [*router.urls, *service]

"""Routes of obras, those below authors and publishers included."""

from typing import Any

from django.urls import re_path

from biblioteca.api.routers import ContractRouter
from obras.views import ObraIdentifiersView, ObraViewSet, WorksOfAuthor, WorksOfPublisher

router = ContractRouter()
router.register("obras", ObraViewSet, basename="obras")

LIST: Any = {"get": "list"}

urlpatterns = [
    *router.urls,
    re_path(
        r"^obras/(?P<pk>[^/]+)/identificadores/?$",
        ObraIdentifiersView.as_view({"get": "list", "put": "update"}),
        name="obras-identificadores",
    ),
    re_path(r"^autores/(?P<pk>[^/]+)/obras/?$", WorksOfAuthor.as_view(LIST), name="autores-obras"),
    re_path(
        r"^editoras/(?P<pk>[^/]+)/obras/?$", WorksOfPublisher.as_view(LIST), name="editoras-obras"
    ),
]

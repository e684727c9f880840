"""Routes of autores."""

from django.urls import re_path

from autores.views import AutorMergeView, AutorViewSet
from biblioteca.api.routers import ContractRouter

router = ContractRouter()
router.register("autores", AutorViewSet, basename="autores")

urlpatterns = [
    *router.urls,
    re_path(
        r"^autores/(?P<pk>[^/]+)/fundir/?$",
        AutorMergeView.as_view({"post": "merge"}),
        name="autores-fundir",
    ),
]

"""Routes of editoras."""

from django.urls import re_path

from biblioteca.api.routers import ContractRouter
from editoras.views import EditoraMergeView, EditoraViewSet

router = ContractRouter()
router.register("editoras", EditoraViewSet, basename="editoras")

urlpatterns = [
    *router.urls,
    re_path(
        r"^editoras/(?P<pk>[^/]+)/fundir/?$",
        EditoraMergeView.as_view({"post": "merge"}),
        name="editoras-fundir",
    ),
]

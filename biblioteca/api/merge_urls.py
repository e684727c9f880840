"""Routes of the merges, in both spellings."""

from typing import Any

from django.urls import re_path

from biblioteca.api.merging import MergesView

LIST: Any = {"get": "list"}
ITEM: Any = {"get": "retrieve"}
UNDO: Any = {"post": "undo"}

urlpatterns = [
    re_path(r"^fusoes/?$", MergesView.as_view(LIST), name="fusoes-list"),
    re_path(r"^fusoes/(?P<pk>[^/]+)/?$", MergesView.as_view(ITEM), name="fusoes-detail"),
    re_path(r"^fusoes/(?P<pk>[^/]+)/desfazer/?$", MergesView.as_view(UNDO), name="fusoes-undo"),
]

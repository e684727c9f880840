"""All routes."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from biblioteca.api.documentation import RedocView, SwaggerView
from biblioteca.api.views import RootView, not_found
from biblioteca.photos.views import picture

DOCS = [
    re_path(r"^schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^docs/?$", SwaggerView.as_view(url_name="schema"), name="docs"),
    re_path(r"^redoc/?$", RedocView.as_view(url_name="schema"), name="redoc"),
]

urlpatterns = [
    path("", RootView.as_view(resources=("obras", "autores", "editoras", "fusoes")), name="root"),
    path("", include("obras.urls")),
    path("", include("autores.urls")),
    path("", include("editoras.urls")),
    path("", include("biblioteca.api.merge_urls")),
    *DOCS,
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/sso/", include("biblioteca.backoffice.signin.urls")),
    path("admin/", admin.site.urls),
    # Pictures kept on this machine; a bucket serves its own.
    path("media/<path:name>", picture, name="picture"),
    # Not Django's handler404: with DEBUG on that would be a page of HTML.
    re_path(r"", not_found),
]

"""Addresses of single sign-on, below the admin's; 404 while it is not configured."""

from django.urls import path

from biblioteca.backoffice.signin import views

app_name = "social"

urlpatterns = [
    path("login/<str:backend>/", views.begin, name="begin"),
    path("complete/<str:backend>/", views.complete, name="complete"),
]

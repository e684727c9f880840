from django.apps import AppConfig


class PhotosConfig(AppConfig):
    """The picture of a record: a reference, or a file of our own."""

    name = "biblioteca.photos"
    label = "photos"

"""Where pictures are kept: a directory of this machine, or an S3-compatible bucket."""

from typing import Any
from urllib.parse import urlsplit

from biblioteca.operations import environment

EXAMPLE = "s3://biblioteca-fotos/catalogo"
# A picture is named by its content and never changes.
FOREVER = "public, max-age=31536000, immutable"


def storage_settings(place: str, name: str = "MEDIA_STORAGE") -> dict[str, Any]:
    """Return Django's settings of the storage at ``place``: a directory, or s3://bucket/prefix.

    A bucket's keys, endpoint and public host come from the environment. Raises ImproperlyConfigured
    for an address that is neither.
    """
    if "://" not in place:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": place},
        }
    parts = urlsplit(place)
    if parts.scheme != "s3" or not parts.netloc:
        raise environment.refuse(name, place, "use s3://bucket/prefix", EXAMPLE)
    options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "access_key": environment.text("AWS_ACCESS_KEY_ID"),
        "secret_key": environment.text("AWS_SECRET_ACCESS_KEY"),
        "endpoint_url": environment.text("MEDIA_ENDPOINT"),
        "region_name": environment.text("MEDIA_REGION"),
        "custom_domain": environment.text("MEDIA_PUBLIC_HOST"),
    }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {name: value for name, value in options.items() if value}
        | {
            # Addresses without a signature: a record answers the same one every time.
            "querystring_auth": False,
            "file_overwrite": True,
            "object_parameters": {"CacheControl": FOREVER},
        },
    }


def private_storage_settings(place: str, public_place: str) -> dict[str, Any]:
    """Return Django's settings of the storage of uploaded files, which nobody is served.

    A directory, or a bucket that is not the one of the pictures: browsers read that one. Raises
    ImproperlyConfigured as storage_settings does.
    """
    name, example = "UPLOADS_STORAGE", "s3://biblioteca-cargas/catalogo"
    if "://" not in place:
        modes = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": place, **modes},
        }
    settings = storage_settings(place, name)
    if urlsplit(place).netloc == urlsplit(public_place).netloc:
        fault = "browsers read the bucket of MEDIA_STORAGE: use another one"
        raise environment.refuse(name, place, fault, example)
    options = settings["OPTIONS"]
    for public in ("custom_domain", "object_parameters"):
        options.pop(public, None)
    options |= {"default_acl": "private", "querystring_auth": True, "file_overwrite": False}
    return settings

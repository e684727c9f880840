"""What an editor sends from a browser, and what came of it."""

import contextlib

from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from biblioteca.loading import uploads
from biblioteca.loading.models import Batch
from biblioteca.loading.worker import QueueWorker

TABLE = """titulo,autores,editora,isbn
Dom Casmurro,"Assis, Machado de",Garnier,9788535910636
,Sem título,Garnier,
O Cortiço,Aluísio Azevedo,Garnier,9788535910637
Iracema,José de Alencar,,
"""
NEW = "/admin/cargas/nova/"


def file_of(text=TABLE, name="obras.csv"):
    return SimpleUploadedFile(name, text.encode())


def person(name, *permissions):
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="loading", codename__in=permissions)
    )
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def send(client, *files, **fields):
    data = {"arquivos": list(files) or [file_of()], "recurso": "obras", **fields}
    return client.post(NEW, data)


def rejects(client):
    """Download what was not loaded."""
    with contextlib.closing(client.get(f"/admin/cargas/{batch().pk}/rejeitados.csv")) as answer:
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        return answer.getvalue()


def work():
    """Have one worker go through the queue."""
    QueueWorker().turn()


def batch():
    return Batch.objects.get()


def state():
    return batch().estado


def kept_files():
    from pathlib import Path

    return list(Path(uploads.storage().location).rglob("*"))

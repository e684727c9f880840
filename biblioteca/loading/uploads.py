"""The files that people send from the browser: kept apart, served to nobody, gone after a while."""

import logging
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone

from biblioteca.loading.models import Batch, Upload

logger = logging.getLogger(__name__)

# Days after which files of loads that came to nothing, and rejected lines, are removed.
KEPT_DAYS = 30
LONGEST_NAME = 100
REJECTS = "rejeitados.csv"
PROGRESS = "andamento.json"

# Work on these is still to come: their files are needed, however old they are.
UNDER_WAY = (Batch.State.SIMULATING, Batch.State.QUEUED, Batch.State.RUNNING)


def storage() -> Storage:
    """Return where the files are kept."""
    return storages["uploads"]


def keep(files: Iterable[File]) -> list[dict[str, Any]]:
    """Store ``files`` in a folder of their own; return the name, key and bytes of each."""
    folder = secrets.token_hex(16)
    kept = []
    for number, file in enumerate(files):
        name = short_name(file.name or "")
        key = storage().save(f"{folder}/{number}/{name}", file)
        kept.append({"nome": name, "chave": key, "bytes": file.size})
    return kept


def short_name(name: str) -> str:
    """Return the name of a file as it is shown and kept: no folders, not too long."""
    path = PurePath(name.replace("\\", "/"))
    ending = "".join(path.suffixes[-2:])[-20:]
    return path.name[: LONGEST_NAME - len(ending)].removesuffix(ending) + ending or "arquivo"


def folder_of(upload: Upload) -> str:
    """Return the folder of a load's files."""
    return str(upload.arquivos[0]["chave"]).partition("/")[0] if upload.arquivos else ""


@contextmanager
def local_files(upload: Upload) -> Iterator[list[str]]:
    """Give the paths of the files, in copies when they are kept on another machine.

    Raises FileNotFoundError when they are gone.
    """
    with tempfile.TemporaryDirectory(prefix="carga-") as directory:
        paths = []
        for number, kept in enumerate(upload.arquivos):
            path = own_path(kept["chave"])
            if path is None:
                path = Path(directory, str(number), kept["nome"])
                path.parent.mkdir()
                with storage().open(kept["chave"]) as source, path.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
            paths.append(str(path))
        yield paths


def own_path(key: str) -> Path | None:
    """Return where ``key`` lies on this machine, None when it is kept elsewhere."""
    place = storage()
    # Others may tell a path too, at which there is nothing.
    return Path(place.path(key)) if isinstance(place, FileSystemStorage) else None


def keep_rejects(upload: Upload, path: Path) -> str:
    """Store the file of what was not loaded and return its key; "" when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return str(storage().save(f"{folder_of(upload)}/{REJECTS}", File(file)))


def remove_files(upload: Upload) -> None:
    """Remove what was sent; the rejected lines stay."""
    remove(kept["chave"] for kept in upload.arquivos)
    Upload.objects.filter(pk=upload.pk).update(arquivos=[])


def remove_all(upload: Upload) -> None:
    """Remove everything that is kept of a load."""
    remove([*(kept["chave"] for kept in upload.arquivos), upload.rejeitados])
    if folder := folder_of(upload) or upload.rejeitados.partition("/")[0]:
        remove([f"{folder}/{PROGRESS}"])
        path = own_path(folder)
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)
    Upload.objects.filter(pk=upload.pk).update(arquivos=[], rejeitados="")


def remove(keys: Iterable[str]) -> None:
    """Remove what is kept under ``keys``; what cannot be removed now is left for the next time."""
    for key in keys:
        try:
            if key:
                storage().delete(key)
        except OSError as error:
            logger.warning("%s could not be removed: %s", key, error)


def clean_up(days: int = KEPT_DAYS) -> int:
    """Remove the files of loads that are ``days`` old and not under way; return of how many."""
    before = timezone.now() - timedelta(days=days)
    old = Upload.objects.filter(sinal__lt=before).exclude(lote__estado__in=UNDER_WAY)
    found = [
        upload for upload in old.select_related("lote") if upload.arquivos or upload.rejeitados
    ]
    for upload in found:
        remove_all(upload)
        if upload.lote.estado in (Batch.State.RECEIVED, Batch.State.SIMULATED):
            # Nobody confirmed it, and now nobody can.
            upload.lote.delete()
    return len(found)

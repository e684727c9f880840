"""Backups: a directory with the catalogue as an SQLite file, the pictures, and what must be there.

One format for every engine: what was saved from MariaDB can be restored into PostgreSQL. The
manifest is written last: a directory without one is a backup that was not finished.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.utils.translation import gettext as _

from biblioteca.operations import moving
from biblioteca.operations.moving import Content, NotMovableError, Progress
from biblioteca.photos.cleaning import stored_names
from biblioteca.photos.storage import is_stored_name

FORMAT = 1
CATALOGUE, PICTURES, MANIFEST = "catalogue.sqlite3", "media", "manifest.json"


def save(directory: Path, source_url: str, progress: Progress) -> dict[str, Any]:
    """Write a backup of the database at ``source_url`` and of the pictures; return its manifest.

    The database first: pictures are only added, and so a later copy has all that it names. Raises
    NotMovableError when the directory is not empty or the database cannot be read.
    """
    if directory.exists() and any(directory.iterdir()):
        raise NotMovableError(_("%s is not empty") % directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    file = directory / CATALOGUE
    with (
        moving.database(source_url, "origem", is_source=True) as source,
        moving.database(f"sqlite:///{file}", "destino", is_source=False) as target,
    ):
        moving.check_schema(source)
        moving.prepare(target)
        moved = moving.copy(source, target, progress, replace=False)
    # The write-ahead log is in the file once the last connection is closed.
    manifest = {
        "format": FORMAT,
        "saved_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "catalogue": hash_of(file),
        "tables": {label: asdict(content) for label, content in moved.items()},
        "pictures": dict(save_pictures(directory / PICTURES, progress)),
    }
    (directory / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def save_pictures(directory: Path, progress: Progress) -> Iterator[tuple[str, str]]:
    """Copy every stored picture; yield its name and its hash."""
    for number, name in enumerate(sorted(stored_names()), start=1):
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with default_storage.open(name) as picture, place.open("wb") as file:
            shutil.copyfileobj(picture, file)
        yield name, hash_of(place)
        progress(PICTURES, number)


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a backup that is whole. Raises NotMovableError for another one."""
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = _("%(directory)s is no finished backup: %(error)s")
        raise NotMovableError(reason % {"directory": directory, "error": error}) from error
    if manifest.get("format") != FORMAT:
        raise NotMovableError(_("a backup of another format: %s") % manifest.get("format"))
    expected = {CATALOGUE: manifest["catalogue"]} | {
        f"{PICTURES}/{name}": digest for name, digest in manifest["pictures"].items()
    }
    for name, digest in expected.items():
        is_ours = name == CATALOGUE or is_stored_name(name.removeprefix(f"{PICTURES}/"))
        if not is_ours or not (directory / name).is_file():
            raise NotMovableError(_("%s is missing") % name)
        if hash_of(directory / name) != digest:
            raise NotMovableError(_("%s is damaged: it is not what was saved") % name)
    return manifest


def restore(
    directory: Path, scratch: Path, target_url: str, progress: Progress, *, replace: bool
) -> dict[str, Content]:
    """Put a backup into the database at ``target_url`` and the storage of pictures.

    ``scratch`` is an empty directory for a copy of the catalogue: one that an older version saved
    is migrated there first. Raises NotMovableError, and changes no catalogue, for a damaged backup,
    one of a newer version, and a target that holds something unless ``replace``.
    """
    manifest = read_manifest(directory)
    file = scratch / CATALOGUE
    shutil.copyfile(directory / CATALOGUE, file)
    with moving.database(f"sqlite:///{file}", "destino", is_source=False) as copied:
        try:
            moving.check_schema(copied)
        except moving.NewerError:
            raise
        except NotMovableError:  # of an older version: migrated below
            pass
        moving.migrate(copied)
    with (
        moving.database(f"sqlite:///{file}", "origem", is_source=True) as source,
        moving.database(target_url, "destino", is_source=False) as target,
    ):
        moving.migrate(target)
        moving.check_schema(target)
        if not replace and not moving.is_empty(target):
            raise NotMovableError(_("there is a catalogue already"))
        # Pictures before the rows that name them.
        for number, name in enumerate(manifest["pictures"], start=1):
            put_picture(default_storage, name, (directory / PICTURES / name).read_bytes())
            progress(PICTURES, number)
        return moving.copy(source, target, progress, replace=replace)


def put_picture(storage: Storage, name: str, content: bytes) -> bool:
    """Store a picture under its name; tell whether it was not there before."""
    if storage.exists(name):
        return False
    saved = storage.save(name, ContentFile(content))
    if saved != name:  # somebody else was faster
        storage.delete(saved)
    return True


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

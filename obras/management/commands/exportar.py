"""``manage.py exportar``: the catalogue, or a part of it, as a file."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rest_framework.exceptions import ValidationError
from tqdm import tqdm

from autores.exporting import EXPORT as AUTHORS
from autores.filters import FILTERS as AUTHOR_FILTERS
from biblioteca.api.filters import SEARCH
from biblioteca.api.pagination import Ordering, orderings
from biblioteca.api.parameters import Filter, Parameter, read_choice, read_parameter
from biblioteca.loading.exporting import BATCH, Export, ExportError, write_rows
from biblioteca.loading.models import Catalogue
from biblioteca.loading.target import whole_file
from biblioteca.loading.writers.formats import FORMATS, Format, format_of
from biblioteca.operations.databases import advice
from biblioteca.operations.snapshots import snapshot
from biblioteca.records.found import FoundListing
from biblioteca.records.listing import MAX_COUNTED, Listing
from editoras.exporting import EXPORT as PUBLISHERS
from editoras.filters import FILTERS as PUBLISHER_FILTERS
from obras.exporting import EXPORT as WORKS
from obras.filters import FILTERS as WORK_FILTERS

RESOURCES: dict[str, tuple[Export, tuple[Filter, ...]]] = {
    "obras": (WORKS, WORK_FILTERS),
    "autores": (AUTHORS, AUTHOR_FILTERS),
    "editoras": (PUBLISHERS, PUBLISHER_FILTERS),
}
STANDARD_OUTPUT = "-"
SOME_LEFT_OUT, NOTHING_WRITTEN = 1, 2


class Command(BaseCommand):
    """Read what is asked for in one snapshot and write it to a file that is whole or absent."""

    help = _("Exports works, authors or publishers to CSV, XLSX, JSON Lines, MARCXML or MARC 21.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the file, its format, and the filters of the API."""
        parser.add_argument(
            "arquivo", nargs="?", default=STANDARD_OUTPUT, help=_("file to write, - for stdout")
        )
        parser.add_argument("--recurso", choices=list(RESOURCES), default="obras")
        parser.add_argument(
            "--formato", choices=list(FORMATS), help=_("default: by the name of the file")
        )
        # A list each, so that one that stands twice is refused as the API refuses it.
        options = (
            ("search", _("records with all of these words")),
            ("editora", _("works of the publisher with this id; null: of none")),
            ("autor", _("works of the author with this id")),
            ("identificador", _("the work with this identifier, as isbn:9788535910636")),
            ("id", _("records with these ids, separated by commas")),
            ("ordering", _("id or titulo (nome); descending as --ordering=-titulo")),
        )
        for name, text in options:
            parser.add_argument(f"--{name}", action="append", default=[], help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 0 when all was written, 1 when records were left out, 2 when there is no file.

        Left out is what the format cannot hold; it is named on the standard error.
        """
        export, filters = RESOURCES[options["recurso"]]
        target, name = options["arquivo"], self.format_name(options)
        check_format(export, FORMATS[name], name, target)
        given = read_options(export, filters, options)
        try:
            with stopping_orderly(), opened(target) as file, snapshot():
                written, left_out = self.write(file, export, name, filters, given)
        except KeyboardInterrupt as error:
            message = _("Stopped before the end: no file was written.")
            raise CommandError(message, returncode=NOTHING_WRITTEN) from error
        except BrokenPipeError as error:
            # What is still in the buffer has nowhere to go when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            message = _("Whoever read the export went away before its end.")
            raise CommandError(message, returncode=NOTHING_WRITTEN) from error
        except (ExportError, DatabaseError, OSError) as error:
            message = _("The export failed: %s") % (advice(error) or error)
            raise CommandError(message, returncode=NOTHING_WRITTEN) from error
        place = _("the standard output") if target == STANDARD_OUTPUT else target
        said = ngettext(
            "%(number)d record of %(resource)s exported to %(file)s (%(format)s).",
            "%(number)d records of %(resource)s exported to %(file)s (%(format)s).",
            written,
        )
        details = {
            "number": written, "resource": options["recurso"], "file": place, "format": name,
        }  # fmt: skip
        self.stderr.write(said % details, style_func=str)
        if left_out:
            message = ngettext(
                "%d record was left out: this format cannot hold it.",
                "%d records were left out: this format cannot hold them.",
                left_out,
            )
            raise CommandError(message % left_out, returncode=SOME_LEFT_OUT)

    def format_name(self, options: dict[str, Any]) -> str:
        """Return the format asked for. Raises CommandError when there is none."""
        name = options["formato"] or format_of(options["arquivo"])
        if name is None:
            message = _(
                "%(file)s: the name does not say which format; use --formato with %(known)s."
            )
            known = {"file": options["arquivo"], "known": ", ".join(FORMATS)}
            raise CommandError(message % known, returncode=NOTHING_WRITTEN)
        return str(name)

    def write(
        self,
        file: BinaryIO,
        export: Export,
        format_name: str,
        filters: tuple[Filter, ...],
        given: dict[str, Any],
    ) -> tuple[int, int]:
        """Write what is asked for; return how many records were written and left out."""
        listing, order = listing_of(export, filters, given)
        left_out = 0
        is_watched = self.stderr.isatty()
        with tqdm(
            total=listing.count() if is_watched else None, unit="", disable=not is_watched,
            file=sys.stderr,
        ) as bar:  # fmt: skip

            def unwritable(row: dict[str, Any], reason: str) -> None:
                nonlocal left_out
                left_out += 1
                bar.clear()
                name = str(row[export.model.TEXT_FIELD])[:60]
                self.stderr.write(f"{export.model.RESOURCE} {row['id']} ({name}): {reason}")

            written = write_rows(
                export,
                listing.batches(order.columns, order.descending, BATCH),
                FORMATS[format_name].writer(file, export),
                Catalogue.code(),
                unwritable=unwritable,
                progress=bar.update,
            )
        return written, left_out


def check_format(export: Export, known: Format, name: str, target: str) -> None:
    """Raise CommandError for a format that this resource or this place cannot have."""
    if known.is_marc and export.marc is None:
        message = _("%(format)s holds works only; export %(resource)s to csv, xlsx or jsonl.")
        names = {"format": name, "resource": export.model.RESOURCE}
        raise CommandError(message % names, returncode=NOTHING_WRITTEN)
    if known.is_binary and target == STANDARD_OUTPUT and sys.stdout.isatty():
        message = _("%s is nothing for a terminal: name a file.")
        raise CommandError(message % name, returncode=NOTHING_WRITTEN)


def read_options(
    export: Export, filters: tuple[Filter, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """Return the value of each filter given, and the order. Raises CommandError naming bad ones."""
    names = list(orderings(export))
    known: dict[str, Parameter] = {declared.name: declared for declared in filters}
    known["ordering"] = Parameter("ordering", "", read_choice(names))
    values: dict[str, Any] = {}
    faults = []
    for name in ("search", "editora", "autor", "identificador", "id", "ordering"):
        if not (texts := options[name]):
            continue
        try:
            values[name] = read_parameter(name, texts, known)
        except ValidationError as error:
            reasons = " ".join(map(str, error.detail))
            faults.append(f"--{name}={texts[-1]}: {reasons}")
    if faults:
        raise CommandError("\n".join(faults), returncode=NOTHING_WRITTEN)
    return values


def listing_of(
    export: Export, filters: tuple[Filter, ...], given: dict[str, Any]
) -> tuple[Listing, Ordering]:
    """Return the list that the API would give for these values, and its order."""
    queryset = export.model._default_manager.all()
    for declared in filters:
        if declared.name in given and declared is not SEARCH:
            queryset = declared.narrow(queryset, given[declared.name])
    order = orderings(export)[given.get("ordering", "id")]
    if SEARCH.name in given:
        return FoundListing(queryset, given[SEARCH.name], export.prepare, MAX_COUNTED), order
    return Listing(queryset, export.prepare), order


@contextmanager
def opened(target: str) -> Iterator[BinaryIO]:
    """Give the file, or the standard output."""
    if target == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with whole_file(Path(target)) as file:
            yield file


@contextmanager
def stopping_orderly() -> Iterator[None]:
    """Let the signals that end a process end the block first, which cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

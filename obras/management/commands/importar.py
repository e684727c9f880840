"""``manage.py importar``: bring files of works, authors or publishers into the catalogue."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from biblioteca.loading.detection import FORMATS
from biblioteca.loading.options import LoadOptions, ReadingOptions
from biblioteca.loading.report import Report
from biblioteca.loading.runs import LoadRun, LoadStoppedError
from biblioteca.loading.source import UnreadableFileError
from biblioteca.operations.operator import operator
from obras.loading import WRITERS

SOME_REJECTED, NOTHING_READ = 1, 2
# Lines of progress on a pipe come this many seconds apart.
PIPE_SECONDS = 5.0


class Command(BaseCommand):
    """Load, show how far it is, and say what came in and what did not."""

    help = _(
        "Loads works from CSV, XLSX, JSON, MARC, ONIX and Open Library files. What is there "
        "already is updated where the file differs, never doubled."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the files, how to read them, and how they meet the catalogue."""
        parser.add_argument(
            "arquivos", nargs="+", metavar="ARQUIVO", help=_("file, or - for stdin")
        )
        parser.add_argument(
            "--formato", choices=FORMATS, help=_("what it is, where that is unclear")
        )
        parser.add_argument("--recurso", choices=sorted(WRITERS), help=_("what its records are"))
        parser.add_argument("--fonte", help=_("the source, whose own keys identify its records"))
        parser.add_argument("--simular", action="store_true", help=_("report, and change nothing"))
        parser.add_argument(
            "--rejeitados",
            type=Path,
            metavar="ARQUIVO",
            help=_("where what was not loaded goes (NAME.rejeitados.csv here)"),
        )
        parser.add_argument(
            "--mapear",
            action="append",
            default=[],
            metavar=_("COLUMN=FIELD"),
            help=_("which field a column of a table is"),
        )
        parser.add_argument(
            "--sobrescrever", action="store_true", help=_("change also what people edited here")
        )
        parser.add_argument(
            "--recriar", action="store_true", help=_("create again what was deleted here")
        )
        parser.add_argument(
            "--por-id", action="store_true", help=_("believe the ids in the file, and keep them")
        )
        parser.add_argument("--json", action="store_true", help=_("one JSON object as the report"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 0: everything came in; 1: some records were rejected; 2: none was read."""
        paths: list[str] = options["arquivos"]
        report = Report(options["rejeitados"] or Path(f"{Path(paths[0]).name}.rejeitados.csv"))
        reading = ReadingOptions(
            format=options["formato"],
            resource=options["recurso"],
            source=options["fonte"],
            mapping=mapping_of(options["mapear"]),
        )
        load = LoadOptions(
            simulate=options["simular"],
            overwrite=options["sobrescrever"],
            recreate=options["recriar"],
            by_id=options["por_id"],
        )
        progress = Progress(self, quiet=options["json"])
        run = LoadRun(WRITERS, reading, load, report, operator(), progress.show)
        try:
            run.load(paths)
        except UnreadableFileError as error:
            raise CommandError(str(error), returncode=NOTHING_READ) from error
        except LoadStoppedError as error:
            raise CommandError(str(error), returncode=SOME_REJECTED) from error
        finally:
            progress.close()
            report.close()
            if not options["json"]:
                for line in report.lines() if report.read else ():
                    self.stdout.write(line)
        done = run.as_dict()
        if options["json"]:
            self.stdout.write(json.dumps(done, ensure_ascii=False))
        else:
            self.say_which(done["lote"])
        if report.rejected:
            raise SystemExit(SOME_REJECTED)

    def say_which(self, batch_id: int | None) -> None:
        """Say how the load can be taken back, or that nothing was written."""
        if batch_id is None:
            self.stdout.write(_("A simulation: nothing was written."))
        else:
            self.stdout.write(
                _("Load %(number)d. To take it back: manage.py desfazer %(number)d")
                % {"number": batch_id}
            )


class Progress:
    """Shows how far the load is: a bar on a terminal, lines on a pipe."""

    def __init__(self, command: BaseCommand, *, quiet: bool) -> None:
        self.command = command
        self.quiet = quiet
        self.bar: Any = None
        self.began = self.told = time.monotonic()

    def show(self, name: str, position: int, size: int | None, read: int) -> None:
        """Say that ``position`` of ``size`` bytes of the file ``name`` were read."""
        if self.quiet:
            return
        if sys.stderr.isatty():
            if self.bar is None or self.bar.desc != f"{name}: ":
                self.close()
                self.bar = tqdm(total=size, unit="B", unit_scale=True, desc=name)
            self.bar.update(position - self.bar.n)
            self.bar.set_postfix_str(_("%d records") % read)
            return
        now = time.monotonic()
        if now - self.told >= PIPE_SECONDS:
            self.told = now
            self.command.stdout.write(progress_line(name, position, size, read, now - self.began))
            self.command.stdout.flush()

    def close(self) -> None:
        """Leave the bar where it is."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def progress_line(name: str, position: int, size: int | None, read: int, seconds: float) -> str:
    """Return how far a load is, with rate and time left where the size is known."""
    rate = read / seconds if seconds else 0.0
    if not size or not position:
        return _("%(name)s: %(read)d records, %(rate)d a second") % {
            "name": name, "read": read, "rate": rate,
        }  # fmt: skip
    return _("%(name)s: %(percent)d %%, %(read)d records, %(rate)d a second, %(left)d s left") % {
        "name": name,
        "percent": min(100 * position // size, 100),
        "read": read,
        "rate": rate,
        "left": seconds * max(size - position, 0) / position,
    }


def mapping_of(given: list[str]) -> dict[str, str]:
    """Return the fields by column. Raises CommandError for what does not say both."""
    mapping = {}
    for pair in given:
        column, equals, field = pair.rpartition("=")
        if not equals or not column.strip() or not field.strip():
            raise CommandError(
                _("--mapear %s: write COLUMN=FIELD, such as Obra=titulo") % pair,
                returncode=NOTHING_READ,
            )
        mapping[column.strip()] = field.strip()
    return mapping

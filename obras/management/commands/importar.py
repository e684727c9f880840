"""``manage.py importar``: bring a file of works into the catalogue."""

import argparse
import getpass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from biblioteca.cache.announcements import TransactionTooLongError, UnannouncedWriteError
from biblioteca.loading.formats.tables import read_table
from biblioteca.loading.pipeline import load
from biblioteca.loading.records import Verdict
from biblioteca.loading.report import Report
from biblioteca.loading.source import Source, UnreadableFileError, open_source
from biblioteca.records.origins import Origin, writing_as
from obras.loading import WorkWriter

SOME_REJECTED, NOTHING_READ = 1, 2


class Command(BaseCommand):
    """Load, show how far it is, and say what came in and what did not."""

    help = _("Loads works from a CSV file (.csv or .csv.gz), creating none that is there already.")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the file and where its rejected lines go."""
        parser.add_argument("arquivo", type=Path, help=_("file to load"))
        parser.add_argument(
            "--rejeitados",
            type=Path,
            help=_("where the lines that were not loaded go (NAME.rejeitados.csv here)"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit with 0 when everything came in, 1 when lines were rejected, 2 when none was read."""
        path: Path = options["arquivo"]
        report = Report(options["rejeitados"] or Path(f"{path.name}.rejeitados.csv"))
        origin = Origin(operator(), "comando", path.name)
        try:
            with open_source(path) as source, writing_as(origin):
                self.load(source, report)
        except UnreadableFileError as error:
            raise CommandError(str(error), returncode=NOTHING_READ) from error
        except EOFError as error:
            message = _("The file ends in the middle; what was read before is loaded.")
            raise CommandError(message, returncode=SOME_REJECTED) from error
        except (UnannouncedWriteError, TransactionTooLongError) as error:
            message = _("Stopped after %(number)d records, which are loaded: %(reason)s")
            details = {"number": report.read, "reason": error}
            raise CommandError(message % details, returncode=SOME_REJECTED) from error
        finally:
            report.close()
            for line in report.lines() if report.read else ():
                self.stdout.write(line)
        if report.counts[Verdict.REJECTED]:
            raise SystemExit(SOME_REJECTED)

    def load(self, source: Source, report: Report) -> None:
        """Run the pipeline under a progress bar: bytes of the file, on a terminal only."""
        with tqdm(
            total=source.size, unit="B", unit_scale=True, desc=source.name, disable=None
        ) as bar:

            def progress(so_far: Report) -> None:
                bar.update(source.position() - bar.n)
                bar.set_postfix_str(_("%d records") % so_far.read)

            load(read_table(source), WorkWriter(), report, progress)


def operator() -> str:
    """Return who runs the command, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"

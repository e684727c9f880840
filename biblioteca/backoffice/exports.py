"""Exports in the browser: what a list is narrowed to, as a file.

A short list is sent at once. A longer one is written by a worker, and its page says when it is
ready.
"""

import logging
import secrets
import tempfile
from dataclasses import dataclass, field
from typing import IO, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.db import DatabaseError, InterfaceError, transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe
from django_tasks import task

from biblioteca.backoffice.changelist import RecordChangeList
from biblioteca.loading import background, uploads
from biblioteca.loading.exporting import BATCH, Export, ExportError, write_rows
from biblioteca.loading.holding import Holding, HoldLostError
from biblioteca.loading.models import Catalogue, Download
from biblioteca.loading.registry import export_of
from biblioteca.loading.writers.formats import FORMATS
from biblioteca.operations.snapshots import snapshot
from biblioteca.records.registry import model_of

logger = logging.getLogger(__name__)

HELP = "carregar-pelo-navegador"
# A list of up to so many records is sent at once.
AT_ONCE = 5000
REASONS = 20
LABELS = {
    "csv": "CSV", "xlsx": "Excel (XLSX)", "jsonl": "JSON Lines", "marcxml": "MARCXML",
    "marc": "MARC 21",
}  # fmt: skip
MOST_ATTEMPTS = background.MOST_ATTEMPTS


@dataclass
class Written:
    """What came of an export."""

    records: int = 0
    left_out: int = 0
    reasons: list[str] = field(default_factory=list)

    def leave_out(self, row: dict[str, Any], reason: str) -> None:
        """Take note of a record that the format cannot hold."""
        self.left_out += 1
        if len(self.reasons) < REASONS:
            self.reasons.append(f"{row['id']}: {reason}")


def formats_of(export: Export) -> list[tuple[str, str]]:
    """Return the formats that a resource can have, with what they are called."""
    return [
        (name, LABELS[name])
        for name, known in FORMATS.items()
        if export.marc is not None or not known.is_marc
    ]


def write(
    file: IO[bytes], changelist: RecordChangeList, format_name: str, progress: Any = lambda _n: None
) -> Written:
    """Write what ``changelist`` shows on all its pages, as it is at one moment."""
    export = export_of(changelist.model.RESOURCE)
    written = Written()
    columns, descending = changelist.order()
    with snapshot():
        listing = changelist.listing(export.prepare)
        written.records = write_rows(
            export,
            listing.batches(columns, descending, BATCH),
            FORMATS[format_name].writer(file, export),  # type: ignore[arg-type]
            Catalogue.code(),
            unwritable=written.leave_out,
            progress=progress,
        )
    file.seek(0)
    return written


class ExportMixin:
    """Mixed into the admin of records: what the list is narrowed to can be had as a file."""

    model: Any
    admin_site: Any
    list_after_template = "backoffice/export_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Add where a list is exported."""
        options = self.model._meta
        name = f"{options.app_label}_{options.model_name}_export"
        view = self.admin_site.admin_view(self.export_view)
        return [path("exportar/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    @property
    def export_formats(self) -> list[tuple[str, str]]:
        """The formats that can be chosen."""
        return formats_of(export_of(self.model.RESOURCE))

    @property
    def export_address(self) -> str:
        """Where a list is exported."""
        options = self.model._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_export")

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Send the list that the address is narrowed to, or have it written by a worker."""
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        if not self.has_view_or_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        name = request.POST.get("formato", "")
        if name not in dict(self.export_formats):
            raise Http404
        changelist: RecordChangeList = self.get_changelist_instance(request)  # type: ignore[attr-defined]
        download = Download(
            quem=request.user.get_username(), recurso=self.model.RESOURCE, formato=name,
            consulta=request.GET.urlencode(),
        )  # fmt: skip
        if changelist.total is None or changelist.total > AT_ONCE:
            with transaction.atomic():
                download.save()
                background.put_in_queue(download, write_export)
            return HttpResponseRedirect(address_of(download))
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the response)
        written = write(file, changelist, name)
        if not written.left_out:
            return FileResponse(file, as_attachment=True, filename=file_name(download))
        # What is missing has to be said: on its page.
        download.save()
        with file:
            keep(download, file, written)
        return HttpResponseRedirect(address_of(download))


def file_name(download: Download) -> str:
    """Return what the file is called."""
    day = timezone.localtime(download.pedido_em).strftime("%Y-%m-%d")
    return f"{download.recurso}-{day}{FORMATS[download.formato].endings[0]}"


def keep(download: Download, file: IO[bytes], written: Written) -> None:
    """Store a file that was written, and say so on the page of the export."""
    key = uploads.storage().save(
        f"exportacoes/{secrets.token_hex(16)}/{file_name(download)}", File(file)
    )
    Download.objects.filter(pk=download.pk).update(
        arquivo=key, registros=written.records, deixados=written.left_out,
        motivos=written.reasons, pronto_em=timezone.now(),
    )  # fmt: skip


# --- In the background -------------------------------------------------------------------------


def due() -> Any:
    """Return the exports that are still to be written."""
    return Download.objects.filter(pronto_em=None, mensagem="")


@task()
def write_export(key: int) -> str:
    """Write an export, unless somebody else does; the task of the queue."""
    holding = Holding.take(key, Download)
    if holding is None:
        return "held"
    download = due().filter(pk=key).first()
    if download is None:
        holding.release()
        return "nothing due"
    if download.tentativas > MOST_ATTEMPTS:
        holding.check(mensagem=_("It ended the worker %d times.") % MOST_ATTEMPTS, posse="")
        return "given up"
    try:
        with holding.beating(writes=False), tempfile.TemporaryFile() as file:
            written = write(file, changelist_of(download), download.formato, teller(holding))
            holding.check()
            keep(download, file, written)
    except HoldLostError:
        return "lost"
    except background.WorkerStoppingError:
        holding.release(tentativas=0)
        background.put_in_queue(download, write_export)
        return "stopping"
    except PermissionDenied:
        holding.check(mensagem=_("Whoever asked for it may not see these records."))
    except ExportError as error:
        holding.check(mensagem=str(error))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("Export %d is left for later: %s", key, error)
        return "later"
    except Exception:
        logger.exception("Export %d failed", key)
        holding.check(mensagem=_("Something unexpected happened; the log of the service has it."))
    holding.release()
    return "done"


def teller(holding: Holding) -> Any:
    """Return what is told of each batch that was written."""
    done = 0

    def tell(number: int) -> None:
        nonlocal done
        if background.stopping.is_set():
            raise background.WorkerStoppingError
        done += number
        holding.note("", done, None, done)

    return tell


def changelist_of(download: Download) -> RecordChangeList:
    """Return the list as whoever asked for it sees it. Raises PermissionDenied."""
    user = get_user_model().objects.filter(username=download.quem, is_active=True).first()
    if user is None:
        raise PermissionDenied
    model_admin: Any = admin.site._registry[model_of(download.recurso)]  # noqa: SLF001
    request: Any = HttpRequest()
    request.method, request.user = "GET", user
    request.GET = QueryDict(download.consulta)
    request.META["SERVER_NAME"] = (settings.ALLOWED_HOSTS or ["localhost"])[0]
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    return model_admin.get_changelist_instance(request)


# --- Its page ----------------------------------------------------------------------------------


def address_of(download: Download) -> str:
    """Return the address of an export's page."""
    return reverse("admin:exportacao", args=[download.pk])


def own(request: HttpRequest, pk: int) -> Download:
    """Return an export of whoever asks. Raises Http404 for anybody else's."""
    return get_object_or_404(Download, pk=pk, quem=request.user.get_username())


@require_safe
def export_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far an export is, and give the file."""
    download = own(request, pk)
    model = model_of(download.recurso)
    options = model._meta
    list_route = f"admin:{options.app_label}_{options.model_name}_changelist"
    context = admin.site.each_context(request) | {
        "title": _("Export of %s") % options.verbose_name_plural,
        "download": download,
        "progress": progress_of(download),
        "format": LABELS[download.formato],
        "back": f"{reverse(list_route)}?{download.consulta}",
    }
    return TemplateResponse(request, "backoffice/export.html", context)


def progress_of(download: Download) -> dict[str, Any]:
    """Return how far an export is, in a word and in words."""
    is_due = download.pronto_em is None and not download.mensagem
    read = download.andamento.get("lidos")
    waits = not download.posse and timezone.now() - download.sinal > background.LONG_IN_QUEUE
    if read:
        details = {"read": read, "rate": download.andamento.get("por_segundo", 0)}
        text = _("%(read)d records, %(rate)d a second") % details
    elif waits:
        text = _("Still waiting: either others come first, or no worker is running.")
    else:
        text = _("Waiting for its turn.")
    return {
        "estado": "exportando" if is_due else "pronto",
        "titulo": _("The file is being written (%s)") % LABELS[download.formato],
        "em_andamento": is_due,
        "porcento": None,
        "texto": text,
    }


@require_GET
def progress_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far an export is, for the script of its page."""
    response = JsonResponse(progress_of(own(request, pk)))
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def export_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the file to whoever asked for it, if the records may still be seen."""
    download = own(request, pk)
    options = model_of(download.recurso)._meta
    if not request.user.has_perm(f"{options.app_label}.view_{options.model_name}"):
        raise PermissionDenied
    if not download.arquivo or not uploads.storage().exists(download.arquivo):
        raise Http404
    file = uploads.storage().open(download.arquivo)
    return FileResponse(file, as_attachment=True, filename=file_name(download))


def register(site: Any) -> None:
    """Make the pages known to the admin, and the work to the workers."""
    site.register_page("exportacoes/<int:pk>/", export_page, "exportacao", help_page=HELP)
    site.register_page("exportacoes/<int:pk>/andamento/", progress_json, "exportacao_andamento")
    site.register_page("exportacoes/<int:pk>/arquivo/", export_file, "exportacao_arquivo")
    background.register_work(due, write_export)

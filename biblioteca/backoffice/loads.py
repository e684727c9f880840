"""Loads in the browser: send files, see what would come of them, confirm, watch, take back."""

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from biblioteca.backoffice.load_display import (
    kinds_of,
    progress_of,
    record_rows,
    stayed_row,
    upload_of,
)
from biblioteca.backoffice.load_form import LoadForm
from biblioteca.loading import background, uploads
from biblioteca.loading.models import Batch, BatchItem
from biblioteca.loading.records import Outcome, Verdict
from biblioteca.loading.report import KEPT, Report
from biblioteca.records.undoing import OnEdited

SEE, LOAD, UNDO = "loading.view_batch", "loading.add_batch", "loading.change_batch"
HELP = "carregar-pelo-navegador"
PER_PAGE = 30
RECORDS_PER_PAGE = 100

State = Batch.State

COUNTS = (
    ("lidos", gettext_lazy("records read")),
    ("criado", gettext_lazy("records created")),
    ("atualizado", gettext_lazy("records updated")),
    ("igual", gettext_lazy("records already there")),
    ("conflito", gettext_lazy("in conflict, left as they are")),
    ("rejeitado", gettext_lazy("records rejected")),
    ("autores_criados", gettext_lazy("new authors")),
    ("editoras_criadas", gettext_lazy("new publishers")),
    ("avisos", gettext_lazy("warnings")),
)


# --- Pages -------------------------------------------------------------------------------------


def require(request: HttpRequest, permission: str) -> None:
    """Raise PermissionDenied for whoever may not do it."""
    if not request.user.has_perm(permission):
        raise PermissionDenied


def page(
    request: HttpRequest, template: str, title: Any, status: int = 200, **context: Any
) -> HttpResponse:
    """Return a page of the admin."""
    around = admin.site.each_context(request) | {
        "title": title,
        "may_load": request.user.has_perm(LOAD),
    }
    return TemplateResponse(request, f"backoffice/{template}.html", around | context, status=status)


@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    """Show the loads, newest first."""
    require(request, SEE)
    before = request.GET.get("antes", "")
    rows = background.recent()
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return page(
        request,
        "load_list",
        _("Loads"),
        loads=shown,
        older=shown[-1].pk if len(found) > PER_PAGE else None,
    )


def new_page(request: HttpRequest) -> HttpResponse:
    """Show the form, or take the files."""
    require(request, LOAD)
    form = LoadForm(request.POST, request.FILES) if request.method == "POST" else LoadForm()
    if form.is_bound and form.is_valid():
        batch = take(request, form)
        if batch is not None:
            return HttpResponseRedirect(address_of(batch))
    invalid = form.is_bound and not form.is_valid()
    return page(
        request,
        "load_form",
        _("Load files"),
        status=422 if invalid else 200,
        form=form,
        most_megabytes=settings.UPLOAD_MAX_MB,
        most_bytes=settings.UPLOAD_MAX_MB * 1024 * 1024,
    )


def take(request: HttpRequest, form: LoadForm) -> Batch | None:
    """Keep the files; look through small ones at once. None when these cannot be read."""
    given = form.cleaned_data
    upload = background.receive(
        request.user.get_username(),
        given["arquivos"],
        resource=given["recurso"],
        source=given["fonte"],
        options={name: given[name] for name in background.OPTIONS},
        reading={"formato": given["formato"], "mapear": given["mapear"]},
    )
    if sum(file["bytes"] for file in upload.arquivos) > background.AT_ONCE_BYTES:
        background.enqueue(upload.pk)
        return upload.lote
    background.carry_out(upload.pk)
    batch = Batch.objects.get(pk=upload.pk)
    if batch.estado == State.FAILED:
        form.add_error("arquivos", batch.mensagem)
        background.discard(batch)
        return None
    return batch


@require_safe
def load_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one load, in whatever state it is."""
    require(request, SEE)
    batch = get_object_or_404(background.recent(), pk=pk)
    upload = upload_of(batch)
    undone = upload.relatorio.get("desfazer") if upload else None
    return page(
        request,
        "load",
        _("Load %d") % batch.pk,
        batch=batch,
        state=State(batch.estado),
        is_due=batch.estado in background.DUE,
        progress=progress_of(batch, upload),
        counts=[(name, label, batch.contagens.get(name, 0)) for name, label in COUNTS],
        kinds=kinds_of(batch, upload),
        has_rejects=any(batch.contagens.get(str(name)) for name in KEPT),
        may_confirm=batch.estado == State.SIMULATED and request.user.has_perm(LOAD),
        may_go_on=batch.estado == State.STOPPED
        and upload is not None
        and bool(upload.arquivos)
        and request.user.has_perm(LOAD),
        may_discard=batch.estado in (State.SIMULATED, State.FAILED) and request.user.has_perm(LOAD),
        may_undo=batch.estado in background.UNDOABLE and request.user.has_perm(UNDO),
        undoing=undone,
        stayed=[stayed_row(row) for row in undone["ficaram"]] if undone else [],
        is_written=batch.estado in (State.DONE, State.STOPPED, State.UNDONE),
    )


@require_GET
def progress_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how far a load is, for the script of its page."""
    require(request, SEE)
    batch = get_object_or_404(background.recent(), pk=pk)
    response = JsonResponse(progress_of(batch, upload_of(batch)))
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def records_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the records that a load created or changed, with the way to each."""
    require(request, SEE)
    batch = get_object_or_404(Batch, pk=pk)
    verdict = request.GET.get("veredito", str(Verdict.CREATED))
    if verdict not in (Verdict.CREATED, Verdict.UPDATED):
        raise Http404
    behind = request.GET.get("depois", "")
    rows = BatchItem.objects.filter(lote=batch, veredito=verdict).order_by("pk")
    if behind.isascii() and behind.isdecimal() and len(behind) < 19:
        rows = rows.filter(pk__gt=int(behind))
    found = list(rows[: RECORDS_PER_PAGE + 1])
    shown = found[:RECORDS_PER_PAGE]
    titles = {
        str(Verdict.CREATED): _("Created by load %d"),
        str(Verdict.UPDATED): _("Updated by load %d"),
    }
    return page(
        request,
        "load_records",
        titles[verdict] % batch.pk,
        batch=batch,
        verdict=verdict,
        rows=list(record_rows(shown)),
        next=shown[-1].pk if len(found) > RECORDS_PER_PAGE else None,
    )


@require_GET
def rejects_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send what was not loaded, or would not be: the very file that the command writes."""
    require(request, SEE)
    batch = get_object_or_404(background.recent(), pk=pk)
    upload = upload_of(batch)
    name = f"rejeitados-{batch.pk}.csv"
    kind = "text/csv; charset=utf-8"
    if upload and upload.rejeitados and uploads.storage().exists(upload.rejeitados):
        file = uploads.storage().open(upload.rejeitados)
        return FileResponse(file, as_attachment=True, filename=name, content_type=kind)
    return FileResponse(written_anew(batch), as_attachment=True, filename=name, content_type=kind)


def written_anew(batch: Batch) -> Any:
    """Return the file of what was not loaded, from what is written down of each record.

    For loads by command, and where the file was removed. Raises Http404 when there is nothing.
    """
    rows = BatchItem.objects.filter(lote=batch, veredito__in=[str(name) for name in KEPT])
    with tempfile.TemporaryDirectory(prefix="carga-") as directory:
        report = Report(Path(directory, uploads.REJECTS))
        for item in rows.order_by("pk").iterator(chunk_size=2000):
            report.keep(Outcome(item.linha, Verdict(item.veredito), item.motivo, item.bruto or {}))
        report.close()
        if report.file is None or report.rejects_path is None:
            raise Http404
        return report.rejects_path.open("rb")  # the open file outlives its name


# --- What is done ------------------------------------------------------------------------------


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it loaded, or go on."""
    require(request, LOAD)
    batch = get_object_or_404(Batch, pk=pk, envio__isnull=False)
    if not background.confirm(batch):
        messages.warning(request, _("It cannot be loaded now: somebody has done it already."))
    return HttpResponseRedirect(address_of(batch))


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a load of which nothing was written."""
    require(request, LOAD)
    batch = get_object_or_404(Batch, pk=pk, envio__isnull=False)
    if background.discard(batch):
        messages.success(request, _("Discarded; nothing was loaded."))
        return HttpResponseRedirect(reverse("admin:cargas"))
    messages.warning(request, _("It cannot be discarded any more."))
    return HttpResponseRedirect(address_of(batch))


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a load taken back."""
    require(request, UNDO)
    batch = get_object_or_404(Batch, pk=pk)
    skips = request.POST.get("modo") == OnEdited.SKIP
    on_edited = OnEdited.SKIP if skips else OnEdited.REFUSE
    if not background.undo(batch, on_edited, request.user.get_username()):
        messages.warning(request, _("It cannot be undone now."))
    return HttpResponseRedirect(address_of(batch))


def address_of(batch: Batch) -> str:
    """Return the address of a load's page."""
    return reverse("admin:carga", args=[batch.pk])


def register(site: Any) -> None:
    """Make the pages known to the admin."""
    site.register_page(
        "cargas/", list_page, "cargas", title=gettext_lazy("Loads"), icon="upload_file",
        permission=SEE, help_page=HELP,
    )  # fmt: skip
    for route, view, name in (
        ("nova/", new_page, "carga_nova"),
        ("<int:pk>/", load_page, "carga"),
        ("<int:pk>/andamento/", progress_json, "carga_andamento"),
        ("<int:pk>/registros/", records_page, "carga_registros"),
        ("<int:pk>/rejeitados.csv", rejects_csv, "carga_rejeitados"),
        ("<int:pk>/confirmar/", confirm, "carga_confirmar"),
        ("<int:pk>/descartar/", discard, "carga_descartar"),
        ("<int:pk>/desfazer/", undo, "carga_desfazer"),
    ):
        site.register_page(f"cargas/{route}", view, name, help_page=HELP)

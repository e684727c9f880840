"""``/health/live`` and ``/health/ready``: for whoever restarts processes and spreads requests."""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import redis
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from biblioteca.cache.announcements import client

logger = logging.getLogger(__name__)

LIVE, READY = "/health/live", "/health/ready"
LIMIT_SECONDS = 2.0
# Several probes in a second get one answer.
KEPT_SECONDS = 1.0

Check = Callable[[], str]


def database() -> str:
    """Tell whether the database answers and has every migration."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        if not settings.KEEPS_NOTHING and not connection.in_atomic_block:
            connection.close()
    return "migrations pending" if pending else "ok"


def media() -> str:
    """Tell whether pictures can be stored."""
    if not isinstance(default_storage, FileSystemStorage):
        return "ok"
    place = Path(default_storage.location)
    while not place.exists():
        place = place.parent
    return "ok" if os.access(place, os.W_OK) else "not writable"


def cache() -> str:
    """Tell whether Redis answers, where there is one."""
    if settings.REDIS_URL:
        client().ping()
    return "ok"


REQUIRED: dict[str, Check] = {"database": database, "media": media}
OPTIONAL: dict[str, Check] = {"cache": cache}


class Readiness:
    """Runs the checks in a thread of their own: a database that hangs holds no other one."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="health")
        self.running: Future[dict[str, str]] | None = None
        self.found: tuple[float, dict[str, str]] = (-KEPT_SECONDS, {})

    def results(self) -> dict[str, str]:
        """Return what each check says; ``does not answer`` when they take too long."""
        at, found = self.found
        if time.monotonic() - at < KEPT_SECONDS:
            return found
        if settings.KEEPS_NOTHING or connection.in_atomic_block:  # the data is this thread's own
            return run_checks()
        if self.running is None or self.running.done():
            self.running = self.pool.submit(run_checks)
        try:
            found = self.running.result(timeout=LIMIT_SECONDS)
        except TimeoutError:
            return dict.fromkeys([*REQUIRED, *OPTIONAL], "does not answer")
        self.found = (time.monotonic(), found)
        return found


def run_checks() -> dict[str, str]:
    """Return what each check says."""
    found = {}
    for name, check in (REQUIRED | OPTIONAL).items():
        try:
            found[name] = check()
        except (OSError, redis.RedisError) as error:
            logger.warning("health: %s: %r", name, error)
            found[name] = "does not answer"
        except Exception:
            logger.exception("health: %s", name)
            found[name] = "does not answer"
    return found


readiness = Readiness()


class HealthMiddleware:
    """Answer probes before anything looks at Host, secret or token: they have none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        path = request.path_info.rstrip("/")
        if path not in (LIVE, READY) or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        if path == LIVE:
            return health_response({"status": "ok"}, 200)
        found = readiness.results()
        is_ready = all(found[name] == "ok" for name in REQUIRED)
        is_whole = is_ready and all(found[name] == "ok" for name in OPTIONAL)
        status = "ok" if is_whole else "degraded" if is_ready else "unavailable"
        return health_response({"status": status, "checks": found}, 200 if is_ready else 503)


def health_response(body: dict[str, object], status: int) -> HttpResponse:
    """Return an answer that nobody keeps."""
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})

"""gunicorn as the process manager of Uvicorn workers; everything from the environment."""

import os

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

bind = os.environ.get("BIND", "127.0.0.1:8000")
# One process answers what one core can; each has SERVING_THREADS database connections.
workers = int(os.environ.get("WORKERS", "2"))


class Worker(UvicornWorker):
    """Uvicorn without a Server header: nobody reads it, and each header costs every answer."""

    CONFIG_KWARGS = UvicornWorker.CONFIG_KWARGS | {"server_header": False}


worker_class = Worker
# Memory, where there is no disk to write to.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# What was accepted is answered before a worker ends.
graceful_timeout = 30
timeout = 60
keepalive = 75
# Whose X-Forwarded-Proto and -For are believed: addresses or networks, with commas between them.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
accesslog = "-" if os.environ.get("ACCESS_LOG", "0").lower() in ("1", "true") else None
errorlog = "-"

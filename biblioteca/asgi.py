"""The ASGI application that Uvicorn serves: layers, outermost last."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "biblioteca.settings")

from django.conf import settings

from biblioteca.api.overload import refuse
from biblioteca.cache.answers import Memory, RedisAnswers
from biblioteca.cache.counts import counts
from biblioteca.cache.front import ReadCache
from biblioteca.cache.link import link
from biblioteca.cache.redis_source import RedisSource
from biblioteca.cache.tokens import DatabaseSource, Source
from biblioteca.gateway.authentication import reading_rule
from biblioteca.serving.threads import FixedThreads
from biblioteca.wsgi import application as django_application

# An SQLite database in memory belongs to one connection, and so to one thread.
IN_MEMORY = settings.DATABASES["default"]["NAME"] == ":memory:"

django_threads = FixedThreads(
    django_application,
    threads=1 if IN_MEMORY else settings.SERVING_THREADS,
    queue=settings.SERVING_QUEUE,
    refuse=refuse,
    max_body=settings.REQUEST_MAX_BYTES,
    longer={settings.UPLOAD_PATH: settings.UPLOAD_MAX_MB * 1024 * 1024},
)


def with_read_cache(threads: FixedThreads) -> ReadCache:
    """Return the read cache before ``threads``, in Redis where there is one."""
    memory = Memory(settings.CACHE_MEMORY_MB * 1024 * 1024)
    source: Source = DatabaseSource()
    second = None
    if settings.REDIS_URL:

        def forget() -> None:
            memory.clear()
            counts.clear()

        place = (settings.REDIS_URL, settings.REDIS_PREFIX)
        source = RedisSource(*place, settings.CACHED_RESOURCES, link, forget)
        second = RedisAnswers(*place, link)
    return ReadCache(
        threads,
        source=source,
        memory=memory,
        second=second,
        resources=settings.CACHED_RESOURCES,
        may_read=reading_rule(),
        seconds=settings.CACHE_SECONDS,
        host_in_key=not settings.PUBLIC_URL,
    )


# One thread has an SQLite database in memory, and tokens are not read beside it.
use_read_cache = settings.CACHE_SECONDS and not IN_MEMORY
application = with_read_cache(django_threads) if use_read_cache else django_threads

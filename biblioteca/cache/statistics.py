"""Counters of the read cache, written to the log now and then."""

import logging
import time

from biblioteca.cache.tokens import SharedReads

logger = logging.getLogger("biblioteca.cache")

LOG_SECONDS = 60


class Statistics:
    """What became of the reads since the last line in the log."""

    def __init__(self, reads: SharedReads) -> None:
        self.reads = reads
        self.hits = self.misses = self.bypasses = self.errors = 0
        self.logged = time.monotonic()

    def log_now_and_then(self) -> None:
        """Write a line when the last one is a minute old.

        Called after misses only: a hit does not live as long as that.
        """
        now = time.monotonic()
        if now - self.logged > LOG_SECONDS:
            self.logged = now
            self.log()

    def log(self) -> None:
        """Write a line, unless nothing was read, and begin again."""
        if self.hits or self.misses or self.bypasses or self.errors:
            logger.info(
                "read cache: hits=%d misses=%d bypasses=%d errors=%d token-reads=%d",
                self.hits, self.misses, self.bypasses, self.errors, self.reads.number,
            )  # fmt: skip
        self.hits = self.misses = self.bypasses = self.errors = self.reads.number = 0

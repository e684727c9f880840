"""What this process knows of its link to Redis, shared by its event loop and its threads."""

import threading
import time

# After a failure nobody waits for Redis again before so many seconds have passed.
REST_SECONDS = 0.5
# Longer than this Redis keeps nobody waiting.
TIMEOUT_SECONDS = 0.25


class Link:
    """Counts failures: as long as one is not repaired, all tokens have to be replaced first."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.failures = 0
        self.repaired = 0
        self.retry_at = 0.0
        # Marks of writes that are over, which Redis may have heard of late or not at all.
        self.left_behind: set[str] = set()

    def leave_behind(self, mark: str) -> None:
        """Remember a mark that may stand in Redis though its write is over."""
        with self.lock:
            self.left_behind.add(mark)

    def take_left_behind(self) -> list[str]:
        """Return the remembered marks and forget them."""
        with self.lock:
            marks, self.left_behind = sorted(self.left_behind), set()
        return marks

    def failed(self) -> None:
        """Note that a token read, an announcement or its end failed."""
        with self.lock:
            self.failures += 1
            self.retry_at = time.monotonic() + REST_SECONDS

    @property
    def rests(self) -> bool:
        """Tell whether the last failure is too recent to try again."""
        return time.monotonic() < self.retry_at

    @property
    def needs_repair(self) -> bool:
        """Tell whether tokens have to be replaced before anything is served or stored."""
        return self.failures != self.repaired

    def repair_up_to(self, failures: int) -> None:
        """Note that all tokens were replaced after that many failures."""
        with self.lock:
            self.repaired = max(self.repaired, failures)
            self.retry_at = 0.0


link = Link()

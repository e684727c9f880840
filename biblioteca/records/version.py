"""Version tokens: random, because a counter or a clock repeats after a restore."""

import secrets

VERSION_LENGTH = 22


def new_version() -> str:
    """Return a token of 128 random bits that no representation has had before."""
    return secrets.token_urlsafe(16)

"""The browser tests end after five minutes, whatever they are waiting for."""

import time
from collections.abc import Generator
from typing import Any

import pytest

MOST_SECONDS = 300

# What each process of the test run has spent on them.
spent = 0.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, Any, Any]:
    """Count what a test takes, with what it sets up."""
    global spent
    began = time.monotonic()
    try:
        return (yield)
    finally:
        spent += time.monotonic() - began


@pytest.fixture(autouse=True)
def _in_time() -> None:
    if spent > MOST_SECONDS:
        pytest.fail(f"the browser tests have taken {spent:.0f} seconds, {MOST_SECONDS} at most")

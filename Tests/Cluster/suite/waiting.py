"""Waiting for something to become so."""

import time
from collections.abc import Callable


def until(what: str, is_so: Callable[[], bool], seconds: float = 60) -> float:
    """Returns when it is so, and how many seconds that took."""
    start = time.monotonic()
    while not is_so():
        assert time.monotonic() - start < seconds, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - start

"""Waiting for a condition, never for a time."""

import time
from typing import Any, Callable

# Generous: the tests run several at a time, with a debug build, on machines with two processors.
PATIENCE_SECONDS = 40.0

# How far behind the broker's clock may be: it reads the kernel's coarse one, which ticks as seldom
# as a hundred times a second.
CLOCK_MILLISECONDS = 11


def until(
    what: str | Callable[[], object],
    condition: Callable[[], Any],
    seconds: float = PATIENCE_SECONDS,
    pause: float = 0.05,
) -> Any:
    """Returns what `condition` gives as soon as it is true; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            shown = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {seconds:.0f} s: {shown}")
        time.sleep(pause)


def equal(got: object, expected: object, what: str = "") -> None:
    """Fails, and shows both, unless they are equal."""
    assert got == expected, f"{what}\n   got      {got!r}\n   expected {expected!r}"

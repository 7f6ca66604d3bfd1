"""The tests, by their names."""

import dataclasses
from typing import Callable

from broker import Broker


@dataclasses.dataclass(frozen=True)
class Test:
    """A test and how long it may take before it counts as hanging."""

    name: str
    body: Callable[[Broker], None]
    seconds: float


TESTS: dict[str, Test] = {}


def test(seconds: float = 60.0, prefix: str | None = None):
    """Registers a function that takes the broker that all tests share.

    It is named after its module and itself. A test has topics and groups of its own, whose names
    begin with its own name, and starts a `Broker` where it must end one.
    """

    def register(body: Callable[[Broker], None]) -> Callable[[Broker], None]:
        add((prefix or body.__module__) + "." + body.__name__, body, seconds)
        return body

    return register


def add(name: str, body: Callable[[Broker], None], seconds: float) -> None:
    """Registers a test under a name of its own, for those that a table makes."""
    assert name not in TESTS, name
    TESTS[name] = Test(name, body, seconds)

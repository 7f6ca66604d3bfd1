"""The scenarios by name."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Scenario:
    name: str
    run: Callable
    """What happens, in one line, for the table."""
    story: str
    is_short: bool
    flags: dict[str, str] = field(default_factory=dict)


ALL: list[Scenario] = []


def scenario(story: str, short: bool = False, **flags: str):
    """Registers a function of (cluster, load) that lets things happen and heals them again."""

    def register(function: Callable) -> Callable:
        named = {"--" + name.replace("_", "-"): value for name, value in flags.items()}
        ALL.append(Scenario(function.__name__, function, story, short, named))
        return function

    return register

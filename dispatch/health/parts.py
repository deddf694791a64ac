"""What a server is made of, and how each part is: a state, a sentence, and what to do."""

from dataclasses import dataclass
from typing import Final, Literal

State = Literal["ok", "attention", "fault", "unknown"]
WORST: Final[dict[State, int]] = {"ok": 0, "unknown": 0, "attention": 1, "fault": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part as it is now. ``words`` is a sentence without names of persons."""

    id: str
    name: str
    state: State
    words: str
    todo: str = ""
    """What a person can do, empty while nothing is to be done."""
    rule: str = ""
    """By what the state is judged."""


def worst(parts: list[Part]) -> State:
    """Return the worst state of all; what is unknown is no fault."""
    return max((part.state for part in parts), key=WORST.__getitem__, default="ok")

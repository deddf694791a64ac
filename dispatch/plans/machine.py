"""What this machine has to connect radios to: serial ports, sound cards, lines that key."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePort:
    """One thing that a link can name. ``name`` is what stands in the plan."""

    kind: str
    """serial, sound or gpio."""
    name: str
    words: str = ""
    hint: str = ""
    """What is to be done before it can be used, empty when nothing is."""


Machine = Callable[[], list[MachinePort]]
"""Looks at the machine anew; blocks for up to some seconds and opens nothing."""


def nothing_known() -> list[MachinePort]:
    """Stand for a server that was not told how to look at its machine."""
    return []

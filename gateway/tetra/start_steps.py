"""The steps of a start: asking, waiting, and what a refusal means for the next ask.

A generator yields steps and gets results; it looks at no clock.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

from gateway.tetra.command_queue import Result
from gateway.tetra.error_actions import retry_pause
from gateway.tetra.pei_lines import Final
from gateway.tetra.radio_state import RadioState

Line = TypeVar("Line")
NOT_KNOWN = Result(final=Final(kind="CME", code=4))
"""What stands for the answer to a command that this radio does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Send a command and give its result back. ``listing``: each line of it gives more time."""

    text: str
    timeout_ms: int | None = None
    listing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait; the result is empty."""

    pause_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFailed:
    """How a start ended in vain. ``refused``: opening the port again will not help.

    ``in_mode``: the radio did not change its mode.
    """

    reason: str
    refused: bool = False
    in_mode: bool = False


Steps = Generator[Ask | Pause, Result, StartFailed | None]
Asking = Generator[Ask | Pause, Result, Result]


def ask(state: RadioState, text: str, *, listing: bool = False) -> Asking:
    """Ask, again where the radio says that it may work later; not what it does not know."""
    if state.skips(text):
        return NOT_KNOWN
    tries = 0
    while True:
        result = yield Ask(text=text, listing=listing)
        tries += 1
        pause_ms = retry_pause(result.code, tries)
        if pause_ms is None:
            return result
        yield Pause(pause_ms=pause_ms)


def first(lines: Iterable[object], kind: type[Line]) -> Line | None:
    """Return the first line of a kind."""
    return next((line for line in lines if isinstance(line, kind)), None)

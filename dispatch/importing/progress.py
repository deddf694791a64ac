"""How far an import is: told to whoever listens, on the page or on the terminal.

Readers tell by the way; who listens may raise to end the work (``Cancelled``).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dispatch.errors import Conflict

APART, ROWS, COMPARING, WRITING = "taking apart", "reading", "comparing", "writing"
STAGES = (APART, ROWS, COMPARING, WRITING)
EVERY_ROWS = 1000
"""Rows between two tellings."""

Teller = Callable[[str, int, int], None]
"""Takes a stage, what is done of it, and of how many (0: unknown)."""
_teller: ContextVar[Teller | None] = ContextVar("import_progress", default=None)


class Cancelled(Conflict):
    """Somebody ended the import before it was done; nothing was changed."""


def tell(stage: str, done: int = 0, total: int = 0) -> None:
    """Tell how far the work is; raises Cancelled when nobody wants it any more."""
    teller = _teller.get()
    if teller is not None:
        teller(stage, done, total)


@contextmanager
def told_to(teller: Teller | None) -> Iterator[None]:
    """Let ``teller`` hear of the work inside."""
    before = _teller.set(teller)
    try:
        yield
    finally:
        _teller.reset(before)

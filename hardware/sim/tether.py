"""A simulator ends some seconds after the process that started it and reads its output."""

import os
import stat
import sys
from typing import Final

PARENT: Final = os.getppid()
"""Who started us: read here, since it may be gone by the time we have said that we are up."""
LOOK_S: Final = 0.5
GRACE_MS: Final = 5_000.0
"""A radio does not end with its server: what the guard writes after a crash must be taken."""


class Tether:
    """Tells when the parent is gone for good; only of a simulator whose output is a pipe."""

    def __init__(self) -> None:
        """Look at what the output is."""
        self._tied = stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
        self._gone_at: float | None = None

    def cut(self, now_ms: float) -> bool:
        """Whether the parent has been gone for ``GRACE_MS``; asked at least each ``LOOK_S``."""
        if not self._tied or os.getppid() == PARENT:
            return False
        if self._gone_at is None:
            self._gone_at = now_ms
        return now_ms - self._gone_at >= GRACE_MS

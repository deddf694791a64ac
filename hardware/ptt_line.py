"""The line that keys a radio: set only under a standing guard, taken back whatever happens.

``KeyLine`` is a line of a port that somebody else keeps open (the radio's own); ``KeyPort`` keeps
a port, or a line of a GPIO chip, for itself. Either way: the guard is armed before the line is
set, and disarmed after it was taken back. When the server dies or hangs, the guard takes it back.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

from gateway.model.errors import LinkError
from hardware.guard_client import LINES_ONLY, UnkeyGuard
from hardware.line_state import HasLines, Line
from hardware.link import Link, LinkSettings
from hardware.port_keeper import PortKeeper
from hardware.ptt_address import PttLine

OPENING = "it is being opened"
NO_GUARD = "the un-key guard is being started"


class KeyLine:
    """One line; useless until ``stand`` gives it an open port and its guard."""

    def __init__(self, ptt: PttLine, failed: Callable[[str], None]) -> None:
        """``failed`` is told when the line could not be taken back: the port must be given up."""
        self._ptt = ptt
        self._failed = failed
        self._link: HasLines | None = None
        self._guard: UnkeyGuard | None = None
        self._reason = OPENING
        self.keyed = False

    @property
    def words(self) -> str:
        """The line for people."""
        return self._ptt.words

    def stand(self, link: Link, guard: UnkeyGuard) -> None:
        """Take an open port and the guard that holds it."""
        if isinstance(link, HasLines):
            self._link, self._guard = link, guard
        else:
            self._reason = f"{link.name} has no modem lines"

    def fall(self, reason: str) -> None:
        """Note that the port is gone; what it keyed was un-keyed with it."""
        self._link = self._guard = None
        self._reason = reason
        self.keyed = False

    def no_guard(self) -> str:
        """Return why the line may not be set; empty where its guard stands."""
        if self._link is None or self._guard is None:
            return f"the PTT line ({self.words}) is not there: {self._reason}"
        return "" if self._guard.alive() else NO_GUARD

    def key(self) -> None:
        """Key; raises LinkError when there is no line, no guard, or the port refuses."""
        if self._link is None or self._guard is None:
            raise LinkError(f"the PTT line ({self.words}) is not there: {self._reason}")
        self._guard.arm(self._link.unkey_bytes(self._ptt.line) or LINES_ONLY)
        try:
            self._link.set_line(self._ptt.line, active=True)
        except LinkError:
            self._guard.disarm()
            raise
        self.keyed = True

    def unkey(self) -> None:
        """Take the line back; safe at any time."""
        if not self.keyed:
            return
        self.keyed = False
        if self._link is None or self._guard is None:
            return
        try:
            self._link.set_line(self._ptt.line, active=False)
        except LinkError as error:
            self._failed(str(error))  # the guard stays armed: closing the port un-keys
            return
        self._guard.disarm()


class KeyPort:
    """A line on a port of its own. All callbacks come on the event loop."""

    def __init__(self, ptt: PttLine, *, active_low: bool, changed: Callable[[str], None]) -> None:
        """Prepare; ``changed`` is told why there is no line, empty once there is one."""
        self._changed = changed
        settings = LinkSettings(active_low=active_low, lines_only=True)
        self._keeper = PortKeeper(
            ptt.port, settings, opened=self._opened, lost=self._lost, waiting=self._waiting
        )
        self.line = KeyLine(ptt, self._keeper.give_up)
        self._task: asyncio.Task[None] | None = None
        self._reason = OPENING

    async def start(self) -> None:
        """Open; what is not there yet is waited for."""
        if self._task is None:
            self._task = asyncio.create_task(self._keeper.run(), name=f"ptt {self.line.words}")

    async def close(self) -> None:
        """Un-key and close; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            self.line.unkey()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _opened(self, link: Link, guard: UnkeyGuard) -> None:
        link.start(lambda data: None, lambda: None, self._keeper.give_up)
        self._keeper.answered()
        self.line.stand(link, guard)
        self._tell("")

    def _lost(self, reason: str) -> None:
        self.line.fall(reason)
        self._tell(reason)

    def _waiting(self, reason: str) -> None:
        self.line.fall(reason)
        self._tell(reason)

    def _tell(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            self._changed(reason)


def watched(link: Link, changed: Callable[[frozenset[Line]], None]) -> None:
    """Watch the inputs of a link; raises LinkError when it has none."""
    watch = getattr(link, "watch_lines", None)
    if watch is None:
        raise LinkError(
            f"{link.name} has no modem lines", hint="Use a local port or rfc2217://HOST:PORT."
        )
    cast(Callable[[Callable[[frozenset[Line]], None]], None], watch)(changed)

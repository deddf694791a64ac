"""Looks at one terminal as the driver would start it, and keys nothing: for ``samband doctor``.

The start of ``TerminalCore`` is run as it is, so that what is found wrong here is what would be
wrong in service, in the same words. No group is selected and no mode is set.
"""

import asyncio
import time
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, LinkChanged, LinkState, RadioEvent
from gateway.tetra.terminal import TerminalCore
from hardware.link import Link, LinkSettings
from hardware.opening import open_link
from hardware.speed_search import SPEEDS_BPS, Search, find_speed

START_LIMIT_MS = 30_000
SERVICE = "AT+CTSP="
DONE = (LinkState.UP, LinkState.UNREGISTERED, LinkState.DOWN)


@dataclass(slots=True, kw_only=True)
class TerminalReport:
    """What was found. ``told`` is None when no radio answered at any speed."""

    search: Search
    told: LinkChanged | None = None
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Service registrations that the radio refused: the command and its answer."""
    errors: list[tuple[str, str]] = field(default_factory=list)
    """Other commands that it answered with an error."""


class _Start:
    """Runs the core on a link until it is in service or has given up."""

    def __init__(self, link: Link, core: TerminalCore, report: TerminalReport) -> None:
        self._link = link
        self._core = core
        self._report = report
        self._asked = ""
        self._news = asyncio.Event()
        self._gone = False
        link.start(self._receive, self._news.set, self._lose)

    async def run(self) -> None:
        """Return when the start is over, well or not."""
        until = time.monotonic() + START_LIMIT_MS / 1000
        self._take(self._core.opened(_now()))
        while not self._over() and time.monotonic() < until:
            if self._link.free and (data := self._core.outgoing(self._link.chunk_bytes)):
                self._link.write(data)
                continue
            await self._wait()
            self._take(self._core.tick(_now()))

    def _over(self) -> bool:
        told = self._report.told
        return self._gone or (told is not None and told.state in DONE)

    async def _wait(self) -> None:
        due = self._core.deadline()
        pause_s = 0.5 if due is None else max(0.0, min(0.5, (due - _now()) / 1000))
        self._news.clear()
        try:
            async with asyncio.timeout(pause_s):
                await self._news.wait()
        except TimeoutError:
            return

    def _receive(self, data: bytes) -> None:
        self._take(self._core.receive(data, _now()))
        self._news.set()

    def _lose(self, reason: str) -> None:
        self._gone = True
        self._take(self._core.lost(_now(), reason))
        self._news.set()

    def _take(self, events: list[RadioEvent]) -> None:
        for event in events:
            match event:
                case LinkChanged():
                    self._report.told = event
                case LineSeen(outgoing=True):
                    self._asked = event.raw
                case LineSeen() if "ERROR" in event.raw:
                    self._note(event.raw)
                case _:
                    continue

    def _note(self, answer: str) -> None:
        kind = self._report.refused if self._asked.startswith(SERVICE) else self._report.errors
        if self._asked and (self._asked, answer) not in kind:
            kind.append((self._asked, answer))


async def check_terminal(
    url: str, settings: LinkSettings, *, own_number: int | None = None, profile: str = "auto"
) -> TerminalReport:
    """Open the port, find its speed (the planned one first), start the terminal, close.

    Raises LinkError or ConfigError when the port cannot be opened. The caller has made sure that
    the port keys nothing and that nobody uses it.
    """
    link = await open_link(url, settings)
    try:
        report = TerminalReport(
            search=await find_speed(link, SPEEDS_BPS, first=settings.speed_bps or None)
        )
        if report.search.found is not None:
            core = TerminalCore(own_number=own_number, profile=profile)
            await _Start(link, core, report).run()
        return report
    finally:
        link.close()


def _now() -> MonoMs:
    return MonoMs(time.monotonic_ns() // 1_000_000)

"""Keeps one port open (a radio's with its un-key guard): waits, opens, opens again."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from gateway.model.errors import LinkError
from hardware.guard_client import LINES_ONLY, UnkeyGuard
from hardware.line_state import OUTPUTS, HasLines
from hardware.link import Link, LinkSettings
from hardware.opening import open_link
from hardware.port_names import GPIO, is_local, is_there
from hardware.speed_search import find_speed

LOOK_MS = 500
"""How often a device that is not there is looked for."""
BACK_OFF_MS = (1000, 2000, 5000, 10_000, 30_000)
"""Pauses before a device that is there, but does not open or answer, is tried again."""

TELNET_COMMAND = b"\xff"
"""What begins so is no text for a radio: a request to set a line of a port far away."""


class ReopenedPort(ABC):
    """Waits for a device, opens it, opens it again; runs until cancelled.

    All callbacks come on the event loop. ``waiting`` says in words why there is no open port.
    Whoever notices that the port is of no more use calls ``give_up``.
    """

    def __init__(self, url: str, waiting: Callable[[str], None]) -> None:
        """Prepare; raises ConfigError when the address cannot be read."""
        self._local = is_local(url)
        self._url = url
        self._waiting = waiting
        self._news: asyncio.Queue[str] = asyncio.Queue()
        self._again = asyncio.Event()
        self._answered = False
        self._reached = False

    def answered(self) -> None:
        """Note that the device answers: the next pauses begin with the shortest."""
        self._answered = True

    def give_up(self, reason: str) -> None:
        """Close the port for this reason and open it again after a pause."""
        self._news.put_nowait(reason)

    def restart(self) -> None:
        """Close the port if it is open, and open it without a pause."""
        self._again.set()
        self.give_up("restarted")

    async def run(self) -> None:
        """Keep the port open; ends only by being cancelled."""
        failures = 0
        while True:
            await self._until_there()
            self._answered = self._reached = False
            self._again.clear()
            try:
                await self._serve()
            except LinkError as error:
                self._waiting(f"{error}. {error.hint}".rstrip(". ") + ".")
            if not (self._local or self._reached):
                await self._pause(LOOK_MS)  # a server that is away is a device that is away
                continue
            failures = 0 if self._answered else failures + 1
            if self._there():
                await self._pause(BACK_OFF_MS[min(max(failures - 1, 0), len(BACK_OFF_MS) - 1)])

    @abstractmethod
    async def _serve(self) -> None:
        """Open the port and hold it until somebody gives up; raises LinkError."""

    async def _open(self, settings: LinkSettings) -> Link:
        link = await open_link(self._url, settings)
        self._reached = True
        self._news = asyncio.Queue()
        return link

    def _there(self) -> bool:
        return not self._local or self._url.startswith(GPIO) or is_there(self._url)

    async def _until_there(self) -> None:
        if self._there():
            return
        self._waiting(f"{self._url} is not there: is the cable plugged in?")
        while not self._there():
            await self._pause(LOOK_MS)

    async def _pause(self, pause_ms: int) -> None:
        try:
            async with asyncio.timeout(pause_ms / 1000):
                await self._again.wait()
        except TimeoutError:
            return


class PortKeeper(ReopenedPort):
    """Keeps the port of a radio open, with its guard.

    ``opened`` gives the open link and its standing guard; the driver starts the link. ``give_up``
    is also called with the link's own news and when the guard has un-keyed.
    """

    def __init__(
        self,
        url: str,
        settings: LinkSettings,
        *,
        opened: Callable[[Link, UnkeyGuard], None],
        lost: Callable[[str], None],
        waiting: Callable[[str], None],
    ) -> None:
        """Prepare; raises ConfigError when the address cannot be read."""
        super().__init__(url, waiting)
        self._settings = settings
        self._opened = opened
        self._lost = lost
        self.speed_bps = settings.speed_bps
        """Speed of the port; 0 until it is found out."""

    async def _serve(self) -> None:
        """Open the port, start its guard, and hold both until somebody gives up."""
        link = await self._open(replace(self._settings, speed_bps=self.speed_bps))
        gpio = (link.fileno(),) if self._url.startswith(GPIO) else ()
        guard = UnkeyGuard(link.fileno(), lambda unkey: self._guard_died(link, unkey), gpio=gpio)
        try:
            if not self._settings.speed_bps:
                await self._find_speed(link)
            await guard.start()
            self._opened(link, guard)
            while not (reason := await self._news.get()):
                if not guard.alive():
                    await guard.start()
            self._lost(reason)
        finally:
            self._lost("closed")
            await guard.close()
            link.close()

    async def _find_speed(self, link: Link) -> None:
        """Find out the speed, the one of last time first; raises LinkError when nobody answers."""
        search = await find_speed(link, first=self.speed_bps)
        if search.found is None:
            raise LinkError(
                f"{self._url}: {search.words}",
                hint="Is the radio on, and its data port set to one of these speeds?",
            )
        self.speed_bps = search.found.speed_bps

    def _guard_died(self, link: Link, unkey: bytes) -> None:
        """Start the next guard; where this one was armed, un-key and give the port up.

        It has un-keyed already if it died of our silence; twice does no harm.
        """
        if unkey == LINES_ONLY or unkey.startswith(TELNET_COMMAND):
            lines_inactive(link)
        elif unkey:
            link.write_over(unkey)
        self._news.put_nowait("the un-key guard ended while the radio was keyed" if unkey else "")


def lines_inactive(link: Link) -> None:
    """Set DTR and RTS of a link inactive, as far as it has them."""
    if isinstance(link, HasLines):
        for line in OUTPUTS:
            with contextlib.suppress(LinkError):
                link.set_line(line, active=False)

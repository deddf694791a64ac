"""Keeps when a link was away, and when the recorder itself was: gaps are evidence too.

One file of JSON lines, appended and synced, never changed: a link went down or came up; the server
started, and until when it had been alive before (from a small file that is renewed each minute);
the machine's clock was set, or stood still while the machine slept.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dispatch.audit.files import LogUnavailable, replace_file
from gateway.bus import Bus, Subscription
from gateway.model.events import Envelope, LinkChanged
from gateway.model.ids import MonoMs, UtcUs
from gateway.ports import Clock

logger = logging.getLogger(__name__)

LINES_FILE = "outages.jsonl"
ALIVE_FILE = "alive"
ALIVE_S = 60
UP = "up"
CLOCK = "clock"
STEP_US = 1_000_000
"""What the clock and the monotonic clock may differ in a minute: more is a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which a link, or everything (``link`` None), could record nothing.

    ``clock``: sound may be there, but its times are not sure.
    """

    link: str | None
    start_utc: int
    end_utc: int
    clock: bool = False


class Outages:
    """Listens to the links' health while the server runs."""

    def __init__(self, folder: Path, bus: Bus, clock: Clock) -> None:
        """Use or make the folder; ``start`` begins to listen."""
        self._folder = folder
        self._bus = bus
        self._clock = clock
        self._states: dict[str, str] = {}
        self._subscription: Subscription[Envelope] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def start(self) -> None:
        """Note the start and until when the server was alive before, then listen."""
        now = self._clock.utc_us()
        self._append({"t": now, "started": True, "alive": self._alive() or now})
        self._subscription = self._bus.subscribe("outages", LinkChanged)
        self._tasks = [
            asyncio.create_task(self._listen(self._subscription), name="outages"),
            asyncio.create_task(self._beat(), name="outages-alive"),
        ]

    async def close(self) -> None:
        """Note that the server was alive until now; safe twice."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None
            self._mark_alive()

    async def _listen(self, events: "Subscription[Envelope]") -> None:
        async for envelope in events:
            event = envelope.event
            if isinstance(event, LinkChanged):
                state = UP if event.state == UP else "down"
                if self._states.get(event.link) != state:
                    self._states[event.link] = state
                    line = {"t": envelope.t_utc, "link": event.link, "state": state}
                    await asyncio.to_thread(self._append, line)

    async def _beat(self) -> None:
        last = self._clock.utc_us(), self._clock.mono_ms()
        while True:
            await asyncio.to_thread(self._mark_alive)
            await asyncio.sleep(ALIVE_S)
            last = await self.look_at_clock(*last)

    async def look_at_clock(self, utc_us: UtcUs, mono_ms: MonoMs) -> tuple[UtcUs, MonoMs]:
        """Note a step of the clock since these readings; returns the new ones."""
        now, mono = self._clock.utc_us(), self._clock.mono_ms()
        expected = utc_us + (mono - mono_ms) * 1000
        if abs(now - expected) > STEP_US:
            first, last = sorted((utc_us, expected, now))[::2]
            logger.warning("the machine's clock was set by %d ms", (now - expected) // 1000)
            line = {"t": last, CLOCK: now - expected, "since": first}
            await asyncio.to_thread(self._append, line)
        return now, mono

    def _mark_alive(self) -> None:
        with contextlib.suppress(LogUnavailable):
            replace_file(self._folder / ALIVE_FILE, str(self._clock.utc_us()).encode(), mode=0o640)

    def _alive(self) -> int:
        try:
            return int((self._folder / ALIVE_FILE).read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def _append(self, line: dict[str, Any]) -> None:
        try:
            with (self._folder / LINES_FILE).open("ab") as file:
                file.write(json.dumps(line, sort_keys=True).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            logger.error("outages: %s: %s", LINES_FILE, error)

    def between(self, start_utc: int, end_utc: int) -> list[Outage]:
        """Return the outages that touch a time, cut to it, in order of their beginning."""
        found = []
        for outage in self._all(end_utc):
            begins, ends = max(outage.start_utc, start_utc), min(outage.end_utc, end_utc)
            if begins < ends:
                found.append(replace(outage, start_utc=begins, end_utc=ends))
        return sorted(found, key=lambda one: (one.start_utc, one.link or ""))

    def _all(self, end_utc: int) -> Iterator[Outage]:
        down: dict[str, int] = {}
        for line in self._lines():
            at = int(line["t"])
            if CLOCK in line:
                yield Outage(link=None, start_utc=int(line["since"]), end_utc=at, clock=True)
            elif "started" in line:
                yield Outage(link=None, start_utc=int(line["alive"]), end_utc=at)
            elif line.get("state") == UP:
                since = down.pop(str(line["link"]), None)
                if since is not None:
                    yield Outage(link=str(line["link"]), start_utc=since, end_utc=at)
            else:
                down.setdefault(str(line["link"]), at)
        for link, since in down.items():
            yield Outage(link=link, start_utc=since, end_utc=end_utc)

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            lines = (self._folder / LINES_FILE).read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in filter(None, lines):
            try:
                value = json.loads(line)
                int(value["t"])
            except (ValueError, KeyError, TypeError):
                continue  # a line that a power cut halved
            yield value

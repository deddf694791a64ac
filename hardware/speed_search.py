"""Finds the speed of a radio's port: CR, then ``AT`` at each usual speed, until something answers.

``OK`` or any ``+CME ERROR`` is a radio. What came instead is kept: silence everywhere, or junk at
one speed, say different things about a cable.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hardware.link import HasSpeed, Link

SPEEDS_BPS = (115200, 38400, 19200, 9600)
ANSWER_LIMIT_MS = 600
JUNK_MS = 200
"""Pause after the first CR, so that junk of the opening has been answered."""
MAX_KEPT_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one speed gave: the final line of a radio, or how many bytes that were none."""

    speed_bps: int
    answer: str = ""
    junk: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The result: ``found`` is the first speed that a radio answered at."""

    found: Heard | None
    tried: tuple[Heard, ...]

    @property
    def words(self) -> str:
        """What came instead of a radio, for people."""
        speeds = ", ".join(str(heard.speed_bps) for heard in self.tried)
        noisy = [heard for heard in self.tried if heard.junk]
        if not noisy:
            return f"no radio answered AT at {speeds} bit/s: not one byte came"
        told = ", ".join(f"{len(heard.junk)} bytes at {heard.speed_bps}" for heard in noisy)
        return f"no radio answered AT at {speeds} bit/s, but something came: {told}"


def final_line(answer: bytes) -> str:
    """Return the line of ``answer`` that only a radio gives, empty when there is none."""
    for line in answer.decode("ascii", "replace").splitlines():
        text = line.strip()
        if text in ("OK", "ERROR") or text.startswith("+CME ERROR"):
            return text
    return ""


class _Ear:
    """Reads a link while it is tried."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._news = asyncio.Event()
        self.seen = b""
        self.gone = ""
        link.start(self._hear, self._news.set, self._lose)

    def _hear(self, data: bytes) -> None:
        self.seen = (self.seen + data)[-MAX_KEPT_BYTES:]
        self._news.set()

    def _lose(self, reason: str) -> None:
        self.gone = reason
        self._news.set()

    async def write(self, data: bytes, limit_ms: int) -> None:
        until = time.monotonic() + limit_ms / 1000
        await self._wait(lambda: self._link.free, until)
        if self._link.free:
            self._link.write(data)

    async def listen(self, limit_ms: int, *, for_answer: bool) -> None:
        until = time.monotonic() + limit_ms / 1000
        await self._wait(lambda: for_answer and self._answered(), until)

    def _answered(self) -> bool:
        return bool(final_line(self.seen.rpartition(b"\r")[0]))

    async def _wait(self, condition: Callable[[], bool], until: float) -> None:
        while not (condition() or self.gone) and (left := until - time.monotonic()) > 0:
            self._news.clear()
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                return


async def ask(link: Link, command: bytes, limit_ms: int = ANSWER_LIMIT_MS) -> bytes:
    """Send one command line and return what came, up to its final line or the limit."""
    ear = _Ear(link)
    await ear.write(command + b"\r", limit_ms)
    await ear.listen(limit_ms, for_answer=True)
    return ear.seen


async def hear_at(link: Link, speed_bps: int) -> Heard:
    """Try one speed on an open link whose speed is set already."""
    ear = _Ear(link)
    await ear.write(b"\r", ANSWER_LIMIT_MS)
    await ear.listen(JUNK_MS, for_answer=False)
    before, ear.seen = ear.seen, b""
    await ear.write(b"AT\r", ANSWER_LIMIT_MS)
    await ear.listen(ANSWER_LIMIT_MS, for_answer=True)
    answer = final_line(ear.seen)
    return Heard(speed_bps=speed_bps, answer=answer, junk=b"" if answer else before + ear.seen)


def order(speeds_bps: Iterable[int], first: int | None) -> Sequence[int]:
    """Return the speeds with the one that worked last time in front."""
    others = [speed_bps for speed_bps in speeds_bps if speed_bps != first]
    return [first, *others] if first else others


async def find_speed(
    link: Link, speeds_bps: Iterable[int] = SPEEDS_BPS, *, first: int | None = None
) -> Search:
    """Try the speeds in turn; the link keeps the one that was found.

    A link without a speed (``socket://``) is asked once. Raises LinkError when the port is lost or
    a speed cannot be set. The link's callbacks are ours until ``start`` is called again.
    """
    tried: list[Heard] = []
    for speed_bps in order(speeds_bps, first):
        if isinstance(link, HasSpeed):
            await link.set_speed(speed_bps)
        heard = await hear_at(link, speed_bps)
        tried.append(heard)
        if heard.answer:
            return Search(found=heard, tried=tuple(tried))
        if not isinstance(link, HasSpeed):
            break
    return Search(found=None, tried=tuple(tried))

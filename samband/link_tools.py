"""The links of this machine as an engineer reaches into them: traces, counts, checks."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from dispatch.links.ports import (
    ANSWERS,
    PORT,
    SOUND,
    LoopFigure,
    LoopResult,
    Passing,
    TraceOrder,
    TraceState,
)
from gateway.bus import Bus
from gateway.model.errors import LinkError
from gateway.model.ids import LinkId
from gateway.model.link_kinds import ANALOGUE, TETRA_PEI
from gateway.model.p25_settings import MODEM
from gateway.model.plan import Link
from gateway.model.transmit_test import LinkIdleAsk
from gateway.ports import Clock
from hardware import trace as traces
from hardware.drivers import Driver
from hardware.link_tap import LinkTap, Taker
from hardware.loop_check import QUESTIONS, Answers, Echo, LoopedSound, SoundLoop
from hardware.sound_link import LinkSound
from hardware.trace import Trace, TraceWriter

WATCH_MS = 12_000
"""Every kind that can be timed asks at least twice in this time."""
IDLE_LOOK_MS = 100
SETTLE_MS = 500
BLOCK_S = 0.02
SERIAL_KINDS: Final = frozenset({TETRA_PEI, MODEM})
SOUND_KINDS: Final = frozenset({TETRA_PEI, ANALOGUE})
VOX = "vox"


@runtime_checkable
class HasLoopSound(Protocol):
    """A driver whose sound port can be checked."""

    @property
    def loop_sound(self) -> LinkSound | None:
        """What is played to and listened at."""
        ...


class LinkTaps:
    """The tap of each link; it stays when the link is opened anew."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._taps: dict[LinkId, LinkTap] = {}

    def of(self, link: LinkId) -> LinkTap:
        """Return a link's tap, made when it is first asked for."""
        return self._taps.setdefault(link, LinkTap(self._clock))


class GatewayLinkTools:
    """``dispatch.links.ports.LinkTools`` over the drivers of one gateway."""

    def __init__(self, taps: LinkTaps, driver: Callable[[LinkId], Driver | None], bus: Bus) -> None:
        """Take the taps, how to find a link's driver, and the engine's bus."""
        self._taps = taps
        self._driver = driver
        self._bus = bus
        self._writer = TraceWriter(self._ended_on_thread)
        self._running: dict[str, tuple[Trace, LinkTap]] = {}
        self._told: list[Callable[[TraceState], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._checking: set[LinkId] = set()

    # ---- traces

    def begin(self, order: TraceOrder) -> None:
        """Begin a trace; raises LinkError where the link is not there."""
        if self._driver(order.link.id) is None:
            raise LinkError(f"{order.link.name} is not open here")
        self._loop = asyncio.get_running_loop()
        tap = self._taps.of(order.link.id)
        trace = self._writer.begin(
            traces.TraceOrder(
                id=order.id,
                path=order.path,
                header=order.header,
                kind=order.link.kind,
                max_bytes=order.max_bytes,
                max_s=order.max_s,
            )
        )
        self._running[order.id] = trace, tap
        tap.add(trace.take)

    def stop(self, trace: str) -> bool:
        """End a trace, soon after; False when it does not run."""
        found = self._running.get(trace)
        if found is not None:
            self._writer.stop(found[0])
        return found is not None

    def link_removed(self, link: LinkId) -> None:
        """End the traces of a link that was taken out of the plan."""
        for trace, tap in self._running.values():
            if tap is self._taps.of(link):
                self._writer.stop(trace, "link")

    def running(self) -> dict[str, TraceState]:
        """Return the traces that run."""
        return {name: _state(trace.state()) for name, (trace, _) in self._running.items()}

    def on_ended(self, told: Callable[[TraceState], None]) -> None:
        """Call ``told`` on the event loop when a trace has ended."""
        self._told.append(told)

    def close_left(self, path: Path) -> TraceState | None:
        """Close the file of a trace that a crash left open (blocking)."""
        left = traces.close_left(path)
        return None if left is None else _state(left)

    def _ended_on_thread(self, state: traces.TraceState) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended, state)

    def _ended(self, state: traces.TraceState) -> None:
        trace, tap = self._running.pop(state.id)
        tap.remove(trace.take)
        for told in self._told:
            told(_state(state))

    async def close(self) -> None:
        """End every trace: the server stops. Safe twice."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.sleep(0)  # what the thread has told is taken before the services close

    # ---- counts and checks

    def passing(self, link: LinkId) -> Passing:
        """Return what has passed a link's port."""
        tap = self._taps.of(link)
        return Passing(
            in_count=tap.in_count,
            in_bytes=tap.in_bytes,
            out_count=tap.out_count,
            out_bytes=tap.out_bytes,
            heard_utc=tap.heard_utc,
        )

    def checks(self, link: Link) -> tuple[str, ...]:
        """Return the checks that this link can do."""
        found = [ANSWERS] if link.kind != ANALOGUE else []
        if link.kind in SERIAL_KINDS and not link.port.startswith("udp:"):
            found.append(PORT)
        if link.kind in SOUND_KINDS and link.sound and link.carrier != VOX:
            found.append(SOUND)
        return tuple(found)

    async def check(self, link: Link, check: str) -> LoopResult:
        """Do one check; raises LinkError with the reason where it cannot be done now."""
        if check not in self.checks(link):
            raise LinkError(f"{link.name}: a link of kind {link.kind} has no check {check!r}")
        if link.id in self._checking:
            raise LinkError(f"{link.name} is being checked already")
        self._checking.add(link.id)
        try:
            if check == SOUND:
                return await self._sound(link)
            return await (self._answers(link) if check == ANSWERS else self._echo(link))
        finally:
            self._checking.discard(link.id)

    async def _answers(self, link: Link) -> LoopResult:
        answers = Answers(link.kind)
        with self._watching(link.id, answers.take):
            await asyncio.sleep(WATCH_MS / 1000)
        return answers_result(answers)

    async def _echo(self, link: Link) -> LoopResult:
        echo = Echo()
        with self._watching(link.id, echo.take):
            await asyncio.sleep(WATCH_MS / 1000)
        return echo_result(echo)

    @contextmanager
    def _watching(self, link: LinkId, taker: Taker) -> Iterator[None]:
        tap = self._taps.of(link)
        tap.add(taker)
        try:
            yield
        finally:
            tap.remove(taker)

    async def _sound(self, link: Link) -> LoopResult:
        driver = self._driver(link.id)
        port = driver.loop_sound if isinstance(driver, HasLoopSound) else None
        if port is None:
            raise LinkError(f"{link.name} has no sound port to check")
        if port.trouble:
            raise LinkError(f"{link.name}: {port.trouble}")
        await self._demand_idle(link)
        loop = SoundLoop()
        port.listener = loop.take
        try:
            await self._play(link, port, loop)
        finally:
            port.listener = None
        return sound_result(loop.found(), len(loop.heard))

    async def _play(self, link: Link, port: LinkSound, loop: SoundLoop) -> None:
        """Send the tone block by block; a call, a press or an alarm breaks it off at once."""
        due = asyncio.get_running_loop().time()
        loop.begin()
        for number in range(loop.blocks):
            if number * 20 % IDLE_LOOK_MS == 0:
                await self._demand_idle(link)
            port.send(loop.block)
            due += BLOCK_S
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        await asyncio.sleep(SETTLE_MS / 1000)

    async def _demand_idle(self, link: Link) -> None:
        reply = await self._bus.request(LinkIdleAsk(link=link.id))
        if not reply.ok:
            raise LinkError(f"{link.name} is in use: {reply.reason}", hint="Try again afterwards.")


def answers_result(answers: Answers) -> LoopResult:
    """Return in words and figures whether a link's questions are answered."""
    asked, answered = len(answers.asked_ns), len(answers.answer_ms)
    figures = (
        LoopFigure(name="asked", value=asked),
        LoopFigure(name="answered", value=answered),
        LoopFigure(name="median", value=_rounded(answers.median_ms), unit="ms"),
        LoopFigure(name="longest", value=_rounded(max(answers.answer_ms, default=None)), unit="ms"),
        LoopFigure(name="came in", value=answers.heard),
        LoopFigure(name="longest silence", value=round(answers.longest_silence_ms), unit="ms"),
    )
    if answers.kind not in QUESTIONS:
        words = f"{answers.heard} came in while we listened; this kind asks nothing of its peer"
        outcome = "passed" if answers.heard else "failed"
        return LoopResult(check=ANSWERS, outcome=outcome, words=words, figures=figures[-2:])
    if not asked:
        words = "nothing was asked while we looked: the port is not open"
        return LoopResult(check=ANSWERS, outcome="failed", words=words, figures=figures)
    if answers.unanswered or not answered:
        words = f"{answered} of {asked} questions were answered"
        return LoopResult(check=ANSWERS, outcome="failed", words=words, figures=figures)
    words = f"every question was answered: {answered} of {asked}, in {answers.median_ms:.0f} ms"
    return LoopResult(check=ANSWERS, outcome="passed", words=words, figures=figures)


def echo_result(echo: Echo) -> LoopResult:
    """Return in words and figures whether the port gives back what is written to it."""
    figures = (
        LoopFigure(name="written", value=len(echo.out), unit="bytes"),
        LoopFigure(name="came back", value=len(echo.back), unit="bytes"),
        LoopFigure(name="wrong", value=echo.wrong if echo.is_loop else None, unit="bytes"),
    )
    if echo.is_loop:
        whole = echo.wrong == 0 and len(echo.back) == len(echo.out)
        words = (
            f"the port gives back what is written: {len(echo.back)} of {len(echo.out)} bytes, "
            f"{echo.wrong} of them wrong"
        )
        return LoopResult(
            check=PORT, outcome="passed" if whole else "failed", words=words, figures=figures
        )
    if echo.back:
        words = "something answers at this port, so there is no loop plug in it"
        return LoopResult(check=PORT, outcome="open", words=words, figures=figures)
    words = (
        "nothing came back: no loop plug, or a broken line"
        if echo.out
        else "nothing was written: the port is not open"
    )
    return LoopResult(check=PORT, outcome="failed", words=words, figures=figures)


def sound_result(found: LoopedSound | None, blocks: int) -> LoopResult:
    """Return in words and figures whether a tone came back by the sound port."""
    heard = LoopFigure(name="captured", value=blocks, unit="blocks")
    if found is None:
        words = (
            "no tone came back: nothing connects what is played to what is captured"
            if blocks
            else "no tone came back: the sound port gave no sound at all while it was played"
        )
        return LoopResult(check=SOUND, outcome="open", words=words, figures=(heard,))
    figures = (
        LoopFigure(name="delay", value=round(found.delay_ms), unit="ms"),
        LoopFigure(name="level", value=round(found.level_dbfs, 1), unit="dBFS"),
        LoopFigure(name="loss", value=round(found.loss_db, 1), unit="dB"),
        LoopFigure(name="noise", value=round(found.rest_dbfs, 1), unit="dBFS"),
        heard,
    )
    words = f"the tone came back after {found.delay_ms:.0f} ms, {found.loss_db:.1f} dB lower"
    return LoopResult(check=SOUND, outcome="passed", words=words, figures=figures)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _state(state: traces.TraceState) -> TraceState:
    return TraceState(
        id=state.id,
        records=state.records,
        lost=state.lost,
        size_bytes=state.size_bytes,
        cause=state.cause,
        reason=state.reason,
        sha256=state.sha256,
    )

"""The driver of a TETRA terminal on its PEI: a thin shell round ``TerminalCore``.

It feeds the core, writes what the core wants in small chunks, and arms the un-key guard before
any key-up byte leaves. Whatever is about the radio's behaviour is in the core; whatever is about
opening a port again is in ``PortKeeper``.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import CallId, LinkId, MessageId, MonoMs, RequestId
from gateway.model.individual import Dial, IndividualEnded
from gateway.model.messages import MessageAct, SendStatus, SendText
from gateway.model.plan import Link as PlannedLink
from gateway.model.radio import (
    KeyDemand,
    LinkChanged,
    LinkInfo,
    LinkState,
    RadioEvent,
    TxNotSent,
)
from gateway.ports import Clock, RadioEventSink, SoundSink
from gateway.tetra.terminal import INFO, TerminalCore
from hardware.guard_client import UnkeyGuard
from hardware.line_log import LineLog
from hardware.link import Link, LinkSettings
from hardware.port_keeper import PortKeeper
from hardware.ptt_address import idle_lines
from hardware.sound_link import LinkSound
from hardware.sound_port import SoundPort

LAST_WORDS_MS = 250
"""No card holds back more; a release is never later than this."""
ANSWERING = (LinkState.UP, LinkState.UNREGISTERED)


def _core(link: PlannedLink) -> TerminalCore:
    """Return the core of a planned link; raises ConfigError for a profile or mode of no kind."""
    try:
        return TerminalCore(
            own_number=link.own_number,
            wanted_group=link.group,
            profile=link.profile,
            mode=link.mode,
        )
    except ValueError as fault:
        raise ConfigError(f"link {link.id}: {fault}") from None


class PeiRadioLink:
    """One terminal as the engine drives it (``gateway.ports.RadioLink``)."""

    def __init__(
        self,
        link: PlannedLink,
        events: RadioEventSink,
        sound: SoundSink,
        clock: Clock,
        *,
        line_log: Path | None = None,
    ) -> None:
        """Prepare a link of the plan; raises ConfigError when its addresses cannot be read."""
        self._id = link.id
        self._clock = clock
        self._core = _core(link)
        self._core.state.last_reference = clock.utc_us() // 1_000_000 % 255
        self._sound = LinkSound(link, events, sound, clock, self._sound_changed)
        self._keeper = PortKeeper(
            link.port,
            LinkSettings(speed_bps=link.speed_bps, rtscts=link.rtscts, active=idle_lines(link)),
            opened=self._opened,
            lost=self._lost,
            waiting=self._waiting,
        )
        self._line_log = LineLog(line_log) if line_log is not None else None
        self._link: Link | None = None
        self._guard: UnkeyGuard | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last_words: asyncio.TimerHandle | None = None
        self._events: deque[RadioEvent] = deque()
        self._telling = False
        self._down = ""

    @property
    def id(self) -> LinkId:
        """The plan's id of this link."""
        return self._id

    @property
    def sound_port(self) -> SoundPort:
        """Where its sound comes from and goes to, with its counts."""
        return self._sound.port

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return INFO

    async def start(self) -> None:
        """Open sound and port; a device that is not there yet is waited for."""
        if self._task is None:
            await self._sound.start()
            self._task = asyncio.create_task(self._keeper.run(), name=f"link {self._id}")

    async def close(self) -> None:
        """Un-key, close port and sound; safe twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        if self._last_words is not None:
            self._last_words.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self._sound.close()
        if self._line_log is not None:
            self._line_log.close()
        self._take([LinkChanged(state=LinkState.CLOSED)])

    def demand(self, demand: KeyDemand) -> None:
        """Ask to talk; nothing is keyed without a standing guard."""
        reason = self._no_guard() or self._sound.trouble
        if reason:
            self._take_soon([TxNotSent(demand=demand.demand, reason=reason)])
            return
        self._take_soon(self._core.demand(demand, self._now()))

    def end(self, demand: RequestId, cause: str = "released") -> None:
        """Un-key or withdraw at once, ahead of everything else on the wire.

        A normal release of a link with a sound card waits for what the card has not played yet.
        """
        if self._last_words is not None:
            self._last_words.cancel()
            self._last_words = None
        released = cause == "released" and demand == self._on_air()
        wait_ms = min(self._sound.pending_ms, LAST_WORDS_MS) if released else 0
        if wait_ms:
            loop = asyncio.get_running_loop()
            self._last_words = loop.call_later(wait_ms / 1000, self._end_now, demand, cause)
            return
        self._sound.drop()
        self._end_now(demand, cause)

    def send_sound(self, demand: RequestId, pcm: bytes) -> None:
        """Give 20 ms of sound; dropped unless this demand is granted."""
        if demand == self._on_air():
            self._sound.send(pcm)

    def dial(self, dial: Dial) -> None:
        """Call a unit or a telephone; nothing is dialled without a standing guard."""
        reason = self._no_guard()
        if reason:
            refused: list[RadioEvent] = []
            if dial.microphone is not None:
                refused.append(TxNotSent(demand=dial.microphone, reason=reason))
            refused.append(IndividualEnded(instance=None, call=dial.call, cause=reason))
            self._take_soon(refused)
            return
        self._take_soon(self._core.dial(dial, self._now()))

    def answer(self, instance: int, microphone: RequestId | None = None) -> None:
        """Take a ringing call; not without a standing guard, as it may open the microphone."""
        reason = self._no_guard()
        if reason:
            self._take_soon(self._core.hang_up(instance, self._now()))
            if microphone is not None:
                self._take_soon([TxNotSent(demand=microphone, reason=reason)])
            return
        self._take_soon(self._core.answer(instance, microphone, self._now()))

    def hang_up(self, call: CallId | int) -> None:
        """Decline, withdraw or end a call of two, ahead of everything else on the wire."""
        self._take_soon(self._core.hang_up(call, self._now()))

    def select_group(self, number: int) -> None:
        """Turn the radio to a group."""
        self._take_soon(self._core.select_group(number, self._now()))

    def message(self, act: MessageAct) -> None:
        """Send a text, a status, a request; or tell a sender that a person has read his text."""
        self._take_soon(self._core.message(act, self._now()))

    def scan_groups(self, numbers: tuple[int, ...]) -> None:
        """Have the radio listen to these groups as well, the most important first."""
        self._take_soon(self._core.scan_groups(numbers, self._now()))

    def send_text(self, message: MessageId, to: int, text: str) -> None:
        """Send a text to a unit."""
        self.message(SendText(message=message, to=to, text=text))

    def send_status(self, message: MessageId, to: int, value: int) -> None:
        """Send a status."""
        self.message(SendStatus(message=message, to=to, value=value))

    def restart(self) -> None:
        """Close and open again."""
        self._keeper.restart()

    def _on_air(self) -> RequestId | None:
        """Return the press whose sound may be sent right now."""
        return self._core.on_air

    def _heard(self, events: Sequence[RadioEvent]) -> Sequence[RadioEvent]:
        """Return what is told of the core's events (a hook for radios keyed by a line)."""
        return events

    def _idle(self, guard: UnkeyGuard) -> None:
        """Nothing is keyed and nothing waits to be written."""
        guard.disarm()

    def _no_guard(self) -> str:
        """Return why nothing may be keyed, empty where the guard stands."""
        alive = self._guard is None or self._guard.alive()
        return "" if alive else "the un-key guard is being started"

    def _end_now(self, demand: RequestId, cause: str) -> None:
        self._last_words = None
        self._take_soon(self._core.end(demand, cause, self._now()))

    def _sound_changed(self, trouble: str) -> None:
        """Un-key when the sound card goes away: nobody would be heard."""
        on_air = self._on_air()
        if trouble and on_air is not None:
            self.end(on_air, "failed")

    def _now(self) -> MonoMs:
        return self._clock.mono_ms()

    def _opened(self, link: Link, guard: UnkeyGuard) -> None:
        self._link, self._guard, self._down = link, guard, ""
        link.start(self._receive, self._pump, self._keeper.give_up)
        self._take(self._core.opened(self._now()))

    def _lost(self, reason: str) -> None:
        if self._link is not None:
            self._link = self._guard = None
            self._take(self._core.lost(self._now(), reason))

    def _waiting(self, reason: str) -> None:
        """Say once why there is no open port."""
        if reason != self._down:
            self._down = reason
            self._take([LinkChanged(state=LinkState.DOWN, reason=reason)])

    def _receive(self, data: bytes) -> None:
        self._log(data, outgoing=False)
        self._take(self._core.receive(data, self._now()))

    def _tick(self) -> None:
        self._timer = None
        self._take(self._core.tick(self._now()))

    def _take_soon(self, events: Sequence[RadioEvent]) -> None:
        """Write at once, but tell after the caller has returned."""
        self._events.extend(self._heard(events))
        self._pump()
        asyncio.get_running_loop().call_soon(self._tell)

    def _take(self, events: Sequence[RadioEvent]) -> None:
        self._events.extend(self._heard(events))
        self._pump()
        self._tell()
        if self._core.needs_reopen and self._link is not None:
            self._keeper.give_up("the radio does not answer")

    def _tell(self) -> None:
        """Give events to the engine, in order, whatever it asks for meanwhile."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._events:
                event = self._events.popleft()
                self._heed(event)
                self._sound.event(self._with_speed(event))
        finally:
            self._telling = False

    def _with_speed(self, event: RadioEvent) -> RadioEvent:
        """Add the port's speed to what is told of the link."""
        if isinstance(event, LinkChanged) and event.speed_bps is None and self._keeper.speed_bps:
            return replace(event, speed_bps=self._keeper.speed_bps)
        return event

    def _heed(self, event: RadioEvent) -> None:
        if isinstance(event, LinkChanged) and event.state in ANSWERING:
            self._keeper.answered()

    def _pump(self) -> None:
        """Write the next chunk and arm the timer."""
        link, guard = self._link, self._guard
        if link is not None and guard is not None and link.free:
            self._write(link, guard, self._core.outgoing(link.chunk_bytes))
        self._set_timer()

    def _write(self, link: Link, guard: UnkeyGuard, data: bytes) -> None:
        """Write. Key-up bytes leave only after the guard is armed with what ends them."""
        if self._core.keyed:
            try:
                guard.arm(self._core.guard_bytes())
            except LinkError as error:
                self._keeper.give_up(str(error))
                self._lost(str(error))
                return
        elif not data:
            self._idle(guard)
        if data:
            link.write(data)
            self._log(data, outgoing=True)

    def _set_timer(self) -> None:
        deadline = self._core.deadline()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            pause_ms = max(0, deadline - self._now())
            self._timer = asyncio.get_running_loop().call_later(pause_ms / 1000, self._tick)

    def _log(self, data: bytes, *, outgoing: bool) -> None:
        if self._line_log is not None:
            self._line_log.write(self._clock.utc_us(), data, outgoing=outgoing)

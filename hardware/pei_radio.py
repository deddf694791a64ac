"""The driver of a TETRA terminal on its PEI: a thin shell round ``TerminalCore``.

What it shares with other radios on a port is in ``GuardedPort``; here are its sound and what the
engine asks of a terminal. Whatever is about the radio's behaviour is in the core.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

from gateway.model.errors import ConfigError
from gateway.model.ids import CallId, MessageId, RequestId
from gateway.model.individual import Dial, IndividualEnded
from gateway.model.messages import MessageAct, SendStatus, SendText
from gateway.model.plan import Link as PlannedLink
from gateway.model.radio import (
    KeyDemand,
    LinkChanged,
    LinkInfo,
    RadioEvent,
    TxNotSent,
)
from gateway.model.sound_port import SoundPortFigures
from gateway.ports import Clock, RadioEventSink, SoundSink
from gateway.tetra.terminal import INFO, TerminalCore
from hardware.guarded_port import GuardedPort
from hardware.link import LinkSettings
from hardware.ptt_address import idle_lines
from hardware.sound_link import LinkSound
from hardware.sound_port import SoundPort

LAST_WORDS_MS = 250
"""No card holds back more; a release is never later than this."""


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


class PeiRadioLink(GuardedPort[TerminalCore]):
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
        super().__init__(
            link.id,
            _core(link),
            clock,
            url=link.port,
            settings=LinkSettings(
                speed_bps=link.speed_bps, rtscts=link.rtscts, active=idle_lines(link)
            ),
            line_log=line_log,
        )
        self._core.state.last_reference = clock.utc_us() // 1_000_000 % 255
        self._sound = LinkSound(link, events, sound, clock, self._sound_changed)
        self._last_words: asyncio.TimerHandle | None = None

    @property
    def sound_port(self) -> SoundPort:
        """Where its sound comes from and goes to, with its counts."""
        return self._sound.port

    def sound_figures(self) -> SoundPortFigures:
        """Return what the sound port counted since the last time."""
        return self._sound.figures()

    @property
    def loop_sound(self) -> LinkSound | None:
        """What a check of the sound plays to and listens at."""
        return self._sound

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return INFO

    async def start(self) -> None:
        """Open sound and port; a device that is not there yet is waited for."""
        if self._task is None:
            await self._sound.start()
            self._begin()

    async def close(self) -> None:
        """Un-key, close port and sound; safe twice."""
        if self._last_words is not None:
            self._last_words.cancel()
        if await self._end():
            await self._sound.close()
            self._ended()

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

    def _on_air(self) -> RequestId | None:
        """Return the press whose sound may be sent right now."""
        return self._core.on_air

    def _end_now(self, demand: RequestId, cause: str) -> None:
        self._last_words = None
        self._take_soon(self._core.end(demand, cause, self._now()))

    def _sound_changed(self, trouble: str) -> None:
        """Un-key when the sound card goes away: nobody would be heard."""
        on_air = self._on_air()
        if trouble and on_air is not None:
            self.end(on_air, "failed")

    def _with_speed(self, event: RadioEvent) -> RadioEvent:
        """Add the port's speed to what is told of the link."""
        if isinstance(event, LinkChanged) and event.speed_bps is None and self._keeper.speed_bps:
            return replace(event, speed_bps=self._keeper.speed_bps)
        return event

    def _deliver(self, event: RadioEvent) -> None:
        self._sound.event(self._with_speed(event))

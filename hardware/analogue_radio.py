"""The driver of an analogue donor radio: a thin shell round ``DonorCore``.

Carrier on a modem line (or by the level of the sound), key on RTS, DTR or a GPIO line. Whatever is
about carriers, times and calls is in the core; opening again is ``PortKeeper``'s, the key and its
guard are ``ptt_line``'s.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from gateway.analogue.donor import INFO, DonorCore, DonorSettings
from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import LinkId, MonoMs, RequestId
from gateway.model.plan import Link as PlannedLink
from gateway.model.radio import (
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkInfo,
    LinkState,
    RadioEvent,
    TxNotSent,
)
from gateway.model.sound_port import SoundPortFigures
from gateway.ports import Clock, RadioEventSink, SoundSink
from hardware.guard_client import UnkeyGuard
from hardware.line_log import LineLog
from hardware.line_state import Line
from hardware.link import Link, LinkSettings
from hardware.link_tap import LinkTap
from hardware.port_keeper import PortKeeper
from hardware.ptt_address import PttLine, idle_lines, link_faults, parse_carrier, parse_ptt
from hardware.ptt_line import OPENING, KeyLine, KeyPort, watched
from hardware.sound_link import LinkSound
from hardware.vox_sound import VoxSound

LAST_WORDS_MS = 250
"""No card holds back more; a release is never later than this."""
VOX_CLOSE_MS = 800
"""Speech has pauses that a carrier has not: with VOX no gap shorter than this ends an over."""


def donor_settings(link: PlannedLink) -> DonorSettings:
    """Return what the core needs of a link of the plan."""
    vox = link.carrier == "vox"
    close_ms = max(link.carrier_close_ms, VOX_CLOSE_MS) if vox else link.carrier_close_ms
    return DonorSettings(
        group=link.talkgroups[0],
        lead_ms=link.ptt_lead_ms,
        tail_ms=link.ptt_tail_ms,
        open_ms=link.carrier_open_ms,
        close_ms=close_ms,
        hang_ms=link.carrier_hang_ms,
        vox=(link.vox_open_dbfs, link.vox_close_dbfs) if vox else None,
    )


class AnalogueRadioLink:
    """One donor radio as the engine drives it (``gateway.ports.RadioLink``)."""

    def __init__(
        self,
        link: PlannedLink,
        events: RadioEventSink,
        sound: SoundSink,
        clock: Clock,
        *,
        line_log: Path | None = None,
    ) -> None:
        """Prepare a link of the plan; raises ConfigError on its mistakes."""
        faults = link_faults(link)
        ptt = parse_ptt(link.ptt)
        if faults or ptt is None:
            raise ConfigError(f"link {link.id}: {'; '.join(faults)}", faults=tuple(faults))
        self._id = link.id
        self._clock = clock
        self._core = DonorCore(donor_settings(link))
        self._carrier = parse_carrier(link.carrier)
        self._carrier_inverted = link.carrier_active == "inactive"
        self._sound: LinkSound | VoxSound
        if self._carrier is None:
            self._sound = VoxSound(
                link, events, sound, clock, self._sound_changed, level=self._level
            )
        else:
            self._sound = LinkSound(link, events, sound, clock, self._sound_changed)
        self._keeper = self._make_keeper(link)
        self._key_port: KeyPort | None = None
        self._key_reason = ""
        self._key = self._make_key(link, ptt)
        self._line_log = LineLog(line_log) if line_log is not None else None
        self.tap = LinkTap(clock)
        """Shown every change of a line; the wiring puts the link's own in its place."""
        self._lines: frozenset[Line] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last_words: asyncio.TimerHandle | None = None
        self._events: deque[RadioEvent] = deque()
        self._telling = False
        self._open = False
        self._down = ""

    def _make_keeper(self, link: PlannedLink) -> PortKeeper | None:
        """Return the keeper of the port with the carrier line; None without such a port."""
        if not link.port:
            return None
        settings = LinkSettings(active=idle_lines(link), lines_only=True)
        return PortKeeper(
            link.port, settings, opened=self._opened, lost=self._lost, waiting=self._waiting
        )

    def _make_key(self, link: PlannedLink, ptt: PttLine) -> KeyLine:
        if not ptt.port and self._keeper is not None:
            return KeyLine(ptt, self._keeper.give_up)
        low = link.ptt_active == "low"
        self._key_port = KeyPort(ptt, active_low=low, changed=self._key_changed)
        self._key_reason = OPENING
        return self._key_port.line

    # -- gateway.ports.RadioLink

    @property
    def id(self) -> LinkId:
        """The plan's id of this link."""
        return self._id

    def sound_figures(self) -> SoundPortFigures:
        """Return what the sound port counted since the last time."""
        return self._sound.figures()

    @property
    def loop_sound(self) -> LinkSound | None:
        """What a check of the sound plays to and listens at; none where sound is the carrier."""
        return self._sound if isinstance(self._sound, LinkSound) else None

    @property
    def info(self) -> LinkInfo:
        """Technology and capabilities."""
        return INFO

    async def start(self) -> None:
        """Open sound, port and key; a device that is not there yet is waited for."""
        if self._task is not None:
            return
        await self._sound.start()
        if self._key_port is not None:
            await self._key_port.start()
        self._task = asyncio.create_task(self._run(), name=f"link {self._id}")

    async def close(self) -> None:
        """Un-key, close everything; safe twice."""
        task, self._task = self._task, None
        if task is None:
            return
        self._key.unkey()
        task.cancel()
        if self._last_words is not None:
            self._last_words.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if self._key_port is not None:
            await self._key_port.close()
        self._take(self._core.lost(self._now(), "closed"))
        self._take([LinkChanged(state=LinkState.CLOSED)])
        await self._sound.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._line_log is not None:
            self._line_log.close()

    def no_guard(self) -> str:
        """Return why nothing may be keyed, empty where the guard of the PTT line stands."""
        return self._key.no_guard()

    def demand(self, demand: KeyDemand) -> None:
        """Ask to talk; nothing is keyed without a standing guard."""
        if self._sound.trouble:
            self._take_soon([TxNotSent(demand=demand.demand, reason=self._sound.trouble)])
            return
        self._take_soon(self._core.demand(demand, self._now()))

    def end(self, demand: RequestId, cause: str = "released") -> None:
        """Un-key at once; a normal release waits for what a sound card has not played yet."""
        if self._last_words is not None:
            self._last_words.cancel()
            self._last_words = None
        released = cause == "released" and demand == self._core.on_air
        wait_ms = min(self._sound.pending_ms, LAST_WORDS_MS) if released else 0
        if wait_ms:
            loop = asyncio.get_running_loop()
            self._last_words = loop.call_later(wait_ms / 1000, self._end_now, demand, cause)
            return
        self._sound.drop()
        self._end_now(demand, cause)

    def send_sound(self, demand: RequestId, pcm: bytes) -> None:
        """Give 20 ms of sound; dropped unless this demand is granted."""
        if demand == self._core.on_air:
            self._sound.send(pcm)

    def select_group(self, number: int) -> None:
        """Nothing: the radio has one channel (capability SELECT_GROUP is not stated)."""

    def restart(self) -> None:
        """Close and open again."""
        if self._keeper is not None:
            self._keeper.restart()

    # -- port

    async def _run(self) -> None:
        if self._keeper is not None:
            await self._keeper.run()
        self._begin(carrier=False)
        await asyncio.Event().wait()

    def _opened(self, link: Link, guard: UnkeyGuard) -> None:
        self._down = ""
        keeper = self._keeper
        if keeper is None:
            return
        link.start(lambda data: None, lambda: None, keeper.give_up)
        keeper.answered()
        if self._key_port is None:
            self._key.stand(link, guard)
        self._lines = frozenset()
        try:
            if self._carrier is not None:
                watched(link, self._lines_changed)
        except LinkError as error:
            self._down = f"{error}. {error.hint}"
            self._take([LinkChanged(state=LinkState.DOWN, reason=self._down)])
            keeper.give_up(self._down)
            return
        self._begin(carrier=self._has_carrier())

    def _begin(self, *, carrier: bool) -> None:
        self._open = True
        self._take(self._core.opened(self._now(), carrier=carrier))
        if self._key_reason:
            self._tell_key()

    def _lost(self, reason: str) -> None:
        if self._key_port is None:
            self._key.fall(reason)
        if self._open:
            self._open = False
            self._take(self._core.lost(self._now(), reason))

    def _waiting(self, reason: str) -> None:
        if reason != self._down:
            self._down = reason
            self._take([LinkChanged(state=LinkState.DOWN, reason=reason)])

    def _key_changed(self, reason: str) -> None:
        """Tell of a key on a port of its own; the radio is heard all the same."""
        if reason and self._core.key_wanted:
            self._take(self._core.key_failed(reason, self._now()))
        self._key_reason = reason
        if self._open:
            self._tell_key()

    def _tell_key(self) -> None:
        words = f"cannot transmit: {self._key_reason}" if self._key_reason else ""
        self._take([LinkChanged(state=LinkState.UP, mode="analogue", reason=words)])

    # -- carrier and sound

    def _has_carrier(self) -> bool:
        if self._carrier is None:
            return False
        return (self._carrier in self._lines) is not self._carrier_inverted

    def _lines_changed(self, lines: frozenset[Line]) -> None:
        before, self._lines = self._lines, lines
        for line in sorted(before ^ lines, key=lambda line: line.value):
            state = "active" if line in lines else "inactive"
            self._see(f"{line.name} {state}", outgoing=False)
        if self._open:
            self._take(self._core.carrier(self._has_carrier(), self._now()))

    def _level(self, dbfs: float) -> None:
        if self._open:
            self._take(self._core.sound_level(dbfs, self._now()))

    def _sound_changed(self, trouble: str) -> None:
        """Un-key when the sound card goes away: nobody would be heard."""
        on_air = self._core.on_air
        if trouble and on_air is not None:
            self.end(on_air, "failed")

    def _end_now(self, demand: RequestId, cause: str) -> None:
        self._last_words = None
        self._take_soon(self._core.end(demand, cause, self._now()))

    # -- events and key

    def _now(self) -> MonoMs:
        return self._clock.mono_ms()

    def _tick(self) -> None:
        self._timer = None
        self._take(self._core.tick(self._now()))

    def _take_soon(self, events: Sequence[RadioEvent]) -> None:
        """Set the key at once, but tell after the caller has returned."""
        self._events.extend(events)
        self._set_key()
        asyncio.get_running_loop().call_soon(self._tell)

    def _take(self, events: Sequence[RadioEvent]) -> None:
        self._events.extend(events)
        self._set_key()
        self._tell()

    def _set_key(self) -> None:
        """Make the line what the core wants, then arm the timer."""
        wanted = self._core.key_wanted
        if wanted is not self._key.keyed:
            try:
                if wanted:
                    self._key.key()
                else:
                    self._key.unkey()
                self._see(f"PTT {'on' if wanted else 'off'} ({self._key.words})", outgoing=True)
            except LinkError as error:
                self._events.extend(self._core.key_failed(str(error), self._now()))
        self._set_timer()

    def _set_timer(self) -> None:
        deadline = self._core.deadline()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            pause_ms = max(0, deadline - self._now())
            self._timer = asyncio.get_running_loop().call_later(pause_ms / 1000, self._tick)

    def _tell(self) -> None:
        """Give events to the engine, in order, whatever it asks for meanwhile."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._events:
                self._sound.event(self._events.popleft())
        finally:
            self._telling = False

    def _see(self, words: str, *, outgoing: bool) -> None:
        self._events.append(LineSeen(outgoing=outgoing, raw=words))
        self.tap.passed(words.encode(), outgoing=outgoing)
        if self._line_log is not None:
            self._line_log.write(self._clock.utc_us(), words.encode(), outgoing=outgoing)

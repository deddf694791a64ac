"""One analogue donor radio, without input or output: a carrier in, a key out, calls as events.

The verbs of every core; ``now`` is monotonic milliseconds given by the caller. What a driver does
after each verb: hand the events on, then make the key what ``key_wanted`` says (arming the un-key
guard first; ``key_failed`` when it cannot), and arm one timer for ``deadline()``.

Theory of operation, the key: IDLE -demand-> LEAD (key on) -lead time-> ON_AIR (``TxGranted``)
-end-> TAIL (only after a normal release: the last sound leaves) -tail time-> IDLE (``TxEnded``).
Every other end goes to IDLE at once. The carrier: debounced; opened, it begins a call (or goes on
with the one whose hang time runs) and an over of somebody unknown; closed, it ends the over, and
the hang time begins. While we key, and ``TURNAROUND_MS`` after it, the carrier says nothing: many
radios show their own. Nobody arbitrates on such a channel: a press of ordinary priority is refused
while a carrier stands, a pre-emptive or emergency one is not.
"""

import enum
from dataclasses import dataclass

from gateway.analogue.carrier import Debounce, Vox
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    CallUp,
    GroupChanged,
    KeyDemand,
    LinkChanged,
    LinkInfo,
    LinkState,
    RadioEvent,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)

INFO = LinkInfo(technology="analogue")
"""An analogue channel knows no units, texts, positions or emergencies, and is on one channel."""
TURNAROUND_MS = 150
"""After an un-key the radio's own transmitter has to be gone from its receiver."""
MAX_KEY_MS = 180_000
"""The core's own key time-out, behind the engine's."""
PREEMPTIVE = 2
"""Priority from which a press goes over somebody else's carrier."""
CAUSES = frozenset({"released", "withdrawn", "preempted", "link_lost", "moved", "failed"})


class Phase(enum.Enum):
    """Where our key stands."""

    IDLE = "idle"
    LEAD = "lead"
    ON_AIR = "on_air"
    TAIL = "tail"


KEYED = frozenset({Phase.LEAD, Phase.ON_AIR, Phase.TAIL})


@dataclass(frozen=True, slots=True, kw_only=True)
class DonorSettings:
    """Times and levels of one radio, see ``gateway.model.plan.Link``."""

    group: int
    """The talkgroup that stands for the radio's channel."""
    lead_ms: int = 100
    tail_ms: int = 40
    open_ms: int = 40
    close_ms: int = 200
    hang_ms: int = 4000
    vox: tuple[float, float] | None = None
    """Opening and closing level in dBFS; None: the carrier is a line."""
    limit_ms: int = MAX_KEY_MS


class DonorCore:
    """Our side of an analogue radio."""

    def __init__(self, settings: DonorSettings) -> None:
        """Begin closed."""
        self._settings = settings
        self._carrier = Debounce(settings.open_ms, settings.close_ms)
        self._vox = Vox(*settings.vox) if settings.vox else None
        self._events: list[RadioEvent] = []
        self._up = False
        self._phase = Phase.IDLE
        self._demand: KeyDemand | None = None
        self._cause = ""
        self._due: MonoMs | None = None
        self._limit: MonoMs | None = None
        self._deaf_until: MonoMs | None = None
        self._raw = False
        self._instance = 0
        self._call = False
        self._talking = False
        self._hang: MonoMs | None = None

    # -- what a driver asks

    @property
    def key_wanted(self) -> bool:
        """Whether the key must be on now."""
        return self._phase in KEYED

    @property
    def on_air(self) -> RequestId | None:
        """The press whose sound may be sent right now."""
        on_air = self._phase is Phase.ON_AIR and self._demand is not None
        return self._demand.demand if on_air and self._demand else None

    def deadline(self) -> MonoMs | None:
        """When ``tick`` is due next; None when nothing is under way."""
        times = (
            self._due,
            self._limit,
            self._deaf_until,
            self._hang,
            self._carrier.deadline(),
            self._vox.deadline() if self._vox else None,
        )
        return min((time for time in times if time is not None), default=None)

    # -- the life of the link

    def opened(self, now: MonoMs, *, carrier: bool = False) -> list[RadioEvent]:
        """Begin: the lines can be read. A carrier that stands already was joined late."""
        self._up = True
        self._raw = carrier
        self._carrier.force(carrier)
        self._events.append(LinkChanged(state=LinkState.UP, mode="analogue"))
        self._events.append(GroupChanged(number=self._settings.group))
        self._follow(now, late_entry=True)
        return self._drain()

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """Take the end of the port: un-key, end the call."""
        self._up = False
        self._off("link_lost", reason, now)
        self._carrier.force(False)
        self._raw = False
        self._deaf_until = None
        self._end_call("link lost")
        self._events.append(LinkChanged(state=LinkState.DOWN, reason=reason))
        return self._drain()

    # -- carrier

    def carrier(self, present: bool, now: MonoMs) -> list[RadioEvent]:
        """Take the state of the carrier line."""
        self._raw = present
        return self.tick(now)

    def sound_level(self, dbfs: float, now: MonoMs) -> list[RadioEvent]:
        """Take the level of 20 ms of received sound; nothing without VOX."""
        if self._vox is None:
            return []
        self._vox.level(dbfs, now)
        self._raw = self._vox.raw
        return self.tick(now)

    # -- key

    def demand(self, wanted: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk: the key goes on at once, or nothing is keyed and the answer says why."""
        reason = self._hindrance(wanted)
        if reason:
            group = self._settings.group if wanted.group != self._settings.group else None
            self._events.append(TxNotSent(demand=wanted.demand, reason=reason, radio_group=group))
        elif self._talking and wanted.priority < PREEMPTIVE:
            self._events.append(TxRefused(demand=wanted.demand, reason="the channel is busy"))
        else:
            self._key(wanted, now)
        return self._drain()

    def end(self, request: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Un-key: after the tail when it was let go normally, at once otherwise."""
        if self._demand is None or self._demand.demand != request:
            return []
        if cause == "released" and self._phase is Phase.ON_AIR:
            self._phase, self._due = Phase.TAIL, MonoMs(now + self._settings.tail_ms)
            self._cause = cause
            self._tick_key(now)
        elif self._phase in (Phase.LEAD, Phase.ON_AIR, Phase.TAIL):
            self._off(cause if cause in CAUSES else "failed", "", now)
        return self._drain()

    def key_failed(self, reason: str, now: MonoMs) -> list[RadioEvent]:
        """Take note that the key could not be set: nothing went on air."""
        demand, phase = self._demand, self._phase
        self._rest(now)
        if demand is not None and phase is Phase.LEAD:
            self._events.append(TxNotSent(demand=demand.demand, reason=reason))
        elif demand is not None:
            self._events.append(TxEnded(demand=demand.demand, cause="failed", reason=reason))
        return self._drain()

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        if not self._up:
            return self._drain()
        self._tick_key(now)
        if self._vox is not None:
            self._vox.tick(now)
            self._raw = self._vox.raw
        if self._deaf_until is not None and now >= self._deaf_until:
            self._deaf_until = None
        deaf = self._phase in KEYED or self._deaf_until is not None
        self._carrier.set(self._raw and not deaf, now)
        self._carrier.tick(now)
        self._follow(now)
        if self._hang is not None and now >= self._hang:
            self._end_call("quiet")
        return self._drain()

    # -- inside

    def _hindrance(self, wanted: KeyDemand) -> str:
        if not self._up:
            return "link lost"
        if wanted.individual is not None or wanted.group != self._settings.group:
            return "this radio has one channel"
        return "" if self._phase is Phase.IDLE else "this radio transmits already"

    def _key(self, wanted: KeyDemand, now: MonoMs) -> None:
        if self._talking:
            self._talking = False
            self._events.append(TalkEnded(instance=self._instance))
        self._carrier.force(False)
        self._demand = wanted
        self._phase = Phase.LEAD
        self._due = MonoMs(now + self._settings.lead_ms)
        self._limit = MonoMs(now + self._settings.limit_ms)
        self._tick_key(now)

    def _tick_key(self, now: MonoMs) -> None:
        if self._limit is not None and now >= self._limit:
            self._off("failed", "the key was on for too long", now)
        elif self._due is not None and now >= self._due:
            if self._phase is Phase.LEAD and self._demand is not None:
                self._phase, self._due = Phase.ON_AIR, None
                self._call_up(outgoing=True, priority=self._demand.priority)
                self._hang = None
                self._events.append(TxGranted(demand=self._demand.demand, instance=self._instance))
            elif self._phase is Phase.TAIL:
                self._off(self._cause, "", now)

    def _off(self, cause: str, reason: str, now: MonoMs) -> None:
        """Take the key off and tell it."""
        demand = self._demand
        self._rest(now)
        if demand is not None:
            self._events.append(TxEnded(demand=demand.demand, cause=cause, reason=reason))

    def _rest(self, now: MonoMs) -> None:
        if self._phase in KEYED:
            self._deaf_until = MonoMs(now + TURNAROUND_MS)
        self._phase, self._demand = Phase.IDLE, None
        self._due = self._limit = None
        if self._call and not self._talking:
            self._hang = MonoMs(now + self._settings.hang_ms)

    def _follow(self, now: MonoMs, *, late_entry: bool = False) -> None:
        """Tell of a carrier that opened or closed."""
        if self._carrier.open is self._talking:
            return
        self._talking = self._carrier.open
        if self._talking:
            self._call_up(late_entry=late_entry)
            self._hang = None
            self._events.append(TalkStarted(instance=self._instance))
        else:
            self._events.append(TalkEnded(instance=self._instance))
            self._hang = MonoMs(now + self._settings.hang_ms)

    def _call_up(
        self, *, late_entry: bool = False, outgoing: bool = False, priority: int = 0
    ) -> None:
        if self._call:
            return
        self._call = True
        self._instance += 1
        self._events.append(
            CallUp(
                instance=self._instance,
                group=self._settings.group,
                priority=priority,
                late_entry=late_entry,
                outgoing=outgoing,
            )
        )

    def _end_call(self, cause: str) -> None:
        if self._talking:
            self._talking = False
            self._events.append(TalkEnded(instance=self._instance))
        if self._call:
            self._call = False
            self._events.append(CallDown(instance=self._instance, cause=cause))
        self._hang = None

    def _drain(self) -> list[RadioEvent]:
        events, self._events = self._events, []
        return events

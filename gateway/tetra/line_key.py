"""A terminal that is keyed by a line (its PTT contact) and not by its PEI, without input or output.

Stands between ``TerminalCore``, which goes on hearing and showing everything, and the engine. A
press sets the line; what the radio then says of its own transmission is the grant: it reports its
own key as ``TalkStarted`` with its own number (``+CTXG: i,0`` that nobody asked for by PEI; that
radios send it is an inference from real lines, not a documented fact). While the line is set, a
turned knob, a call on another group, another talker or the end of the call take it back at once.

``now`` is monotonic milliseconds. After each verb: make the line what ``key_wanted`` says, hand the
events on, arm a timer for ``deadline()``.
"""

from collections.abc import Sequence

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    CallUp,
    GroupChanged,
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)

ANSWER_MS = 5_000
"""How long the radio may take to say that it transmits."""
MAX_KEY_MS = 180_000
CAUSES = frozenset({"released", "withdrawn", "preempted", "link_lost", "moved", "failed"})
NO_ANSWER = "the radio did not say that it transmits"


class LineKey:
    """State of one press that keys by a line."""

    def __init__(self, tail_ms: int = 0) -> None:
        """``tail_ms``: how long the line stays set after a normal release."""
        self._tail_ms = tail_ms
        self._up = False
        self._own: int | None = None
        self._group: int | None = None
        self._calls: dict[int, int | None] = {}
        self._demand: KeyDemand | None = None
        self._instance: int | None = None
        self._ending = False
        self._due: MonoMs | None = None
        self._limit: MonoMs | None = None
        self._own_talk: int | None = None

    @property
    def key_wanted(self) -> bool:
        """Whether the line must be set now."""
        return self._demand is not None

    @property
    def on_air(self) -> RequestId | None:
        """The press whose sound may be sent right now."""
        granted = self._demand is not None and self._instance is not None and not self._ending
        return self._demand.demand if granted and self._demand else None

    def deadline(self) -> MonoMs | None:
        """When ``tick`` is due next."""
        return min((t for t in (self._due, self._limit) if t is not None), default=None)

    def demand(self, wanted: KeyDemand, now: MonoMs) -> list[RadioEvent]:
        """Ask to talk: the line is set when the radio is on the group, and nowhere else."""
        where = self._elsewhere(wanted)
        if not self._up or self._demand is not None or wanted.individual is not None:
            reason = "the radio is not ready" if not self._up else "this radio transmits already"
            if wanted.individual is not None:
                reason = "a radio that is keyed by a line talks to its group only"
            return [TxNotSent(demand=wanted.demand, reason=reason)]
        if where is not None:
            number = where or None
            reason = f"radio is on {where}" if where else "the radio's group is not known"
            return [TxNotSent(demand=wanted.demand, reason=reason, radio_group=number)]
        self._demand, self._instance, self._ending = wanted, None, False
        self._due = MonoMs(now + ANSWER_MS)
        self._limit = MonoMs(now + MAX_KEY_MS)
        return []

    def end(self, request: RequestId, cause: str, now: MonoMs) -> list[RadioEvent]:
        """Take the line back: after the tail when it was let go normally, at once otherwise."""
        if self._demand is None or self._demand.demand != request:
            return []
        if cause == "released" and self.on_air is not None and self._tail_ms:
            self._ending, self._due = True, MonoMs(now + self._tail_ms)
            return []
        return self._off(cause if cause in CAUSES else "failed")

    def key_failed(self, reason: str) -> list[RadioEvent]:
        """Take note that the line could not be set."""
        if self._demand is None:
            return []
        demand, granted = self._demand.demand, self._instance is not None
        self._rest()
        if granted:
            return [TxEnded(demand=demand, cause="failed", reason=reason)]
        return [TxNotSent(demand=demand, reason=reason)]

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        if self._demand is None:
            return []
        if self._limit is not None and now >= self._limit:
            return self._off("failed", "the key was on for too long")
        if self._due is None or now < self._due:
            return []
        if self._ending:
            return self._off("released")
        demand = self._demand.demand
        self._rest()
        return [TxRefused(demand=demand, reason=NO_ANSWER)]

    def heard(self, events: Sequence[RadioEvent]) -> list[RadioEvent]:
        """Take what the terminal's core tells; returns what the engine is told instead."""
        told: list[RadioEvent] = []
        for event in events:  # the loss of the link is why the overs of the same moment end
            if isinstance(event, LinkChanged) and event.state is not LinkState.UP:
                told += self._off("link_lost", event.reason)
        for event in events:
            told += self._hear(event)
        return told

    # -- inside

    def _elsewhere(self, wanted: KeyDemand) -> int | None:
        """Return the group the radio is on instead (0: not known), None when it is the target."""
        for group in self._calls.values():
            if group is not None and group != wanted.group:
                return group
        return None if self._group == wanted.group else self._group or 0

    def _hear(self, event: RadioEvent) -> list[RadioEvent]:
        told: list[RadioEvent] = [event]
        match event:
            case LinkChanged():
                told = self._link(event)
            case GroupChanged():
                self._group = event.number
                told = [*self._moved(event.number), event]
            case CallUp():
                self._calls[event.instance] = event.group
                moved = self._moved(event.group) if event.group is not None else []
                told = [*moved, event]
            case CallDown():
                told = self._call_down(event)
            case TalkStarted():
                told = self._talk(event)
            case TalkEnded() if event.instance == self._own_talk:
                self._own_talk = None
                told = self._off("failed", "the radio ended the transmission")
            case _:
                pass
        return told

    def _link(self, event: LinkChanged) -> list[RadioEvent]:
        self._up = event.state is LinkState.UP
        self._own = event.own_number if event.own_number is not None else self._own
        if self._up:
            return [event]
        self._own_talk = None
        self._calls.clear()
        return [*self._off("link_lost", event.reason), event]

    def _call_down(self, event: CallDown) -> list[RadioEvent]:
        self._calls.pop(event.instance, None)
        if self._own_talk == event.instance:
            self._own_talk = None
        if self._instance != event.instance:
            return [event]
        return [*self._off("failed", event.cause or "the call ended"), event]

    def _talk(self, event: TalkStarted) -> list[RadioEvent]:
        own = event.talker is not None and event.talker == self._own
        if not own:
            self._own_talk = None
            if self._instance != event.instance:
                return [event]
            return [*self._off("preempted", talker=event.talker), event]
        if self._demand is None:
            return [event]
        self._own_talk = event.instance
        if self._instance is not None:
            return []
        self._instance, self._due = event.instance, None
        return [TxGranted(demand=self._demand.demand, instance=event.instance)]

    def _moved(self, group: int | None) -> list[RadioEvent]:
        if self._demand is None or group == self._demand.group:
            return []
        return self._off("moved", f"radio is on {group}")

    def _off(self, cause: str, reason: str = "", *, talker: int | None = None) -> list[RadioEvent]:
        if self._demand is None:
            return []
        demand = self._demand.demand
        self._rest()
        return [TxEnded(demand=demand, cause=cause, reason=reason, talker=talker)]

    def _rest(self) -> None:
        self._demand = self._instance = self._due = self._limit = None
        self._ending = False

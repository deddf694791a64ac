"""Live state of talkgroups and links: who talks, what the radio is on, what cannot be heard."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import AlarmId, CallId, LinkId, TalkgroupId, UtcUs
from gateway.model.p25_settings import DFSI, MODEM, P25Settings
from gateway.model.plan import Link, Talkgroup
from gateway.model.radio import Capability, LinkState
from gateway.model.wire import to_json

HOUR_US = 3_600_000_000
_WITH_NAC = (DFSI, MODEM)
"""Kinds of links at whose base station we know the network access code."""
HEARD_KEPT = 2000
_OF_ONE = (
    ev.TransmissionStarted,
    ev.TransmissionUpdated,
    ev.TransmissionMeasured,
    ev.TransmissionEnded,
    ev.RecordingFailed,
    ev.RecordingClosed,
    ev.CallUpdated,
)
"""Events that change the row of one talkgroup, which they name."""
_OF_MANY = (
    ev.LinkChanged,
    ev.LinkGroupChanged,
    ev.AlarmRaised,
    ev.AlarmEnded,
)
"""Events that change the rows of several: those of a link, and where an alarm was before."""


@dataclass(slots=True)
class TalkgroupState:
    """What happens on one talkgroup now."""

    transmission: str | None = None
    call: str | None = None
    talker: str | None = None
    alias: str = ""
    position: str | None = None
    operator: str = ""
    via: str = ""
    """Label of the patch that it comes through."""
    started_utc: int | None = None
    encrypted: bool = False
    readable: bool = True
    algorithm: int | None = None
    key_id: int | None = None
    bit_error_rate: float | None = None
    late_entry: bool = False
    exercise: bool = False
    emergency: bool = False
    last: Row | None = None
    alarm: str | None = None
    not_recorded: str | None = None
    since_utc: int = 0
    heard: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=HEARD_KEPT))

    def rx(self) -> str:
        """Return the receive state by its id (console-ux: states and words)."""
        if self.transmission is None or self.position is not None:
            return "quiet"
        if not self.readable:
            return "encrypted_unreadable"
        if self.late_entry:
            return "late_entry"
        return "receiving_encrypted" if self.encrypted else "receiving"


@dataclass(slots=True)
class LinkStatus:
    """What a link last told of itself."""

    state: str = LinkState.CLOSED.value
    reason: str = ""
    model: str = ""
    firmware: str = ""
    own_number: int | None = None
    mode: str = ""
    registered: bool | None = None
    signal_dbm: int | None = None
    speed_bps: int | None = None
    capabilities: tuple[str, ...] = ()
    told: bool = False
    """Whether it has said anything yet: then its capabilities are known, and may be none."""
    since_utc: int = 0
    group: int | None = None
    scanned: tuple[int, ...] = ()
    static: tuple[ev.NamedGroup, ...] = ()
    dynamic: tuple[ev.NamedGroup, ...] = ()


class TalkgroupStates:
    """States of all talkgroups and links, from events."""

    def __init__(self, plan: LivePlan) -> None:
        """Begin quiet."""
        self._plan = plan
        self._states: dict[TalkgroupId, TalkgroupState] = {}
        self._links: dict[LinkId, LinkStatus] = {}
        self._alarm_talkgroup: dict[str, TalkgroupId | None] = {}
        self._calls_up: dict[CallId, TalkgroupId] = {}
        self._versions: dict[TalkgroupId, int] = {}
        self._everything = 0

    def version(self, talkgroup: TalkgroupId) -> tuple[int, int]:
        """Return what is another value whenever an event has changed a talkgroup's row."""
        return self._everything, self._versions.get(talkgroup, 0)

    def versions(self, talkgroups: Iterable[TalkgroupId]) -> tuple[int | None, ...]:
        """Return what is another value whenever an event has changed a row of several."""
        return self._everything, *map(self._versions.get, talkgroups)

    @property
    def everything(self) -> int:
        """What is another value whenever an event has changed the rows of several talkgroups."""
        return self._everything

    def is_new(self, talkgroup: TalkgroupId) -> bool:
        """Say whether nothing was ever told of a talkgroup: its row is what its links say."""
        return talkgroup not in self._states

    def radio_on(self, talkgroup: Talkgroup, links: tuple[Link, ...]) -> int | None:
        """Return the group its radio is on, when it is none that reaches this talkgroup.

        ``links`` are those that carry it.
        """
        up = [link for link in links if self.link(link.id).state == LinkState.UP.value]
        return self._radio_on(talkgroup, up) if up else None

    def state(self, talkgroup: TalkgroupId) -> TalkgroupState:
        """Return the state of a talkgroup, made when it is first asked for."""
        return self._states.setdefault(talkgroup, TalkgroupState())

    def with_calls(self) -> frozenset[TalkgroupId]:
        """Return the talkgroups on which a call is up, in the pauses between its overs too."""
        states = self._states.items()
        talking = {group for group, state in states if state.transmission is not None}
        return frozenset(talking | set(self._calls_up.values()))

    def link(self, link: LinkId) -> LinkStatus:
        """Return the status of a link."""
        return self._links.setdefault(link, LinkStatus())

    def apply(self, event: Event, now: UtcUs) -> None:
        """Take an event in."""
        self._count(event)
        match event:
            case ev.LinkChanged():
                self._link_changed(event)
            case ev.LinkGroupChanged():
                status = self.link(event.link)
                status.group, status.scanned = event.number, event.scanned
            case ev.LinkGroupsKnown():
                status = self.link(event.link)
                status.static, status.dynamic = event.static, event.dynamic
            case ev.TransmissionStarted():
                self._started(event, now)
            case ev.TransmissionUpdated():
                self._updated(event, now)
            case ev.TransmissionMeasured():
                state = self.state(event.talkgroup)
                if state.transmission == event.transmission:
                    state.bit_error_rate = event.bit_error_rate
            case ev.TransmissionEnded():
                self._ended(event, now)
            case _:
                self._apply_marks(event)

    def _count(self, event: Event) -> None:
        """Count an event where it changes rows (``version``)."""
        if isinstance(event, _OF_ONE):
            self._versions[event.talkgroup] = self._versions.get(event.talkgroup, 0) + 1
        elif isinstance(event, _OF_MANY):
            self._everything += 1

    def _apply_marks(self, event: Event) -> None:
        match event:
            case ev.RecordingFailed():
                self.state(event.talkgroup).not_recorded = event.reason
            case ev.RecordingClosed():
                self.state(event.talkgroup).not_recorded = None
            case ev.CallStarted():
                self._calls_up[event.call] = event.talkgroup
            case ev.CallEnded():
                self._calls_up.pop(event.call, None)
            case ev.CallUpdated():
                state = self.state(event.talkgroup)
                if state.call == event.call:
                    state.emergency, state.exercise = event.emergency, event.exercise
            case ev.AlarmRaised():
                self._alarm(event)
            case ev.AlarmEnded():
                self._alarm_ended(event)
            case _:
                pass

    def _link_changed(self, event: ev.LinkChanged) -> None:
        status = self.link(event.link)
        status.told = True
        status.state, status.reason = event.state, event.reason
        status.model = event.model or status.model
        status.firmware = event.firmware or status.firmware
        status.own_number = event.own_number if event.own_number is not None else status.own_number
        status.mode = event.mode or status.mode
        status.registered, status.signal_dbm = event.registered, event.signal_dbm
        status.speed_bps = event.speed_bps or status.speed_bps
        status.capabilities = event.capabilities or status.capabilities
        status.since_utc = event.since_utc or status.since_utc

    def _started(self, event: ev.TransmissionStarted, now: UtcUs) -> None:
        state = self.state(event.talkgroup)
        state.transmission, state.call = event.transmission, event.call
        state.talker, state.alias = event.talker, event.alias
        state.position, state.operator = event.position, event.operator
        state.via = event.patch_label
        state.started_utc = state.since_utc = now
        state.bit_error_rate = None
        self._encryption(state, event)
        state.late_entry, state.emergency = event.late_entry, event.emergency
        state.exercise = event.exercise
        if event.talker is not None:
            state.heard.append((now, event.talker))

    def _updated(self, event: ev.TransmissionUpdated, now: UtcUs) -> None:
        state = self.state(event.talkgroup)
        if state.transmission == event.transmission:
            state.talker, state.alias = event.talker, event.alias
            state.emergency, state.exercise = event.emergency, event.exercise
            self._encryption(state, event)
        if event.talker is not None:
            state.heard.append((now, event.talker))

    @staticmethod
    def _encryption(
        state: TalkgroupState, event: ev.TransmissionStarted | ev.TransmissionUpdated
    ) -> None:
        state.encrypted, state.readable = event.encrypted, event.readable
        state.algorithm, state.key_id = event.algorithm, event.key_id

    def _ended(self, event: ev.TransmissionEnded, now: UtcUs) -> None:
        state = self.state(event.talkgroup)
        if state.transmission != event.transmission:
            return
        state.last = {
            "alias": state.alias,
            "position": state.position,
            "operator": state.operator,
            "via": state.via,
            "ended_utc": now,
            "bit_error_rate": event.bit_error_rate,
        }
        state.transmission = state.call = state.talker = state.position = None
        state.alias = state.operator = state.via = ""
        state.started_utc = None
        state.emergency = state.late_entry = state.encrypted = state.exercise = False
        state.readable = True
        state.algorithm = state.key_id = state.bit_error_rate = None
        state.since_utc = now

    def _alarm(self, event: ev.AlarmRaised) -> None:
        before = self._alarm_talkgroup.get(event.alarm)
        if before is not None and before != event.talkgroup:
            self._alarm_left(event.alarm)
        self._alarm_talkgroup[event.alarm] = event.talkgroup
        if event.talkgroup is not None:
            self.state(event.talkgroup).alarm = event.alarm

    def _alarm_ended(self, event: ev.AlarmEnded) -> None:
        self._alarm_left(event.alarm)

    def _alarm_left(self, alarm_id: AlarmId) -> None:
        talkgroup = self._alarm_talkgroup.pop(alarm_id, None)
        if talkgroup is None:
            return
        others = [alarm for alarm, tg in self._alarm_talkgroup.items() if tg == talkgroup]
        self.state(talkgroup).alarm = others[-1] if others else None

    # ---- rows ----------------------------------------------------------------------------------

    def row(self, talkgroup: Talkgroup, now: UtcUs) -> Row:
        """Return the live part of a talkgroup's row."""
        state = self._states.get(talkgroup.id) or TalkgroupState()
        links = self._plan.links_of.get(talkgroup.id, ())
        up = [link for link in links if self.link(link.id).state == LinkState.UP.value]
        rx, reason = state.rx(), ""
        if not up:
            rx = "offline"
            reason = self.link(links[0].id).reason or "link lost" if links else "no link carries it"
        capabilities = {c for link in links for c in self.link(link.id).capabilities}
        members = Capability.MEMBERS.value in capabilities
        told = any(self.link(link.id).told for link in links)
        return {
            "rx": rx,
            "transmission": state.transmission,
            "call": state.call,
            "talker": state.talker,
            "alias": state.alias,
            "position": state.position,
            "operator": state.operator,
            "via": state.via,
            "started_utc": state.started_utc,
            "last": state.last,
            "emergency": state.emergency,
            "exercise": state.exercise,
            "alarm": state.alarm,
            "reason": reason,
            "since_utc": state.since_utc,
            "encrypted": state.encrypted,
            "algorithm": state.algorithm,
            "key_id": state.key_id,
            "bit_error_rate": state.bit_error_rate,
            "emergency_in": Capability.EMERGENCY_IN.value in capabilities,
            "emergency_ack": Capability.EMERGENCY_ACK.value in capabilities,
            "affiliation": Capability.AFFILIATION.value in capabilities,
            "delivery": Capability.DELIVERY.value in capabilities,
            "capabilities_known": told,
            "members_known": members,
            "heard_last_hour": len({unit for t, unit in state.heard if t > now - HOUR_US}),
            "not_recorded": state.not_recorded,
            "radio_on": self._radio_on(talkgroup, up),
        }

    def _radio_on(self, talkgroup: Talkgroup, up: list[Link]) -> int | None:
        """Return the group the radio is on, when it is none that reaches this talkgroup."""
        statuses = [self.link(link.id) for link in up]
        known = [status for status in statuses if status.group is not None]
        if not known or len(known) < len(statuses):
            return None
        if any(talkgroup.number in (s.group, *s.scanned) for s in known):
            return None
        return known[0].group

    def link_row(self, link: Link) -> dict[str, Any]:
        """Return the row of a link."""
        status = self.link(link.id)
        return {
            "id": link.id,
            "name": link.name,
            "site": link.site,
            "kind": link.kind,
            "state": status.state,
            "reason": status.reason,
            "model": status.model,
            "firmware": status.firmware,
            "signal_dbm": status.signal_dbm,
            "speed_bps": status.speed_bps,
            "mode": status.mode,
            "registered": status.registered,
            "group": status.group,
            "scanned": list(status.scanned),
            "static_groups": [to_json(group) for group in status.static],
            "dynamic_groups": [to_json(group) for group in status.dynamic],
            "own_number": status.own_number or link.own_number,
            "capabilities": list(status.capabilities),
            "nac": nac_of(link),
            "since_utc": status.since_utc,
        }


def nac_of(link: Link) -> int | None:
    """Return the network access code of a base station; of a network behind one it is unknown."""
    return (link.p25 or P25Settings()).nac if link.kind in _WITH_NAC else None

"""Writes into the timeline what linked units and talkgroups do: alarms, statuses, texts, calls.

Words of texts are not copied: the line names the message, which has its own retention and erasure.
Whose line it is goes by who is linked when it happens; a merged incident's go to the target.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from dispatch.events import IncidentMerged, IncidentOpened, IncidentSplit, IncidentUpdated
from dispatch.incidents.life import GOING_ON
from dispatch.incidents.service import Incidents, scope_of
from dispatch.incidents.tables import Incident, IncidentTalkgroup, IncidentUnit
from dispatch.incidents.timeline import line, resolve
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus
from gateway.model import events as ev
from gateway.model.events import Envelope
from gateway.model.ids import TalkgroupId, UnitId
from gateway.model.private_line import is_private

logger = logging.getLogger(__name__)

SETTLE_MS = 200
RETRY_S = 1.0
KEPT_ALARMS = 500
LINKS_CHANGE = frozenset({"talkgroup", "unit", "state", "closed", "merged", "split", "changed"})
WAYS = {
    "sent": "to the radio: sent",
    "confirmed": "to the radio: confirmed",
    "not_sent": "to the radio: not sent",
    "not_possible": "not possible on this link",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line to write, and what it is about."""

    t_utc: int
    kind: str
    text: str
    unit: str | None = None
    talkgroups: tuple[str, ...] = ()
    who: str = ""
    data: dict[str, Any] = field(default_factory=dict)  # JSON values
    on_scene: bool = False
    incidents: frozenset[str] | None = None
    """Set where the incidents are known already (an alarm's)."""


@dataclass(slots=True)
class _Call:
    talkgroup: TalkgroupId
    started_utc: int
    emergency: bool = False
    units: dict[str, str] = field(default_factory=dict)


class IncidentWatch:
    """Listens on the bus and writes lines, a few at a time."""

    def __init__(
        self, *, store: Store, bus: Bus, plan: LivePlan, board: Board, incidents: Incidents
    ) -> None:
        """Subscribe at once, so that nothing before ``run`` is missed."""
        self._store = store
        self._plan = plan
        self._board = board
        self._incidents = incidents
        self._calls: dict[str, _Call] = {}
        self._alarms: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {}
        self._by_unit: dict[str, set[str]] = {}
        self._by_talkgroup: dict[str, set[str]] = {}
        self._stale = True
        self._lines: list[_Line] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._subscription = bus.subscribe("incident-watch", capacity=50_000)

    async def run(self) -> None:
        """Write lines until ``close``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="incident-watch-listen")
            group.create_task(self._write(), name="incident-watch-write")

    async def close(self) -> None:
        """End ``run`` when what waits is written; safe twice."""
        self._closing = True
        self._subscription.close()
        self._wake.set()

    async def _listen(self) -> None:
        async for envelope in self._subscription:
            if isinstance(envelope.event, IncidentUpdated):
                self._stale |= envelope.event.what in LINKS_CHANGE
                continue
            if isinstance(envelope.event, IncidentOpened | IncidentMerged | IncidentSplit):
                self._stale = True
                continue
            made = self._made(envelope)
            if made is not None:
                await self._keep(made)

    async def _keep(self, made: _Line) -> None:
        if self._stale:
            await self._load()
        incidents = made.incidents if made.incidents is not None else self._linked(made)
        if made.kind == "alarm" and "raised" in made.data:
            self._remember(made.data["alarm"], incidents, made.talkgroups)
        if incidents:
            self._lines.append(made)
            self._wake.set()

    def _remember(self, alarm: str, incidents: frozenset[str], talkgroups: tuple[str, ...]) -> None:
        self._alarms[alarm] = (incidents, talkgroups)
        while len(self._alarms) > KEPT_ALARMS:
            self._alarms.pop(next(iter(self._alarms)))

    async def _load(self) -> None:
        """Read which units and talkgroups work on which incidents that go on."""
        self._stale = False

        def work(db: Session) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
            units = select(IncidentUnit.unit, IncidentUnit.incident).where(
                IncidentUnit.incident == Incident.id,
                IncidentUnit.state == "assigned",
                col(Incident.state).in_(GOING_ON),
            )
            groups = select(IncidentTalkgroup.talkgroup, IncidentTalkgroup.incident).where(
                IncidentTalkgroup.incident == Incident.id, col(Incident.state).in_(GOING_ON)
            )
            return list(db.exec(units)), list(db.exec(groups))

        try:
            units, groups = await self._store.read(work)
        except StoreUnavailable:
            self._stale = True
            return
        self._by_unit, self._by_talkgroup = _index(units), _index(groups)

    def _linked(self, made: _Line) -> frozenset[str]:
        found = set(self._by_unit.get(made.unit or "", ()))
        for unit in made.data.get("units", ()):
            found |= self._by_unit.get(unit, set())
        for talkgroup in made.data.get("on", ()):
            found |= self._by_talkgroup.get(talkgroup, set())
        return frozenset(found)

    # ---- from events to lines ------------------------------------------------------------------

    def _made(self, envelope: Envelope) -> _Line | None:
        event, at = envelope.event, envelope.t_utc
        if is_private(getattr(event, "talkgroup", None)):
            return None
        match event:
            case ev.CallStarted():
                call = self._calls[event.call] = _Call(event.talkgroup, at, event.emergency)
                if event.caller:
                    call.units[event.caller] = ""
            case ev.TransmissionStarted() | ev.TransmissionUpdated():
                self._over(event)
            case ev.CallEnded():
                return self._call_line(event, at)
            case ev.AlarmRaised() | ev.AlarmAcknowledged() | ev.AlarmEnded():
                return self._alarm_line(event, at)
            case ev.UnitStatusSet():
                return self._status_line(event, at)
            case ev.MessageReceived() | ev.MessageQueued():
                return self._text_line(event, at)
            case _:
                pass
        return None

    def _over(self, event: ev.TransmissionStarted | ev.TransmissionUpdated) -> None:
        call = self._calls.get(event.call)
        if call is None:
            return
        call.emergency |= event.emergency
        if event.talker:
            call.units[event.talker] = event.alias

    def _call_line(self, event: ev.CallEnded, at: int) -> _Line | None:
        call = self._calls.pop(event.call, None)
        if call is None:
            return None
        names = [alias or self._name(unit) for unit, alias in call.units.items()]
        who = f": {', '.join(names[:6])}" if names else ""
        what = "Emergency call" if call.emergency else "Call"
        seconds = max(1, round((at - call.started_utc) / 1_000_000))
        return _Line(
            t_utc=call.started_utc,
            kind="call",
            text=f"{what} on {self._plan.talkgroup_name(call.talkgroup)}, {seconds} s{who}",
            talkgroups=(call.talkgroup,),
            data={"call": event.call, "on": [call.talkgroup], "units": list(call.units)},
        )

    def _alarm_line(
        self, event: ev.AlarmRaised | ev.AlarmAcknowledged | ev.AlarmEnded, at: int
    ) -> _Line | None:
        if isinstance(event, ev.AlarmRaised):
            return self._raised_line(event, at)
        if event.alarm not in self._alarms:
            return None
        incidents, talkgroups = self._alarms[event.alarm]
        if isinstance(event, ev.AlarmAcknowledged):
            text = f"Emergency acknowledged, {WAYS.get(event.way, event.way)}"
        else:
            text = f"Emergency ended: {event.reason.replace('_', ' ')}"
        return _Line(
            t_utc=at,
            kind="alarm",
            text=text,
            talkgroups=talkgroups,
            who=event.operator,
            data={"alarm": event.alarm},
            incidents=incidents,
        )

    def _raised_line(self, event: ev.AlarmRaised, at: int) -> _Line:
        word = "EXERCISE" if event.exercise else "EMERGENCY"
        if event.no_exercise:
            word = "NO EXERCISE: EMERGENCY"
        name = event.alias or self._name(event.unit)
        where = f" on {self._plan.talkgroup_name(event.talkgroup)}" if event.talkgroup else ""
        again = ", raised again" if event.again else ""
        place = ""
        if event.latitude_deg is not None and event.longitude_deg is not None:
            place = self._incidents.place_of(event.latitude_deg, event.longitude_deg)
        return _Line(
            t_utc=event.t_sign_utc or at,
            kind="alarm",
            text=f"{word} from {name}{where}{again}" + (f", {place}" if place else ""),
            unit=event.unit,
            talkgroups=(event.talkgroup,) if event.talkgroup else self._groups(event.unit),
            data={
                "alarm": event.alarm,
                "raised": True,
                "on": [event.talkgroup] if event.talkgroup else [],
                **({"call": event.call} if event.call else {}),
            },
        )

    def _status_line(self, event: ev.UnitStatusSet, at: int) -> _Line:
        words = event.words or f"status {event.value}"
        return _Line(
            t_utc=at,
            kind="status",
            text=f"{self._name(event.unit)}: {words}",
            unit=event.unit,
            talkgroups=self._groups(event.unit),
            data={"digit": event.digit},
            on_scene=event.words.casefold().startswith("on scene"),
        )

    def _text_line(self, event: ev.MessageReceived | ev.MessageQueued, at: int) -> _Line | None:
        if event.kind != "text":
            return None
        group = (event.talkgroup,) if event.talkgroup else ()
        if isinstance(event, ev.MessageReceived):
            unit, words, who = event.sender, f"Text from {self._name(event.sender)}", ""
        else:
            unit = None if group else UnitId(event.to)
            to = self._plan.talkgroup_name(event.talkgroup) if event.talkgroup else self._name(unit)
            words, who = f"Text to {to}", event.operator
        return _Line(
            t_utc=at,
            kind="text",
            text=words,
            unit=unit,
            talkgroups=group or self._groups(unit),
            who=who,
            data={"message": event.message, "on": list(group)},
        )

    def _name(self, unit: str | None) -> str:
        return self._plan.alias(UnitId(unit)) or unit.partition("/")[2] if unit else "unknown unit"

    def _groups(self, unit: str | None) -> tuple[str, ...]:
        return tuple(sorted(self._board.units.talkgroups_of(unit)))

    # ---- writing -------------------------------------------------------------------------------

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            if not self._closing:
                await asyncio.sleep(SETTLE_MS / 1000)
            self._wake.clear()
            lines, self._lines = self._lines, []
            try:
                told = await self._store.write(lambda db, some=lines: self._put(db, some))  # type: ignore[misc]  # bound now
            except StoreUnavailable as error:
                logger.warning("lines of incidents wait for the database: %s", error)
                self._lines = lines + self._lines
                if self._closing:
                    return
                await asyncio.sleep(RETRY_S)
                self._wake.set()
                continue
            for incident, groups in told:
                self._incidents.tell(incident, "line", groups=groups)
            if self._closing and not self._lines:
                return

    def _put(
        self, db: Session, lines: Iterable[_Line]
    ) -> list[tuple[Incident, tuple[TalkgroupId, ...]]]:
        touched: dict[str, Incident] = {}
        for made in lines:
            wanted = made.incidents if made.incidents is not None else self._linked(made)
            for name in sorted(wanted):
                incident = db.get(Incident, resolve(db, name))
                if incident is None or incident.state not in GOING_ON:
                    continue
                data = {
                    key: value for key, value in made.data.items() if key not in ("on", "raised")
                }
                if made.unit:
                    data["unit"] = made.unit
                data["talkgroups"] = list(made.talkgroups)
                line(db, incident.id, made.t_utc, made.kind, made.who, made.text, data)
                if made.on_scene and made.unit:
                    _arrived(db, incident.id, made.unit, made.t_utc)
                touched[incident.id] = incident
        db.flush()
        return [(row, scope_of(db, row)) for row in touched.values()]


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, incident in pairs:
        found.setdefault(name, set()).add(incident)
    return found


def _arrived(db: Session, incident: str, unit: str, at: int) -> None:
    row = db.get(IncidentUnit, (incident, unit))
    if row is not None and row.state == "assigned" and row.on_scene_utc is None:
        row.on_scene_utc = at
        db.add(row)

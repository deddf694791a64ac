"""Live state of units: status, place, when and where they were last heard."""

from dataclasses import dataclass, field

from dispatch.services.plans import LivePlan
from dispatch.services.rows import Row
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import TalkgroupId, UnitId, UtcUs
from gateway.model.plan import Unit


@dataclass(slots=True)
class UnitInfo:
    """The last that is known of one unit."""

    status: Row | None = None
    position: Row | None = None
    last_heard_utc: int | None = None
    inhibited_utc: int | None = None
    """Since when it is out of service, as its radio confirmed."""
    talkgroup: TalkgroupId | None = None
    heard_on: set[TalkgroupId] = field(default_factory=set)


class UnitBoard:
    """Units of the plan and units that were heard."""

    def __init__(self, plan: LivePlan) -> None:
        """Begin with the plan's units, nothing known of them."""
        self._plan = plan
        self._infos: dict[UnitId, UnitInfo] = {}

    def info(self, unit: UnitId) -> UnitInfo:
        """Return what is known of a unit."""
        return self._infos.setdefault(unit, UnitInfo())

    def known(self) -> list[UnitId]:
        """Return every unit of the plan or heard, the plan's first."""
        return list(dict.fromkeys([*self._plan.units, *self._infos]))

    def heard(self) -> list[UnitId]:
        """Return the units of which more is known than the plan says."""
        return list(self._infos)

    def talkgroups_of(self, unit: str | None) -> frozenset[TalkgroupId]:
        """Return the talkgroups a unit belongs to or was heard on: its sight depends on them."""
        if unit is None:
            return frozenset()
        found = self._plan.units.get(UnitId(unit))
        home = {found.talkgroup} if found and found.talkgroup else set()
        info = self._infos.get(UnitId(unit))
        return frozenset(home | (info.heard_on if info else set()))

    def apply(self, event: Event, now: UtcUs) -> None:
        """Take an event in."""
        match event:
            case ev.TransmissionStarted() | ev.TransmissionUpdated():
                self._heard(event.talker, event.talkgroup, now)
            case ev.AlarmRaised():
                self._heard(event.unit, event.talkgroup, now)
            case ev.MessageReceived():
                self._heard(event.sender, event.talkgroup, now)
            case ev.UnitStatusSet():
                self._heard(event.unit, None, now)
                self.info(event.unit).status = {
                    "value": event.value,
                    "digit": event.digit,
                    "words": event.words,
                    "kind": event.kind,
                    "t_utc": now,
                }
            case ev.UnitPositioned():
                self._heard(event.unit, None, now)
                self.info(event.unit).position = {
                    "latitude_deg": event.latitude_deg,
                    "longitude_deg": event.longitude_deg,
                    "error_m": event.error_m,
                    "age_s": event.age_s,
                    "t_utc": now,
                }
            case _:
                pass

    def _heard(self, unit: UnitId | None, talkgroup: TalkgroupId | None, now: UtcUs) -> None:
        if unit is None:
            return
        info = self.info(unit)
        info.last_heard_utc = now
        if talkgroup is not None:
            info.talkgroup = talkgroup
            info.heard_on.add(talkgroup)

    def inhibited(self, unit: str, since: UtcUs | None) -> None:
        """Note that a radio confirmed an inhibit, or (None) that it is back in service."""
        self.info(UnitId(unit)).inhibited_utc = since

    def row(self, unit: UnitId, visible: frozenset[TalkgroupId]) -> Row:
        """Return the row of a unit; its talkgroup only when it is among ``visible``."""
        planned = self._plan.units.get(unit)
        info = self._infos.get(unit) or UnitInfo()
        talkgroup = info.talkgroup
        if talkgroup not in visible:
            talkgroup = planned.talkgroup if planned and planned.talkgroup in visible else None
        return self._row(unit, planned, info, talkgroup)

    def _row(
        self, unit: UnitId, planned: Unit | None, info: UnitInfo, talkgroup: TalkgroupId | None
    ) -> Row:
        return {
            "id": unit,
            "number": int(unit.partition("/")[2]),
            "alias": planned.alias if planned else self._plan.alias(unit),
            "kind": planned.kind if planned else "",
            "agency_kind": planned.agency_kind if planned else "misc",
            "talkgroup": talkgroup,
            "status": info.status,
            "position": info.position,
            "last_heard_utc": info.last_heard_utc,
            "inhibited_utc": info.inhibited_utc,
        }

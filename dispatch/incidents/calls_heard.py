"""What the bus tells about calls and units in the last half hour, as facts for the score."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from dispatch.incidents.calls_uploaded import UploadedCall, site_of
from dispatch.incidents.suggest import CallFacts, Fix, UnitFacts
from dispatch.services.plans import LivePlan
from dispatch.store.tables import Call, Note, Transmission, UnitPosition
from gateway.model import events as ev
from gateway.model.events import Envelope
from gateway.model.ids import CallId, TalkgroupId, UnitId, UtcUs
from gateway.model.private_line import is_private

KEPT_US = 30 * 60 * 1_000_000
FIXES_KEPT = 200
ON_SCENE_WORDS = "on scene"


@dataclass(slots=True)
class _Heard:
    call: CallId
    talkgroup: TalkgroupId
    start_utc: UtcUs
    end_utc: UtcUs | None = None
    emergency: bool = False
    units: dict[UnitId, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


class CallsHeard:
    """Keeps calls, positions and statuses of the recent past; fed by bus events, in order."""

    def __init__(self, plan: LivePlan) -> None:
        """Begin with nothing heard."""
        self._plan = plan
        self._calls: dict[CallId, _Heard] = {}
        self._tracks: dict[UnitId, deque[Fix]] = {}
        self._on_scene: set[UnitId] = set()

    def take(self, envelope: Envelope) -> str:
        """Take an event; returns call or position when suggestions may change by it."""
        event, at = envelope.event, envelope.t_utc
        match event:
            case ev.CallStarted():
                self._start(event, at)
            case ev.CallUpdated() if event.call in self._calls:
                self._calls[event.call].emergency = event.emergency
            case ev.TransmissionStarted() | ev.TransmissionUpdated():
                self._talker(event)
            case ev.CallEnded() if event.call in self._calls:
                self._calls[event.call].end_utc = at
                return "call"
            case ev.UnitPositioned():
                self._position(event, at)
                return "position"
            case ev.UnitStatusSet():
                there = event.words.casefold().startswith(ON_SCENE_WORDS)
                (self._on_scene.add if there else self._on_scene.discard)(event.unit)
                return "position"
            case _:
                pass
        return ""

    def note(self, call: str, text: str) -> None:
        """Add what a person wrote on a call."""
        heard = self._calls.get(CallId(call))
        if heard is not None:
            heard.texts.append(text)

    def load(self, db: Session, now: UtcUs) -> None:
        """Read the recent past from the store, after a start."""
        since = now - KEPT_US
        for call in db.exec(select(Call).where(col(Call.started_utc) >= since)):
            if is_private(call.talkgroup) or call.uploaded:
                continue
            heard = _Heard(CallId(call.id), TalkgroupId(call.talkgroup), UtcUs(call.started_utc))
            heard.end_utc = UtcUs(call.ended_utc) if call.ended_utc else None
            heard.emergency = call.emergency
            self._calls[heard.call] = heard
        for sent in db.exec(select(Transmission).where(col(Transmission.started_utc) >= since)):
            known = self._calls.get(CallId(sent.call))
            if known is not None and sent.talker and not sent.uploaded:
                known.units[UnitId(sent.talker)] = sent.alias
        for note in db.exec(select(Note).where(col(Note.t_utc) >= since)):
            self.note(note.call, note.text)
        places = select(UnitPosition).where(col(UnitPosition.t_utc) >= since)
        for row in db.exec(places.order_by(col(UnitPosition.t_utc))):
            taken = UtcUs(row.t_utc - (row.age_s or 0) * 1_000_000)
            self._add_fix(
                UnitId(row.unit),
                Fix(
                    t_utc=taken,
                    latitude_deg=row.latitude_deg,
                    longitude_deg=row.longitude_deg,
                    error_m=row.error_m,
                ),
            )

    def forget(self, now: UtcUs) -> None:
        """Drop what is too old to matter."""
        old = [
            call
            for call, heard in self._calls.items()
            if heard.end_utc is not None and now - heard.end_utc > KEPT_US
        ]
        for call in old:
            del self._calls[call]
        for track in self._tracks.values():
            while track and now - track[0].t_utc > KEPT_US:
                track.popleft()

    def facts(self) -> list[CallFacts]:
        """Return all calls as the score needs them."""
        return [self._facts(heard) for heard in self._calls.values()]

    def _start(self, event: ev.CallStarted, at: UtcUs) -> None:
        heard = _Heard(event.call, event.talkgroup, at, emergency=event.emergency)
        if event.caller:
            heard.units[event.caller] = ""
        self._calls[event.call] = heard

    def _talker(self, event: ev.TransmissionStarted | ev.TransmissionUpdated) -> None:
        heard = self._calls.get(event.call)
        if heard is None:
            return
        heard.emergency = heard.emergency or event.emergency
        if event.talker:
            heard.units[event.talker] = event.alias

    def _position(self, event: ev.UnitPositioned, at: UtcUs) -> None:
        taken = UtcUs(at - (event.age_s or 0) * 1_000_000)
        fix = Fix(
            t_utc=taken,
            latitude_deg=event.latitude_deg,
            longitude_deg=event.longitude_deg,
            error_m=event.error_m,
        )
        self._add_fix(event.unit, fix)

    def _add_fix(self, unit: UnitId, fix: Fix) -> None:
        track = self._tracks.setdefault(unit, deque(maxlen=FIXES_KEPT))
        if track and fix.t_utc < track[-1].t_utc:
            ordered = sorted([*track, fix], key=lambda one: one.t_utc)
            track.clear()
            track.extend(ordered)
        else:
            track.append(fix)

    def uploaded(self, calls: Iterable[UploadedCall]) -> list[CallFacts]:
        """Return uploaded calls as the score needs them; where units were is what we know."""
        return [self._uploaded(one) for one in calls if one.talkgroup in self._plan.talkgroups]

    def _facts(self, heard: _Heard) -> CallFacts:
        talkgroup = self._plan.talkgroups.get(heard.talkgroup)
        units = [self._unit(unit, alias) for unit, alias in heard.units.items()]
        return CallFacts(
            call=heard.call,
            talkgroup=heard.talkgroup,
            talkgroup_name=self._plan.talkgroup_name(heard.talkgroup),
            start_utc=heard.start_utc,
            end_utc=heard.end_utc,
            units=(*units, *self._members(heard.talkgroup, heard.units)),
            area=talkgroup.area if talkgroup else (),
            national=talkgroup.national if talkgroup else False,
            emergency=heard.emergency,
            texts=tuple(heard.texts),
        )

    def _uploaded(self, one: UploadedCall) -> CallFacts:
        talkgroup = self._plan.talkgroups[one.talkgroup]
        units = [
            self._unit(unit, f"{alias or self._plan.alias(unit)} (as {one.recorder} tells)")
            for unit, alias in one.units.items()
        ]
        return CallFacts(
            call=one.call,
            talkgroup=one.talkgroup,
            talkgroup_name=self._plan.talkgroup_name(one.talkgroup),
            start_utc=one.start_utc,
            end_utc=one.end_utc,
            units=(*units, *self._members(one.talkgroup, one.units)),
            area=talkgroup.area,
            national=talkgroup.national,
            emergency=one.emergency,
            texts=tuple(one.texts),
            recorder=one.recorder,
            recorder_clock_ms=one.clock_ms,
            site=site_of(self._plan.plan, one),
        )

    def _members(self, talkgroup: TalkgroupId, talked: Mapping[UnitId, str]) -> list[UnitFacts]:
        """Return the units of a group that did not talk."""
        return [
            self._unit(member.id, f"{member.alias} (member of the group)")
            for member in self._plan.members(talkgroup)
            if member.id not in talked
        ]

    def _unit(self, unit: UnitId, alias: str) -> UnitFacts:
        return UnitFacts(
            unit=unit,
            name=alias or self._plan.alias(unit),
            fixes=tuple(self._tracks.get(unit, ())),
            on_scene=unit in self._on_scene,
        )

"""Two incidents become one, a part of one becomes another, and both can be undone.

Theory of operation. A merged incident keeps its number and points on (``merged_into``). What hung
on it moves; its history stays written on it and is shown with the target's. New events of its
cameras follow (``dispatch.incidents.following``). Both rows are locked in the order of their ids
before anything is looked at, so that neither a merge the other way round nor growth comes between.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, select

from dispatch.cameras.event import louder
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.events import IncidentMerged
from dispatch.incidents import moving
from dispatch.incidents.following import locked, offer_same
from dispatch.incidents.life import ACTIVE, GOING_ON, MERGED, NEW, demand_reason
from dispatch.incidents.service import Incidents, scope_of
from dispatch.incidents.tables import Incident, IncidentMerge, IncidentPossiblySame
from dispatch.incidents.timeline import line
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.ids import IncidentId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock

UNDO_WITHIN_US = 24 * 3_600_000_000
"""A merge is undone as a whole within a day; later its parts are split off."""
_WORDS = (("event", "camera event"), ("call", "call"), ("unit", "unit"), ("camera", "camera"))


@dataclass(frozen=True, slots=True)
class Joined:
    """A merge that was made or undone: both incidents and who may know of them."""

    merge: str
    source: Incident
    target: Incident
    source_groups: tuple[TalkgroupId, ...]
    target_groups: tuple[TalkgroupId, ...]


class Joining:
    """Merges incidents and undoes it."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        incidents: Incidents,
    ) -> None:
        """Take the incidents and where to tell."""
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._incidents = incidents

    async def merge(self, source: str, into: str, who: str, reason: str = "") -> str:
        """Merge ``source`` into ``into``; returns the merge's id.

        Raises NotFound, Conflict when either was merged, closed or counts a storm.
        """
        if source == into:
            raise ServiceError("into: an incident is not merged into itself")
        now = self._clock.utc_us()
        merge = "g-" + ulid(now, self._randomness(10))

        def work(db: Session) -> Joined:
            one, two = _pair(db, source, into)
            _demand_joinable(db, one, two)
            row = IncidentMerge(
                id=merge,
                kind="merge",
                source=source,
                target=into,
                by=who,
                at_utc=now,
                reason=reason.strip(),
                before=_fields(two),
            )
            db.add(row)
            db.flush()
            counts = _move_all(db, merge, one, two)
            if two.state == NEW:
                two.state = ACTIVE  # a person works on it
            row.before = {**row.before, "after": _fields(two)}
            one.state_before, one.state, one.merged_into = one.state, MERGED, two.id
            _write_lines(db, (one, two), counts, who, reason.strip(), now)
            return _joined(db, merge, one, two)

        done = await self._store.write(work)
        self._tell(done, who, undone=False)
        return merge

    async def undo(self, source: str, who: str, reason: str) -> str:
        """Undo the merge of ``source``; returns the incident that it had gone into.

        What came to the target since stays there. Raises NotFound, Conflict.
        """
        why = demand_reason(reason, "undoing a merge")
        now = self._clock.utc_us()

        def work(db: Session) -> Joined:
            known = db.get(Incident, source)
            if known is None:
                raise NotFound(f"there is no incident {source}")
            if not known.merged_into:
                raise Conflict(f"{known.label} is not merged")
            one, two = _pair(db, source, known.merged_into)
            row = _standing(db, one, two, now)
            moving.move_back(db, row.id, one.id, two.id)
            row.undone_by, row.undone_utc = who, now
            db.add(row)
            _give_back(one, two, row)
            one.state, one.state_before, one.merged_into = one.state_before, "", None
            data = {"incident": two.id, "state": "undone"}
            line(db, one.id, now, "merged", who, f"Merge into {two.label} undone: {why}", data)
            data = {"incident": one.id, "state": "undone"}
            line(db, two.id, now, "merged", who, f"Merge of {one.label} undone: {why}", data)
            return _joined(db, row.id, one, two)

        done = await self._store.write(work)
        self._tell(done, who, undone=True)
        return done.target.id

    def _tell(self, done: Joined, who: str, *, undone: bool) -> None:
        source, target = done.source, done.target
        self._bus.publish(
            IncidentMerged(
                incident=IncidentId(source.id),
                into=IncidentId(target.id),
                camera_group=source.camera_group,
                by=who,
                undone=undone,
                talkgroups=done.source_groups,
            )
        )
        self._incidents.tell(source, "state", who, groups=done.source_groups)
        self._incidents.tell(target, "merged", who, groups=done.target_groups)
        self._incidents.touched(*([source.id, target.id] if undone else [target.id]))


def _joined(db: Session, merge: str, one: Incident, two: Incident) -> Joined:
    one.version, two.version = one.version + 1, two.version + 1
    db.add(one)
    db.add(two)
    db.flush()
    return Joined(merge, one, two, scope_of(db, one), scope_of(db, two))


def _pair(db: Session, source: str, into: str) -> tuple[Incident, Incident]:
    """Lock both in the order of their ids; raises NotFound."""
    rows = locked(db, (source, into))
    for one in (source, into):
        if one not in rows:
            raise NotFound(f"there is no incident {one}")
    return rows[source], rows[into]


def _demand_joinable(db: Session, source: Incident, target: Incident) -> None:
    for row in (source, target):
        if row.merged_into:
            into = db.get(Incident, row.merged_into)
            name = into.label if into else row.merged_into
            raise Conflict(
                f"{row.label} was merged into {name} already",
                hint=f"Use {name}, or undo that merge first.",
            )
        if row.state not in GOING_ON:
            raise Conflict(f"{row.label} is {row.state}; reopen it first")
        if row.storm:
            raise Conflict(f"{row.label} counts a storm of events and is not merged")
    if source.exercise != target.exercise:
        raise Conflict(
            "an exercise and a live incident are never one",
            hint="Change the mark of one of them first.",
        )


def _fields(row: Incident) -> dict[str, int | str | float | None]:
    return {
        "started_utc": row.started_utc,
        "last_event_utc": row.last_event_utc,
        "severity": row.severity,
        "priority": row.priority,
        "latitude_deg": row.latitude_deg,
        "longitude_deg": row.longitude_deg,
        "place": row.place,
    }


def _move_all(db: Session, merge: str, one: Incident, two: Incident) -> dict[str, int]:
    counts = moving.move_whole(db, merge, one.id, two.id)
    counts["call"] = moving.move_calls(db, merge, one.id, two.id)
    moving.move_hints(db, merge, one.id, two.id)
    counts |= moving.copy_shared(db, merge, one.id, two.id)
    two.event_count += one.event_count
    two.started_utc = min(two.started_utc, one.started_utc)
    two.last_event_utc = max(two.last_event_utc, one.last_event_utc)
    two.severity = louder(two.severity, one.severity)
    two.priority = min(two.priority, one.priority)
    two.has_split = two.has_split or one.has_split
    if two.latitude_deg is None:
        two.latitude_deg, two.longitude_deg = one.latitude_deg, one.longitude_deg
        two.place, two.range_m = two.place or one.place, one.range_m
    pairs = select(IncidentPossiblySame).where(IncidentPossiblySame.incident == one.id)
    for pair in list(db.exec(pairs)):
        if pair.other != two.id and not pair.rejected_by:
            offer_same(db, two.id, pair.other, pair.why, pair.at_utc)
    return counts


def _write_lines(  # noqa: PLR0917  # both rows and what is said of them
    db: Session,
    pair: tuple[Incident, Incident],
    counts: dict[str, int],
    who: str,
    reason: str,
    now: UtcUs,
) -> None:
    one, two = pair
    why = f": {reason}" if reason else ""
    what = [
        f"{counts[kind]} {word}{'' if counts[kind] == 1 else 's'}"
        for kind, word in _WORDS
        if counts.get(kind)
    ]
    brought = f", with {', '.join(what)}" if what else ""
    line(db, one.id, now, "merged", who, f"Merged into {two.label}{why}", {"incident": two.id})
    text = f"{one.label} merged into this{brought}{why}"
    line(db, two.id, now, "merged", who, text, {"incident": one.id})


def _standing(db: Session, source: Incident, target: Incident, now: UtcUs) -> IncidentMerge:
    """Return the merge to undo; raises Conflict when it is too late for that."""
    query = select(IncidentMerge).where(
        IncidentMerge.kind == "merge",
        IncidentMerge.source == source.id,
        IncidentMerge.target == target.id,
        IncidentMerge.undone_utc == None,  # noqa: E711  # SQL's IS NULL
    )
    row = db.exec(query).first()
    if row is None or source.merged_into != target.id:
        raise Conflict(f"{source.label} is not merged into {target.label}")
    if target.state not in GOING_ON:
        raise Conflict(
            f"{target.label} is {target.state} itself", hint="Undo that first, or reopen it."
        )
    if now - row.at_utc > UNDO_WITHIN_US:
        raise Conflict(
            f"{source.label} was merged more than a day ago",
            hint="Split off what does not belong to it instead.",
        )
    return row


def _give_back(one: Incident, two: Incident, row: IncidentMerge) -> None:
    """Give the target back what it was where nothing has changed it since."""
    two.event_count = max(0, two.event_count - one.event_count)
    after = row.before.get("after", {})
    for name, value in after.items():
        if getattr(two, name) == value and name in row.before:
            setattr(two, name, row.before[name])

"""Where a batch of camera events goes after merges and splits, and which incidents lie near.

A grouper lives in another process and goes on naming the incident it opened. When that was merged,
or a part of it was split off, the writer sends the events on, in the same transaction that stores
them. Incidents are locked in the order of their ids, as merges do, so that neither waits for the
other in a ring. A batch that touches neither costs one statement.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.cameras.event import louder
from dispatch.cameras.ingest import Batch, Growth
from dispatch.incidents.geo import distance_m
from dispatch.incidents.growth import insert_new
from dispatch.incidents.life import GOING_ON, MERGED
from dispatch.incidents.tables import (
    Incident,
    IncidentCamera,
    IncidentMerge,
    IncidentMoved,
    IncidentPossiblySame,
)
from dispatch.incidents.timeline import family, resolve
from dispatch.store.engine import Store
from gateway.model.ids import UtcUs

SAME_PLACE_M = 150
SAME_TIME_US = 60_000_000


def locked(db: Session, incidents: Iterable[str]) -> dict[str, Incident]:
    """Lock incidents in the order of their ids and return those that there are, as they are now."""
    query = (
        select(Incident)
        .where(col(Incident.id).in_(sorted(set(incidents))))
        .order_by(col(Incident.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in db.exec(query)}


def send_on(db: Session, batch: Batch) -> None:
    """Send a batch's events to where their incidents are now.

    Safe to do again with the same batch: what was sent on is where it belongs. All rows that are
    written are locked by one statement in the order of their ids, after looking where they are; if
    a merge came between, the locks are let go and it is looked again.
    """
    named = {*batch.growth, *(key[0] for key in batch.storms)}
    named |= {row["incident"] for row in batch.rows if row["incident"]}
    named -= {opening.incident for opening in batch.openings}
    if not named:
        return
    homes, parts = _where(db, named)
    while db.get_bind().dialect.name != "sqlite":  # SQLite has one writer at a time
        hold = db.begin_nested()
        _lock(db, {*homes, *homes.values(), *(t for some in parts.values() for _, t in some)})
        again = _where(db, named)
        if again == (homes, parts):
            hold.commit()
            break
        hold.rollback()
        homes, parts = again
    moved = {old: new for old, new in homes.items() if old != new}
    if moved:
        _redirect(batch, moved)
    for part, splits in parts.items():
        for split in splits:
            _send_part(db, batch, part, split)


def _where(db: Session, named: set[str]) -> tuple[dict[str, str], dict[str, list[tuple[str, str]]]]:
    """Return where each incident is now, and for those with parts split off (split, target)."""
    query = select(Incident.id, Incident.merged_into, Incident.has_split)
    found = list(db.exec(query.where(col(Incident.id).in_(sorted(named)))))
    homes = {one: resolve(db, one) if into else one for one, into, _ in found}
    split = {homes[one] for one, _, has_split in found if has_split}
    moved = [home for one, home in homes.items() if one != home]
    if moved:
        has = select(Incident.id).where(col(Incident.id).in_(moved), col(Incident.has_split))
        split |= set(db.exec(has))
    return homes, {part: _splits_of(db, part) for part in sorted(split)}


def _lock(db: Session, incidents: set[str]) -> None:
    query = select(Incident.id).where(col(Incident.id).in_(sorted(incidents)))
    db.exec(query.order_by(col(Incident.id)).with_for_update()).all()


def _splits_of(db: Session, part: str) -> list[tuple[str, str]]:
    """Return (split, where its part is now) of what was split off from an incident, in order."""
    query = select(IncidentMerge).where(
        IncidentMerge.kind == "split", col(IncidentMerge.source).in_(family(db, part))
    )
    splits = [
        (split.id, resolve(db, split.target))
        for split in db.exec(query.order_by(col(IncidentMerge.id)))
    ]
    return [(split, target) for split, target in splits if target != part]


def _redirect(batch: Batch, moved: dict[str, str]) -> None:
    for row in [*batch.rows, *batch.pictures]:
        row["incident"] = moved.get(row["incident"], row["incident"])
    for old, new in moved.items():
        growth = batch.growth.pop(old, None)
        if growth is not None:
            _add(batch.grow(new), growth)
    storms: Counter[tuple[str, str, str]] = Counter()
    for (incident, camera, reason), events in batch.storms.items():
        storms[moved.get(incident, incident), camera, reason] += events
    batch.storms = storms


def _add(to: Growth, more: Growth) -> None:
    to.events += more.events
    to.storm_events += more.storm_events
    to.last_event_utc = max(to.last_event_utc, more.last_event_utc)
    to.severity = louder(to.severity, more.severity)


def object_key(source: str, src_event_id: str) -> str:
    """Return how a moved object of a source is named: its later messages follow it."""
    return f"{source} {src_event_id}"


def _send_part(db: Session, batch: Batch, part: str, split: tuple[str, str]) -> None:
    """Send events of cameras and objects that were split off to where these are now."""
    moved = select(IncidentMoved).where(IncidentMoved.merge == split[0])
    what = [(row.kind, row.object) for row in db.exec(moved)]
    cameras = {name for kind, name in what if kind == "camera"}
    objects = {name for kind, name in what if kind == "object"}
    ours = [
        row
        for row in batch.rows
        if row["incident"] == part
        and (row["camera"] in cameras or object_key(row["source"], row["src_event_id"]) in objects)
    ]
    for row in ours:
        _send_row(batch, row, split[1])


def _send_row(batch: Batch, row: dict[str, Any], target: str) -> None:
    batch.grow(row["incident"]).events -= 1
    last, severity = row["t_event_utc"], row["severity"]
    _add(batch.grow(target), Growth(events=1, last_event_utc=last, severity=severity))
    row["incident"] = target


def note_cameras(db: Session, batch: Batch) -> None:
    """Note which cameras have seen something of which incident."""
    pairs = {
        (row["incident"], row["camera"]): row["t_recv_utc"]
        for row in batch.rows
        if row["incident"] and row["camera"]
    }
    insert_new(
        db,
        IncidentCamera,
        [
            {"incident": incident, "camera": camera, "state": "seen", "by": "", "at_utc": at}
            for (incident, camera), at in sorted(pairs.items())
        ],
    )


def find_neighbours(db: Session, incident: Incident) -> None:
    """Offer incidents within 150 m and 60 s as possibly the same."""
    if incident.latitude_deg is None or incident.longitude_deg is None:
        return
    near = select(Incident).where(
        col(Incident.state).in_(GOING_ON),
        Incident.id != incident.id,
        Incident.exercise == incident.exercise,
        col(Incident.storm).is_(False),
        col(Incident.last_event_utc) >= incident.started_utc - SAME_TIME_US,
        col(Incident.started_utc) <= incident.last_event_utc + SAME_TIME_US,
        col(Incident.latitude_deg).is_not(None),
    )
    for other in db.exec(near):
        if other.latitude_deg is None or other.longitude_deg is None:
            continue
        apart = distance_m(
            incident.latitude_deg,
            incident.longitude_deg,
            other.latitude_deg,
            other.longitude_deg,
        )
        if apart <= SAME_PLACE_M:
            later = abs(incident.started_utc - other.last_event_utc) // 1_000_000
            why = f"{apart:.0f} m apart, {later} s apart"
            offer_same(db, incident.id, other.id, why, incident.opened_utc)


def offer_same(db: Session, one: str, two: str, why: str, at_utc: int) -> None:
    """Offer two incidents as possibly the same, both ways, unless that was done before."""
    for incident, other in ((one, two), (two, one)):
        if db.get(IncidentPossiblySame, (incident, other)) is None:
            db.add(IncidentPossiblySame(incident=incident, other=other, why=why, at_utc=at_utc))


async def open_groups(store: Store, source: str, since: UtcUs) -> list[dict[str, Any]]:
    """Return what a grouper adopts after a restart: incidents of a source still going on.

    A merged one is adopted under its own id; what comes for it is sent on.
    """

    def work(db: Session) -> list[dict[str, Any]]:
        found = db.exec(
            select(Incident).where(
                Incident.source == source,
                col(Incident.state).in_([*GOING_ON, MERGED]),
                col(Incident.storm).is_(False),
                col(Incident.last_event_utc) >= since,
            )
        )
        return [
            {
                "incident": row.id,
                "camera": row.camera or "",
                "zones": list(row.zones),
                "last": row.last_event_utc,
            }
            for row in found
        ]

    return await store.read(work)

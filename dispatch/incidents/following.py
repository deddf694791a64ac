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


def _links(db: Session, incidents: Iterable[str]) -> dict[str, tuple[str | None, bool]]:
    """Lock incidents; returns what each was merged into and whether parts were split off."""
    query = (
        select(Incident.id, Incident.merged_into, Incident.has_split)
        .where(col(Incident.id).in_(sorted(incidents)))
        .order_by(col(Incident.id))
        .with_for_update()
    )
    return {one: (into, split) for one, into, split in db.exec(query)}


def send_on(db: Session, batch: Batch) -> None:
    """Send a batch's events to where their incidents are now.

    Safe to do again with the same batch: what was sent on is where it belongs.
    """
    named = {*batch.growth, *(key[0] for key in batch.storms)}
    named |= {row["incident"] for row in batch.rows if row["incident"]}
    named -= {opening.incident for opening in batch.openings}
    if not named:
        return
    links = _links(db, named)
    homes = {one: resolve(db, one) for one, (into, _) in links.items() if into}
    while homes:
        links |= _links(db, homes.values())
        again = {one: resolve(db, home) for one, home in homes.items() if links[home][0]}
        _redirect(batch, homes | again)
        homes = again
    parts = [one for one, (_, split) in links.items() if split]
    if parts:
        _links(db, _send_to_splits(db, batch, parts))


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


def _send_to_splits(db: Session, batch: Batch, parts: list[str]) -> set[str]:
    """Send events of cameras and objects that were split off; returns the incidents they go to."""
    targets: set[str] = set()
    for part in parts:
        query = select(IncidentMerge).where(
            IncidentMerge.kind == "split", col(IncidentMerge.source).in_(family(db, part))
        )
        for split in db.exec(query.order_by(col(IncidentMerge.id))):
            target = resolve(db, split.target)
            if target != part and _send_part(db, batch, part, (split.id, target)):
                targets.add(target)
    return targets


def _send_part(db: Session, batch: Batch, part: str, split: tuple[str, str]) -> bool:
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
    return bool(ours)


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

"""Claims of identity as candidates: made from events, hidden until confirmed, shown when they are.

Pure of any person's acts; those are in ``review``.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.cameras.event import DEFAULT_THRESHOLDS, IDENTITY, Thresholds
from dispatch.incidents.tables import ClaimHit, Incident, IncidentTimeline
from dispatch.oversight.identity import may_claim, watched
from dispatch.oversight.tables import WatchEntry
from gateway.model.ids import UtcUs

REVIEW_US = 30 * 60 * 1_000_000
NEEDED = {"face": 2, "name": 2, "plate": 1}
"""Confirmations by different people. A name may be a recognised face: as strict as one."""
UNREVIEWED, CONFIRMED, REJECTED, EXPIRED = "unreviewed", "confirmed", "rejected", "expired"
CATEGORIES = ("suspect", "victim", "witness", "other", "unknown")
"""Of persons (LED Art. 6): said by people, never by a machine."""
UNKNOWN = "unknown"
Row = dict[str, Any]
"""A JSON object of the API, or the values of a row."""


def record_hits(
    db: Session,
    rows: Iterable[Row],
    make_id: Callable[[UtcUs], str],
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> int:
    """Make a candidate of each claim of identity above its threshold, the best per object.

    ``rows`` are values of ``camera_event``. Returns how many are new.
    """
    new = 0
    for row in rows:
        for claim in row["claims"]:
            if claim["type"] in IDENTITY and row["incident"]:
                new += _record(db, row, claim, make_id, thresholds)
    return new


def _record(
    db: Session,
    row: Row,
    claim: Row,
    make_id: Callable[[UtcUs], str],
    thresholds: Thresholds,
) -> int:
    score, threshold = claim["score"], thresholds.of(claim["type"])
    if score is not None and threshold is not None and score < threshold:
        return 0
    known = db.exec(
        select(ClaimHit).where(
            ClaimHit.source == row["source"],
            ClaimHit.src_event_id == row["src_event_id"],
            ClaimHit.type == claim["type"],
            ClaimHit.value == claim["value"],
        )
    ).first()
    if known is not None:
        if known.state == UNREVIEWED and (score or 0) > (known.score or 0):
            known.score, known.event = score, row["id"]
            db.add(known)
        return 0
    now = UtcUs(row["t_recv_utc"])
    if not may_claim(db, row["source"], claim["type"], now):
        return 0
    incident = db.get(Incident, row["incident"])
    listed = watched(db, claim["type"], claim["value"], now)
    entry = db.get(WatchEntry, listed) if listed else None
    hit = ClaimHit(
        id=make_id(now),
        incident=row["incident"],
        event=row["id"],
        source=row["source"],
        src_event_id=row["src_event_id"],
        camera=row["camera"],
        camera_group=incident.camera_group if incident else "",
        type=claim["type"],
        value=claim["value"],
        score=score,
        threshold=threshold,
        reference_list=listed,
        category=entry.category if entry else UNKNOWN,
        made_utc=now,
        expires_utc=now + REVIEW_US,
    )
    db.add(hit)
    db.flush()
    add_line(db, hit.incident, now, "", f"Candidate {hit.type}, to be reviewed", hit)
    return 1


def in_words(hit: ClaimHit) -> str:
    """Return what became of a candidate, without what it names."""
    who = f", {category_words(hit.category)}" if hit.state == CONFIRMED else ""
    return f"Candidate {hit.type} {hit.state}{who}"


def category_words(category: str) -> str:
    """Return the category of persons as it is shown; that it is unknown is shown too."""
    return "category of person unknown" if category == UNKNOWN else f"category of person {category}"


def add_line(db: Session, incident: str, now: int, who: str, text: str, hit: ClaimHit) -> None:  # noqa: PLR0917  # the row's columns
    """Write a line of the timeline; it never says whom the candidate names."""
    data = {"hit": hit.id, "state": hit.state}
    line = IncidentTimeline(
        incident=incident, t_utc=now, kind="claim", who=who, text=text, data=data
    )
    db.add(line)


def hits_of(db: Session, incident: str) -> dict[tuple[str, str], ClaimHit]:
    """Return the candidates of an incident by (type, value); one that was confirmed wins."""
    hits: dict[tuple[str, str], ClaimHit] = {}
    for hit in db.exec(select(ClaimHit).where(ClaimHit.incident == incident)):
        known = hits.get((hit.type, hit.value))
        if known is None or hit.state == CONFIRMED:
            hits[hit.type, hit.value] = hit
    return hits


def confirmed(db: Session, incident: str) -> list[Row]:
    """Return the confirmed claims of an incident: all that may leave it."""
    query = select(ClaimHit).where(ClaimHit.incident == incident, ClaimHit.state == CONFIRMED)
    return [
        {
            "type": hit.type,
            "value": hit.value,
            "camera": hit.camera,
            "by": hit.decided_name,
            "category": hit.category,
        }
        for hit in db.exec(query.order_by(col(ClaimHit.made_utc)))
    ]


def confirmed_plates(db: Session, incidents: list[str]) -> list[tuple[str, str]]:
    """Return (incident, plate) of the confirmed plates of these incidents, oldest first."""
    query = select(ClaimHit.incident, ClaimHit.value).where(
        col(ClaimHit.incident).in_(incidents),
        ClaimHit.state == CONFIRMED,
        ClaimHit.type == "plate",
    )
    return list(db.exec(query.order_by(col(ClaimHit.made_utc))))


def masked(claims: list[Row], hits: dict[tuple[str, str], ClaimHit]) -> list[Row]:
    """Return claims as everybody may see them; ``hits`` by (type, value) of the incident.

    Identity is shown when confirmed; a generated description when it names nobody unconfirmed.
    """
    hidden = [value.casefold() for (_, value), hit in hits.items() if hit.state != CONFIRMED]
    shown = []
    for claim in claims:
        if claim["type"] in IDENTITY:
            hit = hits.get((claim["type"], claim["value"]))
            status = hit.state if hit else "below threshold"
            if hit is not None and status == CONFIRMED:
                shown.append({**claim, "status": status, "category": hit.category})
            else:
                shown.append(
                    {"type": claim["type"], "value": None, "score": None, "status": status}
                )
            continue
        names_someone = any(value and value in claim["value"].casefold() for value in hidden)
        shown.append(
            {
                **claim,
                "value": None if names_someone else claim["value"],
                "status": "withheld until review" if names_someone else "machine-made",
            }
        )
    return shown

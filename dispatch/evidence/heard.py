"""Reads from the call table what was said in what is asked for, recorded or not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from dispatch.evidence.selection import Selection
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from dispatch.uploads.rows import RECEIVED
from gateway.model.plan import Plan

ENDINGS = {"opus": "opus", "gain": "gain", "raw": "raw.opus", "frames": "frames"}
"""Kind of a recording's file and the ending of its name in the package."""
MAX_RECORDINGS = 10_000
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Heard:
    """All overs of a selection, their calls and their files."""

    rows: list[Transmission]
    calls: dict[str, Call | None]
    files: dict[str, list[RecordingFileRow]]


def heard(
    db: Session, selection: Selection, plan: Plan, may_export: Callable[[Transmission], bool]
) -> Heard:
    """Return what was said; only overs that the asker may export are seen."""
    if not selection.sound:
        return Heard([], {}, {})
    rows = [row for row in _transmissions(db, selection, plan) if may_export(row)]
    return Heard(
        rows=rows,
        calls={row.call: db.get(Call, row.call) for row in rows},
        files=_files(db, [row.id for row in rows]),
    )


def moment(utc_us: int) -> datetime:
    """Return UTC microseconds as a time."""
    return datetime.fromtimestamp(utc_us / 1_000_000, UTC)


def _transmissions(db: Session, selection: Selection, plan: Plan) -> list[Transmission]:
    query = select(Transmission).where(
        Transmission.started_utc >= selection.start_utc,
        Transmission.started_utc < selection.end_utc,
    )
    if selection.calls:
        query = query.where(col(Transmission.call).in_(selection.calls))
    else:
        query = query.where(col(Transmission.talkgroup).in_(selection.talkgroups))
    if selection.units:
        query = query.where(col(Transmission.talker).in_(selection.units))
    if selection.sites:
        links = [str(link.id) for link in plan.links if str(link.site) in selection.sites]
        query = query.where(col(Transmission.link).in_(links))
    ordered = query.order_by(col(Transmission.started_utc), col(Transmission.id))
    return list(db.exec(ordered.limit(MAX_RECORDINGS)))


def _files(db: Session, ids: Iterable[str]) -> dict[str, list[RecordingFileRow]]:
    found: dict[str, list[RecordingFileRow]] = {}
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        query = select(RecordingFileRow).where(col(RecordingFileRow.transmission).in_(part))
        for row in db.exec(query):
            if row.kind in ENDINGS or row.kind == RECEIVED:
                found.setdefault(row.transmission, []).append(row)
    return {over: _as_received(rows) for over, rows in found.items()}


def _as_received(rows: list[RecordingFileRow]) -> list[RecordingFileRow]:
    """Return the files that are evidence: of what was uploaded only the file as it came."""
    received = [row for row in rows if row.kind == RECEIVED]
    return received or rows

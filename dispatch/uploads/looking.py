"""What is shown of uploads: at a call, at an over, and for the engineer."""

import json
from collections.abc import Iterable

from sqlmodel import Session, col, select

from dispatch.services.rows import Row
from dispatch.uploads.counting import TAKEN, UploadCounts, stored_counts
from dispatch.uploads.rows import FIELDS, METADATA, READY, UNPLAYABLE, fields_bytes
from dispatch.uploads.tables import Upload, UploadKey, UploadOver

AT_ONCE = 500
WORDS = {"waiting": "the listening copy is being made", "ready": ""}


def sources_of(db: Session, call: str) -> list[Row]:
    """Return every recording of a call that recorders uploaded, the one that is shown first."""
    rows = db.exec(select(Upload).where(Upload.call == call).order_by(col(Upload.received_utc)))
    found = [source_row(row) for row in rows]
    return sorted(found, key=lambda one: not one["main"])


def source_row(row: Upload) -> Row:
    """Return one received recording as it is shown."""
    details = json.loads(row.details) if row.details else {}
    return {
        "id": row.id,
        "recorder": row.recorder,
        "family": row.family,
        "client": row.client,
        "started_utc": row.started_utc,
        "received_utc": row.received_utc,
        "offset_ms": row.offset_ms,
        "told_ms": row.told_ms,
        "length_ms": row.length_ms,
        "main": row.main,
        "errors": row.errors,
        "sha256": row.sha256,
        "fields_sha256": row.fields_sha256,
        "size_bytes": row.size_bytes,
        "ending": row.ending,
        "state": row.state,
        "reason": row.reason,
        "details": {name: value for name, value in details.items() if name != FIELDS},
    }


def why_silent(db: Session, overs: Iterable[str]) -> dict[str, str]:
    """Return, of overs that were uploaded and cannot be heard now, why not."""
    wanted, found = sorted(set(overs)), dict[str, str]()
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        rows = db.exec(
            select(UploadOver.transmission, Upload.state, Upload.reason)
            .join(Upload, col(Upload.id) == col(UploadOver.upload))
            .where(col(UploadOver.transmission).in_(part))
        )
        found |= {over: words for over, state, reason in rows if (words := _words(state, reason))}
    return found


def _words(state: str, reason: str) -> str:
    if state == UNPLAYABLE:
        return f"kept as received, cannot be played: {reason}"
    if state == METADATA:
        return reason
    return "" if state == READY else WORDS.get(state, "")


def forget(db: Session, calls: Iterable[str]) -> None:
    """Blank what was told of calls that are being erased: names, units, fields."""
    for row in db.exec(select(Upload).where(col(Upload.call).in_(list(calls)))):
        row.details, row.fields_sha256, row.client = "{}", "", ""
        db.add(row)


def received_fields(row: Upload) -> bytes:
    """Return the fields as they came, the bytes that ``fields_sha256`` is of."""
    return fields_bytes(json.loads(row.details).get(FIELDS, {}))


def key_rows(db: Session) -> list[Row]:
    """Return all keys with their counters, those in use first."""
    counts = stored_counts(db)
    rows = db.exec(select(UploadKey).order_by(col(UploadKey.made_utc)))
    found = [_key_row(row, counts.get(row.id, {})) for row in rows]
    return sorted(found, key=lambda one: one["revoked_utc"] is not None)


def _key_row(row: UploadKey, counts: Row) -> Row:
    return {
        "id": row.id,
        "name": row.name,
        "system": row.system,
        "short_name": row.short_name,
        "told_system": row.told_system,
        "talkgroups": json.loads(row.talkgroups),
        "blocked": json.loads(row.blocked),
        "made_by": row.made_by,
        "made_utc": row.made_utc,
        "revoked_by": row.revoked_by,
        "revoked_utc": row.revoked_utc,
        "last_utc": row.last_utc,
        "lag_ms": row.lag_ms,
        "offset_ms": row.offset_ms,
        "offset_utc": row.offset_utc,
        **split_counts(counts),
    }


def split_counts(counts: Row) -> Row:
    """Return counters as taken and refused, each by its name."""
    return {
        "taken": {name: one for name, one in counts.items() if name in TAKEN},
        "refused": {name: one for name, one in counts.items() if name not in TAKEN},
    }


def recent_rows(counts: UploadCounts) -> list[Row]:
    """Return the last refusals, newest first."""
    return [
        {
            "t_utc": one.t_utc,
            "key": one.key,
            "recorder": one.recorder,
            "reason": one.reason,
            "talkgroup": one.talkgroup,
            "address": one.address,
        }
        for one in counts.recent
    ]


def unknown_talkgroups(db: Session, known: Iterable[str], limit: int = 50) -> list[str]:
    """Return talkgroups that calls were uploaded for and that the plan does not know."""
    found = set(db.exec(select(Upload.talkgroup).distinct()))
    return sorted(found - set(known))[:limit]

"""Finds the call that an upload belongs to, and writes it there. Runs in the writer's thread.

The same call comes from several recorders, and our own links may have heard it too. What starts
within five seconds on the same talkgroup is one call: every recording stays, as a further source,
and the best one is shown. Our own recording always is the one that is shown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, insert
from sqlmodel import Session, SQLModel, col, or_, select

from dispatch.services.plans import LivePlan
from dispatch.store.engine import wrote
from dispatch.store.tables import Call, Transmission
from dispatch.uploads.counting import DUPLICATE, JOINED, METADATA, NEW
from dispatch.uploads.received import US_PER_MS
from dispatch.uploads.rows import METADATA as ONLY_METADATA
from dispatch.uploads.rows import UNPLAYABLE as CANNOT_PLAY
from dispatch.uploads.rows import (
    Arriving,
    file_rows,
    lengthen,
    new_call,
    over_rows,
    overs_of,
    place_rows,
    upload_row,
)
from dispatch.uploads.tables import Upload, UploadKey, UploadOver

WINDOW_US = 5_000_000
SAME_RECORDER_US = 1_000_000
"""One recorder's calls that start further apart than this are two, however short they are."""
LONGEST_CALL_US = 3600 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of an upload."""

    outcome: str
    call: str
    overs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Place:
    """The call to join. ``offset_ms``: our start less that of what it was found by."""

    call: Call
    offset_ms: int | None
    own: bool
    """Whether our own links heard the call."""
    measured: bool = False
    """Whether the offset is to an over of our own, by our own clock."""


def take(db: Session, arriving: Arriving, plan: LivePlan, new_id: Callable[[str], str]) -> Taken:
    """Write an upload, alone or into a call that is there already; the same one twice once."""
    with db.no_autoflush:  # nothing that waits to be written is asked for here
        near = _near_uploads(db, arriving)
        known = _the_same(arriving, near)
        if known is not None:
            return Taken(outcome=DUPLICATE, call=known.call)
        place = _own_place(db, arriving) or _uploaded_place(db, arriving, near)
    call = place.call if place else new_call(arriving, plan, new_id("c"))
    ids = [new_id("t") for _ in overs_of(arriving.call)]
    overs = over_rows(arriving, call, plan, ids)
    row = upload_row(arriving, call, place.offset_ms if place else None)
    if place is not None and place.own:
        _beside_own(db, row, overs)
    rows = [*overs, row, *place_rows(arriving, overs), *file_rows(arriving, overs)]
    _put(db, rows if place else [call, *rows])
    if place is not None:
        lengthen(db, call, arriving)
        settle(db, call)
    _remember(db, arriving, place)
    outcome = METADATA if arriving.no_sound else JOINED if place else NEW
    return Taken(outcome=outcome, call=call.id, overs=tuple(ids))


def _put(db: Session, rows: Sequence[SQLModel]) -> None:
    """Write new rows, a statement a table; the call log finds them when this is committed."""
    tables: dict[type[SQLModel], list[dict[str, Any]]] = {}
    for row in rows:
        values = {name: one for name, one in row.model_dump().items() if name != "id" or one}
        tables.setdefault(type(row), []).append(values)
    for model, of_model in tables.items():
        db.connection().execute(insert(model), of_model)
    wrote(db, rows)


def _near_uploads(db: Session, arriving: Arriving) -> list[Any]:
    """Return what else was uploaded of this talkgroup at this time (columns of ``upload``)."""
    query = select(Upload.call, Upload.key, Upload.started_utc, Upload.sha256).where(
        Upload.talkgroup == arriving.talkgroup,
        *_near(Upload.started_utc, arriving.started_utc, WINDOW_US),
    )
    return list(db.exec(query))


def _the_same(arriving: Arriving, near: Sequence[Any]) -> Any | None:
    """Return what was uploaded before: the same bytes of the same recorder, sent again.

    Where only metadata are kept, the same start says that it is the same.
    """
    mine = [one for one in near if one.key == arriving.key.id and one.sha256 == arriving.sha256]
    if not arriving.sha256:
        mine = [one for one in mine if one.started_utc == arriving.started_utc]
    return next(iter(mine), None)


def _near(column: Any, at: int, within: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the terms that a time (an attribute of a mapped class) is near another."""
    found = col(column)
    return found >= at - within, found <= at + within


def _own_place(db: Session, arriving: Arriving) -> _Place | None:
    """Return the call of our own links that has an over at this time, or runs at it."""
    at = arriving.started_utc
    overs = db.exec(
        select(Transmission.call, Transmission.started_utc).where(
            Transmission.talkgroup == arriving.talkgroup,
            *_near(Transmission.started_utc, at, WINDOW_US),
            Transmission.uploaded == "",
            col(Transmission.copy_of).is_(None),
            col(Transmission.erased_utc).is_(None),
        )
    )
    nearest = min(overs, key=lambda one: abs(one[1] - at), default=None)
    if nearest is not None:
        call = db.get(Call, nearest[0])
        offset = (at - nearest[1]) // US_PER_MS
        return _Place(call, offset, own=True, measured=True) if call is not None else None
    running = db.exec(
        select(Call)
        .where(
            Call.talkgroup == arriving.talkgroup,
            Call.started_utc <= at,
            Call.started_utc > at - LONGEST_CALL_US,
            or_(col(Call.ended_utc).is_(None), col(Call.ended_utc) >= at),
            Call.uploaded == "",
            col(Call.erased_utc).is_(None),
        )
        .order_by(col(Call.started_utc).desc())
        .limit(1)
    ).first()
    return _Place(running, None, own=True) if running is not None else None


def _uploaded_place(db: Session, arriving: Arriving, near: Sequence[Any]) -> _Place | None:
    """Return the call that another recorder uploaded, or this one from another site."""
    at = arriving.started_utc
    apart = {
        one.call
        for one in near
        if one.key == arriving.key.id and abs(one.started_utc - at) > SAME_RECORDER_US
    }
    fitting = [one for one in near if one.call not in apart]
    for one in sorted(fitting, key=lambda row: abs(row.started_utc - at)):
        call = db.get(Call, one.call)
        if call is not None and call.erased_utc is None:
            return _Place(call, (at - one.started_utc) // US_PER_MS, own=not call.uploaded)
    return None


def _beside_own(db: Session, row: Upload, overs: Sequence[Transmission]) -> None:
    """Hang new overs on those that our own links heard; one that they missed stands by itself."""
    own = db.exec(
        select(Transmission).where(
            Transmission.call == row.call,
            Transmission.uploaded == "",
            col(Transmission.copy_of).is_(None),
        )
    ).all()
    for over in overs:
        over.copy_of = _nearest(over, own, WINDOW_US)
    row.main = any(over.copy_of is None for over in overs)


def settle(db: Session, call: Call) -> None:
    """Let the best recording of a call that only recorders heard be the one that is shown."""
    if not call.uploaded:
        return
    uploads = db.exec(select(Upload).where(Upload.call == call.id)).all()
    if len(uploads) < 2:
        return
    best = max(uploads, key=_worth)
    overs = _overs_of(db, uploads)
    mains = overs[best.id]
    for upload in uploads:
        upload.main = upload is best
        for over in overs[upload.id]:
            over.copy_of = None if upload is best else _nearest(over, mains, None)
            db.add(over)
        db.add(upload)
    call.uploaded = best.recorder
    call.encrypted = all(over.encrypted for over in mains)
    db.add(call)


def _overs_of(db: Session, uploads: Sequence[Upload]) -> dict[str, list[Transmission]]:
    rows = db.exec(
        select(Transmission, UploadOver.upload)
        .join(UploadOver, col(UploadOver.transmission) == col(Transmission.id))
        .where(col(UploadOver.upload).in_([one.id for one in uploads]))
        .order_by(col(Transmission.started_utc))
    )
    found: dict[str, list[Transmission]] = {one.id: [] for one in uploads}
    for over, upload in rows:
        found[upload].append(over)
    return found


def _worth(upload: Upload) -> tuple[int, int, int, int]:
    """Return what makes a recording the better one: it plays, few faults, long, came first."""
    plays = {ONLY_METADATA: 0, CANNOT_PLAY: 1}.get(upload.state, 2)
    length_ms = upload.length_ms or upload.told_ms or 0
    faults = upload.errors * 1000 // max(length_ms, 1000)
    return plays, -faults, length_ms // 100, -upload.received_utc


def _nearest(
    over: Transmission, among: Sequence[Transmission], within_us: int | None
) -> str | None:
    found = min(among, key=lambda one: abs(one.started_utc - over.started_utc), default=None)
    if found is None:
        return None
    if within_us is not None and abs(found.started_utc - over.started_utc) > within_us:
        return None
    return found.id


def _remember(db: Session, arriving: Arriving, place: _Place | None) -> None:
    """Keep at the key when a call came last, how late, and how its clock goes."""
    row = db.get(UploadKey, arriving.key.id)
    if row is None:
        return
    row.last_utc = arriving.received_utc
    row.lag_ms = (arriving.received_utc - arriving.end_utc) // US_PER_MS
    if place is not None and place.measured:
        row.offset_ms, row.offset_utc = place.offset_ms, arriving.received_utc
    db.add(row)

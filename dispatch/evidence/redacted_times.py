"""Turns a time on the clock into the parts of recordings and clips that lie in it."""

from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select

from dispatch.cameras.tables import CameraMedia
from dispatch.errors import ServiceError
from dispatch.evidence.redaction import Part
from dispatch.evidence.shelf import Package
from dispatch.store.tables import Transmission

MS = 1000


def parts_between(
    db: Session, parent: Package, times: Iterable[tuple[int, int]]
) -> tuple[Part, ...]:
    """Return what has to be made unhearable so that nothing of these times (UTC µs) is heard.

    Raises ServiceError when a time ends before it begins, or nothing of the package lies in it.
    """
    found = []
    for start, end in times:
        if end <= start:
            raise ServiceError("redaction: expected a time that ends after it begins")
        inside = [*_overs(db, parent, start, end), *_clips(db, parent, start, end)]
        if not inside:
            raise ServiceError("redaction: nothing that can be heard lies in that time")
        found += inside
    return tuple(found)


def _overs(db: Session, parent: Package, start: int, end: int) -> Iterator[Part]:
    query = select(Transmission).where(
        col(Transmission.id).in_(parent.recordings), Transmission.started_utc < end
    )
    for row in db.exec(query):
        length_ms = max(row.duration_ms, ((row.ended_utc or 0) - row.started_utc) // MS)
        part = _part(row.id, row.started_utc, length_ms, start, end)
        if part is not None:
            yield part


def _clips(db: Session, parent: Package, start: int, end: int) -> Iterator[Part]:
    query = select(CameraMedia).where(
        col(CameraMedia.id).in_(parent.media), CameraMedia.kind == "clip"
    )
    for row in db.exec(query):
        length_ms = row.duration_ms or (row.to_utc - row.from_utc) // MS
        begins = row.from_utc - (row.skew_ms or 0) * MS
        part = _part(row.id, begins, length_ms, start, end) if row.from_utc else None
        if part is not None:
            yield Part(
                object=part.object,
                from_ms=part.from_ms,
                to_ms=part.to_ms,
                picture=False,
                sound=True,
            )


def _part(name: str, begins: int, length_ms: int, start: int, end: int) -> Part | None:
    first = max(0, (start - begins) // MS)
    last = min(length_ms, -(-(end - begins) // MS))
    return Part(object=name, from_ms=first, to_ms=last) if last > first else None

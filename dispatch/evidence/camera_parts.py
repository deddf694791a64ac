"""Stills, clips and messages of cameras for a package, each with where it comes from.

The files are what the source gave, untouched. A message that names a face or plate which nobody
has confirmed stays out: until the review it is a machine's belief (evidence practice, 3).
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.cameras.event import IDENTITY
from dispatch.cameras.media import FETCHED, PARTIAL
from dispatch.cameras.tables import Camera, CameraEvent, CameraMedia, CameraSource
from dispatch.evidence.builder import json_bytes
from dispatch.evidence.draft import Item, Original
from dispatch.evidence.selection import Selection
from dispatch.evidence.verifier.contents import RAW, file_id
from dispatch.incidents.tables import ClaimHit
from dispatch.retention.sealed import SealedFiles
from dispatch.services.rows import Row, as_row

CAMERA = "data/camera/"
MEDIA_TYPE = "media"
STEMS = {"still": "snap", "clip": "clip"}
MAX_MEDIA, MAX_MESSAGES = 1000, 5000
UNCONFIRMED = "it names a face or plate that nobody has confirmed"
_SOURCE_FIELDS = (
    "id", "kind", "source", "camera", "object", "path", "from_utc", "to_utc", "state", "reason",
    "made_by", "made_utc", "done_utc", "tries", "sha256", "size_bytes", "content_type",
    "duration_ms", "remuxed", "why", "how", "skew_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a camera source as it came."""

    event: str
    name: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraParts:
    """What cameras give to a package. ``kept_back``: event ids and why they stay out."""

    items: tuple[Item, ...] = ()
    records: dict[str, bytes]
    messages: tuple[Message, ...] = ()
    kept_back: tuple[tuple[str, str], ...] = ()


def camera_parts(
    db: Session, selection: Selection, access: Access, folder: Path, files: SealedFiles | None
) -> CameraParts:
    """Return stills, clips and messages; only of cameras that the asker may export from."""
    may = _may_export(db, access)
    records: dict[str, bytes] = {}
    items = []
    for row in _media(db, selection):
        if not may(row.camera):
            continue
        place = f"{CAMERA}{file_id(row.id)}/"
        there = row.state in (FETCHED, PARTIAL) and row.file and row.erased_utc is None
        records[f"{place}source.json"] = json_bytes(_source(db, row))
        if there:
            original = Original(
                path=folder / row.file, name=place + _name(row), sha256=row.sha256, files=files
            )
            items.append(Item(type=MEDIA_TYPE, id=row.id, originals=(original,)))
    messages, kept_back = _messages(db, selection, may)
    return CameraParts(
        items=tuple(items),
        records=records,
        messages=tuple(messages),
        kept_back=tuple(kept_back),
    )


def _may_export(db: Session, access: Access) -> Callable[[str], bool]:
    known: dict[str, bool] = {}

    def may(camera: str) -> bool:
        if camera not in known:
            row = db.get(Camera, camera)
            known[camera] = row is None or not row.group or access.camera(Action.EXPORT, row.group)
        return known[camera]

    return may


def _media(db: Session, selection: Selection) -> list[CameraMedia]:
    query = select(CameraMedia).order_by(col(CameraMedia.made_utc), col(CameraMedia.id))
    if selection.cameras:
        # A still has one time; where the source made it at an event's end it has none but its own.
        begin = CameraMedia.from_utc
        end = col(CameraMedia.to_utc)
        inside = (col(begin) < selection.end_utc) & (
            (end > selection.start_utc) | (col(begin) >= selection.start_utc)
        )
        timeless = (col(begin) == 0) & col(CameraMedia.made_utc).between(
            selection.start_utc, selection.end_utc
        )
        query = query.where(col(CameraMedia.camera).in_(selection.cameras), inside | timeless)
        query = query.where((col(begin) != 0) | timeless)
    elif selection.media:
        query = query.where(col(CameraMedia.id).in_(selection.media))
    elif selection.incident and not selection.talkgroups_chosen:
        query = query.where(CameraMedia.incident == selection.incident)
    else:
        return []
    return list(db.exec(query.limit(MAX_MEDIA)))


def _name(row: CameraMedia) -> str:
    _, _, ending = row.file.rpartition(".")
    plain = ending if ending in ("jpg", "png", "webp", "mp4") else "bin"
    return f"{STEMS.get(row.kind, 'file')}.{plain}"


def _source(db: Session, row: CameraMedia) -> Row:
    """Return where a file comes from: how it was fetched, remuxed or not, the clocks."""
    camera, source = db.get(Camera, row.camera), db.get(CameraSource, row.source)
    value = {name: one for name, one in as_row(row).items() if name in _SOURCE_FIELDS}
    skew = row.skew_ms if row.skew_ms is not None else (source.skew_ms if source else None)
    return {
        **value,
        "camera_name": camera.name if camera else "",
        "camera_place": camera.place if camera else "",
        "original": not row.remuxed,
        "clock_skew_ms": skew,
        "clock": "source minus ours, estimated" if skew is not None else "not known",
        "erased_utc": row.erased_utc,
    }


def _messages(
    db: Session, selection: Selection, may: Callable[[str], bool]
) -> tuple[list[Message], list[tuple[str, str]]]:
    if not selection.incident:
        return [], []
    query = select(CameraEvent).where(CameraEvent.incident == selection.incident)
    if selection.cameras:
        query = query.where(col(CameraEvent.camera).in_(selection.cameras))
    elif selection.talkgroups_chosen:
        return [], []
    confirmed = _confirmed(db, selection.incident)
    found: dict[str, Message] = {}
    kept_back = []
    for row in db.exec(query.order_by(col(CameraEvent.t_recv_utc)).limit(MAX_MESSAGES)):
        if not may(row.camera):
            continue
        named = {(one.get("type"), one.get("value")) for one in row.claims}
        if any(kind in IDENTITY and (kind, value) not in confirmed for kind, value in named):
            kept_back.append((row.id, UNCONFIRMED))
            continue
        data = zlib.decompress(row.raw)
        found.setdefault(
            row.raw_sha256,
            Message(
                event=row.id,
                name=f"{RAW}{row.raw_sha256}.{_ending(data)}",
                sha256=row.raw_sha256,
                data=data,
            ),
        )
    return list(found.values()), kept_back


def _confirmed(db: Session, incident: str) -> set[tuple[str, str]]:
    query = select(ClaimHit).where(ClaimHit.incident == incident, ClaimHit.state == "confirmed")
    return {(hit.type, hit.value) for hit in db.exec(query)}


def _ending(data: bytes) -> str:
    start = data.lstrip()[:1]
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(start, "bin")

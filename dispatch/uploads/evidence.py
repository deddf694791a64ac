"""Uploaded recordings as evidence: the bytes as they were received, and what was told with them.

They lie under ``data/raw/``, named by their SHA-256. Of each over a listening copy is made from
them at export; the copy that the player uses stays here.
"""

from collections.abc import Iterable
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.evidence.draft import Original
from dispatch.retention.sealed import SealedFiles
from dispatch.services.rows import Row
from dispatch.store.tables import RecordingFileRow
from dispatch.uploads.looking import received_fields, source_row
from dispatch.uploads.tables import Upload, UploadOver

RAW = "data/raw/"


def received_originals(
    db: Session, kept: RecordingFileRow, recordings: Path, files: SealedFiles | None
) -> list[Original]:
    """Return the received file of an over, and the form it came in."""
    found = db.exec(
        select(Upload, UploadOver)
        .join(UploadOver, col(UploadOver.upload) == col(Upload.id))
        .where(UploadOver.transmission == kept.transmission)
    ).first()
    if found is None:
        return []
    upload, place = found
    sound = Original(
        path=recordings / kept.name,
        name=f"{RAW}{kept.sha256}.{upload.ending}",
        sha256=kept.sha256,
        files=files,
        cut=(place.from_ms, place.to_ms),
    )
    if not upload.fields_sha256:
        return [sound]
    told = received_fields(upload)
    name = f"{RAW}{upload.fields_sha256}.json"
    return [sound, Original(path=Path(name), name=name,
                            sha256=upload.fields_sha256, data=told)]  # fmt: skip


def told_of(db: Session, overs: Iterable[str]) -> dict[str, Row]:
    """Return what a record says of where an over came from, by over."""
    rows = db.exec(
        select(UploadOver, Upload)
        .join(Upload, col(Upload.id) == col(UploadOver.upload))
        .where(col(UploadOver.transmission).in_(list(overs)))
    )
    return {
        place.transmission: {
            **source_row(upload),
            "key": upload.key,
            "from_ms": place.from_ms,
            "to_ms": place.to_ms,
        }
        for place, upload in rows
    }

"""What identity claims may be used: sources of faces that are on, and the watch-list.

Pure queries, so that the ingest of events asks them inside its own transaction.
"""

from sqlmodel import Session, col, select

from dispatch.oversight.tables import FaceSource, WatchEntry

FACES = frozenset({"face", "name"})
"""Claims that may come from a face: a name may be one that was recognised."""


def may_claim(db: Session, source: str, claim_type: str, now: int) -> bool:
    """Whether a claim of this type from this source is used at all."""
    if claim_type not in FACES:
        return True
    row = db.get(FaceSource, source)
    return row is not None and row.expires_utc > now


def watched(db: Session, claim_type: str, value: str, now: int) -> str:
    """Return the id of the entry of the watch-list that a claim meets, an empty text for none."""
    query = select(WatchEntry.id).where(
        WatchEntry.type == claim_type,
        WatchEntry.value == normal(claim_type, value),
        col(WatchEntry.expires_utc) > now,
    )
    return db.exec(query).first() or ""


def normal(claim_type: str, value: str) -> str:
    """Return a value as it is compared: plates without spaces and dashes, all in upper case."""
    words = " ".join(value.upper().split())
    return words.replace(" ", "").replace("-", "") if claim_type == "plate" else words

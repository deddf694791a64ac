"""What lies in which package: when an object is erased, the packages that hold it go with it."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, delete, select

from dispatch.cameras.tables import CameraMedia
from dispatch.errors import Gone
from dispatch.evidence.camera_parts import MEDIA_TYPE
from dispatch.evidence.gather import RECORDING, Gathered
from dispatch.evidence.tables import EvidenceObject
from dispatch.retention.due import INCIDENT
from dispatch.retention.scope import CALL, MEDIA
from dispatch.store.tables import Transmission

IDS_AT_ONCE = 500
Held = tuple[str, str]
"""Type (recording, media, incident) and id."""


def held_in(gathered: Gathered, incident: str) -> list[Held]:
    """Return the objects of a package whose erasure takes the package along."""
    types = (RECORDING, MEDIA_TYPE)
    held = [(item.type, item.id) for item in gathered.items if item.type in types]
    return [*held, (INCIDENT, incident)] if incident else held


def remember(db: Session, package: str, objects: Iterable[Held]) -> None:
    """Keep what lies in a package; raises Gone when some of it was erased while it was built.

    In the writer's thread: an erasure comes before this or after it, never between.
    """
    listed = sorted(set(objects))
    for type_, table in ((RECORDING, Transmission), (MEDIA_TYPE, CameraMedia)):
        ids = [one for name, one in listed if name == type_]
        for at in range(0, len(ids), IDS_AT_ONCE):
            gone = select(table.id).where(
                col(table.id).in_(ids[at : at + IDS_AT_ONCE]), col(table.erased_utc).is_not(None)
            )
            if (one := db.exec(gone.limit(1)).first()) is not None:
                raise Gone(f"evidence: the {type_} {one} was erased while {package} was built")
    db.add_all(EvidenceObject(package=package, type=name, object=one) for name, one in listed)


def packages_with(db: Session, kind: str, ids: Sequence[str]) -> set[str]:
    """Return the packages that hold one of some objects that are being erased, and forget them."""
    type_, held = kind, list(ids)
    if kind == CALL:
        type_ = RECORDING
        held = list(db.exec(select(Transmission.id).where(col(Transmission.call).in_(ids))))
    elif kind not in (MEDIA, INCIDENT):
        return set()
    found: set[str] = set()
    for at in range(0, len(held), IDS_AT_ONCE):
        query = select(EvidenceObject.package).where(
            EvidenceObject.type == type_,
            col(EvidenceObject.object).in_(held[at : at + IDS_AT_ONCE]),
        )
        found |= set(db.exec(query.distinct()))
    if found:
        db.exec(delete(EvidenceObject).where(col(EvidenceObject.package).in_(found)))
    return found

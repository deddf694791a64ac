"""What belongs to a thing or a person: all ids and written forms by which the log names it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from dispatch.cameras.tables import CameraMedia
from dispatch.errors import ServiceError
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Alarm, Call, Message, Transmission
from gateway.model.plan import Plan

KINDS = ("object", "unit", "plate", "name", "number")
"""What can be asked for: an object's id, or a person by radio, plate, name, telephone number."""
MOST_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose or what's trail is asked for."""

    kind: str
    value: str

    @property
    def personal(self) -> bool:
        """Whether the value says something of a person, so that it never stands in clear."""
        return self.kind != "object"

    @property
    def forms(self) -> tuple[str, ...]:
        """Return how the value may have been written when it was logged."""
        words = " ".join(self.value.split())
        close = words.replace(" ", "").replace("-", "")
        forms = [words]
        if self.kind == "plate":
            forms += [words.upper(), close.upper(), close]
        elif self.kind == "number":
            forms += [close, close.removeprefix("+")]
        elif self.kind == "name":
            forms += [words.lower(), words.title()]
        return tuple(dict.fromkeys(form for form in forms if form))


def subject_of(kind: str, value: str) -> Subject:
    """Return a checked subject; raises ServiceError."""
    words = value.strip()
    if kind not in KINDS:
        raise ServiceError(f"expected one of {', '.join(KINDS)}, got {kind!r}")
    if not 0 < len(words) <= MOST_CHARACTERS:
        raise ServiceError(f"expected 1 to {MOST_CHARACTERS} characters, got {len(words)}")
    return Subject(kind, words)


def written_forms(subject: Subject, plan: Plan) -> tuple[str, ...]:
    """Return all forms; of a radio by number or by name, in each system of the plan."""
    if subject.kind != "unit":
        return subject.forms
    words = subject.value
    named = [unit.id for unit in plan.units if unit.alias.casefold() == words.casefold()]
    bare = words.rpartition("/")[2]
    systems = [f"{system.id}/{bare}" for system in plan.systems] if "/" not in words else []
    return tuple(dict.fromkeys([words, bare, *named, *systems]))


def objects_about(db: Session, subject: Subject, forms: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of what belongs to a subject: its calls, recordings, texts, hits."""
    if subject.kind == "object":
        return _family(db, subject.value)
    names = list(forms)
    if subject.kind == "unit":
        return _of_radio(db, names)
    if subject.kind == "number":
        found = db.exec(select(IndividualCall.id).where(col(IndividualCall.digits).in_(names)))
        return _with_recordings(db, list(found))
    hits = db.exec(select(ClaimHit.id).where(col(ClaimHit.value).in_(names)))
    return tuple(hits)


def _of_radio(db: Session, names: list[str]) -> tuple[str, ...]:
    calls = set(db.exec(select(Call.id).where(col(Call.caller).in_(names))))
    calls |= set(db.exec(select(Transmission.call).where(col(Transmission.talker).in_(names))))
    calls |= set(db.exec(select(IndividualCall.id).where(col(IndividualCall.other).in_(names))))
    others = set(db.exec(select(Alarm.id).where(col(Alarm.unit).in_(names))))
    others |= set(
        db.exec(
            select(Message.id).where(
                or_(col(Message.sender).in_(names), col(Message.recipient).in_(names))
            )
        )
    )
    own = db.exec(select(Transmission.id).where(col(Transmission.talker).in_(names)))
    return tuple(sorted(calls | others | set(own)))


def _with_recordings(db: Session, calls: list[str]) -> tuple[str, ...]:
    found = db.exec(select(Transmission.id).where(col(Transmission.call).in_(calls)))
    return tuple(sorted({*calls, *found}))


def _family(db: Session, thing: str) -> tuple[str, ...]:
    """Return an object with what it consists of: a call's recordings, an incident's pictures."""
    if thing.startswith("INC-"):
        found = db.exec(select(Incident.id).where(Incident.label == thing)).first()
        thing = found or thing
    if thing.startswith("c-"):
        return _with_recordings(db, [thing])
    if thing.startswith("i-"):
        media = db.exec(select(CameraMedia.id).where(CameraMedia.incident == thing))
        hits = db.exec(select(ClaimHit.id).where(ClaimHit.incident == thing))
        return (thing, *sorted({*media, *hits}))
    return (thing,)

"""What is asked for: recordings by time, calls, incident or order, and what goes with them.

``resolve`` turns what a person named (an incident, an order, a list of calls) into talkgroups, a
time and calls; it sees only what the asker may export, and an unknown thing looks the same as one
that they may not know of.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlmodel import Session, col, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.cameras.tables import CameraMedia
from dispatch.errors import NotFound, ServiceError
from dispatch.incidents import views
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.retention.scope import CALL, MEDIA, from_json, objects_in
from dispatch.retention.tables import LegalOrder
from dispatch.store.tables import Call
from gateway.model.ids import UtcUs

CONFIRMED = "confirmed"
MAX_CALLS = 5000
NEVER = UtcUs(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for, less what is left out and why. Empty lists mean all."""

    talkgroups: tuple[str, ...] = ()
    start_utc: UtcUs = NEVER
    end_utc: UtcUs = NEVER
    only: tuple[str, ...] = ()
    """Transmissions; empty: all that match."""
    left_out: tuple[tuple[str, str], ...] = ()
    calls: tuple[str, ...] = ()
    """Exactly these calls."""
    units: tuple[str, ...] = ()
    """Overs of these units only."""
    sites: tuple[str, ...] = ()
    """Overs received at these sites only."""
    incident: str = ""
    """Id of an incident: its timeline and messages; alone, its confirmed calls, stills, clips."""
    cameras: tuple[str, ...] = ()
    """Stills and clips of these cameras in the time, with an incident or without."""
    media: tuple[str, ...] = ()
    """Exactly these stills and clips (of an order)."""
    order: str = ""
    """Id of the order that is answered."""
    sound: bool = True
    """False: no recordings, only stills, clips and what is written."""
    desk: bool = False
    """Presses and settings of desks; only where the order names them."""
    cut: bool = False
    """The times were given by a person: the incident's own do not widen them."""
    talkgroups_chosen: bool = False
    """Whether a person named talkgroups (lanes), and not an incident or calls alone."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> "Selection":
        """Return what ``to_json`` wrote."""
        lists = {name: tuple(one) for name, one in value.items() if isinstance(one, list)}
        pairs = tuple((one[0], one[1]) for one in value.get("left_out", ()))
        return cls(**{**value, **lists, "left_out": pairs})


def resolve(db: Session, selection: Selection, access: Access) -> Selection:
    """Return a selection with talkgroups, time and calls named.

    Raises NotFound for what is unknown or not granted, ServiceError for what cannot be.
    """
    selection = replace(selection, talkgroups_chosen=bool(selection.talkgroups))
    if selection.order:
        selection = _of_order(db, selection)
    if selection.desk and not selection.order:
        raise ServiceError(
            "evidence: what desks were set to leaves only when an order names it",
            hint="Name the order whose scope says desk telemetry.",
        )
    if selection.incident:
        selection = _of_incident(db, selection, access)
    if selection.calls:
        selection = _of_calls(db, selection, access)
    if selection.start_utc > selection.end_utc:
        raise ServiceError("evidence: expected from_utc before to_utc")
    if not (selection.talkgroups or selection.cameras or selection.media or selection.incident):
        raise ServiceError("evidence: name talkgroups, calls, cameras, an incident or an order")
    return selection


def _of_order(db: Session, selection: Selection) -> Selection:
    order = db.get(LegalOrder, selection.order)
    if order is None:
        raise NotFound(f"there is no order {selection.order}")
    if order.state == "withdrawn":
        raise ServiceError(f"the order {order.number} was withdrawn")
    scope = from_json(order.scope)
    if selection.desk and not scope.telemetry:
        raise ServiceError(
            f"the order {order.number} does not name desk telemetry",
            hint="What desks were set to leaves only when an order names it.",
        )
    if selection.calls or selection.incident or selection.talkgroups or selection.cameras:
        return selection  # a part of what the order asks for
    found: dict[str, list[str]] = {CALL: [], MEDIA: []}
    for kind, name in objects_in(db, scope):
        if kind in found:
            found[kind].append(name)
    return replace(
        selection,
        talkgroups=scope.talkgroups,
        calls=tuple(dict.fromkeys(found[CALL])),
        media=tuple(dict.fromkeys(found[MEDIA])),
        sound=bool(found[CALL]),
        start_utc=UtcUs(scope.from_utc or 0),
        end_utc=UtcUs(scope.to_utc or 0),
        cut=scope.to_utc is not None,
        talkgroups_chosen=True,
    )


def _of_incident(db: Session, selection: Selection, access: Access) -> Selection:
    """Take the incident's confirmed calls; nothing that a person has not confirmed leaves."""
    views.sheet(db, access, selection.incident)
    incident = db.get(Incident, selection.incident)
    if incident is None:
        raise NotFound(f"there is no incident {selection.incident}")
    links = select(IncidentSuggestion.call).where(
        IncidentSuggestion.incident == incident.id, IncidentSuggestion.state == CONFIRMED
    )
    confirmed = tuple(db.exec(links))
    if selection.calls:
        confirmed = tuple(one for one in selection.calls if one in confirmed)
    if selection.talkgroups or selection.cameras:
        return selection  # lanes were chosen: exactly these, and the incident's own record
    if not confirmed:
        selection = replace(selection, sound=False)
    media = select(CameraMedia).where(CameraMedia.incident == incident.id)
    times = [incident.started_utc, incident.last_event_utc]
    for row in db.exec(media):
        times += [one for one in (row.from_utc, row.to_utc) if one]
    if selection.cut:
        return replace(selection, calls=confirmed)
    return replace(
        selection, calls=confirmed, start_utc=UtcUs(min(times)), end_utc=UtcUs(max(times))
    )


def _of_calls(db: Session, selection: Selection, access: Access) -> Selection:
    """Take talkgroups and times from the calls; those that may not be exported are not known."""
    if len(selection.calls) > MAX_CALLS:
        raise ServiceError(f"evidence: at most {MAX_CALLS} calls in a package")
    rows = db.exec(select(Call).where(col(Call.id).in_(selection.calls)))
    known = {row.id: row for row in rows if access.can_on(Action.EXPORT, row.talkgroup, row.link)}
    named = not (selection.incident or selection.media or selection.order)
    if named and len(known) < len(set(selection.calls)):
        missing = next(one for one in selection.calls if one not in known)
        raise NotFound(f"there is no call {missing}")
    wanted = [one for one in known.values() if _on(selection, one.talkgroup)]
    if selection.cut:
        wanted = [
            one for one in wanted if selection.start_utc <= one.started_utc < selection.end_utc
        ]
    times = [one.started_utc for one in wanted]
    times += [(one.ended_utc or one.started_utc) + 1 for one in wanted]
    if not selection.cut and times:
        if selection.incident:
            times += [selection.start_utc, selection.end_utc]
        selection = replace(selection, start_utc=UtcUs(min(times)), end_utc=UtcUs(max(times)))
    return replace(
        selection,
        calls=tuple(one.id for one in wanted),
        talkgroups=tuple(
            dict.fromkeys([*selection.talkgroups, *(one.talkgroup for one in wanted)])
        ),
    )


def _on(selection: Selection, talkgroup: str) -> bool:
    chosen = selection.talkgroups if not selection.order else ()
    return not chosen or talkgroup in chosen

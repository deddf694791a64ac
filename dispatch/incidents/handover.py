"""An incident as a file for another control room, in the field names of UCRI 2. Pure.

UCRI 2 (PMeV, control room to control room) is what European systems read; the police variant is
used. What has no place there stands under ``samband``. Identity that nobody confirmed never leaves.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from dispatch.cameras.event import read_json
from dispatch.cameras.fields import Json, as_text, inner, names, seconds
from dispatch.cameras.webhook_out import iso
from gateway.model.errors import RemoteError
from gateway.model.ids import UtcUs

MAX_BYTES = 1024 * 1024
MAX_REMARKS = 1000
MAX_REMARK_CHARACTERS = 4000
PERSONS = ("accusedPersons", "victimPersons", "witnesses", "informers", "persons")
VERSION = 1


class BadHandover(RemoteError):
    """A file that is no hand-over of an incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One line of the other room's log."""

    t_utc: UtcUs | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a file says. ``persons``: how many it names; their data stay in the file."""

    shared_id: str
    internal_id: str
    issue: str
    information: str
    start_utc: UtcUs | None
    place: str
    latitude_deg: float | None
    longitude_deg: float | None
    classifications: tuple[str, ...]
    remarks: tuple[Remark, ...]
    persons: int
    severity: str
    origin: str


def read(data: bytes) -> Handover:
    """Read a hand-over, ours or another system's; raises BadHandover."""
    if len(data) > MAX_BYTES:
        raise BadHandover(f"{len(data)} bytes, expected up to {MAX_BYTES}")
    try:
        values = read_json(data)
    except (ValueError, RecursionError) as error:
        raise BadHandover(f"no JSON ({error})") from error
    if not isinstance(values, dict):
        raise BadHandover("expected an object")
    shared = as_text(values.get("sharedIncidentId"))
    issue = as_text(values.get("issue"))
    if not shared:
        raise BadHandover("sharedIncidentId: missing; it tells whether the incident came before")
    location = inner(values, "missionLocation")
    coordinate = inner(location, "coordinate")
    ours = inner(values, "samband")
    severity = as_text(ours.get("severity"))
    return Handover(
        shared_id=shared,
        internal_id=as_text(values.get("internalId")),
        issue=issue or "Incident of another control room",
        information=_long(values.get("additionalInformation")),
        start_utc=seconds(values.get("startTimestamp")),
        place=_place(location),
        latitude_deg=_degrees(coordinate.get("lat"), 90),
        longitude_deg=_degrees(coordinate.get("lon"), 180),
        classifications=names(values.get("classifications")),
        remarks=_remarks(values.get("protocolRemarks")),
        persons=sum(len(found) for key in PERSONS if isinstance(found := values.get(key), list)),
        severity=severity if severity in ("info", "detection", "alert") else "detection",
        origin=as_text(ours.get("origin")),
    )


def _long(value: Any) -> str:
    return value[:MAX_REMARK_CHARACTERS] if isinstance(value, str) else ""


def _degrees(value: Any, limit: int) -> float | None:
    right = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= limit
    return float(value) if right else None


def _place(location: Json) -> str:
    """Return an address in one line: object, street and number, city."""
    address, building = inner(location, "address"), inner(location, "object")
    street = " ".join(filter(None, (as_text(address.get(n)) for n in ("street", "houseNumber"))))
    parts = (as_text(building.get("name")), street, as_text(address.get("city")))
    return ", ".join(part for part in parts if part)


def _remarks(value: Any) -> tuple[Remark, ...]:
    if not isinstance(value, list):
        return ()
    found = [
        Remark(t_utc=seconds(item.get("timestamp")), text=_long(item.get("message")))
        for item in value[:MAX_REMARKS]
        if isinstance(item, dict)
    ]
    return tuple(remark for remark in found if remark.text)


def shared_id_of(origin: str, incident: str) -> str:
    """Return the id under which all rooms know an incident of ours: the same every time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"samband:{origin}/{incident}"))


def write(facts: Json) -> bytes:
    """Return the file of an incident. ``facts``: what ``Exchange`` gathered, confirmed only."""
    values: Json = {
        "sharedIncidentId": facts["shared_id"],
        "internalId": facts["label"],
        "classifications": facts["classifications"],
        "issue": facts["title"],
        "sentByDispatcherAt": iso(facts["now_utc"]),
        "startTimestamp": iso(facts["started_utc"]),
        "protocolRemarks": [
            {
                "timestamp": iso(line["t_utc"]),
                "message": f"{line['text']}{' (' + line['who'] + ')' if line['who'] else ''}",
                "category": "information",
                "silent": True,
            }
            for line in facts["timeline"]
        ],
        "samband": {
            "version": VERSION,
            "origin": facts["origin"],
            "severity": facts["severity"],
            "state": facts["state"],
            "kind": facts["kind"],
            "talkgroups": facts["talkgroups"],
            "confirmedClaims": facts["claims"],
            "confirmedCalls": facts["calls"],
            "media": facts["media"],
        },
    }
    location: Json = {}
    if facts["latitude_deg"] is not None and facts["longitude_deg"] is not None:
        location["coordinate"] = {"lat": facts["latitude_deg"], "lon": facts["longitude_deg"]}
    if facts["place"]:
        location["additionalInformation"] = facts["place"]
    if location:
        values["missionLocation"] = location
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()

"""``data/incident.json``: an incident's timeline, and the links that a person confirmed."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from dispatch.auth.access import Access
from dispatch.evidence.camera_parts import CameraParts
from dispatch.incidents import views
from dispatch.services.rows import Row

NAME = "data/incident.json"
CONFIRMED, LINKED = "confirmed", frozenset({"seen", "linked"})
_HEAD = (
    "id", "label", "title", "kind", "severity", "priority", "state", "exercise", "opened_utc",
    "started_utc", "last_event_utc", "closed_utc", "closed_by", "close_reason", "opened_by",
    "source", "camera", "place", "latitude_deg", "longitude_deg", "zones", "event_count", "storm",
    "storm_events", "skew_ms", "clock_note", "merged_to", "merged_from", "split_of",
    "talkgroups", "units",
)  # fmt: skip


def incident_record(db: Session, access: Access, incident: str) -> Row:
    """Return what is told of an incident; suggestions that nobody confirmed are not in it."""
    sheet = views.sheet(db, access, incident)
    return {
        **{name: sheet[name] for name in _HEAD if name in sheet},
        "timeline": sheet["timeline"],
        "calls": _confirmed(sheet, ("call", "score", "rule", "why", "terms", "by", "at")),
        "cameras": [one for one in sheet.get("cameras", []) if one.get("state") in LINKED],
        "events": [
            {key: value for key, value in one.items() if key != "claims"} | _claims(one)
            for one in sheet["events"]
        ],
        "counted": sheet["counted"],
    }


def _confirmed(sheet: Mapping[str, Any], fields: tuple[str, ...]) -> list[Row]:
    return [
        {name: one[name] for name in fields}
        for one in sheet["suggestions"]
        if one["state"] == CONFIRMED
    ]


def _claims(event: Mapping[str, Any]) -> Row:
    """Return the claims that a person confirmed; of all others only how many there are."""
    claims = event.get("claims", [])
    known = [one for one in claims if one.get("status", one.get("state")) == CONFIRMED]
    return {"claims": known, "claims_not_confirmed": len(claims) - len(known)}


def finished(record: Row, parts: CameraParts, unbound: Mapping[str, str]) -> Row:
    """Return the record with the messages that are in the package, and those that are not."""
    inside = [one for one in parts.messages if one.event not in unbound]
    return {
        **record,
        "messages": [{"event": one.event, "file": one.name} for one in inside],
        "messages_left_out": [
            {"event": event, "why": why} for event, why in (*parts.kept_back, *unbound.items())
        ],
    }

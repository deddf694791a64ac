"""Webhooks to other systems: bodies, signatures and what follows an answer. Pure; time is given.

Standard Webhooks, the same scheme as on the way in. A message keeps its id in every try, so that a
receiver can tell it came before. Identity that no person has confirmed never stands in a body.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.cameras.webhook import SharedSecret, signed_bytes
from dispatch.events import IncidentOpened, IncidentUpdated
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs

WAITING, SENT, DEAD = "waiting", "sent", "dead"
LADDER_S = (5, 30, 120, 600, 3600)
"""After the first, second, … try that failed; then it is dead until a person sends it again."""
MAX_WAIT_S = 3600
"""However long a receiver asks us to wait."""
NEVER_AGAIN = frozenset({400, 404, 405, 409, 410, 413, 415, 422})
"""Answers that no repetition changes."""
PRIVATE_PREFIX = "whsk_"
TYPES = (
    "incident.opened",
    "incident.updated",
    "incident.closed",
    "camera.event",
    "claim.confirmed",
)
TOLD_UPDATES = frozenset({"severity", "talkgroup", "merged", "closed", "state"})
"""Updates of an incident that others are told; the rest is our own business."""


class SigningKey:
    """Our Ed25519 key, written ``whsk_<Base64 of 32 bytes>``; no ``repr`` shows it."""

    def __init__(self, text: str) -> None:
        """Read the key; raises ConfigError on another form."""
        try:
            raw = base64.b64decode(text.strip().removeprefix(PRIVATE_PREFIX), validate=True)
            self._key = Ed25519PrivateKey.from_private_bytes(raw[:32])
        except ValueError as error:
            raise ConfigError("webhook key: expected whsk_<Base64 of 32 bytes>") from error

    def signature(self, signed: bytes) -> str:
        """Return ``v1a,<Base64>`` over the signed bytes."""
        return f"v1a,{base64.b64encode(self._key.sign(signed)).decode()}"

    def __repr__(self) -> str:
        """Hide the key."""
        return "SigningKey(hidden)"


OutKey = SharedSecret | SigningKey


def read_out_keys(text: str) -> tuple[OutKey, ...]:
    """Read a key file: one ``whsec_…`` or ``whsk_…`` a line; each signs every message."""
    keys: list[OutKey] = []
    for line in text.split():
        keys.append(SigningKey(line) if line.startswith(PRIVATE_PREFIX) else SharedSecret(line))
    if not keys:
        raise ConfigError("webhook key file: expected one whsec_… or whsk_… a line, found none")
    return tuple(keys)


def headers(keys: Sequence[OutKey], webhook_id: str, body: bytes, now: UtcUs) -> dict[str, str]:
    """Return the headers of a message; every key signs, so that a receiver may change its own."""
    timestamp = str(now // 1_000_000)
    signed = signed_bytes(webhook_id, timestamp, body)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(key.signature(signed) for key in keys),
        "content-type": "application/json",
        "user-agent": "Samband",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What follows a try. ``next_utc`` 0: nothing more is tried."""

    state: str
    next_utc: int
    error: str = ""


def follow(
    tries: int, status: int, now: UtcUs, *, error: str = "", retry_after: str = ""
) -> Outcome:
    """Return what follows the answer to try number ``tries``; status 0: nobody answered."""
    if 200 <= status < 300:
        return Outcome(state=SENT, next_utc=0)
    words = error or f"the receiver answered {status}"
    if status in NEVER_AGAIN:
        return Outcome(state=DEAD, next_utc=0, error=f"{words}: not to be sent again")
    if tries > len(LADDER_S):
        return Outcome(state=DEAD, next_utc=0, error=f"{words}; given up after {tries} tries")
    pause_s = max(LADDER_S[tries - 1], _asked_s(retry_after))
    return Outcome(state=WAITING, next_utc=now + pause_s * 1_000_000, error=words)


def _asked_s(retry_after: str) -> int:
    if not retry_after.isascii() or not retry_after.isdecimal() or len(retry_after) > 6:
        return 0
    return min(int(retry_after), MAX_WAIT_S)


def iso(at: int) -> str:
    """Return UTC microseconds as ISO 8601 with six decimals and ``Z``."""
    moment = datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def incident_body(event: IncidentOpened | IncidentUpdated, now: UtcUs) -> tuple[str, bytes] | None:
    """Return type and body of an incident's event; None when others are not told."""
    if isinstance(event, IncidentOpened):
        data: dict[str, Any] = {
            "incident": event.incident,
            "label": event.label,
            "title": event.title,
            "kind": event.kind,
            "severity": event.severity,
            "state": event.state,
            "opened": iso(event.opened_utc),
            "camera": event.camera,
            "place": event.place,
            "coordinate": _coordinate(event),
            "storm": event.storm,
        }
        return "incident.opened", _body("incident.opened", now, data)
    if event.what not in TOLD_UPDATES:
        return None
    kind = "incident.closed" if event.what == "closed" else "incident.updated"
    data = {
        "incident": event.incident,
        "label": event.label,
        "title": event.title,
        "severity": event.severity,
        "state": event.state,
        "what": event.what,
    }
    return kind, _body(kind, now, data)


def _coordinate(event: IncidentOpened) -> dict[str, float] | None:
    if event.latitude_deg is None or event.longitude_deg is None:
        return None
    return {"lat": event.latitude_deg, "lon": event.longitude_deg}


def event_body(row: Mapping[str, Any]) -> bytes:
    """Return the body of a camera event (a row of ``camera_event``), without its claims."""
    values = {
        "type": "camera.event",
        "id": row["src_event_id"],
        "time": iso(row["t_event_utc"]),
        "camera": row["camera"],
        "kind": row["kind"],
        "phase": row["phase"],
        "severity": row["severity"],
        "labels": row["labels"],
        "zones": row["zones"],
        "score": row["score"],
        "claims": [],
        "media": {},
        "incident": row["incident"],
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def claim_body(hit: Mapping[str, Any], now: UtcUs) -> bytes:
    """Return the body of a claim that people have confirmed."""
    return _body("claim.confirmed", now, dict(hit))


def _body(kind: str, now: UtcUs, data: Mapping[str, Any]) -> bytes:
    values = {"type": kind, "timestamp": iso(now), "data": data}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()

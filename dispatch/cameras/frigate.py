"""Frigate's MQTT messages and REST events, of all versions seen (0.10 to 0.18), as camera events.

Pure: a topic and its payload in, what it means out. Fields have come and gone in every release, so
each is optional and unknown ones are passed over; a message is refused only when it has no id or
camera. Shapes: Frigate's manual, its 0.18 source and captured messages (docs/standards.md).
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from dispatch.cameras.event import (
    MAX_LIST_ITEMS,
    MAX_NAME_CHARACTERS,
    BadEvent,
    CameraEvent,
    Claim,
    read_json,
)
from gateway.model.ids import UtcUs

FACE_THRESHOLD = 0.9
PLATE_THRESHOLD = 0.85
"""Below these a recognition is noise: Frigate publishes every attempt."""
MAX_PAYLOAD_BYTES = 256 * 1024
MAX_CLAIM_CHARACTERS = 1000
HEALTH_ROLES = frozenset({"detect", "record"})
Json = dict[str, Any]
"""A decoded JSON object; every value is looked at before it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """The source said that it is there, or its last will was sent."""

    online: bool
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraHealth:
    """A role of a camera went on or off line."""

    camera: str
    role: str
    online: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Read and not used; ``reason`` is counted."""

    reason: str


Meaning = CameraEvent | SourceHealth | CameraHealth | Passed


def topics(prefix: str) -> tuple[str, ...]:
    """Return the topics to subscribe to; no topic that carries pictures of people."""
    names = ("available", "reviews", "events", "tracked_object_update", "triggers", "+/status/+")
    return tuple(f"{prefix}/{name}" for name in names)


def read(source: str, prefix: str, topic: str, payload: bytes, now: UtcUs) -> Meaning:
    """Return what a message means; raises BadEvent when it cannot be read."""
    name = topic.removeprefix(f"{prefix}/")
    if name == "available":
        word = payload.decode("ascii", "replace")
        return SourceHealth(online=word == "online", word=word)
    parts = name.split("/")
    if len(parts) == 3 and parts[1] == "status":
        return _camera_health(parts[0], parts[2], payload)
    reader = {
        "reviews": _review,
        "events": _object,
        "tracked_object_update": _tracked,
        "triggers": _trigger,
    }.get(name)
    if reader is None:
        return Passed(reason="other topic")
    return reader(_Message(source, payload, now))


class _Message:
    """A decoded payload with what every event takes from it."""

    def __init__(self, source: str, payload: bytes, now: UtcUs) -> None:
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise BadEvent(f"{source}: {len(payload)} bytes, expected up to {MAX_PAYLOAD_BYTES}")
        try:
            body = read_json(payload)
        except (ValueError, RecursionError) as error:
            raise BadEvent(f"{source}: not JSON ({error})") from error
        if not isinstance(body, dict):
            raise BadEvent(f"{source}: expected an object, got {type(body).__name__}")
        self.source = source
        self.payload = payload
        self.now = now
        self.body: Json = body

    def event(self, values: Json) -> CameraEvent:
        """Make the event of ``values``, with the message's own bytes and times."""
        return CameraEvent(
            source=self.source,
            t_recv_utc=self.now,
            raw=self.payload,
            raw_sha256=hashlib.sha256(self.payload).hexdigest(),
            **values,
        )


def _camera_health(camera: str, role: str, payload: bytes) -> Meaning:
    word = payload.decode("ascii", "replace")
    if role not in HEALTH_ROLES or word not in ("online", "offline"):
        return Passed(reason="status of no interest")
    return CameraHealth(camera=camera, role=role, online=word == "online")


def _after(message: _Message) -> tuple[str, Json]:
    after = message.body.get("after", message.body)
    if not isinstance(after, dict):
        raise BadEvent(f"{message.source}: expected an object in after")
    phase = message.body.get("type", "new")
    if phase not in ("new", "update", "end"):
        raise BadEvent(f"{message.source}: expected type new, update or end, got {phase!r}")
    return phase, after


def _review(message: _Message) -> Meaning:
    phase, after = _after(message)
    data = _inner(after)
    objects = _names(data.get("objects"))
    severity = after.get("severity")
    labels = tuple(dict.fromkeys(label.removesuffix("-verified") for label in objects))
    end = _time(after.get("end_time"))
    start = _time(after.get("start_time"))
    return message.event(
        {
            "src_event_id": _text(message, after, "id"),
            "kind": "review",
            "phase": phase,
            "camera": _text(message, after, "camera"),
            "t_event_utc": (end if phase == "end" else None) or start or message.now,
            "severity": severity if severity in ("alert", "detection") else "info",
            "labels": labels,
            "zones": _names(data.get("zones")),
            "claims": tuple(Claim(type="name", value=n) for n in _names(data.get("sub_labels"))),
            "parts": _names(data.get("detections")),
            "t_fresh_utc": start if phase == "new" else None,
        }
    )


def _object(message: _Message) -> Meaning:
    phase, after = _after(message)
    if after.get("false_positive"):
        return Passed(reason="false positive")
    frame = _time(after.get("frame_time"))
    start, end = _time(after.get("start_time")), _time(after.get("end_time"))
    severity = after.get("max_severity")
    stamp = {"new": start, "update": frame, "end": end}[phase]
    return message.event(
        {
            "src_event_id": _text(message, after, "id"),
            "kind": "object",
            "phase": phase,
            "camera": _text(message, after, "camera"),
            "t_event_utc": stamp or frame or start or message.now,
            "severity": severity if severity in ("alert", "detection") else "detection",
            "labels": _names([after.get("label")]),
            "zones": _names(after.get("entered_zones") or after.get("zones")),
            "score": _score(after.get("top_score", after.get("score"))),
            "claims": object_claims(after),
            "media": _media(after),
            "t_fresh_utc": frame,
        }
    )


def object_claims(after: Json) -> tuple[Claim, ...]:
    """Return name and plate of a tracked object, in the forms of manual, 0.18 source and REST."""
    claims = []
    data = _inner(after)
    name, score = _pair(after.get("sub_label"), data.get("sub_label_score"))
    if name:
        claims.append(Claim(type="name", value=name, score=score))
    plate, score = _pair(
        after.get("recognized_license_plate", data.get("recognized_license_plate")),
        after.get("recognized_license_plate_score", data.get("recognized_license_plate_score")),
    )
    if plate:
        claims.append(Claim(type="plate", value=plate, score=score))
    return tuple(claims)


def _tracked(message: _Message) -> Meaning:
    body = message.body
    kind = body.get("type")
    claim = _tracked_claim(body, str(kind))
    if isinstance(claim, Passed):
        return claim
    camera = body.get("camera")
    return message.event(
        {
            "src_event_id": _text(message, body, "id"),
            "kind": {"face": "face", "lpr": "plate"}.get(str(kind), "object"),
            "phase": "update",
            "camera": camera[:MAX_NAME_CHARACTERS] if isinstance(camera, str) else "",
            "t_event_utc": _time(body.get("timestamp")) or message.now,
            "severity": "info",
            "score": claim.score,
            "claims": (claim,),
        }
    )


def _tracked_claim(body: Json, kind: str) -> Claim | Passed:
    """Return the claim of one recognition; ``_CLAIMS`` says which field, type and threshold."""
    for field, claim_type, threshold in _CLAIMS.get(kind, ()):
        value = body.get(field)
        if not isinstance(value, str) or not value:
            continue
        score = _score(body.get("score"))
        if threshold is not None and (score or 0) < threshold:
            return Passed(reason=f"{kind} below threshold")
        return Claim(type=claim_type, value=value[:MAX_CLAIM_CHARACTERS], score=score)
    return Passed(reason=f"{kind} without a value" if kind in _CLAIMS else "unknown update")


_CLAIMS: dict[str, tuple[tuple[str, str, float | None], ...]] = {
    "face": (("name", "face", FACE_THRESHOLD),),
    "lpr": (("plate", "plate", PLATE_THRESHOLD),),
    "classification": (("sub_label", "name", None), ("attribute", "name", None)),
    "description": (("description", "description", None),),
}


def _trigger(message: _Message) -> Meaning:
    body = message.body
    return message.event(
        {
            "src_event_id": _text(message, body, "event_id"),
            "kind": "object",
            "phase": "update",
            "camera": _text(message, body, "camera"),
            "t_event_utc": message.now,
            "severity": "detection",
            "labels": _names([body.get("name")]),
            "score": _score(body.get("score")),
        }
    )


def rest_event(source: str, payload: bytes, now: UtcUs) -> Meaning:
    """Return an event as Frigate's HTTP interface gives it (plain names, plate under ``data``)."""
    message = _Message(source, payload, now)
    ended = message.body.get("end_time") is not None
    message.body = {"type": "end" if ended else "new", "after": message.body}
    return _object(message)


def _text(message: _Message, values: Json, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARACTERS:
        raise BadEvent(f"{message.source}: expected a text in {name}, got {value!r:.80}")
    return value


def _inner(values: Json) -> Json:
    data = values.get("data")
    return data if isinstance(data, dict) else {}


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        item[:MAX_NAME_CHARACTERS] for item in value[:MAX_LIST_ITEMS] if isinstance(item, str)
    )


def _score(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and 0 <= value <= 1 else None


def _time(value: Any) -> UtcUs | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 4e9:
        return None
    return UtcUs(round(value * 1_000_000))


def _pair(value: Any, score: Any) -> tuple[str, float | None]:
    """Return text and score of ``text``, ``[text, score]`` or null."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        return value[0][:MAX_NAME_CHARACTERS], _score(value[1]) if len(value) > 1 else None
    if isinstance(value, str) and value:
        return value[:MAX_NAME_CHARACTERS], _score(score)
    return "", None


def _media(after: Json) -> dict[str, str]:
    event_id = after.get("id")
    media = {}
    if after.get("has_snapshot"):
        media["snapshot"] = f"api/events/{event_id}/snapshot.jpg"
    if after.get("has_clip"):
        media["clip"] = f"api/events/{event_id}/clip.mp4?padding=10"
    return media

"""Frigate's MQTT messages and REST answers, of all versions seen (0.10 to 0.18), as camera events.

Pure: a topic and its payload in, what it means out. Fields have come, gone and moved in every
release: each is looked for under all its names (``fields``), unknown ones are passed over, and an
unusual message is an event with a note. Only what has neither id nor camera, or is no JSON object,
is ``Unread``. Shapes: Frigate's manual, its 0.18 source and captured messages (docs/standards.md).
"""

import hashlib
import json
from typing import Any

from dispatch.cameras.event import (
    DEFAULT_THRESHOLDS,
    MAX_NAME_CHARACTERS,
    CameraEvent,
    CameraHealth,
    Claim,
    Meaning,
    Passed,
    SourceHealth,
    Thresholds,
    Unread,
    read_json,
)
from dispatch.cameras.fields import (
    Json,
    as_text,
    find_text,
    first_time,
    inner,
    names,
    note,
    score,
    seconds,
)
from gateway.model.ids import UtcUs

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_CLAIM_CHARACTERS = 1000
HEALTH_ROLES = frozenset({"detect", "record"})
VERIFIED = "-verified"
ID_NAMES = ("id", "event_id", "review_id", "eventId", "reviewId", "detection_id")
CAMERA_NAMES = ("camera", "camera_name", "camera_id", "cameraName", "source_camera")
AFTER_NAMES = ("event", "review", "payload", "data")


def topics(prefix: str) -> tuple[str, ...]:
    """Return the topics to subscribe to; no topic that carries pictures of people."""
    wanted = ("available", "reviews", "events", "tracked_object_update", "triggers", "+/status/+")
    return tuple(f"{prefix}/{name}" for name in wanted)


def read(  # noqa: PLR0917  # what a message is
    source: str,
    prefix: str,
    topic: str,
    payload: bytes,
    now: UtcUs,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Meaning:
    """Return what a message means; whatever comes, nothing is raised."""
    name = topic.removeprefix(f"{prefix}/")
    if name == "available":
        word = payload[:40].decode("ascii", "replace")
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
    body = _decoded(payload)
    if isinstance(body, Unread):
        return body
    message = _Message(source, body, payload, now)
    message.thresholds = thresholds
    return reader(message)


def rest_event(source: str, payload: bytes, now: UtcUs) -> Meaning:
    """Return an event as Frigate's HTTP interface gives it (plain names, plate under ``data``)."""
    body = _decoded(payload)
    if isinstance(body, Unread):
        return body
    return _object(_Message(source, {"type": _rest_phase(body), "after": body}, payload, now))


def rest_reviews(source: str, payload: bytes, now: UtcUs) -> list[Meaning]:
    """Return the reviews of ``GET /api/review``: what was missed while nobody listened."""
    try:
        listed = read_json(payload)
    except (ValueError, RecursionError) as error:
        return [Unread(reason=f"not JSON ({error})")]
    if not isinstance(listed, list):
        return [Unread(reason="expected a list of reviews")]
    found: list[Meaning] = []
    for item in listed:
        if not isinstance(item, dict):
            found.append(Unread(reason="expected a review to be an object"))
            continue
        raw = json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
        message = _Message(source, {"type": _rest_phase(item), "after": item}, raw, now)
        found.append(_review(message))
    return found


def _rest_phase(item: Json) -> str:
    return "new" if item.get("end_time") is None else "end"


def _decoded(payload: bytes) -> Json | Unread:
    if len(payload) > MAX_PAYLOAD_BYTES:
        return Unread(reason=f"{len(payload)} bytes, expected up to {MAX_PAYLOAD_BYTES}")
    try:
        body = read_json(payload)
    except (ValueError, RecursionError) as error:
        return Unread(reason=f"not JSON ({error})")
    if not isinstance(body, dict):
        return Unread(reason=f"expected an object, got {type(body).__name__}")
    return body


class _Message:
    """A decoded payload: where its values may stand, and what every event takes from it."""

    def __init__(self, source: str, body: Json, payload: bytes, now: UtcUs) -> None:
        self.source = source
        self.body = body
        self.payload = payload
        self.now = now
        self.notes: list[str] = []
        self.thresholds = DEFAULT_THRESHOLDS
        self.sha256 = hashlib.sha256(payload).hexdigest()
        self.after = _after(body)
        self.data = inner(self.after, "data")
        self.places = (self.after, self.data, body, inner(body, "before"))

    def wrapped(self) -> None:
        """Note a message whose ``after`` is missing or stands under another name."""
        if self.body.get("after") is not self.after:
            note(self.notes, "no after: fields read from where they are")

    def phase(self) -> str:
        """Return new, update or end; an unknown or missing type is told and taken as what fits."""
        phase = self.body.get("type")
        if phase in ("new", "update", "end"):
            return str(phase)
        note(self.notes, f"type {phase!r:.40}")
        return "update" if self.after.get("end_time") is None else "end"

    def value(self, *wanted: str) -> Any:
        """Return the first value that is not null, where it is expected or one level deeper."""
        for place in (self.after, self.data, self.body):
            for name in wanted:
                if place.get(name) is not None:
                    return place[name]
        return None

    def event(self, id_names: tuple[str, ...] = ID_NAMES, **values: Any) -> CameraEvent | Unread:
        """Make the event: id and camera are looked for, bytes and times are the message's."""
        event_id = find_text(self.places, id_names, self.notes)
        camera = find_text(self.places, CAMERA_NAMES, self.notes)
        if not event_id and not camera:
            return Unread(reason="neither an id nor a camera in it")
        if not event_id:
            event_id = f"unnamed-{self.sha256[:16]}"
            note(self.notes, "no id")
        return CameraEvent(
            source=self.source,
            src_event_id=event_id,
            camera=camera,
            t_recv_utc=self.now,
            raw=self.payload,
            raw_sha256=self.sha256,
            notes=tuple(self.notes) + values.pop("flags", ()),
            **values,
        )


def _after(body: Json) -> Json:
    """Return the state that the message tells: ``after``, another object with an id, or itself."""
    if isinstance(body.get("after"), dict):
        return inner(body, "after")
    for name in AFTER_NAMES:
        found = inner(body, name)
        if find_text([found], ID_NAMES + CAMERA_NAMES):
            return found
    return body


def _camera_health(camera: str, role: str, payload: bytes) -> Meaning:
    word = payload[:40].decode("ascii", "replace")
    if role not in HEALTH_ROLES or word not in ("online", "offline"):
        return Passed(reason="status of no interest")
    return CameraHealth(camera=camera, role=role, online=word == "online")


def _review(message: _Message) -> Meaning:
    message.wrapped()
    phase = message.phase()
    objects = names(message.value("objects", "labels", "label"))
    verified = [label for label in objects if label.endswith(VERIFIED)]
    verified += names(message.data.get("verified_objects"))
    severity = message.value("severity")
    end, start = seconds(message.value("end_time")), seconds(message.value("start_time"))
    people = names(message.value("sub_labels", "sub_label"))
    return message.event(
        kind="review",
        phase=phase,
        t_event_utc=(end if phase == "end" else None) or start or message.now,
        severity=severity if severity in ("alert", "detection") else "info",
        labels=tuple(dict.fromkeys(label.removesuffix(VERIFIED) for label in objects)),
        zones=names(message.value("zones", "entered_zones")),
        claims=tuple(Claim(type="name", value=person) for person in people),
        parts=names(message.value("detections")),
        t_fresh_utc=start if phase == "new" else None,
        flags=("verified",) if verified else (),
    )


def _object(message: _Message) -> Meaning:
    message.wrapped()
    phase = message.phase()
    after = message.after
    if after.get("false_positive"):
        return Passed(reason="false positive")
    frame, start = seconds(after.get("frame_time")), seconds(message.value("start_time"))
    stamp = {"new": start, "update": frame, "end": seconds(message.value("end_time"))}[phase]
    severity = message.value("max_severity", "severity")
    label = message.value("label", "labels", "objects")
    return message.event(
        kind="object",
        phase=phase,
        t_event_utc=stamp or frame or start or message.now,
        severity=severity if severity in ("alert", "detection") else "detection",
        labels=tuple(one.removesuffix(VERIFIED) for one in names(label)),
        zones=names(after.get("entered_zones") or message.value("zones", "current_zones")),
        score=score(message.value("top_score", "score", "computed_score")),
        claims=object_claims(after),
        media=_media(message),
        t_fresh_utc=frame,
    )


def object_claims(after: Json) -> tuple[Claim, ...]:
    """Return name and plate of a tracked object, in the forms of manual, 0.18 source and REST."""
    claims = []
    for name, claim_type in (("sub_label", "name"), ("recognized_license_plate", "plate")):
        value, its_score = _pair(after, name)
        if value:
            claims.append(Claim(type=claim_type, value=value, score=its_score))
    return tuple(claims)


def _pair(after: Json, name: str) -> tuple[str, float | None]:
    """Return text and score of ``text``, ``[text, score]``, ``{name, score}`` or null."""
    data = inner(after, "data")
    value = after.get(name)
    value = data.get(name) if value is None else value
    beside = after.get(f"{name}_score")
    beside = data.get(f"{name}_score") if beside is None else beside
    if isinstance(value, dict):
        beside = value.get("score", beside)
        value = value.get("name") or value.get("label") or value.get("plate")
    if isinstance(value, list) and value:
        beside = value[1] if len(value) > 1 else beside
        value = value[0]
    return (as_text(value), score(beside)) if as_text(value) else ("", None)


def _tracked(message: _Message) -> Meaning:
    body = message.body
    kind = as_text(body.get("type"))
    claim = _tracked_claim(body, kind, message.thresholds)
    if not isinstance(claim, Claim):
        return claim
    return message.event(
        kind={"face": "face", "lpr": "plate"}.get(kind, "object"),
        phase="update",
        t_event_utc=first_time((body.get("timestamp"), body.get("frame_time"))) or message.now,
        severity="info",
        score=claim.score,
        claims=(claim,),
    )


def _tracked_claim(body: Json, kind: str, thresholds: Thresholds) -> Claim | Passed | Unread:
    """Return the claim of one recognition; ``_CLAIMS`` says which field and type."""
    if kind not in _CLAIMS:
        return Unread(reason=f"unknown update {kind!r:.40}")
    for field, claim_type in _CLAIMS[kind]:
        value = body.get(field)
        if not isinstance(value, str) or not value:
            continue
        its_score, threshold = score(body.get("score")), thresholds.of(claim_type)
        if threshold is not None and (its_score or 0) < threshold:
            return Passed(reason=f"{kind} below threshold")
        if claim_type == "attribute":
            value = f"{as_text(body.get('model')) or 'attribute'}: {value}"
        return Claim(type=claim_type, value=value[:MAX_CLAIM_CHARACTERS], score=its_score)
    return Passed(reason=f"{kind} without a value")


_CLAIMS: dict[str, tuple[tuple[str, str], ...]] = {
    "face": (("name", "face"), ("sub_label", "face")),
    "lpr": (("plate", "plate"), ("recognized_license_plate", "plate")),
    "classification": (("sub_label", "name"), ("attribute", "attribute")),
    "description": (("description", "description"),),
}


def _trigger(message: _Message) -> Meaning:
    body = message.body
    return message.event(
        id_names=("event_id", "id", "eventId"),
        kind="object",
        phase="update",
        t_event_utc=seconds(body.get("timestamp")) or message.now,
        severity="detection",
        labels=names([body.get("name")]),
        score=score(body.get("score")),
    )


def _media(message: _Message) -> dict[str, str]:
    event_id = find_text(message.places, ID_NAMES)[:MAX_NAME_CHARACTERS]
    media = {}
    if message.value("has_snapshot") and event_id:
        media["snapshot"] = f"api/events/{event_id}/snapshot.jpg"
    if message.value("has_clip") and event_id:
        media["clip"] = f"api/events/{event_id}/clip.mp4?padding=10"
    return media

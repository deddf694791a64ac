"""What a device's notifications mean: occurrences, states, claims, health. Pure; one a device.

Theory of operation. A property has an identity (topic, source, key) and is active or not.
``Initialized`` (or kept by a broker) is state: already active, no alarm. ``Changed`` opens and
ends; ``Deleted`` ends. What carries no operation is an occurrence unless its topic is a property.
Names of sources and values differ by maker, so only the topic decides what is meant.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from dispatch.cameras.event import (
    DEFAULT_THRESHOLDS,
    MAX_NAME_CHARACTERS,
    CameraEvent,
    Claim,
    Meaning,
    Passed,
    Standing,
    Thresholds,
    Unread,
)
from dispatch.cameras.fields import as_text, inner, names, score
from dispatch.cameras.onvif_notification import DELETED, INITIALIZED, Notification
from gateway.model.ids import UtcUs

TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
STATE_NAMES = ("State", "active", "IsInside", "IsMotion", "IsTamper", "LogicalState", "Failed")
RULE_NAMES = ("Rule", "RuleName", "rule")
CHANNEL_NAMES = ("VideoSource", "VideoSourceConfigurationToken", "Source", "channel")
KEPT_PROPERTIES = 10_000
"""A device has tens; a hostile one may invent names for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a topic means. ``occurs`` False: a figure or frame, of no interest here."""

    kind: str
    severity: str = "detection"
    labels: tuple[str, ...] = ()
    occurs: bool = True


TOPICS: tuple[tuple[str, Topic], ...] = (
    ("RuleEngine/LineDetector", Topic(kind="line")),
    ("RuleEngine/FieldDetector", Topic(kind="zone")),
    ("RuleEngine/LoiteringDetector", Topic(kind="loiter")),
    ("RuleEngine/ObjectDetection", Topic(kind="object")),
    ("RuleEngine/Recognition/LicensePlate", Topic(kind="plate", severity="info")),
    ("RuleEngine/Recognition/Face", Topic(kind="face", severity="info")),
    ("RuleEngine/CellMotionDetector", Topic(kind="motion", severity="info")),
    ("RuleEngine/MotionRegionDetector", Topic(kind="motion", severity="info")),
    ("VideoSource/MotionAlarm", Topic(kind="motion", severity="info")),
    ("RuleEngine/ObjectAbandoned", Topic(kind="object", labels=("abandoned object",))),
    ("RuleEngine/ObjectRemoved", Topic(kind="object", labels=("removed object",))),
    ("RuleEngine/TPSmartEventDetector", Topic(kind="object")),
    ("RuleEngine/CountAggregation", Topic(kind="object", occurs=False)),
    ("AudioAnalytics", Topic(kind="object", labels=("sound",))),
    ("RuleEngine/AudioDetector", Topic(kind="object", labels=("sound",))),
    ("VideoSource/GlobalSceneChange", Topic(kind="tamper", severity="alert")),
    ("VideoSource/ImageTooDark", Topic(kind="tamper", severity="alert")),
    ("VideoSource/ImageTooBlurry", Topic(kind="tamper", severity="alert")),
    ("VideoSource/ImageTooBright", Topic(kind="tamper", severity="alert")),
    ("VideoSource/SignalLoss", Topic(kind="tamper", severity="alert")),
    ("Device/HardwareFailure", Topic(kind="health")),
    ("Device/SecurityPolicy/AuthFailed", Topic(kind="health")),
    ("Device/Trigger/AlarmIn", Topic(kind="zone")),
    ("Monitoring/LinkStatus", Topic(kind="health")),
    ("Monitoring", Topic(kind="health", occurs=False)),
    ("CameraApplicationPlatform/ObjectAnalytics", Topic(kind="zone")),
    ("CameraApplicationPlatform/FenceGuard", Topic(kind="zone")),
    ("CameraApplicationPlatform/LoiteringGuard", Topic(kind="loiter")),
    ("CameraApplicationPlatform/VMD", Topic(kind="motion", severity="info")),
)
"""First match wins. ONVIF Analytics topics; the last ones and AlarmIn are vendors' (captures)."""


@dataclass(slots=True)
class _Property:
    active: bool
    since: UtcUs
    event_id: str = ""
    """Empty while it is only standing: nothing was opened for it."""


@dataclass(slots=True)
class OnvifDevice:
    """One device: its camera names by channel, and the state of its properties."""

    source: str
    camera: str
    channels: dict[str, str] = field(default_factory=dict)
    """Video source token -> the camera's name, for devices with several."""
    motion: bool = False
    """Whether plain motion is an event; it comes all day."""
    alert_topics: tuple[str, ...] = ()
    """Topics whose occurrences are alerts at this site."""
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    _properties: dict[str, _Property] = field(default_factory=dict)

    def take(self, seen: Notification, now: UtcUs) -> Meaning:
        """Return what a notification means."""
        topic = topic_of(seen.path)
        if topic is None:
            return Unread(reason=f"unknown topic {seen.topic}"[:MAX_NAME_CHARACTERS])
        if not topic.occurs:
            return Passed(reason="figure")
        if topic.kind == "motion" and not self.motion:
            return Passed(reason="motion is off")
        return self._take(seen, topic, now)

    def _take(self, seen: Notification, topic: Topic, now: UtcUs) -> Meaning:
        active = state_of(seen)
        if seen.operation == DELETED:
            return self._ended(seen, topic, now)
        if seen.operation == INITIALIZED:
            if active is None:
                return Passed(reason="state without a value")
            return self._initial(seen, topic, active, now)
        if active is None:
            return self._occurrence(seen, topic, now)
        return self._changed(seen, topic, active, now)

    def forget(self, identity: str, now: UtcUs) -> Meaning:
        """Return what follows when a broker says that a kept property is gone."""
        known = self._properties.pop(identity, None)
        if known is None or not known.event_id:
            return Passed(reason="cleared while not active")
        path = identity.partition("|")[0]
        topic = topic_of(path)
        if topic is None:
            return Passed(reason="cleared while not active")
        seen = Notification(topic=path, t_utc=now, operation=DELETED, raw=b"")
        return self._event(seen, topic, "end", known.event_id, now)

    def _initial(self, seen: Notification, topic: Topic, active: bool, now: UtcUs) -> Meaning:
        """Take a state. One that we opened ourselves and that ended meanwhile is ended."""
        known = self._properties.get(seen.identity)
        if known is not None and known.event_id:
            if active:
                return Passed(reason="still active")
            return self._ended(seen, topic, now)
        since = seen.t_utc or now
        self._keep(seen.identity, _Property(active, since))
        return Standing(
            camera=self._camera(seen),
            kind=topic.kind,
            topic=seen.topic,
            active=active,
            since_utc=since,
        )

    def _changed(self, seen: Notification, topic: Topic, active: bool, now: UtcUs) -> Meaning:
        known = self._properties.get(seen.identity)
        if not active:
            return self._ended(seen, topic, now)
        if known is not None and known.active:
            if not known.event_id:
                return Passed(reason="was active before")
            return self._event(seen, topic, "update", known.event_id, now)
        event_id = event_id_of(seen, seen.t_utc or now)
        self._keep(seen.identity, _Property(True, seen.t_utc or now, event_id))
        return self._event(seen, topic, "new", event_id, now)

    def _ended(self, seen: Notification, topic: Topic, now: UtcUs) -> Meaning:
        known = self._properties.get(seen.identity)
        if known is None or not known.active:
            self._keep(seen.identity, _Property(False, seen.t_utc or now))
            return Passed(reason="cleared while not active")
        self._keep(seen.identity, _Property(False, seen.t_utc or now))
        if known.event_id:
            return self._event(seen, topic, "end", known.event_id, now)
        return Standing(
            camera=self._camera(seen),
            kind=topic.kind,
            topic=seen.topic,
            active=False,
            since_utc=seen.t_utc or now,
        )

    def _occurrence(self, seen: Notification, topic: Topic, now: UtcUs) -> Meaning:
        claims = claims_of(seen, topic.kind)
        if topic.kind in ("plate", "face"):
            if not claims:
                return Unread(reason=f"{topic.kind} without a value")
            limit = self.thresholds.of(topic.kind)
            if limit is not None and claims[0].score is not None and claims[0].score < limit:
                return Passed(reason=f"{topic.kind} below threshold")
        event_id = event_id_of(seen, seen.t_utc or now)
        return self._event(seen, topic, "new", event_id, now, claims)

    def _keep(self, identity: str, known: _Property) -> None:
        self._properties.pop(identity, None)
        self._properties[identity] = known
        if len(self._properties) > KEPT_PROPERTIES:
            self._properties.pop(next(iter(self._properties)))

    def _camera(self, seen: Notification) -> str:
        values = {**seen.data, **seen.source}
        for name in CHANNEL_NAMES:
            if values.get(name) in self.channels:
                return self.channels[values[name]]
        return self.camera

    def _event(  # noqa: PLR0917  # what an event is made of
        self,
        seen: Notification,
        topic: Topic,
        phase: str,
        event_id: str,
        now: UtcUs,
        claims: tuple[Claim, ...] = (),
    ) -> CameraEvent:
        alert = any(seen.path.startswith(path) for path in self.alert_topics)
        raw = seen.raw or seen.topic.encode()
        rule = next((seen.source[name] for name in RULE_NAMES if seen.source.get(name)), "")
        return CameraEvent(
            source=self.source,
            src_event_id=event_id,
            kind=topic.kind,
            phase=phase,
            camera=self._camera(seen),
            t_event_utc=seen.t_utc or now,
            t_recv_utc=now,
            severity="alert" if alert else topic.severity,
            raw=raw,
            raw_sha256=hashlib.sha256(raw).hexdigest(),
            labels=topic.labels or labels_of(seen),
            zones=names([rule]),
            score=score(seen.data.get("Likelihood")),
            claims=claims,
            picture=seen.picture,
            notes=() if seen.t_utc else ("no time",),
            t_fresh_utc=seen.t_utc if phase != "end" else None,
        )


def topic_of(path: str) -> Topic | None:
    """Return what a topic (without prefixes) means, None for one that we do not know."""
    return next((topic for start, topic in TOPICS if path.startswith(start)), None)


def state_of(seen: Notification) -> bool | None:
    """Return whether a property is active: the first value that is a truth value, None if none.

    Makers write true as ``true``, ``1`` or ``True`` (Axis: 0 and 1).
    """
    ordered = [seen.data[name] for name in STATE_NAMES if name in seen.data]
    ordered += [value for name, value in seen.data.items() if name.startswith("Is")]
    for value in ordered:
        word = value.strip().lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
    if seen.operation and "ClassTypes" in seen.data:
        return bool(seen.data["ClassTypes"].strip())
    return None


def event_id_of(seen: Notification, at: UtcUs) -> str:
    """Return an id that is the same when the same message comes again."""
    digest = hashlib.sha256(f"{seen.identity}|{sorted(seen.data.items())}".encode()).hexdigest()
    return f"{seen.path[:120]}#{digest[:12]}@{at}"


def labels_of(seen: Notification) -> tuple[str, ...]:
    """Return what kind of thing was seen: ``ClassTypes``, or ``IsVehicle`` and the like."""
    listed = [word for word in seen.data.get("ClassTypes", "").split() if word != "LicensePlate"]
    flags = [
        name.removeprefix("Is")
        for name, value in seen.data.items()
        if name.startswith("Is") and name not in STATE_NAMES and value.strip().lower() in TRUE
    ]
    return names([word.lower() for word in listed + flags])


def claims_of(seen: Notification, kind: str) -> tuple[Claim, ...]:
    """Return the plate or face that a recognition rule names (ONVIF Analytics, recognition)."""
    likelihood = score(seen.data.get("Likelihood"))
    if kind == "plate":
        info = inner(inner(seen.elements, "LicensePlateInfo"), "LicensePlateInfo") or inner(
            seen.elements, "LicensePlateInfo"
        )
        value, its_score = _with_likelihood(info.get("PlateNumber"))
        value = value or seen.data.get("PlateNumber", "") or seen.data.get("Plate", "")
        if value:
            return (Claim(type="plate", value=value, score=its_score or likelihood),)
    if kind == "face":
        value = seen.data.get("EnrollmentID", "")
        if value:
            return (Claim(type="face", value=value, score=likelihood),)
    return ()


def _with_likelihood(value: Any) -> tuple[str, float | None]:
    """Return text and likelihood of ``text`` or ``{"#text", "@Likelihood"}``."""
    if isinstance(value, dict):
        return as_text(value.get("#text")), score(value.get("@Likelihood"))
    return as_text(value), None

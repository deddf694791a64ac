"""From events to incidents: dedup, grouping, limits. Pure; one ``Grouper`` a source.

Theory of operation. A message that came before is dropped. A message whose id (or a review's
object) is known goes where that id went. Otherwise: same camera and overlapping zone within 60 s
joins the incident (a message without zones overlaps all); within a camera group the zones must be
named and overlap. Otherwise it opens an incident, if the camera (one in 30 s, three at once) and
the source (20 a second) have a token. What has none is counted into a storm incident, by reason,
so that every message is stored or counted. Tamper, health and manual alarms are never limited.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from dispatch.cameras.clock_skew import ClockSkew, in_words
from dispatch.cameras.event import NEVER_LIMITED, CameraEvent, louder
from dispatch.cameras.register import CameraInfo
from gateway.model.ids import IncidentId, UtcUs

GAP_US = 60_000_000
CAMERA_TOKENS, CAMERA_REFILL_US = 3, 30_000_000
SOURCE_TOKENS, SOURCE_REFILL_US = 20, 50_000
REMEMBERED_KEYS = 200_000
REMEMBERED_IDS = 50_000
GROUPS_KEPT = 32
"""Incidents of one camera (or camera group) that a new message may still join."""
DROP, STORE, COUNT = "duplicate", "stored", "counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An incident to open. ``storm`` when it only counts."""

    incident: IncidentId
    kind: str
    severity: str
    title: str
    source: str
    camera: CameraInfo | None
    zones: tuple[str, ...]
    t_event_utc: UtcUs
    t_corrected_utc: UtcUs
    t_recv_utc: UtcUs
    skew_ms: int | None
    clock_note: str
    storm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of one event: dropped, stored in an incident, or counted in a storm."""

    outcome: str
    incident: IncidentId | None = None
    opening: Opening | None = None
    event: CameraEvent | None = None
    camera: CameraInfo | None = None
    skew_ms: int | None = None
    t_corrected_utc: int = 0
    reason: str = ""


class Bucket:
    """A token bucket in whole microseconds."""

    def __init__(self, tokens: int, refill_us: int) -> None:
        """Begin full."""
        self._most = tokens * refill_us
        self._refill_us = refill_us
        self._level = self._most
        self._at = 0

    def give_back(self) -> None:
        """Put back a token that was not used."""
        self._level = min(self._most, self._level + self._refill_us)

    def take(self, now: UtcUs) -> bool:
        """Take a token if there is one."""
        if self._at:
            self._level = min(self._most, self._level + max(0, now - self._at))
        self._at = now
        if self._level < self._refill_us:
            return False
        self._level -= self._refill_us
        return True


@dataclass(slots=True)
class _Group:
    incident: IncidentId
    camera: CameraInfo
    zones: set[str]
    first_us: UtcUs
    last_us: UtcUs
    storm: bool = False

    def near(self, at: UtcUs) -> bool:
        return self.first_us - GAP_US <= at <= self.last_us + GAP_US


def title_of(event: CameraEvent, camera: CameraInfo) -> str:
    """Return the title of an incident: what was seen and where, no claim about anybody."""
    what = {
        "tamper": "Camera tampered with",
        "health": "Camera offline",
        "manual": "Manual alarm",
        "line": "Line crossed",
        "zone": "Zone entered",
        "loiter": "Loitering",
        "motion": "Motion",
    }.get(event.kind) or ", ".join(label.capitalize() for label in event.labels[:3])
    place = camera.place or camera.name or camera.id or "camera not named"
    return f"{what or 'Event'}, {place}"


class Grouper:
    """Decides for the events of one source, in order of arrival. Keeps bounded memory."""

    def __init__(
        self,
        source: str,
        find_camera: Callable[[str, str], CameraInfo],
        make_incident: Callable[[UtcUs], IncidentId],
    ) -> None:
        """Begin with nothing open; ``make_incident`` makes an id for a moment."""
        self.skew = ClockSkew()
        self._source = source
        self._find = find_camera
        self._make = make_incident
        self._seen: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()
        self._ids: OrderedDict[str, _Group] = OrderedDict()
        self._groups: dict[str, list[_Group]] = {}
        self._camera_buckets: dict[str, Bucket] = {}
        self._source_bucket = Bucket(SOURCE_TOKENS, SOURCE_REFILL_US)
        self._storms: dict[str, _Group] = {}

    def take(self, event: CameraEvent) -> Placed:
        """Place one event."""
        if event.key in self._seen:
            return Placed(outcome=DROP)
        self._seen[event.key] = None
        if len(self._seen) > REMEMBERED_KEYS:
            self._seen.popitem(last=False)
        if event.t_fresh_utc is not None:
            self.skew.take(event.t_fresh_utc, event.t_recv_utc)
        at = UtcUs(event.t_event_utc - self.skew.correction_ms * 1000)
        known = self._known(event)
        camera = known.camera if known else self._find(self._source, event.camera)
        group = known or self._joining(event, camera, at)
        if group is not None:
            return self._join(group, event, camera, at)
        return self._open(event, camera, at)

    def knows(self, event_id: str) -> bool:
        """Whether an event, review or object of this id came lately."""
        return event_id in self._ids

    def adopt(
        self, incident: IncidentId, camera: CameraInfo, zones: tuple[str, ...], last: UtcUs
    ) -> None:
        """Go on with an incident that was open before a restart."""
        self._keep(_Group(incident, camera, set(zones), last, last))

    def _keep(self, group: _Group) -> None:
        groups = self._groups.setdefault(group.camera.group or group.camera.id, [])
        groups.append(group)
        del groups[:-GROUPS_KEPT]

    def _known(self, event: CameraEvent) -> _Group | None:
        for event_id in (event.src_event_id, *event.parts):
            if event_id in self._ids:
                return self._ids[event_id]
        return None

    def _joining(self, event: CameraEvent, camera: CameraInfo, at: UtcUs) -> _Group | None:
        if event.kind in NEVER_LIMITED:
            return None
        zones = set(event.zones)
        for group in reversed(self._groups.get(camera.group or camera.id, ())):
            if not group.near(at):
                continue
            same = group.camera.id == camera.id
            if zones & group.zones or (same and not (zones and group.zones)):
                return group
        return None

    def _join(self, group: _Group, event: CameraEvent, camera: CameraInfo, at: UtcUs) -> Placed:
        self._remember(group, event)
        group.last_us = max(group.last_us, at)
        if group.storm:
            return self._placed(COUNT, group, event, camera, at, reason="follows a counted event")
        group.zones.update(event.zones)
        return self._placed(STORE, group, event, camera, at)

    def _open(self, event: CameraEvent, camera: CameraInfo, at: UtcUs) -> Placed:
        if event.kind not in NEVER_LIMITED:
            reason = self._limited(camera, event.t_recv_utc)
            if reason:
                return self._count(event, camera, at, reason)
        group = _Group(self._make(event.t_recv_utc), camera, set(event.zones), at, at)
        if event.kind not in NEVER_LIMITED:
            self._keep(group)
        self._remember(group, event)
        opening = self._opening(group.incident, event, camera, at, title_of(event, camera))
        return self._placed(STORE, group, event, camera, at, opening=opening)

    def _limited(self, camera: CameraInfo, now: UtcUs) -> str:
        bucket = self._camera_buckets.get(camera.id)
        if bucket is None:
            bucket = self._camera_buckets[camera.id] = Bucket(CAMERA_TOKENS, CAMERA_REFILL_US)
        if not bucket.take(now):
            return "camera limit"
        if self._source_bucket.take(now):
            return ""
        bucket.give_back()
        return "source limit"

    def _count(self, event: CameraEvent, camera: CameraInfo, at: UtcUs, reason: str) -> Placed:
        key = camera.id if reason == "camera limit" else ""
        storm = self._storms.get(key)
        opening = None
        if storm is None or not storm.near(at):
            if key and not self._source_bucket.take(event.t_recv_utc):
                return self._count(event, camera, at, "source limit")
            storm = _Group(self._make(event.t_recv_utc), camera, set(), at, at, storm=True)
            self._storms[key] = storm
            whose = camera.place or camera.name or camera.id if key else f"source {self._source}"
            title = f"Storm of events, {whose}"
            opening = replace(
                self._opening(storm.incident, event, camera if key else None, at, title),
                storm=True,
                kind="storm",
            )
        storm.last_us = max(storm.last_us, at)
        self._remember(storm, event)
        return self._placed(COUNT, storm, event, camera, at, opening=opening, reason=reason)

    def overflow(self, now: UtcUs) -> tuple[IncidentId, Opening | None]:
        """Return the source's storm for messages that nobody could read any more."""
        storm, opening = self._storms.get(""), None
        if storm is None or not storm.near(now):
            storm = _Group(self._make(now), CameraInfo(id=""), set(), now, now, storm=True)
            self._storms[""] = storm
            opening = Opening(
                incident=storm.incident,
                kind="storm",
                severity="detection",
                title=f"Storm of events, source {self._source}",
                source=self._source,
                camera=None,
                zones=(),
                t_event_utc=now,
                t_corrected_utc=now,
                t_recv_utc=now,
                skew_ms=self.skew.skew_ms,
                clock_note=in_words(self.skew.skew_ms),
                storm=True,
            )
        storm.last_us = max(storm.last_us, now)
        return storm.incident, opening

    def _remember(self, group: _Group, event: CameraEvent) -> None:
        for event_id in (event.src_event_id, *event.parts):
            self._ids[event_id] = group
            self._ids.move_to_end(event_id)
        while len(self._ids) > REMEMBERED_IDS:
            self._ids.popitem(last=False)

    def _opening(
        self,
        incident: IncidentId,
        event: CameraEvent,
        camera: CameraInfo | None,
        at: UtcUs,
        title: str,
    ) -> Opening:
        return Opening(
            incident=incident,
            kind=event.kind,
            severity=louder("info", event.severity),
            title=title,
            source=self._source,
            camera=camera,
            zones=event.zones,
            t_event_utc=event.t_event_utc,
            t_corrected_utc=at,
            t_recv_utc=event.t_recv_utc,
            skew_ms=self.skew.skew_ms,
            clock_note=in_words(self.skew.skew_ms),
        )

    def _placed(
        self,
        outcome: str,
        group: _Group,
        event: CameraEvent,
        camera: CameraInfo,
        at: UtcUs,
        *,
        opening: Opening | None = None,
        reason: str = "",
    ) -> Placed:
        return Placed(
            outcome=outcome,
            incident=group.incident,
            opening=opening,
            event=event,
            camera=camera,
            skew_ms=self.skew.skew_ms,
            t_corrected_utc=at,
            reason=reason,
        )

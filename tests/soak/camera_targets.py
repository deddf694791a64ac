"""Readers of what cameras, alerting systems and other control rooms send."""

import json
from collections.abc import Callable

from dispatch.cameras.event import CameraEvent
from dispatch.cameras.milestone import MilestoneScheme, read_secrets
from dispatch.cameras.onvif_events import OnvifDevice
from dispatch.cameras.onvif_mqtt import OnvifMqtt
from dispatch.cameras.onvif_notification import Notification, read_xml
from dispatch.incidents import cap, handover
from dispatch.incidents.cap_model import Alert, Area, BadCap, Info
from tests.soak.terminal_targets import NOW, Target, storable

MESSAGE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" '
    'xmlns:tt="http://www.onvif.org/ver10/schema"><s:Body>{}</s:Body></s:Envelope>'
)
ONE = (
    "<wsnt:NotificationMessage><wsnt:Topic>{}</wsnt:Topic><wsnt:Message>"
    '<tt:Message UtcTime="2026-11-24T22:36:04.658Z" PropertyOperation="{}"><tt:Source>'
    '<tt:SimpleItem Name="VideoSource" Value="1"/></tt:Source><tt:Data>'
    '<tt:SimpleItem Name="State" Value="1"/><tt:ElementItem Name="LicensePlateInfo">'
    '<tt:LicensePlateInfo><tt:PlateNumber Likelihood="0.93">NRV 482</tt:PlateNumber>'
    "</tt:LicensePlateInfo></tt:ElementItem></tt:Data></tt:Message></wsnt:Message>"
    "</wsnt:NotificationMessage>"
)
TOPICS = (
    "tns1:RuleEngine/LineDetector/Crossed",
    "tns1:RuleEngine/Recognition/LicensePlate",
    "tns1:VideoSource/GlobalSceneChange/ImagingService",
)


class OnvifXml(Target):
    """An answer of a pull point: notifications, each with a meaning, nothing raised."""

    def __init__(self) -> None:
        """Begin with one device that keeps its state."""
        ones = [ONE.format(t, o) for t in TOPICS for o in ("Changed", "Initialized", "Deleted")]
        self.good = [MESSAGE.format("".join(ones)).encode()]
        self.good += [MESSAGE.format(one).encode() for one in ones]
        self.device = OnvifDevice(source="o", camera="c", motion=True)

    def take(self, data: bytes) -> None:
        """Each notification has a meaning that can be stored."""
        for seen in read_xml(data):
            if isinstance(seen, Notification):
                storable(self.device.take(seen, NOW))


class OnvifJson(Target):
    """A message of a Profile M bridge, kept or live, and of Axis' own."""

    is_json = True

    def __init__(self) -> None:
        """Begin with one device."""
        body = {"UtcTime": "2026-11-24T22:36:04Z", "Source": {"VideoSource": "1"},
                "Data": {"State": True, "ObjectId": 15}}  # fmt: skip
        axis = {"topic": "axis:VMD/Camera1", "timestamp": 1795559764658,
                "message": {"source": {}, "key": {}, "data": {"active": "1"}}}  # fmt: skip
        self.good = [json.dumps(one).encode() for one in (body, axis)]
        self.bridge = OnvifMqtt("c", OnvifDevice(source="o", camera="c", motion=True))
        self.turn = 0

    def take(self, data: bytes) -> None:
        """On every topic, kept and live in turn."""
        self.turn += 1
        path = TOPICS[self.turn % len(TOPICS)].removeprefix("tns1:")
        kept = self.turn % 2 == 0
        storable(self.bridge.read(f"c/onvif-ej/{path}/&1", data, NOW, retained=kept))
        storable(self.bridge.read("c/event/x", data, NOW, retained=kept))


class Milestone(Target):
    """A webhook of XProtect."""

    is_json = True

    def __init__(self) -> None:
        """Begin with one event."""
        source = {"Name": "Quay", "FQID": {"ObjectId": "x"}}
        header = {"ID": "1", "Timestamp": "2026-11-26T15:59:39.2988877Z", "Name": "Motion",
                  "Priority": 1, "Source": source}  # fmt: skip
        self.good = [json.dumps({"Event": {"EventHeader": header}}).encode()]
        self.scheme = MilestoneScheme(read_secrets("0123456789abcdef"))

    def take(self, data: bytes) -> None:
        """Nothing is raised; an event can be stored."""
        got = self.scheme.read("m", data, "id", NOW)
        storable(got)
        assert not isinstance(got, CameraEvent) or got.camera


class CapAlert(Target):
    """A CAP alert: refused by BadCap, or what is written of it is the same alert again."""

    def __init__(self) -> None:
        """Begin with one alert."""
        ring = ((59.0, 18.0), (59.1, 18.0), (59.1, 18.1), (59.0, 18.0))
        area = Area(description="Quay", circles=((59.3, 18.0, 0.4),), polygons=(ring,))
        info = Info(
            event="E", categories=("Security",), urgency="Immediate", severity="Severe",
            certainty="Likely", areas=(area,), parameters=(("a", "1"), ("a", "2")),
        )  # fmt: skip
        alert = Alert(
            identifier="I-1", sender="s@x", sent="2026-11-24T23:40:12+01:00", status="Actual",
            msg_type="Alert", scope="Public", infos=(info,),
        )  # fmt: skip
        self.good = [cap.write(alert)]

    def take(self, data: bytes) -> None:
        """What has no fault is written and read again unchanged."""
        try:
            alert = cap.read(data)
        except BadCap:
            return
        cap.place_of(alert)
        if not alert.faults:
            cap.read(cap.write(alert))


class HandoverFile(Target):
    """A hand-over file: refused by BadHandover, or with an id."""

    is_json = True

    def __init__(self) -> None:
        """Begin with one file."""
        values = {"sharedIncidentId": "1", "issue": "Break-in", "classifications": ["A"],
                  "startTimestamp": "2026-11-26T09:55:15Z", "protocolRemarks": [{"message": "x"}],
                  "missionLocation": {"coordinate": {"lat": 59.3, "lon": 18.0}},
                  "accusedPersons": [{}]}  # fmt: skip
        self.good = [json.dumps(values).encode()]

    def take(self, data: bytes) -> None:
        """Nothing else is raised."""
        try:
            assert handover.read(data).shared_id
        except handover.BadHandover:
            return


CAMERAS: dict[str, Callable[[], Target]] = {
    "onvif_xml": OnvifXml,
    "onvif_json": OnvifJson,
    "milestone": Milestone,
    "cap": CapAlert,
    "handover": HandoverFile,
}

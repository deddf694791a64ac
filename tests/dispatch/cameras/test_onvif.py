"""ONVIF: what notifications mean, how a pull point is kept, a device with the field's faults."""

import base64
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.event import CameraEvent, Claim, Passed, Standing, Unread
from dispatch.cameras.onvif_events import OnvifDevice
from dispatch.cameras.onvif_mqtt import OnvifMqtt
from dispatch.cameras.onvif_notification import Notification, read_xml
from tests.dispatch.cameras.onvif_stub import answer, item, notification, state

OTHERS = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "camera/onvif"
NOW: Any = 1_764_000_000_000_000
LINE = "tns1:RuleEngine/LineDetector/Crossed"
FIELD = "tns1:RuleEngine/FieldDetector/ObjectsInside"
TAMPER = "tns1:VideoSource/GlobalSceneChange/ImagingService"


def device(**changes: Any) -> OnvifDevice:
    return OnvifDevice(source="onvif:a", camera="cam-1", **changes)


def xml(*messages: str) -> bytes:
    return bytes(
        answer(f"<tev:PullMessagesResponse>{''.join(messages)}</tev:PullMessagesResponse>").body
    )


def take(one: OnvifDevice, topic: str, data: str, operation: str = "", source: str = "1") -> Any:
    (seen,) = read_xml(xml(notification(topic, data, operation=operation, source=source)))
    assert isinstance(seen, Notification)
    return one.take(seen, NOW)


# ---- meaning -----------------------------------------------------------------------------------


def test_an_occurrence() -> None:
    got = take(device(), LINE, item("ObjectId", "15"))
    assert isinstance(got, CameraEvent)
    assert (got.kind, got.phase, got.severity, got.camera) == ("line", "new", "detection", "cam-1")
    assert got.raw.startswith(b"<wsnt:NotificationMessage>")
    assert got.raw.endswith(b"</wsnt:NotificationMessage>")


def test_the_same_message_has_the_same_id_and_another_object_another() -> None:
    raw = xml(notification(LINE, item("ObjectId", "15")))
    (first,), (second,) = read_xml(raw), read_xml(raw)
    assert isinstance(first, Notification)
    assert isinstance(second, Notification)
    one = device()
    a, b = one.take(first, NOW), one.take(second, NOW)
    assert isinstance(a, CameraEvent)
    assert isinstance(b, CameraEvent)
    assert a.src_event_id == b.src_event_id
    other = take(device(), LINE, item("ObjectId", "16"))
    assert other.src_event_id != a.src_event_id


def test_initialized_is_state_and_no_alarm() -> None:
    one = device()
    got = take(one, TAMPER, state(True), "Initialized")
    assert isinstance(got, Standing)
    assert (got.active, got.kind) == (True, "tamper")
    again = take(one, TAMPER, state(True), "Changed")
    assert again == Passed(reason="was active before")
    cleared = take(one, TAMPER, state(False), "Changed")
    assert isinstance(cleared, Standing)
    assert not cleared.active
    opened = take(one, TAMPER, state(True), "Changed")
    assert (opened.phase, opened.severity) == ("new", "alert")


@pytest.mark.parametrize("true", ["true", "1", "True"])
def test_changed_opens_updates_and_ends_one_occurrence(true: str) -> None:
    one = device()
    take(one, FIELD, item("IsInside", "0"), "Initialized")
    opened = take(one, FIELD, item("IsInside", true), "Changed")
    update = take(one, FIELD, item("IsInside", true), "Changed")
    ended = take(one, FIELD, item("IsInside", "false"), "Changed")
    assert [e.phase for e in (opened, update, ended)] == ["new", "update", "end"]
    assert len({e.src_event_id for e in (opened, update, ended)}) == 1
    assert take(one, FIELD, item("IsInside", "false"), "Changed") == Passed(
        reason="cleared while not active"
    )


def test_what_ended_while_we_were_away_is_ended_and_deleted_ends() -> None:
    one = device()
    opened = take(one, FIELD, item("IsInside", "true"), "Changed")
    assert take(one, FIELD, item("IsInside", "1"), "Initialized") == Passed(reason="still active")
    ended = take(one, FIELD, item("IsInside", "0"), "Initialized")
    assert (ended.phase, ended.src_event_id) == ("end", opened.src_event_id)
    take(one, FIELD, item("IsInside", "true"), "Changed")
    assert take(one, FIELD, "", "Deleted").phase == "end"


def test_properties_of_two_channels_are_apart_and_name_their_cameras() -> None:
    one = device(channels={"1": "cam-left", "2": "cam-right"})
    left = take(one, FIELD, item("IsInside", "1"), "Changed", source="1")
    right = take(one, FIELD, item("IsInside", "1"), "Changed", source="2")
    assert (left.camera, right.camera) == ("cam-left", "cam-right")
    assert left.src_event_id != right.src_event_id


def test_a_plate_and_a_face_are_claims_above_the_threshold() -> None:
    info = (
        '<tt:ElementItem Name="LicensePlateInfo"><tt:LicensePlateInfo>'
        '<tt:PlateNumber Likelihood="{}">NRV 482</tt:PlateNumber>'
        "</tt:LicensePlateInfo></tt:ElementItem>"
    )
    plate = "tns1:RuleEngine/Recognition/LicensePlate"
    got = take(device(), plate, item("Likelihood", "0.9") + info.format("0.93"))
    assert got.claims == (Claim(type="plate", value="NRV 482", score=0.93),)
    assert "NRV" not in f"{got.labels}{got.zones}{got.src_event_id}"
    weak = take(device(), plate, info.format("0.5"))
    assert weak == Passed(reason="plate below threshold")
    face = "tns1:RuleEngine/Recognition/Face"
    got = take(device(), face, item("EnrollmentID", "p-7") + item("Likelihood", "0.95"))
    assert got.claims == (Claim(type="face", value="p-7", score=0.95),)
    assert isinstance(take(device(), face, item("Likelihood", "0.95")), Unread)


def test_a_picture_is_cut_out_of_the_kept_message() -> None:
    picture = b"\xff\xd8\xff" + bytes(range(256)) * 4
    text = base64.b64encode(picture).decode()
    got = take(device(), LINE, item("ObjectId", "1") + item("Image", text))
    assert got.picture == picture
    assert text.encode() not in got.raw
    assert b"cut out" in got.raw
    huge = base64.b64encode(bytes(3 << 20)).decode()
    got = take(device(), LINE, item("ObjectId", "1") + item("Image", huge))
    assert got.picture == b""
    assert len(got.raw) < 2000


def test_motion_is_off_unless_asked_for_and_unknown_topics_are_kept() -> None:
    motion = "tns1:RuleEngine/CellMotionDetector/Motion"
    data = item("IsMotion", "true")
    assert take(device(), motion, data, "Changed") == Passed(reason="motion is off")
    assert take(device(motion=True), motion, data, "Changed").kind == "motion"
    got = take(device(), "tnsacme:Brewing/Coffee", state(True))
    assert isinstance(got, Unread)
    assert "tnsacme:Brewing/Coffee" in got.reason
    assert take(device(), "tns1:Monitoring/ProcessorUsage", item("Value", "80")) == Passed(
        reason="figure"
    )


def test_site_makes_a_topic_an_alert_and_classes_are_labels() -> None:
    one = device(alert_topics=("RuleEngine/LineDetector",))
    got = take(one, LINE, item("ClassTypes", "Human Vehicle LicensePlate"))
    assert (got.severity, got.labels) == ("alert", ("human", "vehicle"))
    tapo = "tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent"
    assert take(one, tapo, item("IsVehicle", "true"), "Changed").labels == ("vehicle",)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<a",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"<a>" * 200 + b"</a>" * 200,
        xml("<wsnt:NotificationMessage/>"),
        bytes(17 << 20),
    ],
    ids=["empty", "broken", "entities", "deep", "nothing in it", "large"],
)
def test_what_is_no_notification_is_told(raw: bytes) -> None:
    (got,) = read_xml(raw)
    assert isinstance(got, Unread)


def test_ten_thousand_damaged_answers_raise_nothing() -> None:
    rng = random.Random(3)
    good = xml(notification(LINE, item("ObjectId", "1")), notification(TAMPER, state(True)))
    one = device(motion=True)
    for _ in range(10_000):
        raw = bytearray(good)
        for _ in range(rng.randrange(1, 5)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        for seen in read_xml(bytes(raw)):
            if isinstance(seen, Notification):
                assert one.take(seen, NOW) is not None


# ---- Profile M over MQTT -----------------------------------------------------------------------


def ej(values: Any) -> bytes:
    return json.dumps(values).encode()


def test_profile_m_kept_messages_are_state_and_live_ones_alarm() -> None:
    bridge = OnvifMqtt("site/cam1", device())
    assert "site/cam1/onvif-ej/#" in bridge.topics()
    topic = "site/cam1/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&1/2/Yard"
    body = {
        "UtcTime": "2026-11-24T22:36:04.658Z",
        "Source": {"VideoSource": "1", "Rule": "Yard"},
        "Data": {"IsInside": True},
    }
    kept = bridge.read(topic, ej(body), NOW, retained=True)
    assert isinstance(kept, Standing)
    assert kept.active
    off = bridge.read(topic, ej({**body, "Data": {"IsInside": "false"}}), NOW, retained=False)
    assert isinstance(off, Standing)
    assert not off.active
    live = bridge.read(topic, ej(body), NOW, retained=False)
    assert isinstance(live, CameraEvent)
    assert (live.phase, live.zones, live.t_event_utc) == ("new", ("Yard",), 1_795_559_764_658_000)
    gone = bridge.read(topic, b"", NOW, retained=False)
    assert isinstance(gone, CameraEvent)
    assert (gone.phase, gone.src_event_id) == ("end", live.src_event_id)
    assert isinstance(bridge.read(topic, b"", NOW, retained=False), Passed)


def test_profile_m_occurrences_axis_form_frames_and_rubbish() -> None:
    bridge = OnvifMqtt("c", device(motion=True))
    crossed = bridge.read(
        "c/onvif-ej/RuleEngine/LineDetector/Crossed/&1", ej({"Data": {"ObjectId": 15}}), NOW,
        retained=False,
    )  # fmt: skip
    assert isinstance(crossed, CameraEvent)
    assert crossed.kind == "line"
    assert crossed.notes == ("no time",)
    axis = {
        "topic": "axis:CameraApplicationPlatform/VMD/Camera1Profile1",
        "timestamp": 1795559764658,
        "message": {"source": {}, "key": {}, "data": {"active": "1"}},
    }
    got = bridge.read("c/event/connectionless", ej(axis), NOW, retained=False)
    assert isinstance(got, CameraEvent)
    assert (got.kind, got.t_event_utc) == ("motion", 1_795_559_764_658_000)
    assert isinstance(
        bridge.read("c/onvif-mj/VideoAnalytics/p/m", b"{}", NOW, retained=False), Passed
    )
    for raw in (b"{", b"[]", b" " * 300_000, b"{}"):
        assert isinstance(bridge.read("c/event/x", raw, NOW, retained=False), Unread)


# ---- other people's samples --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expect"),
    [
        ("axis_global_scene_change_init.xml", [("Standing", "tamper")]),
        ("axis_object_analytics_init.xml", [("Standing", "zone")]),
        ("axis_vmd4_changed.xml", [("CameraEvent", "motion")]),
        ("pull_messages_response.xml", [("CameraEvent", "line")] * 2),
        ("pull_messages_lpr_synthetic.xml", [("CameraEvent", "plate")]),
        ("metadata_stream_frame.xml", []),
        ("create_pullpoint_response.xml", []),
    ],
)
def test_samples_of_others(name: str, expect: Any) -> None:
    path = OTHERS / name
    if not path.is_file():
        pytest.skip(f"SAMBAND_SAMPLES has no {name} (other people's data, not shipped)")
    one = device(motion=True)
    got = [
        one.take(seen, NOW) for seen in read_xml(path.read_bytes()) if not isinstance(seen, Unread)
    ]
    assert [(type(m).__name__, m.kind) for m in got] == expect  # type: ignore[union-attr]


def test_profile_m_samples_of_others() -> None:
    path = OTHERS / "mqtt_ej_line_crossed.json"
    if not path.is_file():
        pytest.skip("SAMBAND_SAMPLES is not set (other people's data, not shipped)")
    sample = json.loads(path.read_bytes())
    bridge = OnvifMqtt("MyDevice", device())
    got = bridge.read(sample["topic"], ej(sample["payload"]), NOW, retained=False)
    assert isinstance(got, CameraEvent)
    assert (got.kind, got.zones) == ("line", ("MyImportantFence1",))
    frame = json.loads((OTHERS / "mqtt_mj_frame.json").read_bytes())
    got_frame = bridge.read(frame["topic"], ej(frame["payload"]), NOW, retained=False)
    assert got_frame == Passed(reason="metadata frame")

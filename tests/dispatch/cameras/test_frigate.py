"""Frigate's shapes: ours always, other people's samples when they are there."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.event import (
    CameraEvent,
    CameraHealth,
    Claim,
    Passed,
    SourceHealth,
    Thresholds,
    Unread,
)
from dispatch.cameras.frigate import read, rest_event, rest_reviews, topics
from gateway.model.ids import UtcUs

VECTORS = Path(__file__).parents[2] / "vectors/camera"
OTHERS = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "camera/frigate"
NOW = UtcUs(1_782_341_000_000_000)
OURS = json.loads((VECTORS / "frigate.json").read_text("utf-8"))


def meaning(topic: Any, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read("frigate:a", "frigate", f"frigate/{topic}", raw, NOW)


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["name"])
def test_our_samples(case: Any) -> None:
    got = meaning(case["topic"], case["payload"])
    assert isinstance(got, CameraEvent)
    for name, value in case["expect"].items():
        found = getattr(got, name)
        if name == "claims":
            found = [[claim.type, claim.value, claim.score] for claim in found]
        assert (list(found) if isinstance(found, tuple) else found) == value, name
    assert {claim.status for claim in got.claims} <= {"unreviewed"}


def other(name: Any) -> Any:
    path = OTHERS / name
    if not path.is_file():
        pytest.skip(f"SAMBAND_SAMPLES has no {name} (other people's data, not shipped)")
    return path.read_bytes()


def test_manual_event_with_plain_plate() -> None:
    got = meaning("events", other("events_update.json"))
    assert got.claims == (
        Claim(type="name", value="John Smith", score=0.79),
        Claim(type="plate", value="ABC12345", score=0.933451),
    )
    assert (got.labels, got.zones, got.phase) == (("person",), ("yard", "driveway"), "update")


def test_event_as_018_sends_it() -> None:
    got = meaning("events", other("events_update_as_emitted_0.18.json"))
    assert got.claims[1] == Claim(type="plate", value="ABC12345", score=0.933451)
    assert got.severity == "alert"


def test_captured_review() -> None:
    got = meaning("reviews", other("reviews_new_captured.json"))
    assert (got.kind, got.severity, got.camera) == ("review", "alert", "front_door")
    assert got.parts == ("1782340990.039527-44hvr0",)
    assert got.t_event_utc == 1_782_340_990_237_592


def test_other_samples_are_read() -> None:
    assert meaning("reviews", other("reviews_update.json")).claims[0].value == "Bob"
    rest = rest_event("frigate:a", other("rest_event.json"), NOW)
    assert isinstance(rest, CameraEvent)
    assert rest.claims[1].value == "ABC12345"
    assert meaning("tracked_object_update", other("tou_face.json")).kind == "face"
    assert meaning("tracked_object_update", other("tou_lpr.json")).claims[0].value == "123ABC"
    described = meaning("tracked_object_update", other("tou_description.json"))
    assert described.claims[0].type == "description"
    attribute = meaning("tracked_object_update", other("tou_classification_attribute.json"))
    assert attribute.claims == (Claim(type="attribute", value="helmet_detector: yes", score=0.92),)
    sub_label = meaning("tracked_object_update", other("tou_classification_sub_label.json"))
    assert sub_label.claims[0] == Claim(type="name", value="delivery_person", score=0.87)
    assert meaning("triggers", other("triggers.json")).labels == ("car_trigger",)


def test_health_topics() -> None:
    assert meaning("available", b"online") == SourceHealth(online=True, word="online")
    assert meaning("available", b"offline").online is False
    assert meaning("yard/status/detect", b"offline") == CameraHealth(
        camera="yard", role="detect", online=False
    )
    assert isinstance(meaning("yard/status/audio", b"offline"), Passed)
    assert isinstance(meaning("yard/person/snapshot", b"\xff\xd8"), Passed)
    assert not any("snapshot" in topic for topic in topics("frigate"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"type": "face", "id": "1-a", "name": None, "score": 0.99, "camera": "c"}, "without"),
        ({"type": "face", "id": "1-a", "name": "N", "score": 0.89, "camera": "c"}, "below"),
        ({"type": "lpr", "id": "1-a", "plate": "A", "score": 0.8, "camera": "c"}, "below"),
    ],
)
def test_weak_recognitions_are_passed_over(body: Any, reason: Any) -> None:
    assert reason in meaning("tracked_object_update", body).reason


def test_a_site_sets_its_own_thresholds() -> None:
    body = {"type": "face", "id": "1-a", "name": "N", "score": 0.7, "camera": "c"}
    raw = json.dumps(body).encode()
    topic = "frigate/tracked_object_update"
    lower = Thresholds(face=0.6, plate=0.6)
    assert isinstance(read("f", "frigate", topic, raw, NOW), Passed)
    assert isinstance(read("f", "frigate", topic, raw, NOW, lower), CameraEvent)


def test_false_positives_are_passed_over() -> None:
    body = {"type": "new", "after": {"id": "1-a", "camera": "c", "false_positive": True}}
    assert meaning("events", body) == Passed(reason="false positive")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected an object"),
        (b"[" * 100_000, "not JSON"),
        (b'"\\ud800"', "not JSON"),
        ({"type": "new", "after": {"label": "car"}}, "neither an id nor a camera"),
        (b" " * 300_000, "expected up to"),
    ],
)
def test_what_cannot_be_read_is_told_never_raised(body: Any, words: Any) -> None:
    got = meaning("events", body)
    assert isinstance(got, Unread)
    assert words in got.reason


def test_an_unknown_update_is_kept_not_passed_over() -> None:
    got = meaning("tracked_object_update", {"type": "novelty", "id": "1-a"})
    assert got == Unread(reason="unknown update 'novelty'")


AFTER = {"id": "1-a", "camera": "yard", "label": "car", "start_time": 1782340990.5}


@pytest.mark.parametrize(
    ("body", "expect", "notes"),
    [
        ({"type": "new", "after": {**AFTER, "id": None}}, {"camera": "yard"}, ("no id",)),
        ({"type": "new", "after": {**AFTER, "camera": 4}}, {"camera": "4"}, ()),
        ({"type": "new", "after": {**AFTER, "camera": None}}, {"camera": ""}, ()),
        ({"type": "later", "after": AFTER}, {"phase": "update"}, ("type 'later'",)),
        ({"after": {**AFTER, "end_time": 1782341000}}, {"phase": "end"}, ("type None",)),
        (
            {"type": "new", "after": {"event_id": "1-a", "camera_name": "yard"}},
            {"src_event_id": "1-a", "camera": "yard"},
            ("id found as event_id", "camera found as camera_name"),
        ),
        (
            {"type": "new", "before": AFTER, "after": {"id": "1-a", "label": "car"}},
            {"camera": "yard", "labels": ("car",)},
            ("camera found elsewhere",),
        ),
        (
            {"type": "new", **AFTER},
            {"camera": "yard", "labels": ("car",), "t_event_utc": 1_782_340_990_500_000},
            ("no after: fields read from where they are",),
        ),
        (
            {"type": "new", "payload": {**AFTER, "data": {"zones": ["gate"], "score": 80}}},
            {"camera": "yard", "zones": ("gate",), "score": 0.8},
            ("no after: fields read from where they are",),
        ),
        (
            {"type": "new", "after": {**AFTER, "start_time": "2026-06-24T22:43:10.5+00:00"}},
            {"t_event_utc": 1_782_340_990_500_000},
            (),
        ),
        (
            {"type": "new", "after": {**AFTER, "sub_label": {"name": "Bob", "score": 0.9}}},
            {"claims": (Claim(type="name", value="Bob", score=0.9),)},
            (),
        ),
        (
            {"type": "new", "after": {**AFTER, "label": ["car-verified", "dog"], "new_field": 1}},
            {"labels": ("car", "dog")},
            (),
        ),
    ],
)
def test_missing_renamed_and_nested_fields_never_lose_an_event(
    body: Any, expect: Any, notes: Any
) -> None:
    got = meaning("events", body)
    assert isinstance(got, CameraEvent)
    assert {name: getattr(got, name) for name in expect} == expect
    assert got.notes == notes
    assert got.raw == json.dumps(body).encode()


def test_each_field_of_each_sample_may_be_missing() -> None:
    for case in OURS:
        after = case["payload"].get("after")
        if after is None or after.get("false_positive"):
            continue
        for name in after:
            shorter = {**case["payload"], "after": {k: v for k, v in after.items() if k != name}}
            assert isinstance(meaning(case["topic"], shorter), CameraEvent), (case["name"], name)


def test_a_flat_review_keeps_its_data() -> None:
    got = meaning(
        "reviews",
        {
            "id": "2-b",
            "camera": "yard",
            "severity": "alert",
            "data": {"objects": ["person-verified"], "detections": ["1-a"], "zones": ["gate"]},
        },
    )
    assert (got.severity, got.labels, got.parts) == ("alert", ("person",), ("1-a",))
    assert "verified" in got.notes


def test_reviews_of_the_http_interface() -> None:
    review = {"id": "2-b", "camera": "yard", "start_time": 1782340990.5, "end_time": None}
    ended = {**review, "id": "3-c", "end_time": 1782340999}
    body = json.dumps([review, ended, 7]).encode()
    first, second, third = rest_reviews("frigate:a", body, NOW)
    assert isinstance(first, CameraEvent)
    assert isinstance(second, CameraEvent)
    assert (first.phase, second.phase) == ("new", "end")
    assert isinstance(third, Unread)
    (broken,) = rest_reviews("frigate:a", b"{}", NOW)
    assert isinstance(broken, Unread)


def test_ten_thousand_damaged_messages_raise_nothing() -> None:
    rng = random.Random(7)
    raws = [json.dumps(case["payload"]).encode() for case in OURS]
    events = 0
    for _ in range(10_000):
        raw = bytearray(rng.choice(raws))
        for _ in range(rng.randrange(1, 6)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        topic = rng.choice(["events", "reviews", "tracked_object_update", "triggers"])
        events += isinstance(meaning(topic, bytes(raw)), CameraEvent)
    assert events > 100

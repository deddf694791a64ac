"""Frigate's shapes: ours always, other people's samples when they are there."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.event import BadEvent, CameraEvent, Claim
from dispatch.cameras.frigate import (
    CameraHealth,
    Passed,
    SourceHealth,
    read,
    rest_event,
    topics,
)
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
    for name in ("tou_classification_attribute.json", "tou_classification_sub_label.json"):
        assert meaning("tracked_object_update", other(name)).claims[0].type == "name"
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
        ({"type": "novelty", "id": "1-a"}, "unknown update"),
    ],
)
def test_weak_recognitions_are_passed_over(body: Any, reason: Any) -> None:
    assert reason in meaning("tracked_object_update", body).reason


def test_false_positives_are_passed_over() -> None:
    body = {"type": "new", "after": {"id": "1-a", "camera": "c", "false_positive": True}}
    assert meaning("events", body) == Passed(reason="false positive")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected an object"),
        (b"[" * 100_000, "not JSON"),
        ({"type": "new", "after": {"camera": "c"}}, "text in id"),
        ({"type": "new", "after": {"id": "1", "camera": 4}}, "text in camera"),
        ({"type": "later", "after": {"id": "1", "camera": "c"}}, "new, update or end"),
        ({"type": "new", "after": []}, "object in after"),
        (b" " * 300_000, "expected up to"),
    ],
)
def test_what_cannot_be_read(body: Any, words: Any) -> None:
    with pytest.raises(BadEvent, match=words):
        meaning("events", body)


def test_ten_thousand_damaged_messages_raise_nothing_else() -> None:
    rng = random.Random(7)
    raws = [json.dumps(case["payload"]).encode() for case in OURS]
    for _ in range(10_000):
        raw = bytearray(rng.choice(raws))
        for _ in range(rng.randrange(1, 6)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        topic = rng.choice(["events", "reviews", "tracked_object_update", "triggers"])
        try:
            meaning(topic, bytes(raw))
        except BadEvent:
            continue

"""Grouping, limits and sums: every message is dropped as a duplicate, stored, or counted."""

import hashlib
import random
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.cameras.clock_skew import ClockSkew, in_words
from dispatch.cameras.event import CameraEvent, Claim
from dispatch.cameras.grouping import Bucket, Grouper
from dispatch.cameras.ingest import Health, Ingest, from_bytes, to_bytes
from dispatch.cameras.register import CameraInfo, CameraRegister
from gateway.model.ids import IncidentId, UtcUs

T = 1_764_000_000_000_000
S = 1_000_000
NUMBERS = count()


def event(at_s: Any = 0.0, **changes: Any) -> Any:
    at = T + round(at_s * S)
    raw = str(next(NUMBERS)).encode()
    values = {
        "source": "frigate:a",
        "src_event_id": raw.decode(),
        "kind": "object",
        "phase": "new",
        "camera": "cam-1",
        "t_event_utc": at,
        "t_recv_utc": at,
        "severity": "detection",
        "raw": raw,
        "raw_sha256": hashlib.sha256(raw).hexdigest(),
        "labels": ("person",),
        "zones": ("yard",),
    }
    return CameraEvent(**{**values, **changes})


@pytest.fixture
def grouper() -> Any:
    numbers = count()
    register = CameraRegister(
        [
            CameraInfo(id="cam-1", name="One"),
            CameraInfo(id="cam-2", group="g"),
            CameraInfo(id="cam-3", group="g"),
        ]
    )
    return Grouper("frigate:a", register.find, lambda _: IncidentId(f"i-{next(numbers)}"))


def test_the_same_message_twice_is_dropped(grouper: Any) -> None:
    first = event()
    assert grouper.take(first).outcome == "stored"
    assert grouper.take(first).outcome == "duplicate"


@pytest.mark.parametrize(
    ("at_s", "changes", "joins"),
    [
        (59, {}, True),
        (61, {}, False),
        (5, {"zones": ("gate",)}, False),
        (5, {"zones": ("gate", "yard")}, True),
        (5, {"zones": ()}, True),
        (5, {"camera": "cam-9"}, False),
        (-59, {}, True),
    ],
)
def test_same_camera_overlapping_zone_and_time(
    grouper: Any, at_s: Any, changes: Any, joins: Any
) -> None:
    first = grouper.take(event())
    second = grouper.take(event(at_s, **changes))
    assert (second.incident == first.incident) is joins
    assert (second.opening is None) is joins


def test_within_a_group_only_named_zones_join(grouper: Any) -> None:
    first = grouper.take(event(camera="cam-2"))
    assert grouper.take(event(1, camera="cam-3")).incident == first.incident
    assert grouper.take(event(2, camera="cam-3", zones=())).incident != first.incident


def test_a_known_id_goes_where_it_went_however_late(grouper: Any) -> None:
    review = grouper.take(event(kind="review", src_event_id="r", parts=("o",)))
    assert grouper.take(event(900, src_event_id="r", phase="end")).incident == review.incident
    claim = event(901, src_event_id="o", kind="plate", camera="", zones=())
    assert grouper.take(claim).incident == review.incident


def test_beyond_the_camera_s_limit_events_are_counted_in_a_storm(grouper: Any) -> None:
    placed = [grouper.take(event(n, zones=(f"z{n}",))) for n in range(10)]
    assert [p.outcome for p in placed] == ["stored"] * 3 + ["counted"] * 7
    storm = placed[3]
    assert storm.opening.storm
    assert storm.opening.title == "Storm of events, One"
    assert {p.incident for p in placed[3:]} == {storm.incident}
    assert placed[4].reason == "camera limit"
    later = grouper.take(event(45, zones=("z45",)))
    assert later.outcome == "stored"


def test_beyond_the_source_s_limit_the_source_storms(grouper: Any) -> None:
    placed = [grouper.take(event(0, camera=f"c{n}")) for n in range(30)]
    assert [p.outcome for p in placed].count("stored") == 20
    assert placed[20].opening.camera is None
    assert placed[29].reason == "source limit"
    again = grouper.take(event(1, camera="c25"))
    assert again.outcome == "stored"


@pytest.mark.parametrize("kind", ["tamper", "health", "manual"])
def test_what_is_never_limited(grouper: Any, kind: Any) -> None:
    for number in range(30):
        grouper.take(event(0, camera=f"c{number}"))
    placed = [grouper.take(event(0, kind=kind)) for _ in range(50)]
    assert {p.outcome for p in placed} == {"stored"}
    assert len({p.incident for p in placed}) == 50


def test_a_claim_never_reaches_title_or_labels(grouper: Any) -> None:
    placed = grouper.take(event(claims=(Claim(type="face", value="John Doe"),)))
    assert "John" not in placed.opening.title
    assert placed.opening.title == "Person, One"


def test_an_incident_open_before_a_restart_goes_on(grouper: Any) -> None:
    grouper.adopt("i-old", CameraInfo(id="cam-1"), ("yard",), T)
    assert grouper.take(event(10)).incident == "i-old"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 200))
def test_sums_agree_and_batches_cross_the_pipe(seed: Any, cameras: Any, messages: Any) -> None:
    rng = random.Random(seed)
    ingest = Ingest("frigate:a", CameraRegister().find, rng.randbytes)
    at, duplicates = 0.0, 0
    sent: list[CameraEvent] = []
    for _ in range(messages):
        at += rng.choice([0, 0.01, 5, 70])
        if sent and rng.random() < 0.1:
            ingest.take(rng.choice(sent))
            duplicates += 1
            continue
        made = event(
            at, camera=f"c{rng.randrange(cameras)}", zones=(rng.choice("abcd"),), kind="object"
        )
        sent.append(made)
        ingest.take(made)
    ingest.batch.health.append(Health(source="frigate:a", state="up", skew_ms=3))
    batch = from_bytes(to_bytes(ingest.batch))
    assert batch == ingest.batch
    assert len(batch.rows) + sum(batch.storms.values()) == len(sent)
    assert batch.counters["duplicate"] == duplicates
    growth = batch.growth.values()
    assert sum(g.events for g in growth) == len(batch.rows)
    assert sum(g.storm_events for g in growth) == sum(batch.storms.values())
    assert set(batch.growth) == {opening.incident for opening in batch.openings}


def test_a_bucket_fills_with_time() -> None:
    bucket = Bucket(2, S)
    assert [bucket.take(UtcUs(T)), bucket.take(UtcUs(T)), bucket.take(UtcUs(T))] == [
        True,
        True,
        False,
    ]
    assert bucket.take(UtcUs(T + S))
    assert not bucket.take(UtcUs(T + S))
    assert bucket.take(UtcUs(T + 100 * S))
    bucket.give_back()
    assert bucket.take(UtcUs(T))


def test_a_source_with_a_wrong_clock_is_corrected(grouper: Any) -> None:
    ahead = 3600 * S
    first = event(t_event_utc=T + ahead, t_fresh_utc=T + ahead)
    placed = grouper.take(first)
    assert placed.skew_ms == 3_600_000
    assert placed.t_corrected_utc == T
    assert placed.opening.clock_note == "clock 1 h ahead: wrong time zone; time not reliable"
    assert placed.event.t_event_utc == T + ahead


def test_skew_takes_the_message_with_the_least_delay() -> None:
    skew = ClockSkew()
    assert skew.skew_ms is None
    assert skew.correction_ms == 0
    for number, delay_ms in enumerate((900, 150, 2500)):
        at = T + number * S
        skew.take(UtcUs(at), UtcUs(at + delay_ms * 1000))
    assert skew.skew_ms == -150
    assert skew.correction_ms == 0
    skew.take(UtcUs(T + 400 * S), UtcUs(T + 405 * S))
    assert skew.skew_ms == -5000
    assert skew.correction_ms == -5000


@pytest.mark.parametrize(
    ("skew_ms", "words"),
    [
        (None, ""),
        (1900, ""),
        (-12_000, "clock 12 s behind"),
        (40_000, "clock 40 s ahead; time not reliable"),
        (-7_190_000, "clock 2 h behind: wrong time zone; time not reliable"),
    ],
)
def test_skew_in_words(skew_ms: Any, words: Any) -> None:
    assert in_words(skew_ms) == words

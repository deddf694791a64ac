"""A real Mosquitto, the ingest process and a store: once, in order, and through restarts."""

import asyncio
import json
import os
import signal
import zlib
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from dispatch.cameras.ingest import Ingest, from_bytes, to_bytes
from dispatch.cameras.mqtt_source import CountingQueue, MqttSettings, MqttSource
from dispatch.cameras.tables import CameraUnread
from dispatch.incidents.service import open_groups
from samband.bench_cameras_parts import Publisher, frigate_event
from samband.ingest_worker import IngestProcess
from samband.mosquitto_child import find_mosquitto, running_mosquitto
from tests.dispatch.cameras.frigate_stub import FrigateStub
from tests.dispatch.cameras.serving import serving

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


@pytest.fixture
def broker(tmp_path: Any) -> Any:
    with running_mosquitto(tmp_path) as port:
        yield port


@pytest.fixture
async def ingest(room: Any, broker: Any) -> Any:
    settings = MqttSettings(source="frigate:a", host="127.0.0.1", port=broker, client_id="test")

    async def adopt(source: Any) -> Any:
        return await open_groups(room.store, source, room.clock.utc_us() - 120_000_000)

    process = IngestProcess(settings, room.register.all(), room.sources.put, adopt)
    running = asyncio.create_task(process.run())
    await until(lambda: state(room) == "up", "the source is up")
    yield process
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def frigate(broker: Any) -> Any:
    publisher = Publisher(broker)
    yield publisher
    publisher.close()


def state(room: Any) -> Any:
    health = room.sources.health.get(("frigate:a", ""))
    return health.state if health else None


async def until(condition: Any, what: Any, seconds: float = 20) -> Any:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)
    assert condition(), what


async def test_events_of_a_broker_become_an_incident(room: Any, ingest: Any, frigate: Any) -> None:
    for number, phase in enumerate(("new", "update", "update", "end")):
        frigate.publish("events", frigate_event("yard", "1-a", phase, "gate", number))
    await until(lambda: len(room.stored()) == 4, "all four are stored")
    (incident,) = room.all_incidents()
    assert (incident.camera, incident.event_count, incident.title) == ("yard", 4, "Car, yard")
    assert [e.camera for e in room.told("incident.opened")] == ["yard"]


async def test_a_message_twice_is_stored_once(room: Any, ingest: Any, frigate: Any) -> None:
    raw = frigate_event("yard", "1-a", "new", "gate", 1)
    for _ in range(3):
        frigate.publish("events", raw)
    frigate.publish("events", frigate_event("yard", "1-a", "end", "gate", 1))
    await until(lambda: len(room.stored()) == 2, "one of the three, and the end")
    assert room.sources.counters["frigate:a", "duplicate"] == 2


async def test_rubbish_is_counted_and_ends_nothing(room: Any, ingest: Any, frigate: Any) -> None:
    for raw in (b"{", b"\xff\xfe", b"[" * 5000):
        frigate.publish("events", raw)
    frigate.publish("events", frigate_event("yard", "1-a", "new", "gate", 1))
    await until(room.stored, "the good one came through")
    assert room.sources.counters["frigate:a", "not understood"] == 3
    kept = room.rows(CameraUnread)
    assert {(row.topic, zlib.decompress(row.raw)[:2]) for row in kept} == {
        ("frigate/events", b"{"),
        ("frigate/events", b"\xff\xfe"),
        ("frigate/events", b"[["),
    }
    assert all(row.reason.startswith("not JSON") for row in kept)
    assert room.sources.source_rows()[0]["lag_ms"] is not None


async def test_health_of_source_and_camera(room: Any, ingest: Any, frigate: Any) -> None:
    frigate.publish("yard/status/detect", b"online")
    frigate.publish("yard/status/detect", b"offline")
    await until(room.all_incidents, "a camera offline opens an incident")
    assert room.all_incidents()[0].title == "Camera offline, yard"
    frigate.publish("yard/status/detect", b"online")
    await until(lambda: len(room.stored()) == 2, "back online goes to the same incident")
    assert len(room.all_incidents()) == 1
    frigate.publish("available", b"offline")
    await until(lambda: state(room) == "down", "Frigate's last will")
    changes = [(e.camera, e.state) for e in room.told("source.changed")]
    assert ("yard", "down") in changes
    assert ("", "down") in changes


async def test_a_killed_ingest_process_loses_nothing_the_broker_has(
    room: Any, ingest: Any, frigate: Any
) -> None:
    frigate.publish("events", frigate_event("yard", "1-a", "new", "gate", 1))
    await until(room.stored, "the first is stored")
    os.kill(ingest.pid, signal.SIGKILL)
    for number in range(50):
        frigate.publish("events", frigate_event("yard", f"2-{number}", "new", "gate", number))
    await until(lambda: len(room.stored()) == 51, "the broker kept them for the session")
    assert len(room.all_incidents()) == 1


async def test_a_burst_adds_up(room: Any, ingest: Any, frigate: Any) -> None:
    sent = 3000
    for number in range(sent):
        camera = f"c{number % 40}"
        zone = ("gate", "yard", "roof", "door")[number // 40 % 4]
        frigate.publish("events", frigate_event(camera, f"3-{number}", "new", zone, number))
    # The ingest process gives way to all others (its niceness): beside them a burst takes long.
    await until(lambda: room.arrived() >= sent, "stored or counted", seconds=120)
    assert len(room.stored()) + room.counted() == sent
    assert room.counted() > 0
    storms = [row for row in room.all_incidents() if row.storm]
    assert sum(row.storm_events for row in storms) == room.counted()
    assert all(row.title.startswith("Storm: ") for row in storms)
    ids = {json.loads(f'"{row.src_event_id}"') for row in room.stored()}
    assert len(ids) == len(room.stored())


async def test_reviews_that_the_broker_lost_are_asked_for(room: Any, broker: Any) -> None:
    stub = FrigateStub(password="secret")
    review = {"id": "2-b", "camera": "yard", "start_time": 1782340990.5, "severity": "alert"}
    stub.reviews = [review, 7]
    async with serving(stub.app) as port:
        settings = MqttSettings(
            source="frigate:a",
            host="127.0.0.1",
            port=broker,
            client_id="test",
            http=f"http://127.0.0.1:{port}",
            http_user="samband",
            http_password="secret",
        )
        assert "secret" not in repr(settings)

        async def adopt(source: Any) -> Any:
            seen = room.clock.utc_us() - 30_000_000
            return [{"incident": "i-x", "camera": "yard", "zones": [], "last": seen}]

        process = IngestProcess(settings, room.register.all(), room.sources.put, adopt)
        running = asyncio.create_task(process.run())
        await until(room.stored, "the missed review came")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    (row,) = room.stored()
    assert (row.src_event_id, row.kind, row.phase) == ("2-b", "review", "new")
    assert room.sources.counters["frigate:a", "missed review taken"] == 1
    (kept,) = room.rows(CameraUnread)
    assert kept.topic == "api/review"
    assert "after=" in stub.asked[-1]


async def test_profile_m_over_a_real_broker_kept_is_state(room: Any, broker: Any) -> None:
    topic = "site/cam1/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&1"
    inside = {"UtcTime": "2026-11-24T22:36:04Z", "Source": {"VideoSource": "1"}}
    device = paho.Client(CallbackAPIVersion.VERSION2)
    device.connect("127.0.0.1", broker)
    device.loop_start()

    def tell(active: bool) -> None:
        body = json.dumps({**inside, "Data": {"IsInside": active}})
        device.publish(topic, body, qos=1, retain=True).wait_for_publish(10)

    tell(True)
    settings = MqttSettings(
        source="onvif:m",
        host="127.0.0.1",
        port=broker,
        prefix="site/cam1",
        client_id="m",
        kind="onvif",
        camera="cam-0412",
    )

    async def adopt(source: Any) -> Any:
        return []

    process = IngestProcess(settings, room.register.all(), room.sources.put, adopt)
    running = asyncio.create_task(process.run())
    row: dict[str, Any] = {}

    def standing() -> Any:
        row.update(next((r for r in room.sources.source_rows() if r["id"] == "onvif:m"), {}))
        return row.get("already_active")

    await until(standing, "the kept message is state")
    assert room.stored() == []
    assert row["already_active"][0]["camera"] == "cam-0412"
    tell(False)
    await until(lambda: not standing(), "it is cleared")
    tell(True)
    await until(room.stored, "a live change is an event")
    device.publish(topic, b"", qos=1, retain=True).wait_for_publish(10)
    await until(lambda: len(room.stored()) == 2, "deletion ends it")
    assert [one.phase for one in room.stored()] == ["new", "end"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    device.disconnect()
    device.loop_stop()


async def test_what_came_faster_than_it_could_be_read_is_counted_in_a_storm(room: Any) -> None:
    ingest = Ingest("frigate:a", room.register.find, os.urandom)
    now = room.clock.utc_us()
    ingest.overflow(300, now)
    ingest.overflow(200, now + 1_000_000)
    await room.sources.put("frigate:a", from_bytes(to_bytes(ingest.drain())))
    await until(lambda: room.counted() == 500, "the sums agree")
    (storm,) = room.all_incidents()
    assert (storm.storm, storm.storm_events) == (True, 500)
    assert "frigate:a" in storm.title
    later = now + 600_000_000
    ingest.overflow(7, later)
    await room.sources.put("frigate:a", ingest.drain())
    await until(lambda: room.counted() == 507, "a later one is another storm")
    assert len(room.all_incidents()) == 2


async def test_a_full_queue_loses_nothing_from_the_sums(room: Any) -> None:
    got: list[Any] = []

    async def deliver(batch: Any) -> None:
        got.append(batch)

    ingest = Ingest("frigate:a", room.register.find, os.urandom)
    settings = MqttSettings(source="frigate:a", host="127.0.0.1", port=1)
    source = MqttSource(settings, ingest, room.clock, deliver)
    CountingQueue.discarded = 12
    flushing = asyncio.create_task(source._flush())
    source.take("frigate/events", frigate_event("yard", "1-a", "new", "gate", 1))
    await until(lambda: got, "flushed")
    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    counted = sum(sum(batch.storms.values()) for batch in got)
    assert (counted, sum(len(batch.rows) for batch in got)) == (12, 1)
    assert CountingQueue.discarded == 0

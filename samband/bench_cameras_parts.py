"""The other processes of ``samband bench cameras``: a real server with an MQTT source, and Frigate.

``python -m samband.bench_cameras_parts serve …`` is the demo's server with simulated radios and one
Frigate behind a broker; ``… publish …`` is that Frigate, as fast as it is told.
"""

import asyncio
import contextlib
import json
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gateway.model.ids import UtcUs, ulid

PREFIX = "frigate"
ZONES = ("gate", "yard", "door", "fence", "roof", "quay")
ZONE_WEIGHTS = (75, 5, 5, 5, 5, 5)
"""Most of what a camera sees is in one place: that groups. The rest goes over the limits."""
PAD_CHARACTERS = 900
"""Makes a message 2 kB, as a real one with path and boxes is."""
LINKS_UP_MS = 20_000
PHASES = ("new", "update", "update", "end")


def frigate_event(camera: str, event_id: str, phase: str, zone: str, number: int) -> bytes:
    """Return one ``frigate/events`` message in the shape that 0.18 sends."""
    now = time.time()
    after = {
        "id": event_id,
        "camera": camera,
        "frame_time": now,
        "snapshot": None,
        "label": "car",
        "sub_label": None,
        "top_score": 0.91,
        "false_positive": False,
        "start_time": now,
        "end_time": now if phase == "end" else None,
        "score": 0.88,
        "box": [number % 400, 489, 528, 700],
        "current_zones": [zone],
        "entered_zones": [zone],
        "has_snapshot": True,
        "has_clip": True,
        "stationary": False,
        "max_severity": "detection",
        "recognized_license_plate": None,
        "path_data": [[[0.21, 0.63], now]],
    }
    before = {**after, "score": 0.8, "padding": "x" * PAD_CHARACTERS}
    return json.dumps({"type": phase, "before": before, "after": after}).encode()


class Publisher:
    """A paho client with its network thread, QoS 1."""

    def __init__(self, port: int) -> None:
        """Connect to the broker on loopback."""
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(500)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def publish(self, name: str, payload: bytes) -> paho.MQTTMessageInfo:
        """Publish under the prefix."""
        return self._client.publish(f"{PREFIX}/{name}", payload, qos=1)

    def close(self) -> None:
        """Disconnect and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()


def publish(port: int, rate: int, seconds: int, cameras: int, seed: int) -> dict[str, Any]:
    """Publish ``rate`` messages a second; returns what was sent and how fast."""
    rng = random.Random(seed)  # noqa: S311  # a load, not a secret
    publisher = Publisher(port)
    total, began, late = rate * seconds, time.monotonic(), 0.0
    ids: set[str] = set()
    open_ids: dict[tuple[str, str], tuple[str, int]] = {}
    last = None
    for number in range(total):
        due = began + number / rate
        pause = due - time.monotonic()
        if pause > 0.002:
            time.sleep(pause)
        late = max(late, -pause)
        camera, zone = f"flood-{rng.randrange(cameras)}", rng.choices(ZONES, ZONE_WEIGHTS)[0]
        event_id, phase = open_ids.get((camera, zone), ("", len(PHASES)))
        if phase >= len(PHASES):
            event_id, phase = f"{time.time():.6f}-{rng.randrange(16**6):06x}", 0
        open_ids[camera, zone] = (event_id, phase + 1)
        ids.add(event_id)
        payload = frigate_event(camera, event_id, PHASES[phase], zone, number)
        last = publisher.publish("events", payload)
    if last is not None:
        last.wait_for_publish(60)
    took = time.monotonic() - began
    publisher.close()
    return {
        "messages": total,
        "event_ids": len(ids),
        "rate_per_s": round(total / took),
        "late_ms": round(late * 1000),
    }


async def serve(folder: Path, mqtt_port: int) -> None:
    """Run the demo's server with a Frigate behind the broker until it is told to stop."""
    from samband.camera_side import CameraSide
    from samband.compose import Server
    from samband.config import demo_config
    from samband.config_cameras import Cameras, Mqtt
    from samband.demo import DATA, claim_port, make_people, port_of, write_ready_file
    from samband.demo_radios import simulators
    from samband.plan_file import load_plan

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    cameras = Cameras(mqtt=(Mqtt(id="bench", host="127.0.0.1", port=mqtt_port, prefix=PREFIX),))
    listener = claim_port(None)
    port = port_of(listener)
    config = demo_config(folder / "state", port, cameras=False).model_copy(
        update={"cameras": cameras}
    )
    async with simulators("quiet", coast=False) as radios:
        plan = radios.connect(load_plan(DATA / "plan.toml"), folder / "state")
        server = Server(config, plan, listener=listener, demonstration=True)
        await server.start()
        side = None
        services = server.dispatch.services
        if not _has_cameras(services):
            side = CameraSide(cameras, services)
            await side.start()
        people = make_people()
        try:
            await server.add_people(people)
            await server.radios_up(LINKS_UP_MS)
            write_ready_file(folder / "ready.json", f"http://localhost:{port}", people, radios)
            await server.run_until(stop)
        finally:
            if side is not None:
                await side.close()
            await server.close()


def _has_cameras(services: Any) -> bool:
    from dispatch.cameras.sources import CameraSources

    return bool(services.has(CameraSources))


def new_event_id() -> str:
    """Return an event id for a single event."""
    return f"{time.time():.6f}-" + ulid(UtcUs(time.time_ns() // 1000), bytes(10))[-6:]


def main(words: list[str]) -> None:
    """Run one of the two parts."""
    if words[0] == "serve":
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(Path(words[1]), int(words[2])))
    else:
        print(json.dumps(publish(*map(int, words[1:6]))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

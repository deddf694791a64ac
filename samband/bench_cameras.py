"""``samband bench cameras``: from a real broker to the console, and through a storm.

Processes: Mosquitto, the publisher (a Frigate), the server with its ingest process, the simulated
radios, and this one, which is the console: it follows the event stream and presses. First, single
events: from publish to ``incident.opened`` on the stream. Then the storm, while a desk presses.
"""

import argparse
import contextlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.model.errors import LinkError
from samband.bench_cameras_parts import Publisher, frigate_event, new_event_id
from samband.bench_demo import Control, end_process
from samband.bench_desk import Desk, mono_ms
from samband.bench_ptt import run_presses
from samband.bench_signal import percentiles
from samband.mosquitto_child import running_mosquitto

PARTS = "samband.bench_cameras_parts"
READY_S, SETTLE_S = 60.0, 120.0
OPENED_LIMIT_MS, PTT_LIMIT_MS = 500, 50
SECONDS_A_PRESS = 0.75


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "cameras", help="broker to console", epilog="example: samband bench cameras --seconds 30"
    )
    parser.add_argument("--singles", type=int, default=100, help="single events (100)")
    parser.add_argument("--rate", type=int, default=2000, help="messages a second (2000)")
    parser.add_argument("--seconds", type=int, default=60, help="length of the storm (60)")
    parser.add_argument("--cameras", type=int, default=300, help="cameras in the storm (300)")
    parser.add_argument("--seed", type=int, default=1)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run both parts; returns the figures."""
    with (
        tempfile.TemporaryDirectory() as name,
        running_mosquitto(Path(name)) as mqtt_port,
        _server(Path(name), mqtt_port) as ready,
    ):
        folder = Path(name)
        desk = Desk(ready["url"], **ready["users"]["dispatcher"])
        desk.take("1")
        opened = singles(desk, mqtt_port, args.singles)
        storm = _storm(desk, ready, folder, mqtt_port, args)
    figures: dict[str, Any] = {"incident_opened_ms": opened, "storm": storm}
    figures["ok"] = (
        opened["p95"] <= OPENED_LIMIT_MS
        and storm["unaccounted"] == 0
        and storm["press_to_wire_ms"]["p99"] <= PTT_LIMIT_MS
    )
    return figures


@contextlib.contextmanager
def _server(folder: Path, mqtt_port: int) -> Iterator[dict[str, Any]]:
    words = [sys.executable, "-m", PARTS, "serve", str(folder), str(mqtt_port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    ready = folder / "ready.json"
    deadline = time.monotonic() + READY_S
    try:
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = (folder / "server.log").read_text(errors="replace")[-3000:]
                raise LinkError(f"the server did not get ready within {READY_S:.0f} s:\n{tail}")
            time.sleep(0.05)
        yield json.loads(ready.read_text("utf-8"))
    finally:
        end_process(process)


def singles(desk: Desk, mqtt_port: int, number: int) -> dict[str, float]:
    """Publish first events of incidents one by one; returns percentiles in ms to the stream."""
    publisher = Publisher(mqtt_port)
    stream = desk.stream()
    took: list[float] = []
    try:
        for count in range(number):
            camera = f"single-{count}"
            payload = frigate_event(camera, new_event_id(), "new", "gate", count)
            began = mono_ms()
            publisher.publish("events", payload)
            stream.event("incident.opened", camera=camera)
            took.append(mono_ms() - began)
            time.sleep(0.06)
    finally:
        publisher.close()
        stream.close()
    return percentiles(took)


def _storm(
    desk: Desk, ready: dict[str, Any], folder: Path, mqtt_port: int, args: argparse.Namespace
) -> dict[str, Any]:
    before = _sums(folder)
    command = [sys.executable, "-m", PARTS, "publish", str(mqtt_port), str(args.rate)]
    command += [str(args.seconds), str(args.cameras), str(args.seed)]
    ptt, control = desk.ptt(), Control(ready["simulator"]["control"])
    try:
        flood = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        presses = max(5, round((args.seconds - 2) / SECONDS_A_PRESS))
        pressed = run_presses(ptt, control, presses, args.seed)
        answer, _ = flood.communicate(timeout=args.seconds + 120)
    finally:
        ptt.close()
        control.close()
    sent = json.loads(answer)
    accounted, settled_s = _settle(folder, before, sent["messages"])
    return {
        **sent,
        **accounted,
        "unaccounted": sent["messages"] - accounted["stored"] - accounted["counted_in_storms"],
        "settled_after_s": settled_s,
        "presses": presses,
        "press_to_wire_ms": pressed["press_to_wire_ms"],
        "release_to_unkey_ms": pressed["release_to_unkey_ms"],
    }


def _sums(folder: Path) -> dict[str, int]:
    path = folder / "state/samband.db"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        ((stored,),) = connection.execute("SELECT count(*) FROM camera_event")
        ((counted,),) = connection.execute("SELECT coalesce(sum(events), 0) FROM incident_storm")
        ((opened, storms),) = connection.execute("SELECT count(*), sum(storm) FROM incident")
    finally:
        connection.close()
    return {
        "stored": stored,
        "counted_in_storms": counted,
        "incidents": opened,
        "storm_incidents": storms or 0,
    }


def _settle(folder: Path, before: dict[str, int], expected: int) -> tuple[dict[str, int], float]:
    began = time.monotonic()
    while True:
        now = _sums(folder)
        new = {name: value - before[name] for name, value in now.items()}
        done = new["stored"] + new["counted_in_storms"] >= expected
        waited = time.monotonic() - began
        if done or waited > SETTLE_S:
            return new, round(waited, 1)
        time.sleep(0.25)

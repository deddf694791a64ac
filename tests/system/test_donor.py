"""A donor radio in a whole server: its carrier is a call in the log with sound, a press keys it."""

import contextlib
import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from samband.bench_demo import Control, end_process
from samband.bench_desk import Desk, mono_ms
from tests.system.story import wait_for

ROOT = Path(__file__).parents[2]
GROUP = "vhf/4"
UNKEY_LIMIT_MS = 500
KEY_LIMIT_MS = 250
"""From the press at the desk to the line: no figure of the issue, only a wide limit for a test."""
PLAN = """
name = "A donor radio"
positions = ["1", "2"]
[[systems]]
id = "vhf"
name = "VHF simplex"
technology = "analogue"
handle = 9
[[sites]]
id = "tower"
name = "Tower"
[[talkgroups]]
system = "vhf"
number = 4
name = "VHF 4"
folder = "VHF"
[[links]]
id = "vhf-4"
name = "VHF channel 4"
kind = "analogue"
system = "vhf"
site = "tower"
port = "{port}"
sound = "{audio}"
talkgroups = [4]
group = 4
ptt = "rts"
carrier = "cts"
carrier_hang_ms = 1500
"""


@dataclass
class Room:
    """The server, its radio, and a desk."""

    server: subprocess.Popen[bytes]
    control: Control
    desk: Desk
    state: Path

    def log(self, *kinds: str) -> list[dict[str, Any]]:
        entries = self.control.ask(do="log")["entries"]
        return [entry for entry in entries if entry["kind"] in kinds]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with contextlib.ExitStack() as stack:
        radio = subprocess.Popen(
            [sys.executable, "-m", "hardware.sim", "donor", "--control", "0"],
            stdout=subprocess.PIPE,
        )
        stack.callback(end_process, radio)
        assert radio.stdout is not None
        first = json.loads(radio.stdout.readline())
        (tmp_path / "plan.toml").write_text(PLAN.format(**first))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        password = secrets.token_urlsafe(9)
        (tmp_path / "state").mkdir()
        words = [sys.executable, "-m", "tests.system.donor_room", str(tmp_path / "state")]
        words += [str(tmp_path / "plan.toml"), str(port), password]
        server = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT)
        stack.callback(end_process, server)
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        desk = Desk(f"http://localhost:{port}", "sara", password)
        desk.take("1")
        control = stack.enter_context(contextlib.closing(Control(first["control"])))
        yield Room(server, control, desk, tmp_path / "state")


def line_after(room: Room, since_ms: float, *, active: bool) -> float:
    """Return when the PTT line became so, in milliseconds after ``since_ms``."""
    found: list[float] = []

    def seen() -> bool:
        found[:] = [
            entry["t_ms"] - since_ms
            for entry in room.log("line")
            if entry["active"] is active and entry["t_ms"] >= since_ms
        ]
        return bool(found)

    wait_for(seen, words=f"line active: {active}")
    return found[0]


def test_carrier_is_a_call_in_the_log_with_sound(room: Room) -> None:
    with contextlib.closing(room.desk.stream()) as stream:
        room.control.ask(do="talk", tone_hz=1000, for_s=2, level_dbfs=-4)
        started = stream.event("transmission.started", talkgroup=GROUP)
        assert started["talker"] is None
        closed = stream.event("recording.closed", transmission=started["transmission"])
        stream.event("call.ended", call=started["call"])
    wait_for(
        lambda: room.desk.call("GET", f"/calls?talkgroup={GROUP}")["total"], words="in the log"
    )
    (row,) = room.desk.call("GET", f"/calls?talkgroup={GROUP}")["calls"]
    assert row["id"] == started["call"]
    path = (
        f"/recordings/{started['transmission']}?purpose_code=test&purpose_text=a+look+at+the+tone"
    )
    status, data = room.desk.raw("GET", path)
    assert status == 200, data
    sound = decode(data)
    middle = sound[4000:12_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(np.argmax(spectrum) * 8000 / len(middle) - 1000) < 5
    assert 1.9 <= len(sound) / 8000 <= 2.6
    (raw,) = [file for file in closed["files"] if file["kind"] == "raw"]
    received = decode((room.state / "recordings" / raw["name"]).read_bytes())
    assert len(received) == len(sound)
    assert abs(level_db(received[4000:12_000]) - (-4 - 3)) < 1, "as it was received"
    assert level_db(middle) < -10, "as it was levelled"


def level_db(sound: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Return the RMS level in dBFS."""
    return float(20 * np.log10(np.sqrt(np.mean(sound**2))))


def decode(data: bytes) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the samples of an Ogg Opus file at 8 kHz."""
    with av.open(io.BytesIO(data), "r") as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=8000)
        parts = [
            out.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        ]
    return np.concatenate(parts).astype(np.float64)


def test_press_keys_the_line_and_release_takes_it_back(room: Room) -> None:
    with contextlib.closing(room.desk.ptt()) as ptt:
        request, pressed_ms = ptt.press(GROUP)
        ptt.wait(request, "on_air")
        assert line_after(room, pressed_ms, active=True) <= KEY_LIMIT_MS
        released_ms = ptt.release(request)
        assert line_after(room, released_ms, active=False) <= UNKEY_LIMIT_MS + 1000
        ptt.wait(request, "idle")


def test_lease_that_runs_out_takes_the_line_back(room: Room) -> None:
    with contextlib.closing(room.desk.ptt()) as ptt:
        request, _ = ptt.press(GROUP)
        ptt.wait(request, "on_air")
        last_ms = ptt.stop_renewing(request)
        assert line_after(room, last_ms, active=False) <= UNKEY_LIMIT_MS


def test_killed_server_takes_the_line_back(room: Room) -> None:
    with contextlib.closing(room.desk.ptt()) as ptt:
        request, _ = ptt.press(GROUP)
        ptt.wait(request, "on_air")
        killed_ms = mono_ms()
        os.kill(room.server.pid, signal.SIGKILL)
        assert line_after(room, killed_ms, active=False) <= UNKEY_LIMIT_MS


def test_network_that_goes_away_and_comes_back(room: Room) -> None:
    with (
        contextlib.closing(room.desk.stream()) as stream,
        contextlib.closing(room.desk.ptt()) as ptt,
    ):
        request, _ = ptt.press(GROUP)
        ptt.wait(request, "on_air")
        since = len(stream.items)
        cut_s = time.monotonic()
        room.control.ask(do="unplug", for_ms=800)
        stream.event("link.changed", since=since, state="down")
        assert time.monotonic() - cut_s < 2
        stream.event("link.changed", since=since, state="up")
        assert room.control.ask(do="state")["outputs"] == []
        assert len(room.log("keyed")) == 1

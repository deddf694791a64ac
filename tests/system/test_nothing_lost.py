"""``kill -9`` in the middle of a call: the call is in the log, and its sound plays."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from samband.bench_demo import RunningDemo, running_demo
from samband.bench_desk import Desk
from tests.system.story import BRAND_1, wait_for


def verify(state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "samband",
            "audit",
            "verify",
            "--db",
            f"sqlite:///{state / 'samband.db'}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def ogg_seconds(data: bytes) -> float:
    """Granule position of the last page of an Ogg Opus file, in seconds (RFC 7845)."""
    last = data.rindex(b"OggS")
    return int.from_bytes(data[last + 6 : last + 14], "little") / 48_000


def test_killed_in_mid_call(own_demo: RunningDemo, tmp_path: Path) -> None:
    control = own_demo.control()
    desk = Desk(own_demo.url, **own_demo.users["dispatcher"])
    stream = desk.stream()
    control.ask(do="talk", radio="hamnen", group=310301, unit=1220101, tone_hz=500, for_s=20)
    started = stream.event("transmission.started", talkgroup=BRAND_1)
    time.sleep(5)
    os.kill(own_demo.pid, signal.SIGKILL)
    own_demo.process.wait()
    assert list((own_demo.state / "recordings").rglob("*.part")), "the sound was on disk"

    again = tmp_path / "again"
    again.mkdir()
    with running_demo(again, scenario="quiet", state=own_demo.state) as revived:
        desk = Desk(revived.url, **revived.users["dispatcher"])
        call = wait_for(
            lambda: next(
                (
                    c
                    for c in desk.call("GET", f"/calls?talkgroup={BRAND_1}")["calls"]
                    if c["id"] == started["call"]
                ),
                None,
            ),
            words="the call in the log",
        )
        assert call["interrupted"] is True
        status, sound = desk.raw(
            "GET",
            f"/recordings/{started['transmission']}?purpose_code=test&purpose_text=after+kill",
        )
        assert status == 200
        assert 3.5 <= ogg_seconds(sound) <= 6
    done = verify(own_demo.state)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_server_on_the_same_state_refuses(own_demo: RunningDemo) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "samband", "demo", "--no-browser", "--state", str(own_demo.state)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "in use by another server" in done.stderr

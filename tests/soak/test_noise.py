"""Random bytes on the serial port of a running demo: nothing crashes, nothing is keyed.

``SAMBAND_SOAK_NOISE_S`` is how long (60 s).
"""

import contextlib
import os
import time
from pathlib import Path

from samband.bench_demo import Control, running_demo
from samband.bench_desk import Desk, mono_ms

SECONDS = float(os.environ.get("SAMBAND_SOAK_NOISE_S", "60"))
RADIO = "hamnen"
GROUP = "norrvik/310301"
AGAIN_S = 60
"""How long the link may take to be of use again."""


def keyed_since(control: Control, since_ms: float) -> list[object]:
    """Return what the radio noted as keyed."""
    entries = control.ask(do="log", radio=RADIO, kinds=["keyed"], since_ms=since_ms)["entries"]
    return list(entries)


def test_noise_on_the_serial_port(tmp_path: Path) -> None:
    with (
        running_demo(tmp_path, scenario="quiet") as demo,
        contextlib.closing(demo.control()) as control,
    ):
        desk = Desk(demo.url, **demo.users["dispatcher"])
        desk.take("1")
        since = mono_ms()
        control.ask(do="noise", radio=RADIO, for_ms=int(SECONDS * 1000), bytes_per_s=20_000)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            assert demo.process.poll() is None
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))
        assert keyed_since(control, since) == []
        with contextlib.closing(desk.ptt()) as ptt:
            deadline = time.monotonic() + AGAIN_S
            state = ""
            while state != "on_air" and time.monotonic() < deadline:
                request, _ = ptt.press(GROUP)
                state = str(ptt.wait(request, "on_air", "denied", "fault", seconds=10)["state"])
                ptt.release(request)
                ptt.wait(request, "idle", "denied", "fault", seconds=10)
            assert state == "on_air"

"""``samband bench ptt``: press to the first key-up byte on the wire, release to the un-key.

The desk is a WebSocket client of the demo; the wire is the simulated radio's own log, in another
process, on the same monotonic clock. The radio is polled as in service.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from gateway.model.errors import LinkError
from samband.bench_demo import Control, running_demo
from samband.bench_desk import Desk, PttSocket
from samband.bench_signal import percentiles

TALKGROUP = "norrvik/310301"
RADIO = "hamnen"
LIMIT_MS = 50
KEY_UP = ("AT+CTXD", "AT+CTSDC")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "ptt", help="press to wire", epilog="example: samband bench ptt --presses 200"
    )
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Press many times at random moments; returns percentiles in ms."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder), scenario="quiet") as demo,
    ):
        desk = Desk(demo.url, **demo.users["dispatcher"])
        desk.take("1")
        ptt, control = desk.ptt(), demo.control()
        try:
            return run_presses(ptt, control, args.presses, args.seed)
        finally:
            ptt.close()
            control.close()


def run_presses(ptt: PttSocket, control: Control, presses: int, seed: int = 1) -> dict[str, Any]:
    """Press ``presses`` times, calls up and calls anew in turn; returns the figures."""
    rng = random.Random(seed)  # noqa: S311 - moments of presses, not a secret
    up: list[float] = []
    down: list[float] = []
    by_line: dict[str, list[float]] = {}
    for number in range(presses):
        if number % 4 == 0:
            control.ask(do="release", radio=RADIO)
        time.sleep(rng.uniform(0.05, 0.35))
        request, pressed = ptt.press(TALKGROUP)
        ptt.wait(request, "on_air")
        line, at = first_line(control, pressed, *KEY_UP)
        up.append(at - pressed)
        by_line.setdefault(line[:8], []).append(at - pressed)
        time.sleep(rng.uniform(0.2, 0.4))
        released = ptt.release(request)
        ptt.wait(request, "idle")
        _, at = first_line(control, released, "AT+CUTXC")
        down.append(at - released)
    violations = control.ask(do="violations", radio=RADIO)["violations"]
    figures: dict[str, Any] = {
        "press_to_wire_ms": percentiles(up),
        "by_command_ms": {line: percentiles(values) for line, values in by_line.items()},
        "release_to_unkey_ms": percentiles(down),
        "lines_the_radio_does_not_allow": len(violations),
        "limit_p99_ms": LIMIT_MS,
    }
    figures["ok"] = not violations and all(
        percentiles(values)["p99"] <= LIMIT_MS for values in (up, down)
    )
    return figures


def first_line(
    control: Control, since_ms: float, *starts: str, radio: str = RADIO, seconds: float = 3
) -> tuple[str, float]:
    """Wait for the first host line with one of these beginnings; returns it and its time in ms."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        entries = control.ask(do="log", radio=radio, kinds=["wire"], since_ms=since_ms)["entries"]
        for entry in entries:
            if entry["way"] == "host" and any(start in entry["text"] for start in starts):
                return entry["text"], entry["t_ms"]
        time.sleep(0.01)
    raise LinkError(f"no line {starts} on the wire within {seconds} s")

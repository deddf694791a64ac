"""A demo in a process of its own, for benchmarks and system tests."""

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.model.errors import LinkError

READY_S = 60
POLL_S = 0.05


@dataclass
class Control:
    """The control port of the simulated radios: the same actions as in a scenario file, live."""

    port: int
    _socket: socket.socket = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Connect."""
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self._reader = self._socket.makefile("rb")

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one action and return its answer; raises LinkError when it is refused."""
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        line = self._reader.readline()
        if not line:
            raise LinkError("the simulator closed its control port")
        answer: dict[str, Any] = json.loads(line)
        if not answer.get("ok", True):
            raise LinkError(f"simulator refused {request}: {answer}")
        return answer

    def pcm(self, **request: Any) -> bytes:
        """Ask for sound and return it as int16 little-endian bytes, 8 kHz mono."""
        return base64.b64decode(self.ask(**request)["pcm"])

    def close(self) -> None:
        """Close the connection."""
        self._reader.close()
        self._socket.close()


@dataclass
class RunningDemo:
    """What a started demo said of itself."""

    url: str
    pid: int
    users: dict[str, dict[str, str]]
    ptys: dict[str, str]
    control_port: int
    process: subprocess.Popen[bytes]
    state: Path
    coast: dict[str, int] = field(default_factory=dict)
    """Control port of the simulated peer of each P25 link."""

    def control(self) -> Control:
        """Open the simulator's control port."""
        return Control(self.control_port)


@contextlib.contextmanager
def running_demo(
    folder: Path,
    *,
    scenario: str = "quiet",
    state: Path | None = None,
    cameras: bool = False,
    p25: bool = False,
) -> Iterator[RunningDemo]:
    """Start ``samband demo`` and wait until it is ready; ends it by its own process id."""
    ready = folder / f"ready-{scenario}.json"
    ready.unlink(missing_ok=True)
    state = state or folder / f"state-{scenario}"
    command = [sys.executable, "-m", "samband", "demo", "--no-browser"]
    command += ["--ready-file", str(ready), "--state", str(state), "--scenario", scenario]
    if not cameras:
        command.append("--no-cameras")
    if not p25:
        command.append("--no-p25")
    log = (folder / f"demo-{scenario}.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _wait_ready(process, ready, state, Path(log.name))
    finally:
        end_process(process)
        log.close()


def _wait_ready(
    process: subprocess.Popen[bytes], ready: Path, state: Path, log: Path
) -> RunningDemo:
    deadline = time.monotonic() + READY_S
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            raise LinkError(f"the demo did not get ready within {READY_S} s:\n{tail}")
        time.sleep(POLL_S)
    data = json.loads(ready.read_text())
    return RunningDemo(
        url=data["url"],
        pid=data["pid"],
        users=data["users"],
        ptys=data["ptys"],
        control_port=data["simulator"]["control"],
        process=process,
        state=state,
        coast={name: peer["control"] for name, peer in data["p25"].items()},
    )


def end_process(process: subprocess.Popen[bytes], wait_s: float = 20) -> None:
    """End a child: ask, wait, then kill."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
            process.terminate()
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""A simulated P25 peer in a process of its own, with its control port, for tests of drivers."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
DEADLINE_S = 15.0


class P25Peer:
    """``hardware.sim KIND …`` and what it tells."""

    def __init__(self, kind: str, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hardware.sim", kind, "--control", "0", *words],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the simulated {kind} did not start"
        self.first: dict[str, Any] = json.loads(line)
        self._control = socket.create_connection(("127.0.0.1", self.first["control"]), DEADLINE_S)
        self._lines = self._control.makefile("rw", encoding="utf-8")

    def ask(self, do: str, **values: object) -> dict[str, Any]:
        """Do an action or ask a query; returns the answer, which must be ok."""
        self._lines.write(json.dumps({"do": do, **values}) + "\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        assert answer["ok"], answer
        return answer

    def overs(self) -> list[dict[str, Any]]:
        """Return what came from the gateway, an over a row."""
        overs: list[dict[str, Any]] = self.ask("heard")["overs"]
        return overs

    def close(self) -> None:
        """End the process."""
        self._lines.close()
        self._control.close()
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


def until(holds: Callable[[], bool], what: str, limit_s: float = DEADLINE_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, f"not in {limit_s} s: {what}"
        time.sleep(0.01)

"""A server that dies, stops or hangs while it talks on a P25 link: its guard ends the over.

The fixed station un-keys by itself after half a second without voice; the end that is checked here
was said to it, from the very port that the voice came from.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.plan import Link
from gateway.model.wire import to_json
from tests.hardware.p25_room import ROOT, P25Peer, until
from tests.hardware.pty_wire import mono_ms

UNKEY_LIMIT_MS = 500


@pytest.fixture
def station() -> Iterator[P25Peer]:
    peer = P25Peer("p25-station")
    yield peer
    peer.close()


class Talking:
    """The server's process, on air."""

    def __init__(self, station: P25Peer) -> None:
        link = Link(
            id=LinkId("vinga"),
            name="Vinga",
            kind="p25-dfsi",
            system=SystemId("coast"),
            site=SiteId("vinga"),
            port=f"udp:127.0.0.1:{station.first['control_port']}",
            sound="",
            talkgroups=(10001,),
        )
        words = [sys.executable, "-m", "tests.hardware.keyed_server"]
        self.process = subprocess.Popen(
            [*words, json.dumps(to_json(link)), "voice"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._told: queue.Queue[dict[str, object]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        while self._told.get(timeout=15)["what"] != "granted":
            pass

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def signal(self, number: int) -> int:
        at_ms = mono_ms()
        os.kill(self.process.pid, number)
        return at_ms


@pytest.fixture
def talk(station: P25Peer) -> Iterator[Callable[[], Talking]]:
    talking: list[Talking] = []

    def start() -> Talking:
        talking.append(Talking(station))
        until(lambda: any(over["frames"] > 5 for over in station.overs()), "voice at the station")
        return talking[-1]

    yield start
    for one in talking:
        one.process.kill()
        one.process.wait(5)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_guard_ends_the_over(
    station: P25Peer, talk: Callable[[], Talking], number: int
) -> None:
    since_ms = talk().signal(number)
    until(lambda: station.overs()[-1]["ended_ms"] is not None, "the end of the over")
    over = station.overs()[-1]
    assert over["terminated"], "the end was said, not only waited for"
    assert over["ended_ms"] - since_ms <= UNKEY_LIMIT_MS
    assert len(station.overs()) == 1
    assert station.ask("violations")["violations"] == []

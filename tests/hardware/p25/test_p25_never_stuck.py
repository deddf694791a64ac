"""A server that dies, stops or hangs while it talks on a P25 link: its guard ends the over.

A fixed station un-keys by itself after half a second without voice, a modem when its buffer is
empty; the end that is checked here was said to them, by the very port that the voice came from.
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
from tests.hardware.p25.p25_room import ROOT, P25Peer, until
from tests.hardware.pty_wire import mono_ms

UNKEY_LIMIT_MS = 500
BUFFERED_MS = 400
"""What a modem has in its buffer at most when the end comes: two LDUs."""
KINDS = {"p25-station": "p25-dfsi", "mmdvm": "p25-modem"}


@pytest.fixture(params=KINDS)
def peer(request: pytest.FixtureRequest) -> Iterator[P25Peer]:
    one = P25Peer(request.param)
    yield one
    one.close()


def planned(peer: P25Peer) -> Link:
    kind = str(peer.first["kind"])
    port = f"udp:127.0.0.1:{peer.first['control_port']}" if kind != "mmdvm" else peer.first["pty"]
    return Link(
        id=LinkId("vinga"),
        name="Vinga",
        kind=KINDS[kind],
        system=SystemId("coast"),
        site=SiteId("vinga"),
        port=port,
        sound="",
        speed_bps=115_200,
        talkgroups=(10001,),
    )


class Talking:
    """The server's process, on air."""

    def __init__(self, link: Link) -> None:
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
def talk(peer: P25Peer) -> Iterator[Callable[[], Talking]]:
    talking: list[Talking] = []

    def start() -> Talking:
        talking.append(Talking(planned(peer)))
        until(lambda: any(over["frames"] > 5 for over in peer.overs()), "voice on air")
        return talking[-1]

    yield start
    for one in talking:
        one.process.kill()
        one.process.wait(5)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_guard_ends_the_over(peer: P25Peer, talk: Callable[[], Talking], number: int) -> None:
    since_ms = talk().signal(number)
    until(lambda: peer.overs()[-1]["ended_ms"] is not None, "the end of the over")
    over = peer.overs()[-1]
    assert over["terminated"], "the end was said, not only waited for"
    limit_ms = UNKEY_LIMIT_MS
    if peer.first["kind"] == "mmdvm":
        (said,) = peer.ask("log", kinds=["terminator"])["entries"]
        assert said["t_ms"] - since_ms <= UNKEY_LIMIT_MS
        limit_ms += BUFFERED_MS
    assert over["ended_ms"] - since_ms <= limit_ms
    assert len(peer.overs()) == 1
    assert peer.ask("violations")["violations"] == []

"""A server that dies or hangs while two desks talk over one FNE link: each over is ended."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.hardware.p25.p25_room import DEADLINE_S, ROOT, P25Peer, until
from tests.hardware.pty_wire import mono_ms

UNKEY_LIMIT_MS = 500
GROUPS = (10_001, 10_002)


@pytest.fixture
def master() -> Iterator[P25Peer]:
    peer = P25Peer("fne")
    yield peer
    peer.close()


@pytest.fixture
def server(master: P25Peer) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "tests.hardware.p25.fne_server", str(master.first["port"])]
    process = subprocess.Popen(
        [*words, *map(str, GROUPS)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    assert "granted" in process.stdout.readline()
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(DEADLINE_S)
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_guards_end_both_overs(
    master: P25Peer, server: subprocess.Popen[str], number: int
) -> None:
    until(lambda: sum(over["frames"] > 20 for over in master.overs()) == 2, "voice of both")
    since_ms = mono_ms()
    server.send_signal(number)
    until(lambda: all(over["ended_ms"] is not None for over in master.overs()), "both ends")
    overs = master.overs()
    assert {over["group"] for over in overs} == set(GROUPS)
    assert all(over["terminated"] for over in overs), "the end was said, not only waited for"
    assert all(over["ended_ms"] - since_ms <= UNKEY_LIMIT_MS for over in overs)
    assert master.ask("violations")["violations"] == []

"""The simulated fixed station as others meet it: a process, its sockets, what it refuses."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CONNECT = bytes.fromhex("00010113880000000a0a0a")


class Station:
    """A running station, its control port, and a host's two sockets."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.first: dict[str, Any] = json.loads(process.stdout.readline())
        self._control = socket.create_connection(("127.0.0.1", self.first["control"]), timeout=10)
        self._file = self._control.makefile("rwb")
        self.control = self._udp("control_port")
        self.voice = self._udp("voice_port")
        self._others: list[socket.socket] = []

    def _udp(self, name: str) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.settimeout(5)
        made.bind(("127.0.0.1", 0))
        made.connect(("127.0.0.1", self.first[name]))
        return made

    def ask(self, **request: object) -> dict[str, Any]:
        self._file.write(json.dumps(request).encode() + b"\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def says(self, data: bytes) -> bytes:
        self.control.send(data)
        return self.control.recv(2048)

    def connect(self) -> None:
        port = self.voice.getsockname()[1].to_bytes(2, "big")
        assert self.says(CONNECT[:3] + port + CONNECT[5:])[5] == 0

    def violations(self) -> list[str]:
        return [one["reason"] for one in self.ask(do="violations")["violations"]]

    def close(self) -> None:
        for one in (self._file, self._control, self.control, self.voice):
            one.close()


@contextmanager
def running(*options: str) -> Iterator[Station]:
    process = subprocess.Popen(
        [sys.executable, "-m", "hardware.sim", "p25-station", "--control", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    station = Station(process)
    try:
        yield station
    finally:
        station.close()
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="module")
def station() -> Iterator[Station]:
    with running() as made:
        yield made


def test_the_first_line_says_where_it_is(station: Station) -> None:
    assert station.first["kind"] == "p25-station"
    assert station.first["dialect"] == "tia"
    assert station.first["pid"] == station.process.pid


def test_it_connects_answers_and_lets_go(station: Station) -> None:
    assert station.says(CONNECT) == bytes.fromhex("0201000101000301") + station.first[
        "voice_port"
    ].to_bytes(2, "big")
    assert station.says(b"\x08\1\2") == bytes.fromhex("020108010200050101000001")
    assert station.says(b"\5\1\3") == bytes.fromhex("02010501030000")
    assert station.says(b"\5\1\3\7\x08")[5] == 0
    assert station.ask(do="state")["front"]["selected"] == [7, 8]
    assert station.says(b"\x09\1\4")[5] == 0
    assert station.ask(do="state")["front"]["connected"] is False


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x08\1\2", 1),  # nobody is connected
        (b"\0\2" + CONNECT[2:], 4),
        (b"\4\1\1", 5),
        (CONNECT[:9], 6),
    ],
)
def test_it_refuses_what_a_station_refuses(station: Station, data: bytes, code: int) -> None:
    assert station.says(data)[5] == code


def test_it_says_no_as_often_as_it_is_told(station: Station) -> None:
    assert station.ask(do="nak", what="connect", reason=7, times=2)["ok"]
    assert [station.says(CONNECT)[5] for _ in range(3)] == [7, 7, 0]
    assert "expected what to be one of" in station.ask(do="nak", what="tea")["error"]


def test_it_notes_voice_that_does_not_follow_the_reference(station: Station) -> None:
    station.connect()
    station.ask(do="clear")
    head = bytes.fromhex("806400010000000000000001")
    for payload in ("4280", "62", "428089" + "62" + "00" * 13 + "293500", "c0", "418aff"):
        station.voice.send(head + bytes.fromhex(payload))
    station.voice.send(b"\x80\x5d" + head[2:] + b"\0" * 9)
    found: list[str] = []
    for _ in range(200):
        found = station.violations()
        if len(found) >= 6:
            break
    assert any("without a start" in one for one in found)
    assert any("payload type 5D" in one for one in found)
    assert any("behind the last block" in one for one in found)
    assert station.ask(do="heard")["overs"][-1]["frames"] == 1


def test_units_talk_as_its_scenario_says() -> None:
    with running("--scenario", "demo-station", "--once", "--plain") as station:
        station.connect()
        first = station.voice.recv(2048)
        assert first[12:14] == b"\x41\x09"
        second = station.voice.recv(2048)
        assert second[12:15] == b"\x42\x86\x09"
        assert [one[3] for one in (first, second)] == [0x20, 0x21]


def test_a_mistake_is_said_and_ends_it() -> None:
    command = [sys.executable, "-m", "hardware.sim", "p25-station"]
    for options, words in (
        (["--udp", "nowhere"], "--udp: expected HOST:PORT"),
        (["--scenario", "/nowhere.toml"], "cannot be read"),
    ):
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 1
        assert words in done.stderr

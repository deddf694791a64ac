"""The simulator as others meet it: a process, a real pseudo-terminal, sockets."""

import base64
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial

DEADLINE_S = 15.0
HEADER = struct.Struct(">II")
BLOCK = b"".join(struct.pack("<h", n * 50) for n in range(160))
SERVICES = ("2,0,0", "1,1,11", "2,2,20", "1,3,130", "1,3,10")
MAX_RSS_KB = 45_000


class Simulator:
    """A running simulator and its control port."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.first: dict[str, Any] = json.loads(process.stdout.readline())
        self._socket = socket.create_connection(("127.0.0.1", self.first["control"]), timeout=10)
        self._file = self._socket.makefile("rwb")

    def ask(self, **request: object) -> dict[str, Any]:
        self._file.write(json.dumps(request).encode() + b"\n")
        self._file.flush()
        answer: dict[str, Any] = json.loads(self._file.readline())
        return answer

    def radio(self, name: str = "norrvik-c") -> dict[str, Any]:
        return next(one for one in self.first["radios"] if one["name"] == name)

    def state(self, name: str = "norrvik-c") -> dict[str, Any]:
        state: dict[str, Any] = self.ask(do="state", radio=name)["radios"][0]
        return state

    def notes(self, *kinds: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.ask(do="log", kinds=list(kinds))["entries"]
        return entries

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def running(*options: str, module: str = "hardware.sim") -> Iterator[Simulator]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, "pei", "--pty", "--control", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    simulator = Simulator(process)
    try:
        yield simulator
    finally:
        simulator.close()
        process.terminate()
        assert process.wait(10) == 0
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Simulator]:
    with running("--scenario", "quiet", "--link", str(tmp_path / "port")) as simulator:
        yield simulator


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, what
        select.select([], [], [], 0.01)


class Host:
    """A minimal host on the serial port."""

    def __init__(self, path: str) -> None:
        self.port = serial.Serial(path, 115_200, timeout=0.05)
        self.seen = b""

    def wait_for(self, mark: bytes) -> bytes:
        end = time.monotonic() + DEADLINE_S
        while mark not in self.seen:
            assert time.monotonic() < end, (mark, self.seen)
            self.seen += self.port.read(4_096)
        before, _, self.seen = self.seen.partition(mark)
        return before + mark

    def command(self, text: str) -> bytes:
        self.port.write(text.encode() + b"\r")
        return self.wait_for(b"OK\r\n")

    def ready(self) -> "Host":
        self.port.write(b"\rAT\r")
        self.wait_for(b"+CME ERROR: 35\r\n")
        self.command("ATE0")
        for service in SERVICES:
            self.command(f"AT+CTSP={service}")
        return self


def test_first_line_names_ports_and_process(quiet: Simulator) -> None:
    assert quiet.first["kind"] == "pei"
    assert quiet.first["pid"] == quiet.process.pid
    assert quiet.radio()["issi"] == 1299001
    assert quiet.radio()["group"] == 310201
    assert quiet.radio()["pty"].startswith("/dev/")
    assert quiet.radio()["audio"].startswith("udp:127.0.0.1:")


def test_push_to_talk_and_incoming_call_over_a_real_port(quiet: Simulator) -> None:
    host = Host(quiet.radio()["pty"]).ready()
    host.command("AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0")
    before_ms = time.monotonic_ns() / 1e6
    host.command("ATD310201")
    host.wait_for(b"+CTXG: 1,0,0,0\r\n")
    assert quiet.state()["keyed"]
    host.command("AT+CUTXC=1")
    after_ms = time.monotonic_ns() / 1e6
    keyed, unkeyed = quiet.notes("keyed", "unkeyed")
    assert (keyed["group"], unkeyed["group"]) == (310201, 310201)
    assert before_ms <= keyed["t_ms"] <= unkeyed["t_ms"] <= after_ms
    wire = [one for one in quiet.notes("wire") if one["way"] == "host"]
    assert "ATD310201\r" in "".join(one["text"] for one in wire)
    assert quiet.ask(do="talk", group=310201, unit=1210207, say="sv-3120-yes")["taken"] == 1
    host.wait_for(b"+CTXG: 1,3,0,0,3,09010100101210207\r\n")
    host.wait_for(b"+CDTXC: 1,0\r\n")
    assert quiet.ask(do="violations")["violations"] == []
    host.port.close()


def test_sound_over_udp_both_ways(quiet: Simulator, tmp_path: Path) -> None:
    host = Host(quiet.radio()["pty"]).ready()
    kind, address, port = quiet.radio()["audio"].split(":")
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))
    link.settimeout(DEADLINE_S)
    link.connect((address, int(port)))
    link.send(HEADER.pack(0, 0))
    assert kind == "udp"
    host.command("AT+CSQ?")
    quiet.ask(do="talk", group=310201, unit=1210207, tone_hz=500, for_s=1.0)
    frames = []
    for _ in range(50):
        frames.append((link.recv(1_000), time.monotonic()))
    assert all(len(frame) == 328 for frame, _ in frames)
    heads = [HEADER.unpack(frame[:8]) for frame, _ in frames]
    assert [head[0] for head in heads] == list(range(50))
    assert [head[1] - heads[0][1] for head in heads] == pytest.approx(
        [160 * n for n in range(50)], abs=320
    )
    span_s = frames[-1][1] - frames[0][1]
    assert span_s >= 49 * 0.02 - 0.1, "not faster than speech; a busy machine may be slower"
    host.wait_for(b"+CDTXC: 1,0\r\n")
    link.send(HEADER.pack(1, 0) + BLOCK)
    until(lambda: quiet.state()["sound_outside"] == 1, "sound before the grant")
    host.command("AT+CTXD=1,1")
    host.wait_for(b"+CTXG: 1,0,0,0\r\n")
    for number in range(10):
        link.send(HEADER.pack(number, number * 160) + BLOCK)
    until(lambda: quiet.state()["sound_blocks"] == 10, "sound while granted")
    host.command("AT+CUTXC=1")
    heard = quiet.ask(do="sound", radio="norrvik-c", group=310201)
    assert base64.b64decode(heard["pcm"]) == BLOCK * 10
    assert heard["groups"] == [310201]
    path = str(tmp_path / "heard.wav")
    assert quiet.ask(do="sound", radio="norrvik-c", path=path)["blocks"] == 10
    with wave.open(path, "rb") as stored:
        assert (stored.getframerate(), stored.getnframes()) == (8_000, 1_600)
    quiet.ask(do="grant", answer="ignore")
    assert quiet.ask(do="clear")["ok"]
    assert quiet.ask(do="sound")["blocks"] == 0
    host.command("AT+CTXD=1,1")
    host.wait_for(b"+CTXG: 1,0,0,0\r\n")
    link.close()
    host.port.close()


def test_sound_over_a_stream_socket(tmp_path: Path) -> None:
    path = tmp_path / "sound"
    with running("--scenario", "quiet", "--audio", f"unix:{path}") as simulator:
        assert simulator.radio("hamnen")["audio"] == f"unix:{path}-hamnen"
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(DEADLINE_S)
        link.connect(f"{path}-hamnen")
        host = Host(simulator.radio("hamnen")["pty"]).ready()
        simulator.ask(do="talk", group=310301, unit=1220101, tone_hz=500, for_s=0.2)
        data = b""
        while len(data) < 328 * 10:
            data += link.recv(10_000)
        assert len(data) == 328 * 10
        host.wait_for(b"+CDTXC: 1,0\r\n")
        host.command("AT+CTXD=1,1")
        host.wait_for(b"+CTXG: 1,0,0,0\r\n")
        link.sendall((HEADER.pack(0, 0) + BLOCK) * 3)
        until(lambda: simulator.state("hamnen")["sound_blocks"] == 3, "sound over the socket")
        link.close()
        host.port.close()
    assert not Path(f"{path}-hamnen").exists()


def test_a_pulled_cable_and_a_stable_link(quiet: Simulator, tmp_path: Path) -> None:
    link = tmp_path / "port-norrvik-c"
    assert os.readlink(link) == quiet.radio()["pty"]
    host = Host(str(link)).ready()
    quiet.ask(do="unplug", radio="norrvik-c", for_ms=200)
    with pytest.raises((serial.SerialException, OSError)):
        until(lambda: host.port.read(1) == b"never", "the host's read must fail")
    host.port.close()
    until(link.exists, "the port comes back")
    again = Host(str(link))
    again.port.write(b"AT\r")
    again.wait_for(b"+CME ERROR: 35\r\n")
    kinds = [one["kind"] for one in quiet.notes("unplugged", "plugged", "port_opened")]
    assert kinds == ["port_opened", "unplugged", "plugged", "port_opened"]
    again.port.close()


def test_the_port_can_be_opened_again_and_starts_with_noise(quiet: Simulator) -> None:
    path = quiet.radio()["pty"]
    for _ in range(3):
        host = Host(path)
        host.port.write(b"AT\r")
        host.wait_for(b"+CME ERROR: 35\r\n")
        host.command("AT")
        host.port.close()
        until(lambda: not quiet.state()["port_open"], "the closed port is seen")


def test_last_bytes_before_the_port_closes_are_taken(quiet: Simulator) -> None:
    host = Host(quiet.radio()["pty"]).ready()
    host.command("AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0")
    host.command("ATD310201")
    host.wait_for(b"+CTXG: 1,0,0,0\r\n")
    host.port.write(b"\x1b\rAT+CUTXC=1\rATH\r")
    host.port.close()
    until(lambda: len(quiet.notes("unkeyed")) == 1, "un-keyed by the last bytes")
    assert quiet.ask(do="violations")["violations"] == []


def test_control_names_mistakes_and_goes_on(quiet: Simulator) -> None:
    wrong = quiet.ask(do="talk", group="x", colour=1)
    assert not wrong["ok"]
    assert "request.colour: unknown key" in wrong["error"]
    assert "request.group: expected a whole number" in wrong["error"]
    assert "norrvik-c" in quiet.ask(do="state", radio="nobody")["error"]
    assert "unknown key" in quiet.ask(do="log", foo=1)["error"]
    assert "no clip" in quiet.ask(do="talk", group=310201, say="nope")["error"]
    assert "talk" in quiet.ask(do="help")["actions"]
    quiet._file.write(b"not json\n[1]\n")
    quiet._file.flush()
    assert "JSON" in json.loads(quiet._file.readline())["error"]
    assert "JSON" in json.loads(quiet._file.readline())["error"]
    assert quiet.ask(do="state")["ok"]


def test_scenario_plays_and_stays_small(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    scenario = tmp_path / "short.toml"
    scenario.write_text(
        'title = "short"\n[[radio]]\nname = "r"\nissi = 1\ngroup = 2\n'
        '[[step]]\nat_s = 0.2\ndo = "talk"\ngroup = 2\nunit = 5\nfor_s = 0.2\n',
        "utf-8",
    )
    options = ("--scenario", str(scenario), "--log", str(log), "--once", "--seed", "3")
    with running(*options, module="samband.sim_command") as simulator:
        until(lambda: bool(simulator.notes("talker_end")), "the step is played")
        rss = Path(f"/proc/{simulator.process.pid}/status").read_text().partition("VmRSS:")[2]
        assert int(rss.split()[0]) < MAX_RSS_KB
    kinds = [json.loads(line)["kind"] for line in log.read_text("utf-8").splitlines()]
    assert kinds == ["talker", "talker_end"]


def test_violations_are_told_as_json(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    with running("--scenario", "quiet", "--log", str(log)) as simulator:
        host = Host(simulator.radio()["pty"]).ready()
        host.port.write(b"AT+CTRFPC=1\r")
        host.wait_for(b"+CME ERROR: 4\r\n")
        found = simulator.ask(do="violations")["violations"]
        assert [(one["line"], one["radio"]) for one in found] == [("AT+CTRFPC=1", "norrvik-c")]
        host.port.close()
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [one["line"] for one in lines if one["kind"] == "violation"] == ["AT+CTRFPC=1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "hardware.sim", "pei", "--scenario", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["control"] is None
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert errors == ""


def test_it_ends_when_the_process_that_started_it_is_gone() -> None:
    starter = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-m', 'hardware.sim', 'pei'],"
        " stdout=subprocess.PIPE)\n"
        "print(p.pid, flush=True); p.stdout.readline(); print('up', flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    parent.communicate()

    def gone() -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        return state == "Z"

    until(gone, "the simulator ends with its parent")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scenario", "/nowhere.toml"], "cannot be read"),
        (["--audio", "tcp:1"], "expected udp:HOST:PORT, unix:PATH"),
        (["--log", "/nowhere/x"], "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(options: list[str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hardware.sim", "pei", *options],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr

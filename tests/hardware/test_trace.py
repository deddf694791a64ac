"""Traces of links: whole after a crash, within their limits, without secrets, off the loop."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.model.ids import MonoMs, UtcUs
from gateway.p25.fne import login
from gateway.p25.fne.numbers import Function
from gateway.p25.fne.packet import FnePacket
from hardware import trace as traces
from hardware.link_tap import LinkTap
from hardware.trace import Trace, TraceOrder, TraceState, TraceWriter, close_left
from hardware.trace_blank import blanking_of

WAIT_S = 10


class StandingClock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(0)

    def utc_us(self) -> UtcUs:
        return UtcUs(1_790_000_000_123_456)


def order(path: Path, **more: Any) -> TraceOrder:
    values: dict[str, Any] = {
        "id": path.stem,
        "path": path,
        "header": {"link": "pei-1", "kind": "tetra-pei"},
        "kind": "tetra-pei",
        "max_bytes": 1_000_000,
        "max_s": 60.0,
    }
    return TraceOrder(**(values | more))


class Writing:
    """A writer and what it told."""

    def __init__(self, free: int = 1 << 40) -> None:
        self.told: list[TraceState] = []
        self.over = threading.Event()
        self.tap = LinkTap(StandingClock())
        self.writer = TraceWriter(self._ended, free=lambda _: free)

    def _ended(self, state: TraceState) -> None:
        self.told.append(state)
        self.over.set()

    def begin(self, one: TraceOrder) -> Trace:
        trace = self.writer.begin(one)
        self.tap.add(trace.take)
        return trace

    def end(self) -> TraceState:
        assert self.over.wait(WAIT_S)
        self.writer.close()
        return self.told[-1]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everything_that_passes_is_written_with_its_times_and_way(tmp_path: Path) -> None:
    writing, path = Writing(), tmp_path / "traces" / "lt-1.jsonl"
    trace = writing.begin(order(path))
    writing.tap.passed(b"AT\r", outgoing=True)
    writing.tap.passed(b"\r\nOK\r\n", outgoing=False, channel="control")
    writing.writer.stop(trace)
    state = writing.end()
    head, out, back, end = rows(path)
    assert head == {"samband_trace": 1, "link": "pei-1", "kind": "tetra-pei"}
    assert (out["dir"], bytes.fromhex(out["hex"]), out["text"]) == ("out", b"AT\r", "AT\r")
    assert (back["dir"], back["channel"], back["utc"]) == (
        "in",
        "control",
        "2026-09-21T14:13:20.123456Z",
    )
    assert 0 <= out["t_ms"] <= back["t_ms"]
    assert back["mono_ms"] - out["mono_ms"] == pytest.approx(back["t_ms"] - out["t_ms"], abs=0.01)
    assert end == {"end": "stopped", "records": 2, "lost": 0}
    assert (state.cause, state.records, state.size_bytes) == ("stopped", 2, path.stat().st_size)
    assert state.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert (writing.tap.in_count, writing.tap.out_bytes) == (1, 3)


def test_nothing_is_taken_once_it_is_over() -> None:
    tap = LinkTap(StandingClock())
    seen: list[bytes] = []

    def take(one: Any) -> None:
        seen.append(one.data)

    tap.add(take)
    tap.passed(b"a", outgoing=True)
    tap.remove(take)
    tap.remove(take)
    tap.passed(b"b", outgoing=True)
    assert (seen, tap.out_count) == ([b"a"], 2)


@pytest.mark.parametrize(
    ("limits", "free", "cause"),
    [({"max_bytes": 2000}, 1 << 40, "size"), ({"max_s": 0.05}, 1 << 40, "time"), ({}, 1, "disk")],
)
def test_limits_end_it_with_a_whole_file(
    tmp_path: Path, limits: dict[str, Any], free: int, cause: str
) -> None:
    writing, path = Writing(free), tmp_path / "lt-1.jsonl"
    writing.begin(order(path, **limits))
    for _ in range(100):
        writing.tap.passed(b"+CTXG: 1,3,0,0,0,1210207\r\n", outgoing=False)
    state = writing.end()
    assert state.cause == rows(path)[-1]["end"] == cause
    assert path.stat().st_size <= limits.get("max_bytes", 1 << 30)
    assert state.records + state.lost == 100
    assert (state.lost > 0) is (cause == "size")


def test_a_server_that_stops_ends_its_traces(tmp_path: Path) -> None:
    writing, path = Writing(), tmp_path / "lt-1.jsonl"
    writing.begin(order(path))
    writing.tap.passed(b"x", outgoing=False)
    writing.writer.close()
    assert rows(path)[-1]["end"] == "server"
    assert writing.told[-1].records == 1


def test_a_disk_that_refuses_ends_it_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    writing = Writing()
    writing.begin(order(tmp_path / "file" / "lt-1.jsonl"))
    state = writing.end()
    assert state.cause == "failed"
    assert state.reason


def test_what_the_disk_cannot_take_is_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "MAX_WAITING", 5)
    trace = Trace(order(tmp_path / "lt-1.jsonl"), time.monotonic_ns())
    tap = LinkTap(StandingClock())
    tap.add(trace.take)
    for _ in range(8):
        tap.passed(b"x", outgoing=False)
    assert (len(trace.waiting), trace.lost) == (5, 3)


KILLED = textwrap.dedent(
    """
    import os, sys, time
    from pathlib import Path
    from hardware.link_tap import LinkTap
    from hardware.trace import TraceWriter
    from tests.hardware.test_trace import StandingClock, order
    tap, writer = LinkTap(StandingClock()), TraceWriter(lambda state: None)
    tap.add(writer.begin(order(Path(sys.argv[1]))).take)
    for number in range(200):
        tap.passed(b"line %d" % number, outgoing=False)
    part = Path(sys.argv[1] + ".part")
    while not part.exists() or part.read_bytes().count(b"\\n") < 201:
        time.sleep(0.01)
    os.kill(os.getpid(), 9)
    """
)


def test_a_crash_leaves_a_file_that_can_be_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "lt-1.jsonl"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=Path.cwd(), check=False)
    part = path.with_name(path.name + ".part")
    with part.open("ab") as out:
        out.write(b'{"t_ms": 7.0, "dir": "in", "he')  # the last write of a power cut
    state = close_left(path)
    assert state is not None
    assert (state.cause, state.records, part.exists()) == ("crash", 200, False)
    found = rows(path)
    assert bytes.fromhex(found[-2]["hex"]) == b"line 199"
    assert found[-1] == {"end": "crash", "records": 200, "lost": 0}
    assert close_left(path) is None


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_pins_and_passwords_are_blanked_in_any_chunking(size: int) -> None:
    line = b'AT+CPIN=1234\rAT+CLCK="SC",1,"0000"\r\nAT+CSQ?\rat+cpwd="P2","1","2"\r'
    blanking = blanking_of("tetra-pei")
    out = b"".join(blanking.blanked(line[at : at + size]) for at in range(0, len(line), size))
    assert len(out) == len(line)
    assert out.startswith(b"AT+CPIN=****\rAT+CLCK=*")
    assert b"\r\nAT+CSQ?\r" in out
    assert not any(secret in out for secret in (b"1234", b"0000", b'"P2"'))


def test_a_login_keys_and_passwords_of_a_network_core_are_blanked() -> None:
    blanking = blanking_of("p25-fne")
    said = {
        Function.AUTHORISE: login.authorise_payload(7, b"salt", b"secret"),
        Function.KEY_RESPONSE: bytes(range(40)),
        Function.CONFIGURE: b'RPTC{"identity":"x","rcon":{"password":"hun\\"ter","port":1}}',
        Function.PING: b"\0",
    }
    for function, payload in said.items():
        packet = FnePacket(function=function, ssrc=7, peer=7, payload=payload)
        found = FnePacket.decode(blanking.blanked(packet.encode()))
        assert len(found.payload) == len(payload)
        assert replace(found, payload=payload) == packet
        if function is Function.PING:
            assert found == packet
    key = FnePacket(function=Function.KEY_RESPONSE, ssrc=7, peer=7, payload=bytes(range(40)))
    assert FnePacket.decode(blanking.blanked(key.encode())).payload == bytes(40)
    hashed = FnePacket(
        function=Function.AUTHORISE, ssrc=7, peer=7, payload=said[Function.AUTHORISE]
    )
    assert FnePacket.decode(blanking.blanked(hashed.encode())).payload[8:] == bytes(32)
    told = FnePacket(function=Function.CONFIGURE, ssrc=7, peer=7, payload=said[Function.CONFIGURE])
    shown = FnePacket.decode(blanking.blanked(told.encode())).payload
    assert b'"password":"********"' in shown
    assert b"hun" not in shown
    assert blanking.blanked(b"\x90 no packet") == b"\x90 no packet"


def test_a_blanked_record_says_so(tmp_path: Path) -> None:
    writing, path = Writing(), tmp_path / "lt-1.jsonl"
    trace = writing.begin(order(path))
    writing.tap.passed(b"AT+CPIN=1234\r", outgoing=True)
    writing.writer.stop(trace)
    writing.end()
    row = rows(path)[1]
    assert (row["blanked"], row["text"]) == (True, "AT+CPIN=****\r")
    assert b"31323334" not in path.read_bytes()
    assert os.listdir(tmp_path) == ["lt-1.jsonl"]

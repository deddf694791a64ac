"""``samband decode``: one JSON object a line, exit codes, and the recorded transcripts if there."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import (
    EmergencySigned,
    Malformed,
    PositionReceived,
    RadioEvent,
    StatusReceived,
    TalkStarted,
    TextReceived,
)
from gateway.tetra.terminal import TerminalCore
from samband.cli import main
from tests.gateway.tetra.scripted_radio import Wire, opened

TRANSCRIPTS = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "pei"
"""Recorded lines of other people's radios: not ours to ship."""
needs_transcripts = pytest.mark.skipif(
    not TRANSCRIPTS.is_dir(), reason="SAMBAND_SAMPLES names no folder with recorded transcripts"
)


def _decode(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["decode", *words])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_lip_keys(capsys: pytest.CaptureFixture[str]) -> None:
    code, (row,) = _decode(capsys, "lip", "0A0098356253A021598030")
    assert code == 0
    assert row["type"] == "short"
    assert row["latitude_deg"] == pytest.approx(52.349896, abs=1e-6)
    assert row["longitude_deg"] == pytest.approx(13.3777, abs=1e-5)
    assert (row["position_error_m"], row["speed_kmh"], row["direction_deg"]) == (20.0, 50.8, 270.0)
    assert (row["altitude_m"], row["time_elapsed"], row["reason"]) == (None, 0, 3)


def test_sds_keys(capsys: pytest.CaptureFixture[str]) -> None:
    _, (row,) = _decode(capsys, "sds", "82040801476A61746A616A676A61")
    assert (row["pid"], row["kind"], row["message_reference"]) == (130, "transfer", 8)
    assert (row["report_requested"], row["coding"]) == (True, "ISO 8859-1")
    assert (row["text"], row["raw_hex"]) == ("Gjatjajgja", "82040801476A61746A616A676A61")
    _, (report,) = _decode(capsys, "sds", "82 10 00 02")
    assert (report["kind"], report["delivery"], report["message_reference"]) == (
        "report",
        "received",
        2,
    )
    _, (location,) = _decode(capsys, "sds", "0A4580")
    assert (location["kind"], location["type"]) == ("location", "immediate location report request")


def test_status_keys(capsys: pytest.CaptureFixture[str]) -> None:
    _, (row,) = _decode(capsys, "status", "0000")
    assert (row["value"], row["kind"]) == (0, "emergency")
    code, (bad,) = _decode(capsys, "status", "80028003", "--strict")
    assert code == 1
    assert bad["malformed"]["reason"] == "expected 4 hex digits (16 bits), got 8"


def test_pei_lines_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        b"+CTICN: 1,0,0,5,09010100101210204,1,1,0,1,1,5,09010100100310201,15\r\n\r\n"
        b"+CTXG: 1,3,0,0,0,1210207\r\n+CTSDSR: 13,1210204,0,1,0,16\r\n8002\r\n"
        b"+CTXG: x\r\n\xff\xfe\r\n+CTCR: 1,9\r\n+CTSDSR: 12,1,0,2,0,16\r\n"
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    code, rows = _decode(capsys, "pei", "-")
    assert code == 0
    call, grant, status, bad, noise, released, cut = rows
    assert (call["event"], call["call_id"], call["priority"]) == ("incoming_call", 1, 15)
    assert call["calling"] == {"ssi": 1210204, "mcc": 901, "mnc": 1001}
    assert call["called"] == {"ssi": 310201, "mcc": 901, "mnc": 1001}
    assert grant["talker"] == {"ssi": 1210207, "mcc": None, "mnc": None}
    assert grant["grant"] == 3
    assert (status["event"], status["value"]) == ("status", 0x8002)
    assert bad["malformed"]["offset"] == 7
    assert bad["raw"] == "+CTXG: x"
    assert noise["event"] == "unknown"
    assert (released["cause"], released["cause_words"]) == (9, "pre-empted")
    assert "payload" in cut["malformed"]["reason"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["lip", "zz"], 2),
        (["sds", "8G"], 2),
        (["nothing", "00"], 2),
        (["lip", "0A"], 0),
        (["lip", "0A", "--strict"], 1),
        (["lip", "8200", "--strict"], 1),
        (["pei", "+CTXG: abc"], 0),
        (["pei", "+CTXG: abc", "--strict"], 1),
        (["pei", "anything"], 0),
    ],
)
def test_exit_codes(capsys: pytest.CaptureFixture[str], words: list[str], code: int) -> None:
    assert main(["decode", *words]) == code


# -- recorded transcripts


def _radio_lines(name: str) -> list[str]:
    lines = (TRANSCRIPTS / name).read_text(encoding="utf-8").splitlines()
    heard = [line[2:] for line in lines if line.startswith("< ")]
    return [line.rpartition("  ;")[0] if "  ;" in line else line for line in heard]


def _hear(wire: Wire, name: str) -> list[RadioEvent]:
    events: list[RadioEvent] = []
    for line in _radio_lines(name):
        data = b"\r\n" + line.encode("latin-1", errors="replace") + b"\r\n"
        events += wire.core.receive(data, MonoMs(wire.now))
    return events


@needs_transcripts
@pytest.mark.parametrize("name", sorted(p.name for p in TRANSCRIPTS.glob("*.txt")) or ["none"])
def test_recorded_transcripts_are_heard_and_never_key(name: str) -> None:
    wire = opened()
    _hear(wire, name)
    assert wire.core.on_air is None
    assert not wire.core.keyed


@needs_transcripts
def test_recorded_positions_texts_and_talkers() -> None:
    places = [e for e in _hear(opened(), "lip-short.txt") if isinstance(e, PositionReceived)]
    assert [(round(p.latitude_deg, 6), round(p.longitude_deg, 6), p.reason) for p in places] == [
        (44.938642, 26.044346, 129),
        (30.565692, -97.748891, 22),
        (51.325099, 12.018099, 129),
        (-33.829608, 151.231141, 129),
    ]
    texts = [e for e in _hear(opened(), "text-codings.txt") if isinstance(e, TextReceived)]
    assert [t.text for t in texts] == [
        "Grüße",
        "Ok ✓",
        "Test",
        "testmessage",
        "testmessage",
        "testmessage",
        "ABC",
    ]
    joined = [e for e in _hear(opened(), "concat-receive.txt") if isinstance(e, TextReceived)]
    assert [t.text for t in joined] == ["testmessagetestmessage"]
    talk = _hear(opened(), "group-call-rx-talker-change.txt")
    assert [e.talker for e in talk if isinstance(e, TalkStarted)] == [23404, 23410, 23401]
    statuses = [e for e in _hear(opened(), "status-receive.txt") if isinstance(e, StatusReceived)]
    assert [s.value for s in statuses] == [0x8004, 0x800B, 0]
    signs = [e for e in _hear(opened(), "emergency-group.txt") if isinstance(e, EmergencySigned)]
    assert {s.sign.value for s in signs} == {"call_priority", "status", "position_reason"}
    assert {s.unit for s in signs} == {23404}


@needs_transcripts
def test_recorded_edge_lines() -> None:
    events = _hear(opened(), "edge-lines.txt")
    assert [e.text for e in events if isinstance(e, TextReceived)] == [
        "ABC",
        "+CSR",
        "ABC",
        "",
        "ABC",
    ]
    assert len([e for e in events if isinstance(e, Malformed)]) == 4


def test_a_core_that_was_not_opened_hears_nothing() -> None:
    core = TerminalCore()
    events = core.receive(b"\r\n+CTXG: 1,0\r\n", MonoMs(0))
    assert [type(event).__name__ for event in events] == ["LineSeen"]
    assert core.deadline() is None

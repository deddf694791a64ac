"""``samband decode mmdvm`` and ``p25net`` against the vectors and captures, and re-encoding."""

import io
import json
import sys
from collections import Counter
from typing import Any

import pytest

from gateway.p25.modem.orders import Setup, set_config
from gateway.p25.modem.replies import AirData, Status, Version
from gateway.p25.modem.wire import Frame, FrameReader
from gateway.p25.network.datagrams import decode_datagram
from samband.cli import main
from samband.decode_mmdvm import KINDS
from tests.gateway.p25.vectors import FOLDER, rows

EXPECTED = json.loads((FOLDER / "captures.expected.json").read_text())


def decoded(kind: str, *lines: str) -> list[dict[str, Any]]:
    return list(KINDS[kind](lines))


@pytest.mark.parametrize("entry", rows("mmdvm_frames"), ids=lambda entry: entry["id"])
def test_frames(entry: dict[str, Any]) -> None:
    (row,) = decoded("mmdvm", entry["frame"])
    assert row["type"] == entry["type"]
    wanted = entry.get("fields", {})
    assert {name: row[name] for name in wanted} == wanted


def test_the_captured_session() -> None:
    entries = rows("mmdvm_serial_v2")
    wanted = EXPECTED["mmdvm_serial_v2"]
    said = decoded("mmdvm", *(entry["frame"] for entry in entries))
    assert not [row for row in said if "malformed" in row]
    for entry, row in zip(entries, said, strict=True):
        assert row["type"].split()[0] == entry["type"]
    for way, counts in wanted["frames"].items():
        found = Counter(entry["type"] for entry in entries if entry["dir"] == way)
        assert found == counts
    version = said[1]
    identity = wanted["identity"]
    assert (version["protocol"], version["text"]) == (identity["protocol"], identity["firmware"])
    assert (version["p25"], version["cpu"]) == (identity["p25"], identity["cpu"])
    told = said[2] | said[4]
    assert {name: told[name] for name in wanted["configuration"]} == wanted["configuration"]
    assert {row["source"] for row in said if "source" in row} == {1234567}
    alert = next(row for row in said if row["type"] == "P25_HDR" and "target" in row)
    assert (alert["opcode"], alert["target"], alert["direction"]) == ("1f", 7654321, "isp")


def test_the_captured_network_call() -> None:
    said = decoded("p25net", *(entry["record"] for entry in rows("p25_network_mmdvmhost_tx")))
    assert [row["type"] for row in said] == ["voice"] * 37
    assert {row["group"] for row in said if "group" in row} == {10001}
    assert {row["source"] for row in said if "source" in row} == {1234567}
    assert {row["algid"] for row in said if "algid" in row} == {"80"}


def test_polls_and_notices() -> None:
    entries = rows("p25_poll")
    said = decoded("p25net", *(entry["datagram"] for entry in entries))
    assert Counter(row["type"] for row in said) == EXPECTED["p25_poll"]["records"]
    for entry, row in zip(entries, said, strict=True):
        if "callsign" in entry:
            assert row["callsign"] == entry["callsign"]
    assert [row["group"] for row in said if row["type"] == "talkgroup notice"] == [10001, 0]


@pytest.mark.parametrize("name", ["mmdvm_frames", "mmdvm_serial_v2"])
def test_frames_are_written_as_they_were_read(name: str) -> None:
    for entry in rows(name):
        octets = bytes.fromhex(entry["frame"])
        (frame,) = FrameReader().feed(octets)
        assert isinstance(frame, Frame)
        assert frame.encode() == octets
        if frame.kind == 0x00 and frame.payload:
            assert Version.decode(frame).encode() == frame
        elif frame.kind == 0x01 and frame.payload:
            assert Status.decode(frame).encode() == frame
        elif frame.kind in (0x30, 0x31):
            assert AirData.decode(frame).encode() == frame


def test_the_captured_configuration_is_written_from_its_meaning() -> None:
    setup = Setup(tx_invert=True, duplex=True)
    captured = next(e for e in rows("mmdvm_serial_v2") if e["type"] == "SET_CONFIG")
    assert set_config(setup, 2).encode().hex() == captured["frame"]


@pytest.mark.parametrize(
    ("name", "key"), [("p25_network_mmdvmhost_tx", "record"), ("p25_poll", "datagram")]
)
def test_datagrams_are_written_as_they_were_read(name: str, key: str) -> None:
    for entry in rows(name):
        octets = bytes.fromhex(entry[key])
        assert decode_datagram(octets).encode() == octets


@pytest.mark.parametrize(
    ("kind", "line", "offset", "words"),
    [
        ("mmdvm", "e00", 3, "half"),
        ("mmdvm", "e102", 0, "expected E0"),
        ("mmdvm", "e0057f02", 8, "cut short"),
        ("mmdvm", "e0040304ff", 8, "its length says 4 octets"),
        ("mmdvm", "e0057f020g", 9, "hex"),
        ("mmdvm", "e01631015575f5ff77ff2933395ddca33b5b8000000f", None, ""),
        ("mmdvm", "e0163101aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 8, "sync"),
        ("p25net", "6202", 4, "expected 22 octets"),
        ("p25net", "f05433", 6, "expected 11 octets"),
    ],
)
def test_what_cannot_be_read_says_where(
    kind: str, line: str, offset: int | None, words: str
) -> None:
    (row,) = decoded(kind, line)
    if offset is None:
        assert "malformed" not in row
    else:
        assert row["malformed"]["offset"] == offset
        assert words in row["malformed"]["reason"]


def test_unknown_datagrams_are_kept() -> None:
    (row,) = decoded("p25net", "a1b2c3")
    assert (row["type"], row["data"]) == ("unknown", "a1b2c3")


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("e0047002\n\n65002711\n"))
    assert main(["decode", "mmdvm", "--strict"]) == 1
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["type"] == "ACK"
    assert "malformed" in second

"""``samband decode fne`` and ``fne-record`` against what other programs sent and wrote."""

import io
import json
import sys
from typing import Any

import pytest

from gateway.p25.air.frame import encode_frame
from gateway.p25.air.units import Tdulc, Tsdu
from gateway.p25.fne.message import PADDING, TDULC, TSDU, P25Message
from gateway.p25.fne.numbers import Function, Protocol
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.requests import GrantRequest, InCallControl
from gateway.p25.words import tsbk_units
from gateway.p25.words.link_control import CallTermination
from samband.cli import main
from samband.decode_fne import KINDS
from tests.gateway.p25.fne.wire import entries


def rows(kind: str, *lines: str) -> list[dict[str, Any]]:
    return list(KINDS[kind](lines))


@pytest.mark.parametrize("entry", entries("fne_dfsi_records"), ids=lambda entry: entry["id"])
def test_records(entry: dict[str, Any]) -> None:
    (row,) = rows("fne-record", entry["record"])
    wanted = entry["fields"]
    assert (row["frame_type"], row["imbe"]) == (wanted["frame_type"], wanted["imbe"])
    same = {name: row[name] for name in row if name in wanted}
    assert same == {name: wanted[name] for name in same}
    if wanted["frame_type"] == "65":
        assert row["group"] == wanted["group"]
    if wanted["frame_type"] == "66":
        assert row["source"] == wanted["source"]


def test_the_captured_login() -> None:
    captured = entries("fne_login")
    said = rows("fne", *(entry["udp"] for entry in captured))
    named = {"post": ["ACTIVE_TGS", "DEACTIVE_TGS"]}
    lists = iter(named["post"])
    for entry, row in zip(captured, said, strict=True):
        assert row["name"] == (next(lists) if entry["name"] == "post" else entry["name"])
        assert row["peer_id"] == 9000991
        assert row["ssrc"] == (9000991 if entry["dir"] == "peer->master" else 9000100)
        assert "malformed" not in row
    assert said[1]["salt"] == "7159d811"
    assert said[2]["sha256"].startswith("de1ea74e")
    assert said[4]["configuration"]["rxFrequency"] == 449000000
    assert [one["group"] for one in said[6]["talkgroups"]] == [1, 9990, 5, 65535, *[16777215] * 2]
    assert said[9]["time_ms"] == 0x01A20FBF1729


def test_the_captured_call() -> None:
    said = rows("fne", *(entry["udp"] for entry in entries("fne_p25_voice")))
    assert [row["name"] for row in said] == ["LDU1", "LDU2", "LDU1", "LDU2"]
    for row in said:
        assert (row["source"], row["group"], row["duid"] in (5, 10)) == (1234567, 1, True)
        assert (row["system_id"], row["wacn"], row["stated_length"]) == ("001", "bb800", 178)
        assert len(row["imbe"]) == len(row["records"]) == 9
        assert row["imbe"][1] == "103a5c7e91b2c3d4e5f607"
        assert row["imbe"] == [one["imbe"] for one in rows("fne-record", *row["records"])]
        assert row["errors"] == 0
    assert (said[0]["frame_type"], said[0]["algid"], said[0]["kid"]) == (1, "80", "0000")
    assert said[0]["lc"] == "00000400000112d687"
    assert (said[0]["service_options"], said[0]["emergency"]) == ("04", False)
    assert "algid" not in said[2]
    assert (said[1]["algid"], said[1]["mi"]) == ("80", "00" * 9)


def packet(function: int, payload: bytes, sub: int = 0xFF) -> str:
    made = FnePacket(function=function, sub_function=sub, ssrc=1, peer=2, payload=payload)
    return made.encode().hex()


def test_frames_inside() -> None:
    block = tsbk_units.CallAlert(inbound=True, target=7654321, source=1234567).encode()
    signalling = P25Message(
        duid=TSDU, length=45, body=encode_frame(Tsdu(nac=0x293, blocks=(block,))) + PADDING
    )
    word = CallTermination(unit=0xFFFFFD).encode()
    end = P25Message(
        duid=TDULC, length=54, body=encode_frame(Tdulc(nac=0x293, link_control=word)) + PADDING
    )
    one, two = rows(
        "fne",
        packet(Function.PROTOCOL, signalling.encode(), Protocol.P25),
        packet(Function.PROTOCOL, end.encode(), Protocol.P25),
    )
    assert (one["name"], two["name"]) == ("TSDU", "TDULC")
    assert one["inside"]["opcode"] == "1f"
    assert two["inside"]["lco"] == "0f"


def test_small_packets_and_unknown_ones() -> None:
    said = rows(
        "fne",
        packet(Function.GRANT_REQUEST, GrantRequest(source=5, destination=6).encode()),
        packet(Function.IN_CALL_CONTROL, InCallControl(command=1, destination=6).encode()),
        packet(Function.NAK, bytes(6) + b"\0\0\0\2\0\3"),
        packet(Function.PROTOCOL, b"DMRD", Protocol.DMR),
        packet(Function.ANNOUNCE, b"\1\2", 0x90),
        packet(0xEE, b"\1\2"),
        packet(Function.ACK, b""),
        packet(Function.PROTOCOL, b"P25D", Protocol.P25),
        "c0fe" + "00" * 16,
        "9056",
    )
    assert [row.get("name") for row in said[:6]] == [
        "GRANT_REQ", "INCALL_CTRL", "nak", "unknown", "unknown", "unknown"
    ]  # fmt: skip
    assert said[0]["group"] == 6
    assert said[1]["command"] == "01"
    assert said[2]["reason_words"].startswith("wrong password")
    assert said[5]["payload"] == "0102"
    assert said[3]["words"] == "traffic: DMR"
    assert [row["malformed"]["offset"] for row in said[6:]] == [64, 72, 0, 4]
    assert "AES" in said[8]["malformed"]["reason"]


@pytest.mark.parametrize(
    ("record", "offset"), [("61", 0), ("", None), ("63103a", 6), ("6300" + "00" * 13, 28)]
)
def test_records_that_cannot_be(record: str, offset: int | None) -> None:
    said = rows("fne-record", record)
    assert [row["malformed"]["offset"] for row in said] == ([] if offset is None else [offset])


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "\n".join(entry["udp"] for entry in entries("fne_login"))
    stream = io.TextIOWrapper(io.BytesIO(lines.encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert main(["decode", "fne", "--strict"]) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(said) == 10
    assert main(["decode", "fne-record", "zz"]) == 2

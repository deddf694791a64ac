"""``samband decode`` of P25's frames and words: the vectors' keys, corrected bits, what is bad."""

import io
import json
import sys
from typing import Any

import pytest

from samband.cli import main
from samband.decode import KINDS
from tests.gateway.p25.vectors import Row, octets, rows, with_wrong_bits

UNDECIDED = {"STS_UPDT_REQ", "STS_Q_REQ", "MSG_UPDT_REQ", "CALL_ALRT_REQ"}
"""Blocks that look the same both ways."""


def one(kind: str, line: str) -> dict[str, Any]:
    found = list(KINDS[kind]([line]))
    assert len(found) == 1
    json.dumps(found[0])
    return found[0]


def holds(row: dict[str, Any], said: Row) -> None:
    assert "malformed" not in row
    assert {key: row.get(key, "missing") for key in said} == said


def by_id(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows(name), ids=lambda row: row["id"])


@by_id("nid")
def test_identifiers(row: Row) -> None:
    holds(one("nid", row["nid"]), {"nac": row["nac"], "duid": row["duid"], "errors": 0})


@by_id("nid_errors")
def test_damaged_identifiers(row: Row) -> None:
    said = {"nac": row["nac"], "duid": row["duid"], "errors": len(row["flipped_bits"])}
    holds(one("nid", row["received"]), said)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (kind, row)
        for kind, name in (("hdu", "hdu"), ("ldu", "ldu1"), ("ldu", "ldu2"), ("tdu", "tdu_tdulc"))
        for row in rows(name)
    ],
    ids=lambda value: value if isinstance(value, str) else value["id"],
)
def test_frames(kind: str, row: Row) -> None:
    holds(one(kind, row["frame"]), row["fields"] | {"errors": 0})
    holds(one("nid", row["frame"]), {"nac": row["fields"]["nac"], "duid": row["fields"]["duid"]})


@pytest.mark.parametrize(
    ("row", "form"),
    [(row, form) for row in rows("tsbk") for form in ("tsbk", "coded", "frame") if form in row],
    ids=lambda value: value if isinstance(value, str) else value["id"],
)
def test_signalling_in_each_form(row: Row, form: str) -> None:
    said = row["fields"] | ({"nac": row["nac"]} if form == "frame" else {})
    direction = row["fields"]["direction"]
    for line in (f"{direction} {row[form]}", f"{row[form]}/{direction.upper()}"):
        found = one("tsbk", line)
        holds(found, said | {"tsbk": row["tsbk"]})
        assert "direction_guessed" not in found
    guessed = one("tsbk", row[form])
    assert guessed["direction_guessed"]
    if row["name"] not in UNDECIDED:
        holds(guessed, said)


@pytest.mark.parametrize(
    "row", [row for row in rows("tdu_tdulc") if "lc" in row], ids=lambda row: row["id"]
)
@pytest.mark.parametrize("form", ["lc", "rs", "golay"])
def test_link_control_in_each_form(row: Row, form: str) -> None:
    said = {key: value for key, value in row["fields"].items() if key not in ("nac", "duid")}
    holds(one("lc", row[form]), said | {"lc": row["lc"]})


@by_id("pdu")
def test_packet_blocks(row: Row) -> None:
    said = {key: value for key, value in row.items() if key != "id"}
    holds(one("pdu", row["fec"]), said | {"errors": 0})


@by_id("imbe")
def test_voice_frames(row: Row) -> None:
    holds(one("imbe-frame", row["coded"]), {"imbe": row["imbe"], "errors": 0})
    holds(one("imbe-frame", row["imbe"]), {"coded": row["coded"]})


def test_corrected_bits_are_counted_through_all_layers() -> None:
    row = rows("ldu1")[0]
    damaged = with_wrong_bits(octets(row["frame"]), [3, 60, 115, 420, 433, 1550])
    found = one("ldu", damaged.hex())
    holds(found, row["fields"])
    assert found["errors"] == 6
    assert sum(found["voice_errors"]) == 1


@pytest.mark.parametrize(
    ("kind", "line", "offset", "reason"),
    [
        ("nid", "zz", 0, "expected hex digits"),
        ("nid", "123", 3, "half of one"),
        ("nid", "29", 2, "expected 8 octets, got 1"),
        ("nid", "5575f5ff77ff2933", 0, "uncorrectable"),
        ("hdu", "00" * 99, 0, "expected sync"),
        ("ldu", "5575f5ff77ff", 12, "expected at least 112 bits"),
        ("tsbk", "8000041123271112d6870000", 20, "the check is wrong"),
        ("pdu", "00" * 12, 20, "the check is wrong"),
        ("pdu", "00" * 18, 0, "the check is wrong"),
        ("lc", "00" * 8, 16, "expected 9 octets, got 8"),
        ("imbe-frame", "00" * 12, 24, "got 12"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(
    kind: str, line: str, offset: int, reason: str
) -> None:
    found = one(kind, line)
    assert found["malformed"]["offset"] == offset
    assert reason in found["malformed"]["reason"]
    assert found["raw"] == line


def test_a_frame_of_another_kind_is_named() -> None:
    found = one("hdu", rows("tdu_tdulc")[0]["frame"])
    assert "got one of kind terminator" in found["malformed"]["reason"]


def test_a_frame_whose_words_are_lost_keeps_its_voice() -> None:
    row = rows("ldu1")[0]
    numbers = [place for place in range(410, 1398) if place % 7 in (0, 3, 5)]
    beside = [
        place
        for place in numbers
        if any(a <= place < b for a, b in ((410, 452), (600, 640), (788, 830), (978, 1020)))
    ]
    found = one("ldu", with_wrong_bits(octets(row["frame"]), beside).hex())
    assert found["lc"] is None
    assert found["imbe"] == row["fields"]["imbe"]
    assert found["malformed"] == {"offset": 28, "reason": "link control beyond correction"}


def test_several_blocks_and_whole_packets() -> None:
    from gateway.p25.air.frame import Pdu, Tsdu, encode_frame
    from gateway.p25.words.packet import pack

    blocks = [octets(row["tsbk"]) for row in rows("tsbk")[1:3]]
    found = one("tsbk", "osp " + encode_frame(Tsdu(nac=0x293, blocks=tuple(blocks))).hex())
    assert [block["opcode"] for block in found["blocks"]] == ["00", "04"]
    for confirmed in (False, True):
        header, parts = pack(b"grid 4711", llid=7, sap=4, confirmed=confirmed)
        frame = Pdu(nac=0x293, header=header.encode(), blocks=parts)
        packet = one("pdu", encode_frame(frame).hex())
        assert bytes.fromhex(packet["data"]) == b"grid 4711"
        assert packet["whole"]
        assert (packet["llid"], packet["sap_words"]) == (7, "packet data (IP)")
        assert len(packet["block_octets"]) == header.blocks
    assert one("pdu", parts[0].hex())["data"] == (b"grid 4711" + bytes(3)).hex() + found_check(
        parts
    )


def found_check(parts: tuple[bytes, ...]) -> str:
    """The four octets of check at the end of a packet."""
    return parts[-1][-4:].hex()


def test_the_command_answers_every_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("29300f3b5df801c2\n\n5575f5ff77ff2933\n"))
    assert main(["decode", "nid"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first)["nac"] == "293"
    assert "malformed" in json.loads(second)
    monkeypatch.setattr(sys, "stdin", io.StringIO("5575f5ff77ff2933\n"))
    assert main(["decode", "--strict", "nid"]) == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO("nonsense\n"))
    assert main(["decode", "nid"]) == 2

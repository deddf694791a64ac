"""``samband decode`` of the fixed-station interface: the vectors' keys, and what is bad."""

import json
from typing import Any

import pytest

from samband.decode import KINDS
from tests.gateway.p25.vectors import Row, rows

NOT_CARRIED = {"v24-records-00", "v24-records-07", "v24-records-15"}
"""Records of frames 2 and 9, for which the peer was given three octets: the record has room for
none, and for two (reference: low-speed data)."""


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


@by_id("dfsi_control")
def test_control_messages(row: Row) -> None:
    read = one("dfsi-control", row["hex"])
    holds(read, row.get("fields", {}))
    if "fields" in row:
        assert read["name"] == row["name"]


def test_acknowledgements_say_what_the_code_means() -> None:
    row = one("dfsi-control", "02010001010700")
    assert (row["name"], row["code"], row["code_words"]) == ("NAK_BUSY", 7, "it is busy")
    row = one("dfsi-control", "020108010200050101000001")
    assert (row["name"], row["repeat_inbound"], row["monitor"]) == (
        "ACK_REPORT_SEL_MODES",
        True,
        True,
    )
    assert one("dfsi-control", "0201000101ff00")["code_words"] == "code 255, unknown to us"


def test_select_channel_in_both_lengths() -> None:
    assert one("dfsi-control", "050107")["rx"] is None
    row = one("dfsi-control", "0501070203")
    assert (row["name"], row["rx"], row["tx"], row["tag"]) == ("SEL_CHAN", 2, 3, 7)


def test_unknown_messages_are_kept_whole() -> None:
    row = one("dfsi-control", "0401AABBCC")
    assert (row["name"], row["hex"]) == ("UNKNOWN", "0401aabbcc")


@by_id("dfsi_voice_blocks")
def test_voice_blocks(row: Row) -> None:
    holds(one("dfsi-voice", row["block"]), row["fields"])


def test_header_words_whole_and_in_halves() -> None:
    (row,) = rows("dfsi_voice_header")
    holds(one("dfsi-voice", row["hexbits"]), row["fields"] | {"errors": 0})
    lines = ["60" + row["vhdr1"] + "000000", "61" + row["vhdr2"] + "000000"]
    first, second = KINDS["dfsi-voice"](lines)
    assert first["type"] == "voice-header-1"
    holds(second, row["fields"])


def test_damaged_header_words_are_corrected_and_counted() -> None:
    (row,) = rows("dfsi_voice_header")
    symbols = bytearray.fromhex(row["hexbits"])
    for place in range(0, 32, 4):
        symbols[place] ^= 0x15
    read = one("dfsi-voice", symbols.hex())
    holds(read, row["fields"] | {"errors": 8})
    symbols[33] ^= 1
    assert "algid" not in one("dfsi-voice", symbols.hex())


def test_the_capture_of_the_standard_s_dialect() -> None:
    read = list(KINDS["dfsi-voice"](row["rtp"] for row in rows("dfsi_tia_capture")))
    assert not any("malformed" in row for row in read)
    assert {row["sequence"] for row in read} == {32}
    assert {row["nac"] for row in read} == {"293"}
    assert [row["duid"] for row in read] == [0] * 3 + [5] * 9 + [10] * 9
    holds(read[2], {"algid": "84", "kid": "1234", "group": 1})
    words = next(row["link_control"] for row in read if "link_control" in row)
    assert (words["group"], words["source"]) == (1, 1_234_567)
    holds(read[-2], {"algid": "84", "kid": "1234", "mi": "010203040506070800"})


@by_id("v24_records")
def test_records(row: Row) -> None:
    fields = dict(row["fields"])
    if row["id"] in NOT_CARRIED:
        said = fields.pop("extra")
        read = one("v24", row["record"])["extra"]
        assert read is None or (len(read) == 4 and said.startswith(read))
    holds(one("v24", row["record"]), fields)


def test_the_capture_of_records() -> None:
    read = list(KINDS["v24"](row["record"] for row in rows("v24_capture")))
    assert not any("malformed" in row for row in read)
    assert read[0]["kind"] == "start-voice"
    holds(read[2], {"algid": "84", "kid": "1234", "group": 1})
    words = next(row["link_control"] for row in read if "link_control" in row)
    assert (words["group"], words["source"]) == (1, 1_234_567)


@pytest.mark.parametrize(
    ("kind", "line", "offset"),
    [
        ("dfsi-control", "00", 2),
        ("dfsi-control", "00010102", 8),
        ("dfsi-control", "02010001010003", 14),
        ("dfsi-voice", "62040c", 6),
        ("dfsi-voice", "4280", 4),
        ("dfsi-voice", "42a189ff", 2),
        ("dfsi-voice", "845d00010000000000000009701e2e3e009adef013579bdf2468ac02", 0),
        ("v24", "6202", 4),
        ("v24", "a10202", 6),
    ],
)
def test_what_is_bad_is_told_with_its_place(kind: str, line: str, offset: int) -> None:
    assert one(kind, line)["malformed"]["offset"] == offset


def test_records_inside_rtp_are_read_by_both_kinds() -> None:
    line = "805d00010000000000000001" + rows("v24_records")[0]["record"]
    assert one("v24", line)["frame_type"] == one("dfsi-voice", line)["frame_type"] == "63"


def test_a_signalling_block_has_the_direction_of_its_record() -> None:
    sent = rows("v24_records")[-1]["record"]
    assert one("v24", sent)["words"] == "group voice grant"
    assert one("v24", sent[:4] + "04" + sent[6:])["direction"] == "isp"

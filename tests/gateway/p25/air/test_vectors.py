"""Frames and codes made by another implementation: the same values out, the same bits back."""

import pytest

from gateway.p25.air.frame import (
    AirFrame,
    Hdu,
    Ldu1,
    Ldu2,
    Pdu,
    Tdu,
    Tdulc,
    Tsdu,
    decode_frame,
    encode_frame,
)
from gateway.p25.air.nid import nid_octets, read_nid
from gateway.p25.air.protection import TERMINATOR
from gateway.p25.air.voice import correct, protect
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.packet import decode_header, pack, packet_data
from tests.gateway.p25.vectors import Row, octets, rows
from voicecodecs.fec.trellis import HALF


def by_id(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows(name), ids=lambda row: row["id"])


def read(text: str, kind: type[AirFrame]) -> AirFrame:
    frame = decode_frame(octets(text))
    assert isinstance(frame, kind)
    assert frame.errors == 0
    assert encode_frame(frame, frame.status_symbols).hex() == text
    return frame


@by_id("nid")
def test_identifiers(row: Row) -> None:
    nac = int(row["nac"], 16)
    assert nid_octets(nac, row["duid"]).hex() == row["nid"]
    assert read_nid(octets(row["nid"])) == (nac, row["duid"], 0)


@by_id("nid_errors")
@pytest.mark.parametrize("expected_nac", [None, 0x293, 0x111])
def test_damaged_identifiers(row: Row, expected_nac: int | None) -> None:
    found = read_nid(octets(row["received"]), expected_nac)
    assert found == (int(row["nac"], 16), row["duid"], len(row["flipped_bits"]))


@by_id("imbe")
def test_voice_frames(row: Row) -> None:
    assert protect(octets(row["imbe"])).hex() == row["coded"]
    assert correct(octets(row["coded"])) == (octets(row["imbe"]), 0)


@by_id("imbe_errors")
def test_damaged_voice_frames(row: Row) -> None:
    """Where the peer's decoder corrected everything we give what was sent; its c7 has no code."""
    imbe, errors = correct(octets(row["received"]))
    if row["fully_corrected"]:
        assert imbe.hex() == row["imbe_sent"]
        assert errors == len(row["flipped_bits"]) == row["errors_reported"]
    else:
        assert imbe.hex() in (row["imbe_decoded"], row["imbe_sent"])
        assert errors <= len(row["flipped_bits"])


def test_a_frame_that_the_peer_miscorrects_is_put_right() -> None:
    """Three wrong bits in different words: within reach, whatever the peer made of them."""
    row = next(row for row in rows("imbe_errors") if row["flipped_bits"] == [117, 97, 135])
    assert row["imbe_decoded"] != row["imbe_sent"]
    assert correct(octets(row["received"])) == (octets(row["imbe_sent"]), 3)


@by_id("hdu")
def test_headers(row: Row) -> None:
    frame = read(row["frame"], Hdu)
    said = row["fields"]
    sync = EncryptionSync(
        message_indicator=octets(said["message_indicator"]),
        algorithm=int(said["algid"], 16),
        key_id=int(said["kid"], 16),
    )
    symbols = tuple(map(int, said["status_symbols"]))
    assert frame == Hdu(
        nac=int(said["nac"], 16),
        status_symbols=symbols,
        sync=sync,
        mfid=int(said["mfid"], 16),
        group=said["group"],
    )


@by_id("ldu1")
def test_voice_units_with_link_control(row: Row) -> None:
    frame = read(row["frame"], Ldu1)
    assert isinstance(frame, Ldu1)
    said = row["fields"]
    assert frame.link_control is not None
    assert [correct(coded)[0].hex() for coded in frame.voice] == said["imbe"]
    assert frame.low_speed.hex() == said["lsd"]
    again = Ldu1(
        nac=frame.nac,
        voice=tuple(map(octets, said["imbe"])),
        low_speed=octets(said["lsd"]),
        link_control=frame.link_control,
    )
    symbols = tuple(map(int, said["status_symbols"]))
    assert encode_frame(again, symbols).hex() == row["frame"]


@by_id("ldu2")
def test_voice_units_with_encryption_sync(row: Row) -> None:
    frame = read(row["frame"], Ldu2)
    assert isinstance(frame, Ldu2)
    said = row["fields"]
    sync = EncryptionSync(
        message_indicator=octets(said["message_indicator"]),
        algorithm=int(said["algid"], 16),
        key_id=int(said["kid"], 16),
    )
    assert frame.sync == sync
    again = Ldu2(
        nac=int(said["nac"], 16),
        voice=tuple(map(octets, said["imbe"])),
        low_speed=octets(said["lsd"]),
        sync=sync,
    )
    symbols = tuple(map(int, said["status_symbols"]))
    assert encode_frame(again, symbols).hex() == row["frame"]


@by_id("tdu_tdulc")
def test_terminators(row: Row) -> None:
    frame = read(row["frame"], Tdulc if "lc" in row else Tdu)
    assert frame.nac == int(row["fields"]["nac"], 16)
    if isinstance(frame, Tdulc):
        assert frame.link_control == octets(row["lc"])
        coded = TERMINATOR.encode(octets(row["lc"]))
        assert f"{coded:072x}" == row["golay"]
        assert TERMINATOR.decode(coded) == (octets(row["lc"]), 0)


@by_id("tsbk")
def test_signalling_units(row: Row) -> None:
    coded = int(row["coded"], 16) >> 4
    assert HALF.encode_word(octets(row["tsbk"])) == coded
    assert HALF.decode_word(coded) == (octets(row["tsbk"]), 0)
    if "frame" in row:
        frame = read(row["frame"], Tsdu)
        assert isinstance(frame, Tsdu)
        assert frame.blocks == (octets(row["tsbk"]),)
        assert frame.nac == int(row["nac"], 16)


@by_id("pdu")
def test_packet_blocks(row: Row) -> None:
    plain = octets(row.get("raw") or row["data"])
    coded = int(row["fec"], 16) >> 4
    assert HALF.encode_word(plain) == coded
    assert HALF.decode_word(coded) == (plain, 0)
    if "raw" in row:
        header = decode_header(plain)
        assert header.encode() == plain


def test_packet_headers_say_what_the_notes_of_the_vectors_say() -> None:
    confirmed, unconfirmed = (decode_header(octets(row["raw"])) for row in rows("pdu")[:2])
    assert (confirmed.format, confirmed.llid, confirmed.blocks) == (0x16, 0x12D687, 1)
    assert confirmed.padding == 2
    assert (unconfirmed.format, unconfirmed.llid, unconfirmed.blocks) == (0x15, 0x0003E8, 2)
    assert unconfirmed.padding == 4


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("count", [0, 1, 8, 12, 16, 100, 1500])
def test_packets_there_and_back(count: int, confirmed: bool) -> None:
    data = bytes(n * 7 & 0xFF for n in range(count))
    header, blocks = pack(data, llid=0x12D687, sap=4, confirmed=confirmed)
    frame = decode_frame(encode_frame(Pdu(nac=0x293, header=header.encode(), blocks=blocks)))
    assert isinstance(frame, Pdu)
    assert frame.header is not None
    assert frame.blocks == blocks
    found = packet_data(decode_header(frame.header), frame.blocks)
    assert (found.data, found.whole) == (data, True)

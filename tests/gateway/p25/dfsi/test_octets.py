"""Messages, blocks, packets and records: the vectors both ways, and everything cut or damaged."""

import random
from collections.abc import Callable
from typing import Protocol

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.model.ids import MonoMs
from gateway.p25.dfsi import blocks, control, v24
from gateway.p25.dfsi.control import (
    Ack,
    AckCode,
    Connect,
    Disconnect,
    Heartbeat,
    ReportModes,
    SelectChannel,
    UnknownControl,
    decode_control,
)
from gateway.p25.dfsi.header_word import HeaderWord, decode_header
from gateway.p25.dfsi.ldu_word import LduWord, pieces_of
from gateway.p25.dfsi.rtp import decode_rtp
from gateway.p25.dfsi.voice_in import read_voice
from gateway.p25.dfsi.voice_packet import (
    BlockHeader,
    VoicePacket,
    decode_voice_packet,
    packet_of,
    verbose_packet_of,
)
from gateway.p25.words.encryption import EncryptionSync
from tests.gateway.p25.dfsi.station import frame, headers, start, superframe, word
from tests.gateway.p25.vectors import Row, octets, rows


class Encodes(Protocol):
    def encode(self) -> bytes: ...


def by_id(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows(name), ids=lambda row: row["id"])


# -- vectors


@by_id("dfsi_control")
def test_control_messages_come_back_as_they_were(row: Row) -> None:
    assert decode_control(octets(row["hex"])).encode() == octets(row["hex"])


def test_control_messages_are_made_from_their_fields() -> None:
    for row in rows("dfsi_control"):
        fields = row.get("fields", {})
        made: Encodes
        match row["name"]:
            case "CONNECT":
                made = Connect(
                    tag=fields["tag"],
                    voice_port=fields["port"],
                    ssrc=fields["ssrc"],
                    station_heartbeat_s=fields["fshb"],
                    host_heartbeat_s=fields["hosthb"],
                )
            case "ACK_CONNECT":
                made = control.connect_ack(1, fields["port"])
            case "NAK_CONNECTED":
                made = Ack(message=0, tag=1, code=AckCode.CONNECTED)
            case "DISCONNECT":
                made = Disconnect(tag=1)
            case "REPORT_SEL_MODES":
                made = ReportModes(tag=9)
            case _:
                continue
        assert made.encode() == octets(row["hex"])


def test_both_heartbeats_and_both_lengths_of_select_channel() -> None:
    assert decode_control(b"\1\1") == Heartbeat()
    assert decode_control(b"\1\1\0") == Heartbeat(extra=b"\0")
    assert decode_control(b"\5\1\3") == SelectChannel(tag=3)
    assert decode_control(b"\5\1\3\7\x08") == SelectChannel(
        tag=3, receive_channel=7, transmit_channel=8
    )
    for data in (b"\1\1", b"\1\1\0", b"\5\1\3", b"\5\1\3\7\x08"):
        assert decode_control(data).encode() == data


def test_messages_of_no_known_layout_are_kept_whole() -> None:
    message = decode_control(b"\4\1\x09rest")
    assert isinstance(message, UnknownControl)
    assert (message.message, message.tag, message.encode()) == (4, 9, b"\4\1\x09rest")


@pytest.mark.parametrize("code", range(9))
def test_every_code_has_words(code: int) -> None:
    assert control.code_words(code)


@by_id("dfsi_voice_blocks")
def test_voice_blocks_both_ways(row: Row) -> None:
    fields = row["fields"]
    made = blocks.VoiceBlock(
        place=int(fields["frame_type"], 16) - 0x62,
        imbe=octets(fields["imbe"]),
        errors=fields["errors"],
        mute=fields["mute"],
        lost=fields["lost"],
        superframe=fields["superframe"],
        busy=fields["busy"],
        extra=octets(fields["extra"] or ""),
    )
    assert made.encode() == octets(row["block"])
    assert blocks.decode_voice_block(octets(row["block"])) == made


def test_the_header_word_both_ways() -> None:
    (row,) = rows("dfsi_voice_header")
    fields = row["fields"]
    sync = EncryptionSync(
        message_indicator=octets(fields["mi"]),
        algorithm=int(fields["algid"], 16),
        key_id=int(fields["kid"], 16),
    )
    made = HeaderWord(sync=sync, group=fields["group"], manufacturer=int(fields["mfid"], 16))
    assert [half.hex() for half in made.encode()] == [row["vhdr1"], row["vhdr2"]]
    assert decode_header(octets(row["hexbits"])).word == made


def test_half_a_header_word_cannot_be_read() -> None:
    first, _ = HeaderWord(sync=EncryptionSync(), group=1).encode()
    assert decode_header(first + bytes(18), range(18, 36)).word is None
    assert decode_header(first + bytes(range(18))).word is None


@by_id("dfsi_tia_capture")
def test_the_capture_comes_back_as_it_was(row: Row) -> None:
    packet = decode_rtp(octets(row["rtp"]))
    assert packet.encode() == octets(row["rtp"])
    payload = decode_voice_packet(packet.payload)
    assert payload.encode() == packet.payload
    assert not payload.rest
    assert packet_of(*payload.blocks).encode() == packet.payload


@pytest.mark.parametrize(
    "row", [*rows("v24_records"), *rows("v24_capture")], ids=lambda row: row["record"][:6]
)
def test_records_come_back_as_they_were(row: Row) -> None:
    assert v24.decode_record(octets(row["record"])).encode() == octets(row["record"])


def test_records_are_made_from_their_fields() -> None:
    for row in rows("v24_records"):
        fields = row["fields"]
        made: v24.Record
        if "imbe" in fields:
            made = v24.V24Voice(
                place=int(fields["frame_type"], 16) - 0x62,
                imbe=octets(fields["imbe"]),
                piece=octets(fields.get("extra", "")),
                busy=fields.get("busy", 2),
            )
        elif "tsbk" in fields:
            made = v24.V24Tsbk(octets=octets(fields["tsbk"]))
        else:
            made = {"start-voice": v24.START_VOICE, "stop-voice": v24.STOP_VOICE}[fields["kind"]]
        assert made.encode() == octets(row["record"]), row["id"]


# -- forms


def test_headers_of_both_lengths_and_both_readings_of_the_e_bit() -> None:
    pair: tuple[blocks.Block, ...] = (superframe()[0], start())
    for e_bits in ((True, True), (True, False), (False, False)):
        for compact in (True, False):
            heads = tuple(
                BlockHeader(type=b.type, e_bit=e, length=0 if compact else len(b.encode()))
                for b, e in zip(pair, e_bits, strict=True)
            )
            packet = VoicePacket(headers=heads, blocks=pair, compact=compact)
            assert decode_voice_packet(packet.encode()) == packet


def test_verbose_packets_of_every_block() -> None:
    first, second = headers()
    ends = (blocks.EndOfStream(), blocks.StartAck())
    packet = verbose_packet_of(first, second, *superframe()[:3], start(), *ends)
    assert decode_voice_packet(packet.encode()) == packet


def test_an_end_with_an_octet_is_an_end() -> None:
    for payload in (b"\x41\x8a", b"\x41\x8a\0", b"\x41\x0a"):
        packet = decode_voice_packet(payload)
        assert isinstance(packet.blocks[0], blocks.EndOfStream)
        assert packet.encode() == payload
        assert not packet.rest


def test_a_block_of_unknown_type_is_kept_whole_where_it_is_the_last() -> None:
    packet = decode_voice_packet(b"\x42\x89\x8c\x29\x30\0abc")
    assert packet.blocks[1] == blocks.UnknownBlock(type=0x0C, octets=b"abc")
    with pytest.raises(ProtocolViolation, match="unknown length"):
        decode_voice_packet(b"\x42\x8c\x89abc\x29\x30\0")


def test_rtp_with_sources_extension_and_padding() -> None:
    head = b"\xb2\xe4\0\1\0\0\0\2\0\0\0\3" + bytes(8) + b"\xbe\xde\0\1abcd"
    packet = decode_rtp(head + b"payload" + b"\0\0\3")
    assert (packet.payload, packet.marker, packet.payload_type) == (b"payload", True, 0x64)


# -- words in pieces


def test_a_word_survives_lost_pieces_up_to_the_code_s_reach() -> None:
    for second, most in ((False, 3), (True, 2)):
        said = EncryptionSync(algorithm=0x84, key_id=7).encode() if second else word()
        pieces = pieces_of(said, second=second)
        for lost in range(7):
            collector = LduWord(second=second)
            found = [
                one
                for index in range(lost, 6)
                for one in collector.take(index, pieces[index], MonoMs(20 * index))
            ]
            found += collector.expire(MonoMs(1_000))
            wanted: list[bytes | None] = [said if lost <= most else None]
            assert found == (wanted if lost < 6 else [])


def test_pieces_of_two_words_are_not_mixed() -> None:
    first, second = pieces_of(word(source=1), second=False), pieces_of(word(source=2), second=False)
    collector = LduWord(second=False)
    assert collector.take(0, first[0], MonoMs(0)) == []
    found: list[bytes | None] = []
    for index in range(6):
        found += collector.take(index, second[index], MonoMs(360 + 20 * index))
    assert found == [None, word(source=2)]


# -- damage


CONTROL = [octets(row["hex"]) for row in rows("dfsi_control")]
VOICE = [octets(row["rtp"]) for row in rows("dfsi_tia_capture")]
RECORDS = [octets(row["record"]) for name in ("v24_records", "v24_capture") for row in rows(name)]
READERS: list[tuple[Callable[[bytes], object], list[bytes]]] = [
    (decode_control, CONTROL),
    (read_voice, VOICE),
    (lambda data: decode_voice_packet(decode_rtp(data).payload), VOICE),
    (v24.decode_record, RECORDS),
    (lambda data: [blocks.decode_voice_block(data, n) for n in range(3)], RECORDS),
]


@pytest.mark.parametrize(("read", "samples"), READERS)
def test_nothing_but_the_documented_error(
    read: Callable[[bytes], object], samples: list[bytes]
) -> None:
    rng = random.Random(5)
    inputs = [data[:size] for data in samples for size in range(len(data))]
    for data in samples:
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            inputs.append(bytes(flipped))
    inputs += [rng.randbytes(rng.randrange(60)) for _ in range(10_000)]
    faults: list[ProtocolViolation] = []
    for data in inputs:
        try:
            read(data)
        except ProtocolViolation as fault:
            faults.append(fault)
    assert all(0 <= fault.offset <= len(fault.raw) for fault in faults)
    assert 0 < len(faults) < len(inputs)


def test_what_is_read_comes_back_the_same() -> None:
    """Of random messages, blocks and records: reading what was read and written changes nothing."""
    rng = random.Random(6)
    for _ in range(20_000):
        data = bytes([rng.choice((0, 1, 2, 5, 8, 9, 0x60, 0x61, 0x65, 0x6A, 0xA1))])
        data += rng.randbytes(rng.randrange(40))
        for read in (decode_control, v24.decode_record):
            try:
                once = read(data)
            except ProtocolViolation:
                continue
            assert read(once.encode()) == once
    assert frame(1) == bytes([1] * 11)

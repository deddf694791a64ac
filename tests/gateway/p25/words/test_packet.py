"""Packet headers and blocks."""

import random

import pytest

from gateway.model.errors import InvalidCommand, ProtocolViolation
from gateway.p25.words.crc import with_ccitt
from gateway.p25.words.packet import (
    ConfirmedBlock,
    PacketHeader,
    ResponseHeader,
    decode_header,
    pack,
    packet_data,
)


def test_any_header_is_written_again_as_it_came() -> None:
    numbers = random.Random(1)
    kinds = set()
    for _ in range(3_000):
        came = with_ccitt(numbers.randbytes(10))
        header = decode_header(came)
        assert header.encode() == came
        kinds.add(type(header))
    assert kinds == {PacketHeader, ResponseHeader}


def test_a_response() -> None:
    answer = ResponseHeader(
        outbound=True, response_class=1, response_type=2, response_status=3, llid=0x12D687
    )
    octets = answer.encode()
    assert octets[:7].hex() == "23530012d68700"
    assert decode_header(octets) == answer
    assert answer.padding == 0


def test_multi_block_trunking_names_its_opcode() -> None:
    header = PacketHeader(format=0x17, sap=0x3D, llid=1, blocks=1, padding=4)
    assert decode_header(header.encode()) == header
    assert header.opcode == 4
    assert PacketHeader(llid=1, blocks=0).opcode is None


def test_headers_that_cannot_be_read() -> None:
    with pytest.raises(ProtocolViolation, match="expected 12 octets, got 3"):
        decode_header(bytes(3))
    with pytest.raises(ProtocolViolation, match="check is wrong"):
        decode_header(bytes(12))


def test_a_confirmed_block_and_its_check() -> None:
    block = ConfirmedBlock(serial=0x55, data=bytes(range(16)))
    octets = block.encode()
    assert len(octets) == 18
    assert ConfirmedBlock.decode(octets) == block
    for place in range(8 * 18):
        wrong = int.from_bytes(octets, "big") ^ 1 << place
        assert ConfirmedBlock.decode(wrong.to_bytes(18, "big")) is None


def test_a_packet_is_whole_only_with_every_block_and_the_right_check() -> None:
    header, blocks = pack(b"abcdefghijklmnop", llid=1, sap=4)
    assert packet_data(header, blocks).whole
    assert not packet_data(header, blocks[:-1]).whole
    assert not packet_data(header, (None, *blocks[1:])).whole
    damaged = (bytes(12), *blocks[1:])
    assert not packet_data(header, damaged).whole
    assert packet_data(header, damaged).data == bytes(12) + b"mnop"


def test_too_much_for_one_packet_is_refused() -> None:
    pack(bytes(127 * 12 - 4), llid=1, sap=4)
    with pytest.raises(InvalidCommand, match="expected at most 1520 octets"):
        pack(bytes(127 * 12 - 3), llid=1, sap=4)

"""Packets of the vocoder chip: golden bytes, every split, noise, damage, 20,000 random inputs."""

import random
from array import array

import pytest

from gateway.model.errors import InvalidCommand
from hardware.ambe.numbers import MAX_LENGTH, MAX_PACKET_BYTES, PCM_BYTES, RATES, Field
from hardware.ambe.packets import (
    MAX_JUNK_BYTES,
    Channel,
    Control,
    Malformed,
    Packet,
    PacketReader,
    Speech,
    to_bytes,
)

SOUND = array("h", range(-80, 80)).tobytes()
PACKETS: list[Packet] = [
    Control(field=Field.READY),
    Control(field=Field.PRODUCT, data=b"AMBE3000R\0"),
    Channel(bits=72, data=bytes(range(9))),
    Channel(bits=49, data=bytes(7), flags=4),
    Channel(bits=88, data=b"\x61\x00\x03\x00\x33\x2f\x1f\x61\x61\x61\x61"),
    Speech(pcm=SOUND),
    Speech(pcm=bytes(328), flags=0xFFFF, others=bytes((3, 164))),
]
GOLDEN = [
    (Control(field=Field.RESET), False, "6100010033"),
    (Control(field=Field.RESET), True, "61000300332f1f"),
    (Channel(bits=72, data=bytes(9)), False, "61000b010148" + "00" * 9),
    (Channel(bits=88, data=bytes(11)), False, "61000d010158" + "00" * 11),
    (Speech(pcm=b"\x34\x12" * 160), False, "6101420200a0" + "1234" * 160),
]
"""Layouts as the project's notes have them."""


def read(*chunks: bytes, parity: bool = True) -> list[Packet | Malformed]:
    reader = PacketReader()
    reader.need_parity = parity
    return [item for chunk in chunks for item in reader.receive(chunk)] + reader.settle()


def packets(items: list[Packet | Malformed]) -> list[Packet]:
    return [item for item in items if not isinstance(item, Malformed)]


def junk(items: list[Packet | Malformed]) -> bytes:
    return b"".join(item.raw for item in items if isinstance(item, Malformed))


@pytest.mark.parametrize(("packet", "parity", "expected"), GOLDEN)
def test_golden_bytes(packet: Packet, parity: bool, expected: str) -> None:
    raw = to_bytes(packet, parity=parity)
    assert raw.hex() == expected
    assert read(raw, parity=False) == [packet]


@pytest.mark.parametrize("parity", [True, False])
@pytest.mark.parametrize("packet", PACKETS)
def test_round_trip_in_every_split_in_two(packet: Packet, parity: bool) -> None:
    raw = to_bytes(packet, parity=parity)
    for place in range(len(raw) + 1):
        assert read(raw[:place], raw[place:], parity=parity) == [packet]


@pytest.mark.parametrize("size", [1, 2, 3, 62, 1000])
def test_stream_in_pieces(size: int) -> None:
    stream = b"".join(to_bytes(packet, parity=True) for packet in PACKETS)
    assert read(*(stream[at : at + size] for at in range(0, len(stream), size))) == PACKETS


@pytest.mark.parametrize("packet", PACKETS)
def test_every_truncation_costs_no_packet_that_follows(packet: Packet) -> None:
    raw, after = to_bytes(packet, parity=True), to_bytes(Control(field=0x31), parity=True)
    for place in range(len(raw)):
        *inside, last = packets(read(raw[:place] + after))
        assert last == Control(field=0x31)
        assert inside in ([], [Control(field=0x33)])  # one of ours holds a reset


@pytest.mark.parametrize("packet", PACKETS[:4])
def test_every_single_bit_flip_is_noticed(packet: Packet) -> None:
    raw = to_bytes(packet, parity=True)
    for bit in range(len(raw) * 8):
        damaged = bytearray(raw)
        damaged[bit // 8] ^= 1 << (bit % 8)
        items = read(bytes(damaged))
        assert packets(items) == []
        assert junk(items) == bytes(damaged)


def test_noise_before_between_and_after() -> None:
    rng = random.Random(7)
    for _ in range(300):
        noise = [rng.randbytes(rng.randrange(40)).replace(b"\x2f", b"\x2e") for _ in range(4)]
        parts = [to_bytes(rng.choice(PACKETS), parity=True) for _ in range(3)]
        stream = noise[0] + b"".join(one + two for one, two in zip(parts, noise[1:], strict=True))
        items = read(stream)
        assert packets(items) == [packets(read(part))[0] for part in parts]
        assert junk(items) == b"".join(noise)


def test_beginning_of_a_packet_in_the_noise_hides_the_next_only_until_it_is_settled() -> None:
    reader = PacketReader()
    reader.need_parity = True
    ready = to_bytes(Control(field=Field.READY), parity=True)
    assert reader.receive(b"\x61\x01\x42\x02\x00" + ready) == []
    assert reader.waiting
    assert packets(reader.settle()) == [Control(field=Field.READY)]
    assert not reader.waiting


def test_offsets_and_reasons() -> None:
    good = to_bytes(Control(field=Field.READY), parity=True)
    items = read(b"\x00\xff" + good + b"\x61\xff\xff" + good)
    assert items == [
        Malformed(raw=b"\x00\xff", offset=0, reason="expected 0x61"),
        Control(field=Field.READY),
        Malformed(
            raw=b"\x61\xff\xff", offset=9, reason=f"length 65535: expected 1 to {MAX_LENGTH}"
        ),
        Control(field=Field.READY),
    ]


def test_buffers_are_bounded_whatever_comes() -> None:
    reader = PacketReader()
    told = 0
    for number in range(4000):
        # Each chunk ends in the beginning of a packet, so that something is always kept.
        items = reader.receive(bytes((number % 256,)) * 50 + b"\x61")
        assert all(len(item.raw) <= MAX_JUNK_BYTES for item in items if isinstance(item, Malformed))
        assert len(reader._kept) <= MAX_PACKET_BYTES
        assert len(reader._junk) <= MAX_JUNK_BYTES
        told += len(junk(items))
    assert told + len(junk(reader.settle())) == 4000 * 51


def test_20000_random_inputs() -> None:
    rng = random.Random(20_000)
    seen = 0
    for _ in range(20_000):
        reader = PacketReader()
        reader.need_parity = rng.random() < 0.5
        stream = bytearray()
        for _ in range(rng.randrange(1, 5)):
            stream += _something(rng)
        items: list[Packet | Malformed] = []
        at = 0
        while at < len(stream):
            size = rng.randrange(1, 200)
            items += reader.receive(bytes(stream[at : at + size]))
            at += size
        items += reader.settle()
        whole = sum(len(item.raw) for item in items if isinstance(item, Malformed))
        assert whole <= len(stream)
        assert not reader.waiting
        if not packets(items):
            assert junk(items) == bytes(stream)
        seen += len(packets(items))
    assert seen > 5000


def _something(rng: random.Random) -> bytes:
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(60))
    if kind == 1:
        length = rng.choice((0, 1, 2, 5, rng.randrange(400), 65535))
        body = rng.randbytes(rng.randrange(40))
        return b"\x61" + length.to_bytes(2, "big") + bytes((rng.randrange(4),)) + body
    raw = bytearray(to_bytes(rng.choice(PACKETS), parity=rng.random() < 0.7))
    if kind == 2:
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
    return bytes(raw)


def test_packets_that_no_chip_would_take_are_refused() -> None:
    for packet in (
        Channel(bits=39, data=bytes(5)),
        Channel(bits=72, data=bytes(8)),
        Speech(pcm=bytes(PCM_BYTES + 1)),
        Speech(pcm=bytes(2 * 155)),
        Control(field=0x30, data=bytes(MAX_LENGTH)),
    ):
        with pytest.raises(InvalidCommand, match="expected"):
            to_bytes(packet, parity=True)


def test_lengths_of_frames() -> None:
    assert {rate.bits: rate.frame_bytes for rate in RATES} == {72: 9, 49: 7, 144: 18, 88: 11}

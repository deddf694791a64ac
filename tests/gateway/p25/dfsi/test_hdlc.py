"""The V.24 line: framing by bits, and two ends wired back to back."""

import random

import pytest

from gateway.model.ids import MonoMs
from gateway.p25.dfsi import v24
from gateway.p25.dfsi.hdlc import (
    ABORT,
    FLAG,
    HdlcReader,
    HdlcWriter,
    bits_of,
    crc_x25,
    with_crc,
)
from gateway.p25.dfsi.hdlc_link import Identity, LineState, V24Line
from tests.gateway.p25.vectors import octets, rows

RECORDS = [octets(row["record"]) for row in rows("v24_capture")]


def on_the_line(*frames: bytes) -> bytes:
    writer = HdlcWriter()
    for frame in frames:
        writer.frame(frame)
    return writer.take()


def test_the_check_of_the_catalogue() -> None:
    assert crc_x25(b"123456789") == 0x906E
    assert with_crc(b"123456789")[-2:] == b"\x6e\x90"


def test_records_come_through_at_any_cut() -> None:
    line = on_the_line(*RECORDS)
    for size in (1, 2, 3, 7, len(line)):
        reader = HdlcReader()
        found = [f for at in range(0, len(line), size) for f in reader.feed(line[at : at + size])]
        assert found == RECORDS


def test_ones_are_stuffed() -> None:
    frame = b"\xff" * 20
    assert b"\xff\xff" not in on_the_line(frame)
    assert HdlcReader().feed(on_the_line(frame)) == [frame]


def test_flags_may_share_a_zero_and_the_line_may_idle() -> None:
    body = bits_of(on_the_line(b"\x0b\x03record"))
    reader = HdlcReader()
    assert reader.feed_bits(FLAG + FLAG[1:] * 3 + body[8:]) == [b"\x0b\x03record"]
    assert reader.feed_bits("1" * 100 + body) == [b"\x0b\x03record"]
    assert [f for bit in body for f in reader.feed_bits(bit)] == [b"\x0b\x03record"]
    assert reader.damaged == 0


def test_a_frame_that_is_broken_off_is_none() -> None:
    body = bits_of(on_the_line(RECORDS[4]))
    reader = HdlcReader()
    assert reader.feed_bits(body[:60] + ABORT + body[60:] + body) == [RECORDS[4]]


def test_each_wrong_bit_is_found() -> None:
    line = bytearray(on_the_line(b"\x0b\x03" + RECORDS[4]))
    for bit in range(8 * len(line)):
        line[bit // 8] ^= 1 << bit % 8
        assert (
            b"\x0b\x03" + RECORDS[4] not in HdlcReader().feed(bytes(line))
            or bit < 8
            or (bit >= 8 * len(line) - 8)
        )
        line[bit // 8] ^= 1 << bit % 8


def test_a_line_without_flags_costs_no_memory() -> None:
    reader = HdlcReader()
    reader.feed(b"\x7e")
    for _ in range(200):
        reader.feed(bytes(1_000))
    assert reader.damaged == 1
    assert reader.feed(on_the_line(b"\x0b\x01")) == [b"\x0b\x01"]


def test_rubbish_is_no_frame() -> None:
    rng = random.Random(3)
    reader = HdlcReader()
    found = [frame for _ in range(300) for frame in reader.feed(rng.randbytes(200))]
    assert len(found) < 5  # a check of 16 bits lets one in 65,536 through


class Pair:
    """Two ends, wired back to back over bits."""

    def __init__(self) -> None:
        self.now = 0
        self.ends = (
            V24Line(Identity(site=3, station=2), asks=True),
            V24Line(Identity(site=9), asks=False),
        )
        self.readers = (HdlcReader(), HdlcReader())
        self.records: tuple[list[bytes], list[bytes]] = ([], [])
        self.cut = False
        for end in self.ends:
            end.opened(MonoMs(0))
        self.carry()

    def states(self) -> list[LineState]:
        return [end.state for end in self.ends]

    def carry(self) -> None:
        for _ in range(6):
            for index, end in enumerate(self.ends):
                line = on_the_line(*end.outgoing())
                if self.cut:
                    continue
                for frame in self.readers[1 - index].feed(line):
                    record = self.ends[1 - index].receive(frame, MonoMs(self.now))
                    if record is not None:
                        self.records[1 - index].append(record)

    def run(self, milliseconds: int) -> None:
        end = self.now + milliseconds
        while True:
            due = [d for d in (one.deadline() for one in self.ends) if d is not None]
            if not due or min(due) > end:
                break
            self.now = max(self.now, min(due))
            for one in self.ends:
                one.tick(MonoMs(self.now))
            self.carry()
        self.now = end


def test_two_ends_come_up_and_know_each_other() -> None:
    pair = Pair()
    assert pair.states() == [LineState.UP] * 2
    assert pair.ends[0].peer == Identity(type=2, site=9)
    assert pair.ends[1].peer == Identity(site=3, station=2)


def test_records_go_both_ways_and_the_line_stays_up() -> None:
    pair = Pair()
    for record in RECORDS:
        assert pair.ends[0].send(record)
        assert pair.ends[1].send(v24.STOP_VOICE.encode())
        pair.run(20)
        pair.carry()
    pair.run(120_000)
    assert pair.records[1] == RECORDS
    assert pair.records[0] == [v24.STOP_VOICE.encode()] * len(RECORDS)
    assert pair.states() == [LineState.UP] * 2


def test_a_cut_line_is_lost_after_ten_seconds_and_comes_back() -> None:
    pair = Pair()
    pair.cut = True
    pair.run(9_000)
    assert pair.states() == [LineState.UP] * 2
    pair.run(7_000)
    assert pair.states() == [LineState.ASKING, LineState.WAITING]
    assert not pair.ends[0].send(RECORDS[0])
    pair.cut = False
    pair.run(2_000)
    assert pair.states() == [LineState.UP] * 2


@pytest.mark.parametrize("frame", [b"", b"\x0b", b"\x07\x03abc", b"\x0b\xee", b"\x0b\xbf\x01"])
def test_frames_of_no_use_are_counted_or_read_over(frame: bytes) -> None:
    line = V24Line(Identity(), asks=False)
    line.opened(MonoMs(0))
    assert line.receive(frame, MonoMs(1)) is None
    assert line.unknown == (0 if frame[1:2] == b"\xbf" else 1)


def test_a_closed_line_says_nothing() -> None:
    line = V24Line(Identity(), asks=True)
    line.opened(MonoMs(0))
    line.closed()
    assert line.receive(b"\x0b\x3f", MonoMs(1)) is None
    assert not line.outgoing()
    assert line.deadline() is None

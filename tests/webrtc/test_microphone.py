from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ids import PositionId, UtcUs
from gateway.model.voice import VoiceFlag, VoiceFrame
from tests.webrtc.room import PATROL, Browser, SharedPackets, no_times, open_room, until
from voicecodecs.opus import OpusEncoder
from webrtc.microphone import REORDER_PACKETS, Microphone, ReorderBuffer, UplinkTarget
from webrtc.tracks import VoiceTrack

POSITION = PositionId("1")
TARGET = UplinkTarget(system=1, talkgroup=310201, position=POSITION)


def order(numbers: list[int]) -> list[int]:
    buffer = ReorderBuffer()
    out = []
    for number in numbers:
        out += [p.sequence for p in buffer.push(number & 0xFFFF, number * 960, b"x", UtcUs(0))]
    out += [packet.sequence for packet in buffer.flush()]
    return [sequence & 0xFFFF for sequence in out]


@pytest.mark.parametrize(
    ("came", "went"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 3, 2, 4], [1, 2, 3, 4]),
        ([1, 2, 2, 3, 1], [1, 2, 3]),
        ([1, 3, 4, 5, 2], [1, 3, 4, 5]),
        ([65534, 65535, 65536, 65537], [65534, 65535, 0, 1]),
        ([65535, 65537, 65536], [65535, 0, 1]),
        ([1, 2, 9000, 9001], [1, 2, 9000, 9001]),
    ],
)
def test_reordering(came: list[int], went: list[int]) -> None:
    assert order(came) == went


@given(st.lists(st.integers(0, 0xFFFF), max_size=200))
def test_any_numbers_come_out_rising_and_the_buffer_stays_small(numbers: list[int]) -> None:
    buffer = ReorderBuffer()
    last = -1
    for number in numbers:
        for packet in buffer.push(number, 0, b"x", UtcUs(0)):
            assert packet.sequence > last
            last = packet.sequence
        assert len(buffer.flush.__self__._held) < REORDER_PACKETS + 1  # type: ignore[attr-defined]


async def test_nothing_passes_a_closed_gate() -> None:
    async with open_room() as room:
        got: list[VoiceFrame] = []
        room.bus.serve_uplink(lambda position, frame: got.append(frame))
        microphone = Microphone(("s1", POSITION), room.bus, room.clock, room.gate, no_times())
        packet = OpusEncoder().encode(bytes(320))
        microphone.take(1, 960, packet)
        assert got == []
        room.gate.open(POSITION, TARGET)
        microphone.take(2, 1920, packet)
        microphone.take(3, 2880, packet)
        room.gate.close(POSITION)
        room.gate.close(POSITION)
        microphone.take(4, 3840, packet)
        assert [frame.flags for frame in got] == [VoiceFlag.START, VoiceFlag.NONE]
        assert got[1].sequence == got[0].sequence + 1
        assert (got[0].system, got[0].talkgroup) == (1, 310201)
        room.gate.open(POSITION, replace(TARGET, talkgroup=310301))
        microphone.take(900, 0, packet)
        assert (got[2].flags, got[2].talkgroup) == (VoiceFlag.START, 310301)


async def test_a_browser_without_a_position_speaks_only_for_whoever_names_its_session() -> None:
    async with open_room() as room:
        heard: list[tuple[str, int]] = []
        room.bus.serve_uplink(lambda position, frame: heard.append((position, frame.talkgroup)))
        microphone = Microphone(("s7",), room.bus, room.clock, room.gate, no_times())
        packet = OpusEncoder().encode(bytes(320))
        room.gate.open("s8", TARGET)
        microphone.take(1, 960, packet)
        assert heard == []
        test = PositionId("test:hamnen")
        room.gate.open("s7", UplinkTarget(system=1, talkgroup=310999, position=test))
        microphone.take(2, 1920, packet)
        assert heard == [("test:hamnen", 310999)]
        track = VoiceTrack(None, lambda packet: True)
        assert not track.speaks(test)
        track.spoke_as = microphone.spoke_as
        assert track.speaks(test), "the own voice is not played back to who speaks"
        assert not track.speaks(PositionId("test:fyrberget"))
        room.gate.close("s7")
        microphone.take(3, 2880, packet)
        assert len(heard) == 1


async def test_rubbish_from_the_browser_is_counted_and_dropped() -> None:
    async with open_room() as room:
        got: list[VoiceFrame] = []
        room.bus.serve_uplink(lambda position, frame: got.append(frame))
        microphone = Microphone(("s1", POSITION), room.bus, room.clock, room.gate, no_times())
        room.gate.open(POSITION, TARGET)
        for number, payload in enumerate((b"", bytes(5000), b"\x03")):
            microphone.take(number, 0, payload)
        assert got == []
        assert microphone.broken == 3


async def test_a_real_peers_microphone_reaches_the_gateway_byte_for_byte() -> None:
    encoder = OpusEncoder()
    packets = [encoder.encode(bytes([n % 7, 0]) * 160) for n in range(50)]
    async with open_room() as room:
        got: list[tuple[str, VoiceFrame]] = []
        room.bus.serve_uplink(lambda position, frame: got.append((position, frame)))
        page = Browser(SharedPackets(packets))
        answer = await page.join(room, [PATROL], position="1")
        session = room.rtc.get(answer.session)
        await until(
            lambda: session._microphone is not None and session._microphone.received > 5, "rtp"
        )
        assert got == []
        room.gate.open(POSITION, TARGET)
        await until(lambda: len(got) >= 20, "voice frames")
        frames = [frame for _, frame in got[:20]]
        assert {position for position, _ in got} == {"1"}
        first = packets.index(frames[0].opus)
        for n, frame in enumerate(frames):
            assert frame.opus in packets
            assert frame.sequence == frames[0].sequence + n
        assert first >= 0
        assert room.rtc.delays()["uplink"].p99_ms < 60
        assert (await session.stats()).microphone_frames >= 20
        await page.close()


async def test_without_a_position_the_microphone_line_is_inactive() -> None:
    async with open_room() as room:
        page = Browser(SharedPackets([OpusEncoder().encode(bytes(320))]))
        answer = await page.join(room, [PATROL], position=None)
        assert answer.sdp.count("a=inactive") == 1
        await page.close()

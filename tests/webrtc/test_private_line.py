"""A private call's sound reaches the one browser it was joined to, and nobody else."""

import asyncio
from dataclasses import replace

from gateway.model.ids import TalkgroupId
from gateway.model.private_line import PRIVATE_HANDLE, PRIVATE_TRACK, private_line
from gateway.model.voice import VoiceFlag
from tests.webrtc.room import FIRE, PATROL, Browser, Room, open_room, until
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import SILENT_FRAME


async def talk_privately(room: Room, seq: int, frames: int = 10) -> None:
    encoder = OpusEncoder()
    for n in range(frames):
        flags = VoiceFlag.START if n == 0 else VoiceFlag.NONE
        frame = room.frame(
            TalkgroupId(f"x/{seq}"),
            encoder.encode(SILENT_FRAME),
            number=n,
            transmission=seq.to_bytes(16, "big"),
            flags=flags,
        )
        room.bus.publish_voice(replace(frame, system=PRIVATE_HANDLE))
        await asyncio.sleep(0.02)


async def test_only_the_browser_of_the_call_hears_it_and_only_on_its_private_track() -> None:
    async with open_room() as room:
        mine, other = Browser(), Browser()
        answer = await mine.join(room, [PRIVATE_TRACK, PATROL], position="1")
        await other.join(room, [PRIVATE_TRACK, FIRE], position="2")
        assert (answer.tracks[0][1], len(answer.tracks)) == (PRIVATE_TRACK, 2)
        room.rtc.set_line(answer.session, private_line(7))
        await talk_privately(room, 7)
        await until(mine.heard[PRIVATE_TRACK].holds(10), "the call at its position")
        assert mine.heard[PATROL].payloads == []
        assert other.heard[PRIVATE_TRACK].payloads == []
        assert other.heard[FIRE].payloads == []
        assert room.hub.unknown_systems == 0
        await mine.close()
        await other.close()


async def test_a_line_that_was_left_is_silent_at_once_and_the_next_call_is_not_heard() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PRIVATE_TRACK])
        room.rtc.set_line(answer.session, private_line(7))
        await talk_privately(room, 7, frames=3)
        await until(page.heard[PRIVATE_TRACK].holds(3), "the call")
        room.rtc.set_line(answer.session, None)
        count = len(page.heard[PRIVATE_TRACK].payloads)
        await talk_privately(room, 7, frames=5)
        await talk_privately(room, 8, frames=5)
        assert len(page.heard[PRIVATE_TRACK].payloads) == count
        assert room.hub.listener_count(private_line(7)) == 0
        await page.close()


async def test_hearing_what_a_person_may_hear_never_joins_a_private_line() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PRIVATE_TRACK, PATROL])
        room.rtc.set_hearing(answer.session, [PATROL, PRIVATE_TRACK, private_line(7)])
        await talk_privately(room, 7, frames=5)
        assert page.heard[PRIVATE_TRACK].payloads == []
        assert room.hub.listener_count(private_line(7)) == 0
        assert room.hub.listener_count(PRIVATE_TRACK) == 0
        await page.close()

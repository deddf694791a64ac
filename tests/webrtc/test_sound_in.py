import asyncio
import itertools
import threading
import time
from typing import Any

import pytest
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from gateway.model.errors import InvalidCommand
from gateway.model.events import TransmissionEnded, TransmissionStarted
from gateway.model.ids import CallId, LinkId, PositionId, TransmissionId, UtcUs, ulid_bytes
from gateway.model.voice import TIMESTAMP_STEP
from tests.webrtc.room import AMBULANCE, FIRE, PATROL, Browser, open_room, until
from voicecodecs.opus import silence_packets
from webrtc.hub import SILENCE_PACKETS
from webrtc.rtp_line import MAX_WAITING_BYTES, NTP_UNIX_S
from webrtc.session import MAX_TRACKS
from webrtc.tracks import VoicePacket

T1 = TransmissionId("t-01jdgx0000000000000000000a")


async def test_every_packet_arrives_unchanged_with_silence_at_the_end() -> None:
    async with open_room() as room:
        one, two = Browser(), Browser()
        await one.join(room, [PATROL, FIRE], position="1")
        await two.join(room, [PATROL], position="2")
        await room.talk(PATROL, frames=15)
        for page in (one, two):
            heard = page.heard[PATROL]
            await until(heard.holds(15 + SILENCE_PACKETS), "all packets")
            assert tuple(heard.payloads[-SILENCE_PACKETS:]) == silence_packets(SILENCE_PACKETS)
            steps = {b - a & 0xFFFFFFFF for a, b in itertools.pairwise(heard.timestamps)}
            assert steps == {TIMESTAMP_STEP}
        assert one.heard[PATROL].payloads == two.heard[PATROL].payloads
        assert one.heard[FIRE].payloads == []
        report = room.rtc.delays()
        assert report["total"].count == 15
        assert report["total"].p99_ms < 150
        await one.close()
        await two.close()


async def test_rtp_time_goes_on_over_a_silence_and_idle_sends_nothing() -> None:
    async with open_room() as room:
        page = Browser()
        await page.join(room, [PATROL])
        heard = page.heard[PATROL]
        await room.talk(PATROL, frames=5)
        await until(lambda: len(heard.payloads) == 8, "first call")
        last, began = heard.timestamps[-1], asyncio.get_running_loop().time()
        await asyncio.sleep(0.3)
        assert len(heard.payloads) == 8
        await room.talk(PATROL, frames=5, transmission=b"u" * 16)
        await until(lambda: len(heard.payloads) == 16, "second call")
        waited = asyncio.get_running_loop().time() - began
        gap = (heard.timestamps[8] - last) & 0xFFFFFFFF
        assert 0.1 * 48_000 < gap <= (waited + 0.1) * 48_000
        await page.close()


async def test_a_position_does_not_hear_itself_and_the_others_do() -> None:
    async with open_room() as room:
        own, other = Browser(), Browser()
        await own.join(room, [PATROL], position="5")
        await other.join(room, [PATROL], position="2")
        common: dict[str, Any] = {"transmission": T1, "call": CallId("c-1"), "talkgroup": PATROL}
        room.bus.publish(
            TransmissionStarted(
                **common, link=LinkId("norrvik-c"), position=PositionId("5"), operator="E. Lund"
            )
        )
        await room.talk(PATROL, frames=5, transmission=ulid_bytes(T1))
        room.bus.publish(TransmissionEnded(**common, duration_ms=100, cause="ended"))
        await until(lambda: len(other.heard[PATROL].payloads) == 8, "the colleague hears it")
        assert own.heard[PATROL].payloads == []
        await room.talk(PATROL, frames=2, transmission=b"v" * 16)
        await until(lambda: len(own.heard[PATROL].payloads) == 5, "a radio is heard again")
        await own.close()
        await other.close()


async def test_a_transmission_that_breaks_off_is_followed_by_silence_too() -> None:
    async with open_room() as room:
        page = Browser()
        await page.join(room, [PATROL])
        raw = ulid_bytes(T1)
        room.bus.publish_voice(room.frame(PATROL, b"\x08speech", transmission=raw))
        await until(lambda: len(page.heard[PATROL].payloads) == 1, "its one frame")
        room.bus.publish(
            TransmissionEnded(
                transmission=T1, call=CallId("c-1"), talkgroup=PATROL, duration_ms=20, cause="lost"
            )
        )
        await until(lambda: len(page.heard[PATROL].payloads) == 4, "silence")
        await page.close()


async def test_without_the_right_a_line_is_inactive_and_never_sends() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL, FIRE], may_hear=lambda t: t == PATROL)
        assert [talkgroup for _, talkgroup in answer.tracks] == [PATROL]
        assert FIRE not in answer.sdp
        directions = [x for x in answer.sdp.splitlines() if x in ("a=sendonly", "a=inactive")]
        assert directions == ["a=sendonly", "a=inactive"]
        room.rtc.set_hearing(answer.session, [PATROL, FIRE])
        assert room.hub.listener_count(FIRE) == 0
        await page.close()


async def test_a_revoked_right_stops_the_track_at_once() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL, AMBULANCE])
        talk = asyncio.create_task(room.talk(PATROL, frames=50))
        heard = page.heard[PATROL]
        await until(lambda: len(heard.payloads) > 5, "sound")
        room.rtc.set_hearing(answer.session, [AMBULANCE])
        await asyncio.sleep(0.05)  # what was on its way before the revocation
        after = len(heard.payloads)
        await talk
        assert len(heard.payloads) == after
        await page.close()


async def test_a_muted_talkgroup_is_not_sent_and_comes_back() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        room.rtc.mute(answer.session, PATROL, True)
        await room.talk(PATROL, frames=3)
        assert room.hub.listener_count(PATROL) == 0
        room.rtc.mute(answer.session, PATROL, False)
        await room.talk(PATROL, frames=3, transmission=b"w" * 16)
        await until(lambda: len(page.heard[PATROL].payloads) == 6, "heard again")
        await page.close()


async def test_stats_and_clean_up_of_a_browser_that_went_away() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        await room.talk(PATROL, frames=10)
        stats = await room.rtc.get(answer.session).stats()
        assert stats.packets_sent >= 10
        assert stats.bytes_sent > 100
        await page.close()
        await until(lambda: room.rtc.sessions == (), "session gone")
        assert room.hub.listener_count(PATROL) == 0
        with pytest.raises(InvalidCommand, match="not open"):
            room.rtc.mute(answer.session, PATROL, True)
        await room.rtc.close_session(answer.session)


async def test_closing_twice_leaves_no_thread_and_no_task() -> None:
    before = len(asyncio.all_tasks())
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        session = room.rtc.get(answer.session)
        await asyncio.gather(session.close(), session.close())
        await session.close()
        await page.close()
    await until(lambda: len(asyncio.all_tasks()) <= before, "no task left")
    await until(
        lambda: "audio-decoder" not in [t.name for t in threading.enumerate()], "no thread left"
    )


async def test_offers_that_do_not_fit_are_refused_in_words() -> None:
    async with open_room() as room:
        page = Browser()
        offer = await page.offer(2)
        with pytest.raises(InvalidCommand, match="at most 32"):
            await room.rtc.open(None, offer, [PATROL], lambda _: True)
        with pytest.raises(InvalidCommand, match="once"):
            await room.rtc.open(None, offer, [PATROL, PATROL], lambda _: True)
        with pytest.raises(InvalidCommand, match="expected at most"):
            await room.rtc.open(None, "v=0\r\n" * 100_000, [PATROL], lambda _: True)
        broken = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 2
        for text in (broken, "v=0\r\n" + broken, offer.replace("opus/48000/2", "L16/8000")):
            count = text.count("m=") - 1
            with pytest.raises(InvalidCommand, match="offer"):
                await room.rtc.open(None, text, [PATROL, FIRE][:count], lambda _: True)
        assert room.rtc.sessions == ()
        await page.close()


async def test_thirty_two_talkgroups_in_one_browser() -> None:
    groups = [PATROL, *(FIRE.replace("310301", str(311000 + n)) for n in range(MAX_TRACKS - 1))]
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, groups)  # type: ignore[arg-type]  # made from an id
        assert len(answer.tracks) == MAX_TRACKS
        await room.talk(PATROL, frames=3)
        await until(lambda: len(page.heard[PATROL].payloads) == 6, "sound among 32 tracks")
        await page.close()


async def test_a_listener_without_a_way_loses_what_comes_and_nobody_waits() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        session = room.rtc.get(answer.session)
        track = session._tracks[PATROL]
        assert room.hub.listener_count(PATROL) == 1
        datagrams = session._lines[PATROL]._way()[1]  # type: ignore[index]  # there is one
        stalled = lambda: MAX_WAITING_BYTES + 1  # noqa: E731
        datagrams.get_write_buffer_size = stalled
        await room.talk(PATROL, frames=3)
        assert (track.sent, track.dropped) == (0, 3)
        del datagrams.get_write_buffer_size
        await page.close()
        await session.close()
        track.offer(VoicePacket(b"late", 960, UtcUs(0), UtcUs(0)))
        assert track.sent <= SILENCE_PACKETS
        assert track.dropped >= 4


async def test_a_fault_on_the_way_to_one_listener_keeps_the_sound_from_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_room() as room:
        broken, other = Browser(), Browser()
        answer = await broken.join(room, [PATROL], position="1")
        await other.join(room, [PATROL], position="2")
        track = room.rtc.get(answer.session)._tracks[PATROL]

        def fails(packet: VoicePacket) -> bool:
            raise ValueError("packet is too long")

        track._send = fails
        await room.talk(PATROL, frames=5)
        await until(other.heard[PATROL].holds(5 + SILENCE_PACKETS), "the other hears all")
        assert broken.heard[PATROL].payloads == []
        assert track.dropped == 5 + SILENCE_PACKETS
        assert caplog.text.count("is not reached") == 1
        await broken.close()
        await other.close()


async def test_what_was_sent_is_told_in_sender_reports() -> None:
    async with open_room() as room:
        page = Browser()
        await page.join(room, [PATROL])
        heard = page.heard[PATROL]
        told: list[RtcpSenderInfo] = []
        receiver: Any = page.peer.getTransceivers()[1].receiver

        async def reported(packet: object) -> None:
            if isinstance(packet, RtcpSrPacket):
                told.append(packet.sender_info)

        receiver._handle_rtcp_packet = reported
        await room.talk(PATROL, frames=5)
        await until(lambda: len(heard.payloads) == 5 + SILENCE_PACKETS, "all packets")
        told.clear()
        await until(lambda: bool(told), "a report, within 1.5 s")
        report = told[0]
        assert report.packet_count == len(heard.payloads)
        assert report.octet_count == sum(map(len, heard.payloads))
        assert report.rtp_timestamp == heard.timestamps[-1]
        sent_s = report.ntp_timestamp / 2**32 - NTP_UNIX_S
        assert -0.5 < time.time() - sent_s < 3.0
        await page.close()


async def test_the_marker_stands_on_what_follows_a_pause_and_numbers_on_from_there() -> None:
    async with open_room() as room:
        page = Browser()
        answer = await page.join(room, [PATROL])
        line = room.rtc.get(answer.session)._lines[PATROL]
        packets: list[tuple[int, int]] = []
        receiver: Any = page.peer.getTransceivers()[1].receiver

        async def handle(packet: Any, arrival_time_ms: int) -> None:
            packets.append((packet.marker, packet.sequence_number))

        receiver._handle_rtp_packet = handle
        line._sequence = 65534  # its numbers wrap
        for pts in (960, 1920, 9600, 10560):
            assert line.send(VoicePacket(b"opus", pts, UtcUs(0), room.clock.utc_us()))
        await until(lambda: len(packets) == 4, "packets")
        assert packets == [(1, 65534), (0, 65535), (1, 0), (0, 1)]
        await page.close()

"""What a desk says to a fixed station, with time as a number."""

from itertools import pairwise

import pytest

from gateway.model.ids import RequestId
from gateway.model.radio import (
    CallUp,
    EmergencySign,
    EmergencySigned,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.p25.dfsi.blocks import EndOfStream, StartOfStream, VoiceBlock, VoiceHeader
from gateway.p25.dfsi.header_word import decode_header
from gateway.p25.dfsi.rtp import decode_rtp
from gateway.p25.dfsi.voice_packet import decode_voice_packet
from gateway.p25.talk.talk_out import SILENCE
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import decode_link_control
from tests.gateway.p25.dfsi.station import (
    DESK,
    GROUP,
    PRESS,
    STATION_VOICE,
    UNIT,
    Bench,
    frame,
    headers,
    over,
    say,
    start,
    superframe,
    word,
)
from voicecodecs.fec.reed_solomon import RS_24_12, hexbits, octets_of

SECRET = EncryptionSync(message_indicator=b"\1\2\3\4\5\6\7\x08\0", algorithm=0x84, key_id=0x1234)


def sent_blocks(bench: Bench) -> list[tuple[object, ...]]:
    return [decode_voice_packet(decode_rtp(data).payload).blocks for data in bench.on("voice")]


def test_a_press_is_granted_at_once_with_start_and_header(bench: Bench) -> None:
    bench.press()
    assert [type(e) for e in bench.told()[-2:]] == [CallUp, TxGranted]
    assert bench.core.keyed
    assert bench.core.on_air == PRESS
    first, second, third = sent_blocks(bench)
    assert first == (StartOfStream(nac=0x293, duid=0),)
    assert isinstance(second[0], VoiceHeader)
    assert isinstance(third[0], VoiceHeader)
    read = decode_header(second[0].hexbits + third[0].hexbits)
    assert read.word is not None
    assert (read.word.group, read.word.sync.clear) == (GROUP, True)


def test_voice_goes_out_each_20_ms_with_true_sequence_and_clock(bench: Bench) -> None:
    bench.press()
    bench.speak(30)
    bench.end()
    bench.run(1_000)
    packets = [decode_rtp(data) for data in bench.on("voice")]
    assert [p.sequence for p in packets] == list(range(len(packets)))
    voice = [
        (when, decode_rtp(d.data))
        for when, d in bench.sent
        if d.channel == "voice" and d.data[13:15] == b"\x80\x89"
    ]
    assert len(voice) == 36  # up to the end of the LDU
    times = [when for when, _ in voice]
    assert {b - a for a, b in pairwise(times)} == {20}
    ticks = [p.timestamp for _, p in voice]
    assert {b - a for a, b in pairwise(ticks)} == {160}
    blocks = [decode_voice_packet(p.payload).blocks for _, p in voice]
    imbe = [b[0].imbe for b in blocks if isinstance(b[0], VoiceBlock)]
    assert imbe[:30] == [frame(n) for n in range(30)]
    assert [b[1].duid for b in blocks if isinstance(b[1], StartOfStream)] == [
        *[5] * 9,
        *[10] * 9,
    ] * 2


def test_the_word_beside_our_voice_names_group_desk_and_emergency(bench: Bench) -> None:
    bench.press(priority=3)
    bench.speak(9)
    bench.end()
    bench.run(1_000)
    pieces = [
        block[0].extra[:3]
        for block in sent_blocks(bench)
        if isinstance(block[0], VoiceBlock) and len(block[0].extra) == 4
    ]
    read = RS_24_12.decode(hexbits(b"".join(pieces[:6])))
    said = decode_link_control(octets_of(read.data))
    assert said.encode() == word(source=DESK, emergency=True)


def test_the_end_is_said_twice(bench: Bench) -> None:
    bench.press()
    bench.speak(9)
    bench.end()
    bench.run(1_000)
    ends = [b for b in sent_blocks(bench) if isinstance(b[0], EndOfStream)]
    assert len(ends) == 2
    assert [type(e) for e in bench.told()[-1:]] == [TxEnded]
    assert not bench.core.keyed


@pytest.mark.parametrize("cause", ["withdrawn", "preempted", "moved"])
def test_any_other_end_un_keys_at_once_and_drops_what_waits(bench: Bench, cause: str) -> None:
    bench.press()
    for number in range(20):
        bench.core.send_voice(PRESS, frame(number), bench.time)
    bench.end(cause)
    ended = bench.of(TxEnded)[0]
    assert isinstance(ended, TxEnded)
    assert ended.cause == cause
    assert not bench.core.keyed
    assert not any(isinstance(b[0], VoiceBlock) for b in sent_blocks(bench))
    assert isinstance(sent_blocks(bench)[-1][0], EndOfStream)


def voice_times(bench: Bench) -> list[int]:
    voice = [(when, d.data) for when, d in bench.sent if d.channel == "voice"]
    return [when for when, data in voice if data[13:15] == b"\x80\x89"]


def said_frames(bench: Bench) -> list[bytes]:
    return [b[0].imbe for b in sent_blocks(bench) if isinstance(b[0], VoiceBlock)]


def test_voice_that_is_late_is_waited_for_and_nothing_comes_between(bench: Bench) -> None:
    bench.press()
    bench.speak(5)
    bench.run(90)
    bench.speak(4)
    bench.end()
    bench.run(1_000)
    assert said_frames(bench)[:9] == [frame(n) for n in [*range(5), *range(4)]]
    gaps = [b - a for a, b in pairwise(voice_times(bench))]
    assert max(gaps) == 70
    assert sorted(set(gaps)) == [20, 70]


def test_a_long_gap_of_the_sender_becomes_silence(bench: Bench) -> None:
    bench.press()
    bench.speak(5)
    bench.run(400)
    bench.speak(5)
    bench.end()
    bench.run(1_000)
    frames = said_frames(bench)
    assert frames[:5] == [frame(n) for n in range(5)]
    assert frames[5] == SILENCE
    spoken = [one for one in frames[5:] if one != SILENCE]
    assert spoken == [frame(n) for n in range(5)]
    assert max(b - a for a, b in pairwise(voice_times(bench))) == 140


def test_what_is_heard_while_a_desk_talks_takes_nothing_from_it(bench: Bench) -> None:
    bench.press()
    over(bench)
    bench.run(100)
    assert not bench.of(TalkStarted)
    assert bench.core.on_air == PRESS


def test_an_emergency_is_told_even_while_a_desk_talks(bench: Bench) -> None:
    bench.press()
    over(bench, [*superframe(word(emergency=True)), *superframe(word(emergency=True))])
    assert bench.of(EmergencySigned) == [
        EmergencySigned(unit=UNIT, sign=EmergencySign.CALL_PRIORITY, group=GROUP)
    ]


def test_who_talks_is_only_taken_over_by_priority(bench: Bench) -> None:
    bench.blocks(start())
    for half in headers():
        bench.blocks(half, start())
    say(bench, superframe())
    bench.press(priority=1)
    assert isinstance(bench.events[-1], TxRefused)
    bench.press(priority=2)
    assert isinstance(bench.events[-1], TxGranted)
    assert len(bench.of(TalkEnded)) == 1


def test_what_cannot_be_sent_says_why(bench: Bench) -> None:
    bench.press(group=0)
    bench.press(group=70_000)
    bench.press()
    bench.press(press=RequestId("r-2"))
    reasons = [event.reason for event in bench.events if isinstance(event, TxNotSent)]
    assert reasons == ["P25 has groups 1 to 65535"] * 2 + ["this station transmits already"]


def test_a_key_that_is_held_for_ever_is_let_go(bench: Bench) -> None:
    bench.press()
    bench.run(181_000)
    ended = bench.of(TxEnded)[0]
    assert isinstance(ended, TxEnded)
    assert (ended.cause, ended.reason) == ("failed", "the key was on for too long")


def test_what_the_guard_is_armed_with_ends_the_over(bench: Bench) -> None:
    assert bench.core.unkey() is None
    bench.press()
    bench.speak(3)
    unkey = bench.core.unkey()
    assert unkey is not None
    assert unkey.port == STATION_VOICE
    packet = decode_rtp(unkey.data)
    assert decode_voice_packet(packet.payload).blocks == (EndOfStream(),)
    assert packet.sequence > decode_rtp(bench.on("voice")[-1]).sequence


def test_our_own_voice_that_the_station_repeats_is_nobody_s(bench: Bench) -> None:
    bench.press()
    bench.speak(18)
    bench.end()
    bench.run(100)
    say(bench, superframe(word(source=DESK))[12:])
    bench.blocks(EndOfStream())
    bench.run(200)
    assert not bench.of(TalkStarted)
    over(bench)
    bench.run(500)
    assert len(bench.of(TalkEnded)) == 1


def test_a_press_without_a_station_says_why(bench: Bench) -> None:
    bench.answers = False
    bench.take(bench.core.lost(bench.time, "closed"))
    bench.open()
    bench.run(6_000)
    bench.press()
    refused = bench.of(TxNotSent)[0]
    assert isinstance(refused, TxNotSent)
    assert refused.reason.startswith("the station is not connected: the station does not answer")

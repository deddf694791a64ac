"""What a fixed station says to calls and overs, with time as a number."""

import pytest

from gateway.model.radio import (
    CallDown,
    CallUp,
    LinkChanged,
    LinkState,
    SignalQuality,
    TalkEnded,
    TalkStarted,
)
from gateway.p25.dfsi.blocks import EndOfStream, StartAck, VoiceBlock
from gateway.p25.dfsi.ldu_word import piece_index
from gateway.p25.dfsi.rtp import decode_rtp
from gateway.p25.dfsi.voice_packet import decode_voice_packet
from gateway.p25.words.encryption import EncryptionSync
from tests.gateway.p25.dfsi.station import (
    GROUP,
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

SECRET = EncryptionSync(message_indicator=b"\1\2\3\4\5\6\7\x08\0", algorithm=0x84, key_id=0x1234)


def call(bench: Bench) -> CallUp:
    up = bench.of(CallUp)[-1]
    assert isinstance(up, CallUp)
    return up


def talkers(bench: Bench) -> list[int | None]:
    return [event.talker for event in bench.events if isinstance(event, TalkStarted)]


def test_an_over_is_told_from_its_start_to_its_end(bench: Bench) -> None:
    over(bench)
    bench.run(5_000)
    assert [type(e) for e in bench.told()[2:]] == [
        CallUp, TalkStarted, TalkStarted, SignalQuality, TalkEnded, CallDown,
    ]  # fmt: skip
    assert (call(bench).group, call(bench).late_entry, call(bench).encrypted) == (
        GROUP,
        False,
        False,
    )
    assert talkers(bench) == [None, UNIT]
    assert bench.heard() == [frame(n) for n in range(18)]


def test_each_start_is_acknowledged_once(bench: Bench) -> None:
    over(bench)
    bench.run(500)
    over(bench)
    acks = [decode_voice_packet(decode_rtp(data).payload).blocks for data in bench.on("voice")]
    assert acks == [(StartAck(),)] * 2
    assert {d.port for _, d in bench.sent if d.channel == "voice"} == {STATION_VOICE}


def test_twice_and_out_of_order_is_one_over(bench: Bench) -> None:
    blocks = superframe()
    bench.blocks(start())
    first, second = headers()
    bench.blocks(second, start())
    for index in range(0, 18, 2):
        for block in (blocks[index + 1], blocks[index], blocks[index + 1]):
            bench.blocks(block, start())
        if index == 2:
            bench.blocks(first, start())
            bench.blocks(start())
        bench.run(40)
    bench.blocks(EndOfStream())
    bench.blocks(EndOfStream())
    bench.run(5_000)
    assert bench.heard() == [frame(n) for n in range(18)]
    assert len(bench.of(TalkEnded)) == len(bench.of(CallUp)) == 1


def test_an_end_that_overtakes_the_last_voice_cuts_nothing(bench: Bench) -> None:
    bench.blocks(start())
    for half in headers():
        bench.blocks(half, start())
    blocks = superframe()
    say(bench, blocks[:16])
    bench.blocks(EndOfStream())
    bench.run(20)
    bench.blocks(blocks[17], start())
    bench.run(10)
    bench.blocks(blocks[16], start())
    bench.run(5_000)
    assert bench.heard() == [frame(n) for n in range(18)]
    assert len(bench.of(TalkEnded)) == 1


def test_voice_that_comes_far_behind_its_end_begins_no_over(bench: Bench) -> None:
    over(bench)
    bench.run(70)
    bench.blocks(superframe()[5], start())
    bench.run(5_000)
    assert len(bench.of(TalkStarted)) == 2
    assert len(bench.of(TalkEnded)) == 1


def test_lost_frames_are_holes_and_not_shifts(bench: Bench) -> None:
    blocks = superframe()
    over(bench, [block for block in blocks if block.place not in (4, 5, 11)])
    bench.run(5_000)
    expected = [None if n in (4, 5, 11) else frame(n) for n in range(18)]
    assert bench.heard() == expected


def test_frames_that_the_station_calls_lost_or_mute_are_holes(bench: Bench) -> None:
    blocks = superframe()
    blocks[3] = VoiceBlock(place=3, imbe=frame(3), lost=True, extra=blocks[3].extra)
    blocks[6] = VoiceBlock(place=6, imbe=frame(6), mute=True, extra=blocks[6].extra)
    over(bench, blocks)
    bench.run(5_000)
    assert [n for n, one in enumerate(bench.heard()) if one is None] == [3, 6]
    assert talkers(bench)[-1] == UNIT


def test_corrected_bits_become_the_quality_of_the_over(bench: Bench) -> None:
    blocks = [
        VoiceBlock(place=one.place, imbe=one.imbe, errors=3, extra=one.extra)
        for one in superframe()
    ]
    over(bench, blocks)
    bench.run(5_000)
    (quality,) = bench.of(SignalQuality)
    assert isinstance(quality, SignalQuality)
    assert quality.bit_error_rate == pytest.approx(3 / 144)


def test_the_talker_is_known_though_three_pieces_of_its_word_are_lost(bench: Bench) -> None:
    over(bench, [block for block in superframe() if block.place not in (2, 4, 6)])
    bench.run(5_000)
    assert talkers(bench)[-1] == UNIT


def test_the_last_good_word_holds_when_one_cannot_be_decoded(bench: Bench) -> None:
    bad = superframe(first=18)
    for place in range(2, 9):
        if piece_index(place) is not None:
            bad[place] = VoiceBlock(place=place, imbe=frame(18 + place), extra=b"\x5a\xa5\x3c\0")
    over(bench, [*superframe(), *bad])
    bench.run(5_000)
    assert set(talkers(bench)) == {None, UNIT}
    assert bench.heard() == [frame(n) for n in range(36)]


def test_a_late_entry_gets_group_and_talker_from_its_words(bench: Bench) -> None:
    say(bench, superframe())
    bench.blocks(EndOfStream())
    bench.run(5_000)
    assert (call(bench).group, call(bench).late_entry) == (GROUP, True)
    assert talkers(bench)[-1] == UNIT
    assert bench.heard() == [frame(n) for n in range(18)]


def test_the_emergency_bit_is_an_emergency(bench: Bench) -> None:
    over(bench, superframe(word(emergency=True)))
    bench.run(5_000)
    assert call(bench).emergency
    assert call(bench).caller == UNIT


def test_an_encrypted_over_says_its_key_and_is_not_readable(bench: Bench) -> None:
    bench.blocks(start())
    for half in headers(SECRET):
        bench.blocks(half, start())
    say(bench, superframe(word(protected=True), SECRET))
    bench.blocks(EndOfStream())
    bench.run(5_000)
    up = call(bench)
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)


def test_an_over_without_an_end_ends_by_silence_and_the_station_is_asked(bench: Bench) -> None:
    bench.blocks(start())
    say(bench, superframe())
    before = len(bench.on("control"))
    bench.run(3_000)
    assert len(bench.of(TalkEnded)) == 1
    assert b"\x08\x01" in {data[:2] for data in bench.on("control")[before:]}
    assert not [e for e in bench.of(LinkChanged) if e.state is LinkState.DOWN]  # type: ignore[attr-defined]  # of one kind


def test_a_start_in_mid_over_begins_another(bench: Bench) -> None:
    bench.blocks(start())
    for half in headers():
        bench.blocks(half, start())
    say(bench, superframe())
    over(bench, superframe(word(source=UNIT + 1), first=100))
    bench.run(5_000)
    assert len(bench.of(TalkEnded)) == 2
    assert talkers(bench)[-1] == UNIT + 1
    assert bench.heard() == [frame(n) for n in [*range(18), *range(100, 118)]]


def test_a_start_without_voice_is_given_up(bench: Bench) -> None:
    bench.blocks(start())
    bench.run(20_000)
    asked = [data for data in bench.on("control") if data[:1] == b"\x08"]
    assert len(asked) <= 4  # once after connecting, and while it was doubted
    assert not bench.of(CallUp)


def test_an_over_that_follows_at_once_is_heard_from_its_start(bench: Bench) -> None:
    over(bench)
    bench.run(20)
    over(bench, superframe(word(source=UNIT + 1), first=100))
    bench.run(5_000)
    assert len(bench.of(TalkEnded)) == 2
    assert bench.heard() == [frame(n) for n in [*range(18), *range(100, 118)]]
    assert talkers(bench)[-1] == UNIT + 1

"""Sound in and out: numbering, first and last syllables, what is kept and what is dropped."""

from itertools import pairwise

from gateway.engine.settings import LEASE_LOOKS
from gateway.model import radio
from gateway.model.events import FloorEnding, FloorReleased, TransmissionEnded
from gateway.model.ids import LinkId, PositionId, UtcUs, ulid_bytes
from gateway.model.voice import TIMESTAMP_STEP, VoiceFlag, VoiceFrame
from tests.gateway.engine.peer import DRILL, NORTH, SOUTH, Room
from voicecodecs.opus import OpusDecoder


def loudness(pcm: bytes) -> int:
    return max((abs(v) for v in memoryview(pcm).cast("h")), default=0)


def decoded(frames: list[VoiceFrame]) -> bytes:
    decoder = OpusDecoder()
    return b"".join(decoder.decode(frame.opus) for frame in frames)


def over(room: Room, frames: int) -> list[VoiceFrame]:
    room.talk(3204)
    room.hear(NORTH, frames)
    room.north.say(radio.TalkEnded(instance=1))
    return room.voice.drain()


def test_a_transmission_starts_runs_and_ends_with_60_ms_of_silence() -> None:
    room = Room()
    frames = over(room, 10)
    assert len(frames) == 13
    assert frames[0].flags == VoiceFlag.START
    assert all(frame.flags == VoiceFlag.NONE for frame in frames[1:10])
    silence = VoiceFlag.SILENCE
    assert [frame.flags for frame in frames[10:]] == [silence, silence, silence | VoiceFlag.END]
    assert [f.sequence for f in frames] == list(range(1, 14))
    steps = {b.timestamp_48k - a.timestamp_48k for a, b in pairwise(frames)}
    assert steps == {TIMESTAMP_STEP}
    assert {(f.system, f.talkgroup, f.talker) for f in frames} == {(7, 101, 3204)}
    sound = decoded(frames)
    assert loudness(sound[: 320 * 10]) > 1000
    assert loudness(sound[-160:]) < 100


def test_the_recorder_gets_the_same_packets_with_their_levels() -> None:
    room = Room()
    frames = over(room, 5)
    (meta,) = room.recorder.opened
    assert (meta.talker, meta.alias, meta.call_seq, meta.retention) == (
        "net/3204",
        "Car 3204",
        1,
        "call",
    )
    assert [frame for _, frame, _ in room.recorder.frames] == frames
    assert {ulid_bytes(t) for t, _, _ in room.recorder.frames} == {frames[0].transmission}
    assert room.recorder.frames[0][2].level_dbfs > -60
    ((closed, end),) = room.recorder.closed
    assert closed == meta.transmission
    assert (end.duration_ms, end.cause, end.lost_frames) == (100, "ended", 0)


def test_sound_just_before_the_talker_is_known_is_not_lost() -> None:
    room = Room()
    room.hear(NORTH, 30)  # the ring keeps the last 200 ms
    assert room.voice.drain() == []
    room.talk(3204)
    early = room.voice.drain()
    assert len(early) == 10
    assert early[0].flags == VoiceFlag.START
    room.hear(NORTH, 1)
    assert len(room.voice.drain()) == 1


def test_sound_long_before_the_talker_is_ignored() -> None:
    room = Room()
    room.hear(NORTH, 10)
    room.clock.ms += 300
    room.talk(3204)
    assert room.voice.drain() == []


def test_sound_that_a_playout_held_before_the_talker_is_known_is_kept() -> None:
    room = Room()
    for _ in range(5):
        spoken = UtcUs(room.clock.utc_us() - 1_000_000)
        room.engine.on_sound(NORTH, bytes(320), spoken)
        room.clock.ms += 20
    room.talk(3204)
    early = room.voice.drain()
    assert len(early) == 5
    assert early[0].capture_utc_us == room.clock.utc_us() - 1_100_000


def test_sound_without_a_talker_is_ignored() -> None:
    room = Room()
    room.hear(NORTH, 100)
    assert room.voice.drain() == []
    assert room.recorder.opened == []


def test_the_timestamp_runs_on_over_silence_and_the_sequence_does_not_jump() -> None:
    room = Room()
    first = over(room, 5)
    room.clock.ms += 10_000
    second = over(room, 5)
    assert second[0].sequence == first[-1].sequence + 1
    between = second[0].timestamp_48k - first[0].timestamp_48k
    utc_ms = (second[0].capture_utc_us - first[0].capture_utc_us) / 1000
    assert abs(between / 48 - utc_ms) <= 20


def test_a_gap_in_the_sound_is_counted_and_keeps_its_time() -> None:
    room = Room()
    room.talk(3204)
    room.hear(NORTH, 5)
    room.clock.ms += 200
    room.hear(NORTH, 5)
    room.north.say(radio.TalkEnded(instance=1))
    frames = room.voice.drain()
    assert frames[5].timestamp_48k - frames[4].timestamp_48k == 11 * TIMESTAMP_STEP
    assert [e.lost_frames for e in room.told(TransmissionEnded)] == [10]


def test_each_talkgroup_counts_for_itself() -> None:
    room = Room()
    room.talk(3204)
    room.south.say(radio.CallUp(instance=1, group=201))
    room.south.say(radio.TalkStarted(instance=1, talker=8))
    room.hear(NORTH, 3)
    room.hear(SOUTH, 2)
    numbers = [(f.talkgroup, f.sequence) for f in room.voice.drain()]
    assert numbers == [(101, 1), (101, 2), (101, 3), (201, 1), (201, 2)]


def test_a_talker_change_splits_the_sound() -> None:
    room = Room()
    room.talk(3204)
    room.hear(NORTH, 2)
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    room.hear(NORTH, 2)
    frames = room.voice.drain()
    assert [f.talker for f in frames] == [3204] * 5 + [3120] * 2
    assert len({f.transmission for f in frames}) == 2


def test_a_talker_who_becomes_known_is_in_the_frames() -> None:
    room = Room()
    room.talk(None)
    room.hear(NORTH, 1)
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    room.hear(NORTH, 1)
    assert [f.talker for f in room.voice.drain()] == [0, 3120]


def test_blocks_of_another_size_are_ignored() -> None:
    room = Room()
    room.talk(3204)
    room.engine.on_sound(LinkId(NORTH), bytes(100), room.clock.utc_us())
    assert room.voice.drain() == []


def test_a_talkgroup_whose_rule_is_off_is_heard_but_not_recorded() -> None:
    room = Room()
    room.south.say(radio.GroupChanged(number=999))
    room.south.say(radio.CallUp(instance=1, group=999))
    room.south.say(radio.TalkStarted(instance=1, talker=8))
    room.hear(SOUTH, 3)
    assert len(room.voice.drain()) == 3
    assert DRILL.endswith("/999")
    assert room.recorder.opened == []


# ---- a desk's own


def test_what_is_said_before_the_grant_is_sent_after_it() -> None:
    room = Room()
    room.press("r-1")
    for _ in range(15):
        room.speak("1", 1)
        room.wait(20, hold=("r-1",))
    assert room.north.sound == []
    room.north.grant("r-1")
    assert len(room.north.sound) == 1  # the first block goes out with the grant
    for _ in range(20):
        room.speak("1", 1)
        room.wait(20, hold=("r-1",))
    room.let_go("r-1")
    assert [e.left_ms > 0 for e in room.told(FloorEnding)] == [True]
    room.wait(600)
    assert room.north.ended("r-1") == ["released"]
    (released,) = room.told(FloorReleased)
    assert released.discarded_ms == 0
    sent_ms = len(room.north.sound) * 20
    assert 700 * 0.75 <= sent_ms <= 700 + 160
    loud = [loudness(pcm) > 500 for _, pcm in room.north.sound]
    assert loud.count(True) * 20 >= 700 * 0.75


def test_blocks_go_out_every_20_ms() -> None:
    room = Room()
    room.press("r-1")
    room.speak("1", 25)
    room.north.grant("r-1")
    for _ in range(10):
        before = len(room.north.sound)
        room.wait(20, hold=("r-1",))
        assert len(room.north.sound) == before + 1


def test_a_late_microphone_is_filled_with_silence() -> None:
    room = Room()
    room.press("r-1")
    room.north.grant("r-1")
    room.wait(100, hold=("r-1",))
    assert [loudness(pcm) for _, pcm in room.north.sound] == [0] * 6


def test_after_the_loop_stood_still_the_schedule_begins_anew() -> None:
    room = Room()
    room.press("r-1")
    room.speak("1", 30)
    room.north.grant("r-1")
    before = len(room.north.sound)
    room.clock.ms += 300
    room.engine.tick(room.clock.mono_ms())
    assert len(room.north.sound) == before + 1  # no burst of what was missed
    room.clock.ms += 400
    room.tick()
    assert len(room.north.sound) <= before + 1 + LEASE_LOOKS  # while a renewal is looked for
    assert room.north.ended("r-1") == ["lease"]


def test_an_own_transmission_is_recorded_and_fanned_out() -> None:
    room = Room()
    room.press("r-1")
    room.speak("1", 10)
    room.north.grant("r-1")
    room.wait(200, hold=("r-1",))
    room.let_go("r-1")
    room.wait(200)
    frames = room.voice.drain()
    assert frames[0].flags & VoiceFlag.START
    assert frames[-1].flags & VoiceFlag.END
    assert {f.talker for f in frames} == {9001}
    (meta,) = room.recorder.opened
    assert (meta.position, meta.operator, meta.talker) == ("1", "Operator 1", None)
    assert ulid_bytes(meta.transmission) == frames[0].transmission
    assert loudness(decoded(frames[:10])) > 1000


def test_the_radios_own_sound_while_we_talk_is_no_talker() -> None:
    room = Room()
    room.press("r-1")
    room.north.grant("r-1")
    room.hear(NORTH, 5)
    room.let_go("r-1", "blur")
    room.voice.drain()
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    assert room.voice.drain() == []


def test_only_the_presser_is_heard() -> None:
    room = Room()
    room.press("r-1")
    room.speak("2", 20)
    room.north.grant("r-1")
    room.wait(100, hold=("r-1",))
    assert {loudness(pcm) for _, pcm in room.north.sound} == {0}


def test_a_microphone_without_a_press_goes_nowhere() -> None:
    room = Room()
    room.speak("1", 5)
    room.press("r-1")
    room.let_go("r-1", "blur")
    room.speak("1", 5)
    assert room.north.sound == []
    assert room.voice.drain() == []


def test_broken_packets_do_no_harm() -> None:
    room = Room()
    room.press("r-1")
    for number in range(50):
        frame = VoiceFrame(
            sequence=number,
            timestamp_48k=0,
            capture_utc_us=0,
            transmission=bytes(16),
            system=0,
            talkgroup=0,
            talker=0,
            opus=bytes([number * 5 % 256]) * number,
        )
        room.bus.publish_uplink(PositionId("1"), frame)
    room.north.grant("r-1")
    room.wait(100, hold=("r-1",))
    assert room.north.keyed == "r-1"

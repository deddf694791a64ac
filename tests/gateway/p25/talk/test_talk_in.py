"""What is heard on a channel: late entry, words that fail, talkers that change, overs that end."""

import itertools

from gateway.model.ids import MonoMs
from gateway.model.radio import (
    CallDown,
    CallUp,
    EmergencySign,
    EmergencySigned,
    RadioEvent,
    SignalQuality,
    TalkEnded,
    TalkStarted,
)
from gateway.p25.talk.port import VoiceHeard
from gateway.p25.talk.talk_in import HOLD_MS, TalkIn
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import CallTermination, GroupVoice, UnitVoice
from gateway.p25.words.motorola import EmergencyAlarm
from gateway.p25.words.service_options import ServiceOptions

AES = EncryptionSync(message_indicator=bytes(range(1, 9)) + b"\0", algorithm=0x84, key_id=0x1234)
CLEAR = EncryptionSync()


def word(group: int = 10001, source: int = 1234567, **service: bool) -> bytes:
    return GroupVoice(service=ServiceOptions(**service), group=group, source=source).encode()


class Channel:
    """A talk with a clock of its own: 20 ms a frame, ticks when they are due."""

    def __init__(self, talk: TalkIn) -> None:
        self.talk = talk
        self.now = MonoMs(0)
        self.events: list[tuple[int, RadioEvent]] = []
        self._places = itertools.count()

    def take(self, events: list[RadioEvent]) -> None:
        self.events += [(self.now, event) for event in events]

    def wait(self, span_ms: int) -> None:
        end = self.now + span_ms
        while (due := self.talk.deadline()) is not None and due <= end:
            self.now = MonoMs(max(due, self.now))
            self.take(self.talk.tick(self.now))
        self.now = MonoMs(end)

    def speak(
        self, frames: int, *, lc: bytes | None = None, es: EncryptionSync | None = CLEAR
    ) -> None:
        """Let frames come, with a word after the eighth of each LDU."""
        for _ in range(frames):
            place = next(self._places) % 18
            self.take(self.talk.voice(self.now, place, bytes([place]) * 11))
            if place == 7:
                self.take(self.talk.link_control(self.now, lc))
            if place == 16:
                self.take(self.talk.encryption(self.now, es))
            self.wait(20)

    def kinds(self) -> list[str]:
        """Return the names of the events, voice left out."""
        return [type(e).__name__ for _, e in self.events if not isinstance(e, VoiceHeard)]

    def of(self, kind: type[RadioEvent]) -> list[RadioEvent]:
        return [event for _, event in self.events if isinstance(event, kind)]

    def voice(self) -> list[VoiceHeard]:
        return [event for _, event in self.events if isinstance(event, VoiceHeard)]


def test_how_an_over_is_received_is_told_each_second_and_at_its_end() -> None:
    channel = Channel(TalkIn(hang_ms=2000))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.take(channel.talk.link_control(channel.now, word()))
    for frame in range(108):
        errors = 6 if frame < 50 else 0
        channel.take(channel.talk.voice(channel.now, frame % 18, bytes(18), errors))
        channel.wait(20)
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(3000)
    told = [e for e in channel.of(SignalQuality) if isinstance(e, SignalQuality)]
    assert [e.frames for e in told] == [50, 100, 108]
    assert [round(e.bit_error_rate, 4) for e in told] == [0.0417, 0.0208, 0.0193]
    assert channel.kinds()[-3:] == ["SignalQuality", "TalkEnded", "CallDown"]


def test_a_whole_over_with_header_and_terminator() -> None:
    channel = Channel(TalkIn(hang_ms=2000))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(36, lc=word())
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(3000)
    assert channel.kinds() == ["CallUp", "TalkStarted", "TalkStarted", "TalkEnded", "CallDown"]
    up = channel.of(CallUp)[0]
    assert isinstance(up, CallUp)
    assert (up.group, up.late_entry, up.encrypted) == (10001, False, False)
    named = channel.of(TalkStarted)[-1]
    assert isinstance(named, TalkStarted)
    assert named.talker == 1234567
    assert [v.frame for v in channel.voice()] == [bytes([n % 18]) * 11 for n in range(36)]


def test_voice_is_paced_and_the_last_frame_comes_before_the_end() -> None:
    channel = Channel(TalkIn(delay_ms=60))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(500)
    times = [at for at, event in channel.events if isinstance(event, VoiceHeard)]
    assert {b - a for a, b in itertools.pairwise(times)} == {20}
    last = max(i for i, (_, e) in enumerate(channel.events) if isinstance(e, VoiceHeard))
    assert isinstance(channel.events[last + 1][1], TalkEnded)


def test_late_entry_waits_for_group_and_encryption_and_loses_nothing() -> None:
    channel = Channel(TalkIn())
    channel.speak(36, lc=word(source=42))
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(1000)
    up, talk = channel.of(CallUp)[0], channel.of(TalkStarted)[0]
    assert isinstance(up, CallUp)
    assert isinstance(talk, TalkStarted)
    assert up.late_entry
    assert (up.group, up.caller, talk.talker) == (10001, 42, 42)
    assert len(channel.voice()) == 36
    assert all(v.frame is not None for v in channel.voice())


def test_an_over_that_never_says_its_group_is_told_with_the_channels_own() -> None:
    channel = Channel(TalkIn(group=10002))
    channel.speak(HOLD_MS // 20 + 5, lc=None, es=None)
    up = channel.of(CallUp)[0]
    assert isinstance(up, CallUp)
    assert (up.group, up.late_entry) == (10002, True)


def test_an_over_that_never_says_its_group_belongs_to_the_call_that_is_up() -> None:
    channel = Channel(TalkIn(hang_ms=5000))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(500)
    channel.speak(36, lc=None, es=None)
    assert channel.kinds().count("CallUp") == 1
    assert channel.kinds()[-2:] == ["TalkEnded", "TalkStarted"]


def test_a_word_that_cannot_be_decoded_changes_nothing() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.speak(36, lc=None, es=None)
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(500)
    assert len(channel.voice()) == 54
    assert channel.kinds() == ["CallUp", "TalkStarted", "TalkStarted", "TalkEnded"]
    assert channel.talk.undecoded == 4


def test_link_control_of_no_call_silences_nobody() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.speak(18, lc=bytes.fromhex("23000123456789abcd"))  # RFSS status
    channel.wait(200)
    assert len(channel.voice()) == 36


def test_one_other_talker_is_a_fault_and_two_are_a_talker() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word(source=1))
    channel.speak(18, lc=word(source=2))
    channel.speak(18, lc=word(source=1))
    assert [t.talker for t in channel.of(TalkStarted) if isinstance(t, TalkStarted)] == [None, 1]
    channel.speak(36, lc=word(source=2))
    assert isinstance(last := channel.of(TalkStarted)[-1], TalkStarted)
    assert last.talker == 2


def test_another_group_in_two_words_is_another_call() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.speak(36, lc=word(group=10002, source=7))
    ups = [u for u in channel.of(CallUp) if isinstance(u, CallUp)]
    assert [u.group for u in ups] == [10001, 10002]
    assert ups[0].instance != ups[1].instance
    assert channel.kinds().count("CallDown") == 1


def test_an_emergency_in_the_service_options_is_told_once() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(54, lc=word(emergency=True))
    ups = [u for u in channel.of(CallUp) if isinstance(u, CallUp)]
    assert [u.emergency for u in ups] == [False, True]
    assert ups[1].priority == 3


def test_an_encrypted_over_shows_activity_and_gives_nothing_to_decode() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, AES, 10001))
    channel.speak(36, lc=word(protected=True), es=AES)
    up = channel.of(CallUp)[0]
    assert isinstance(up, CallUp)
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)
    assert channel.voice()
    assert not any(v.readable for v in channel.voice())


def test_one_wrong_sync_does_not_make_a_clear_call_silent_and_two_do() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word(), es=AES)
    channel.speak(18, lc=word(), es=CLEAR)
    channel.wait(200)
    assert all(v.readable for v in channel.voice())
    channel.speak(36, lc=word(), es=AES)
    channel.speak(9, lc=word())
    assert not channel.voice()[-1].readable


def test_a_late_entry_into_an_encrypted_call_without_the_protected_bit_makes_no_noise() -> None:
    channel = Channel(TalkIn())
    channel.speak(36, lc=word(), es=AES)
    channel.wait(500)
    assert channel.voice()
    assert not any(v.readable for v in channel.voice())


def test_an_over_without_terminator_ends_by_silence_and_the_call_after_its_hang_time() -> None:
    channel = Channel(TalkIn(silence_ms=600, hang_ms=1500))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    spoken_ms = channel.now
    channel.wait(5000)
    ended = next(at for at, e in channel.events if isinstance(e, TalkEnded))
    down = next(at for at, e in channel.events if isinstance(e, CallDown))
    assert 560 <= ended - spoken_ms <= 620
    assert down - ended == 1500


def test_a_call_termination_ends_the_call_at_once_after_its_voice() -> None:
    channel = Channel(TalkIn(hang_ms=60_000))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.take(channel.talk.terminator(channel.now, CallTermination(unit=0xFFFFFD).encode()))
    channel.wait(200)
    assert channel.kinds()[-2:] == ["TalkEnded", "CallDown"]
    assert len(channel.voice()) == 18


def test_the_next_over_waits_until_the_last_burst_has_been_heard() -> None:
    channel = Channel(TalkIn(headers=False))
    for burst in range(2):
        for place in range(9):
            channel.take(channel.talk.voice(channel.now, burst * 9 + place, bytes(11)))
        channel.take(channel.talk.link_control(channel.now, word(source=1)))
        channel.wait(180 if burst == 0 else 0)
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(40)
    for place in range(9):
        channel.take(channel.talk.voice(channel.now, place, bytes(11)))
    channel.take(channel.talk.link_control(channel.now, word(source=2)))
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(1000)
    heard: list[list[int | None]] = []
    for _, event in channel.events:
        if isinstance(event, TalkStarted):
            heard.append([event.talker, 0])
        elif isinstance(event, VoiceHeard):
            heard[-1][1] = (heard[-1][1] or 0) + 1
    assert heard == [[1, 18], [2, 9]]
    times = [at for at, event in channel.events if isinstance(event, VoiceHeard)]
    assert min(b - a for a, b in itertools.pairwise(times)) >= 20


def test_a_header_without_voice_is_no_over() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.terminator(channel.now))
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(1000)
    assert channel.kinds() == []
    assert channel.talk.deadline() is None


def test_an_alarm_beside_the_voice_is_told_and_the_voice_goes_on() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.speak(18, lc=EmergencyAlarm(group=10001, source=42).encode())
    channel.wait(200)
    alarm = channel.of(EmergencySigned)[0]
    assert isinstance(alarm, EmergencySigned)
    assert (alarm.unit, alarm.group, alarm.sign) == (42, 10001, EmergencySign.ALARM)
    assert len(channel.voice()) == 36


def test_a_header_whose_voice_comes_late_begins_one_over() -> None:
    channel = Channel(TalkIn(silence_ms=600))
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.wait(900)
    assert channel.kinds() == []
    channel.speak(36, lc=word())
    channel.take(channel.talk.terminator(channel.now))
    channel.wait(300)
    up = channel.of(CallUp)[0]
    assert isinstance(up, CallUp)
    assert not up.late_entry
    assert channel.kinds().count("TalkEnded") == 1
    assert len(channel.voice()) == 36


def test_a_header_alone_is_forgotten() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.wait(5000)
    assert channel.kinds() == []
    assert channel.talk.deadline() is None


def test_a_lost_link_ends_everything_at_once() -> None:
    channel = Channel(TalkIn())
    channel.take(channel.talk.header(channel.now, CLEAR, 10001))
    channel.speak(18, lc=word())
    channel.take(channel.talk.lost(channel.now, "the station does not answer"))
    assert channel.kinds()[-2:] == ["TalkEnded", "CallDown"]
    assert channel.talk.deadline() is None


def test_a_call_to_one_unit_has_no_group() -> None:
    channel = Channel(TalkIn(group=10001))
    channel.take(channel.talk.header(channel.now, CLEAR, None))
    unit = UnitVoice(service=ServiceOptions(), target=5, source=6).encode()
    channel.speak(18, lc=unit)
    up = channel.of(CallUp)[0]
    assert isinstance(up, CallUp)
    assert (up.group, up.caller, up.late_entry) == (None, 6, False)

"""The control service of a host, message by message, with time as a number."""

import pytest

from gateway.model.ids import MonoMs
from gateway.model.radio import LinkChanged, LinkState, RadioEvent
from gateway.p25.dfsi.control import (
    Ack,
    AckCode,
    Connect,
    Disconnect,
    Heartbeat,
    Message,
    ReportModes,
    SelectChannel,
    connect_ack,
    decode_control,
)
from gateway.p25.dfsi.session import StationSession
from tests.gateway.p25.dfsi.station import MODES


class Wire:
    """One session and the station's end of its wire."""

    def __init__(self, **settings: object) -> None:
        self.now = 0
        self.session = StationSession(voice_port=5_000, ssrc=7, **settings)  # type: ignore[arg-type]  # a test's own settings
        self.events: list[RadioEvent] = []
        self.sent: list[tuple[int, Message]] = []
        self.take(self.session.opened(MonoMs(0)))

    def take(self, events: list[RadioEvent]) -> None:
        self.events += events
        for data in self.session.outgoing():
            self.sent.append((self.now, decode_control(data)))

    def say(self, message: Message) -> None:
        self.take(self.session.receive(message.encode(), MonoMs(self.now)))

    def run(self, milliseconds: int) -> None:
        end = self.now + milliseconds
        while (due := self.session.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.take(self.session.tick(MonoMs(self.now)))
        self.now = end

    def last(self, kind: type[Message]) -> Message:
        return [message for _, message in self.sent if isinstance(message, kind)][-1]

    def times(self, kind: type[Message]) -> list[int]:
        return [when for when, message in self.sent if isinstance(message, kind)]

    def accept(self) -> None:
        connect = self.last(Connect)
        assert isinstance(connect, Connect)
        self.say(connect_ack(connect.tag, 3_341))

    def answer_modes(self) -> None:
        asked = self.last(ReportModes)
        assert isinstance(asked, ReportModes)
        self.say(Ack(message=8, tag=asked.tag, data=MODES))

    @property
    def states(self) -> list[tuple[LinkState, str]]:
        return [(e.state, e.reason) for e in self.events if isinstance(e, LinkChanged)]


def test_connected_after_the_answer() -> None:
    wire = Wire()
    connect = wire.sent[0][1]
    assert isinstance(connect, Connect)
    assert (connect.voice_port, connect.ssrc, connect.host_heartbeat_s) == (5_000, 7, 10)
    wire.run(2_000)
    wire.accept()
    assert wire.session.connected
    assert wire.session.station_voice_port == 3_341
    assert wire.states == [(LinkState.STARTING, ""), (LinkState.UP, "")]
    wire.answer_modes()
    assert wire.session.modes is not None
    assert wire.session.modes.repeat_inbound


def test_no_answer_is_waited_for_five_seconds_told_once_and_asked_again() -> None:
    wire = Wire()
    wire.run(4_999)
    assert wire.states == [(LinkState.STARTING, "")]
    wire.run(30_000)
    assert len(wire.states) == 2
    assert "does not answer" in wire.states[1][1]
    assert wire.times(Connect) == list(range(0, 35_000, 5_000))


def test_the_answer_to_an_earlier_attempt_is_not_taken() -> None:
    wire = Wire()
    first = wire.last(Connect)
    assert isinstance(first, Connect)
    wire.run(5_500)
    wire.say(connect_ack(first.tag, 3_341))
    assert not wire.session.connected
    wire.accept()
    assert wire.session.connected


@pytest.mark.parametrize("code", [*AckCode][1:])
def test_a_refusal_is_told_in_words_and_asked_again_after_half_a_minute(code: AckCode) -> None:
    wire = Wire()
    wire.say(Ack(message=0, tag=1, code=code))
    assert wire.states[-1][0] is LinkState.DOWN
    assert "the station refused the connection: " in wire.states[-1][1]
    wire.run(29_999)
    assert len(wire.times(Connect)) == 1
    wire.run(2)
    assert len(wire.times(Connect)) == 2


def test_heartbeats_leave_a_second_early_and_silence_of_45_s_is_a_loss() -> None:
    wire = Wire()
    wire.accept()
    wire.run(40_000)
    assert wire.times(Heartbeat) == [9_000, 18_000, 27_000, 36_000]
    wire.run(5_000)
    assert wire.states[-1] == (LinkState.DOWN, "the station has been silent for 45 s")
    assert len(wire.times(Connect)) == 2


def test_heartbeats_of_the_station_keep_the_connection() -> None:
    wire = Wire()
    wire.accept()
    for _ in range(20):
        wire.run(9_000)
        wire.say(Heartbeat(extra=b"\0"))
    assert wire.session.connected


def test_the_interval_is_kept_within_5_and_30_s() -> None:
    for asked, used in ((1, 5), (10, 10), (90, 30)):
        connect = Wire(heartbeat_s=asked).sent[0][1]
        assert isinstance(connect, Connect)
        assert connect.host_heartbeat_s == used


def test_a_doubted_station_that_answers_is_trusted_again() -> None:
    wire = Wire()
    wire.accept()
    wire.answer_modes()
    wire.run(1_000)
    before = len(wire.times(ReportModes))
    wire.session.probe(MonoMs(wire.now))
    wire.run(10)
    wire.answer_modes()
    wire.run(5_000)
    assert wire.session.connected
    assert len(wire.times(ReportModes)) == before + 1


def test_a_doubted_station_that_does_not_answer_is_gone() -> None:
    wire = Wire()
    wire.accept()
    wire.answer_modes()
    wire.run(1_000)
    wire.session.probe(MonoMs(wire.now))
    wire.run(1_300)
    assert wire.states[-1] == (LinkState.DOWN, "the station stopped answering in mid-call")


def test_a_station_that_never_told_its_modes_is_not_doubted() -> None:
    wire = Wire()
    wire.accept()
    wire.run(1_000)
    wire.session.probe(MonoMs(wire.now))
    wire.run(10_000)
    assert wire.session.connected


def test_a_station_that_lets_go_is_told_and_asked_again() -> None:
    wire = Wire()
    wire.accept()
    wire.say(Disconnect(tag=5))
    assert wire.last(Ack) == Ack(message=9, tag=5)
    assert wire.states[-1] == (LinkState.DOWN, "the station ended the connection")
    wire.run(5_000)
    assert len(wire.times(Connect)) == 2


def test_channels_are_selected_in_the_length_that_is_set() -> None:
    for short, wanted in ((False, (3, 4)), (True, (None, None))):
        wire = Wire(channels=(3, 4), short_select=short)
        wire.accept()
        select = wire.last(SelectChannel)
        assert isinstance(select, SelectChannel)
        assert (select.receive_channel, select.transmit_channel) == wanted
        wire.say(Ack(message=5, tag=select.tag, code=AckCode.PARAMETERS))
        assert "did not change its channel" in wire.states[-1][1]
        assert wire.states[-1][0] is LinkState.UP


def test_requests_of_the_station_are_answered_but_not_in_a_storm() -> None:
    wire = Wire()
    wire.accept()
    for tag in range(100):
        wire.say(ReportModes(tag=tag))
    answers = [m for _, m in wire.sent if isinstance(m, Ack)]
    assert len(answers) == 20
    assert {answer.code for answer in answers} == {AckCode.FUNCTION}


def test_acknowledgements_are_never_answered() -> None:
    wire = Wire()
    wire.accept()
    before = len(wire.sent)
    for tag in range(100):
        wire.say(Ack(message=8, tag=tag, data=MODES))
    assert len(wire.sent) == before

"""Starts of a modem: the core against the simulated board, time is a number."""

import dataclasses
import random

import pytest

from gateway.model.radio import (
    CallAlertReceived,
    CallDown,
    CallUp,
    EmergencySigned,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    SignalQuality,
    StatusReceived,
    TalkEnded,
    TalkStarted,
    TxNotSent,
)
from gateway.p25.modem.orders import Frequencies
from gateway.p25.talk.port import VoiceHeard
from hardware.sim.p25 import modem_air, station_words
from hardware.sim.p25.modem_board import (
    GET_STATUS,
    P25_HDR,
    P25_LDU,
    P25_LOST,
    BoardSettings,
)
from tests.hardware.p25.modem_and_board import GROUP, NAC, OVER, SILENCE, UNIT, Pair

HERTZ = Frequencies(rx_hz=435_000_000, tx_hz=435_000_000)
REASONS = {
    1: "does not know the command",
    2: "wrong state",
    4: "parameters",
    5: "buffer is full",
    6: "duplex",
    99: "not known",
}


# ---- starting


@pytest.mark.parametrize("protocol", [1, 2])
def test_a_start(protocol: int) -> None:
    pair = Pair(board=BoardSettings(protocol=protocol), frequencies=HERTZ).up()
    states = [event.state for event in pair.of(LinkChanged)]
    assert states[0] is LinkState.STARTING
    assert states[-1] is LinkState.UP
    assert pair.of(LinkChanged)[-1].firmware == pair.board.settings.firmware
    assert (pair.board.configured, pair.board.mode) == (True, 4)
    assert pair.board.hz == (435_000_000, 435_000_000)
    assert pair.sky.violations == []
    sent = [event.words.split()[0] for event in pair.of(LineSeen) if event.outgoing]
    assert sent == ["GET_VERSION", "SET_FREQ", "SET_CONFIG", "SET_MODE"]


def test_the_status_is_asked_for_four_times_a_second() -> None:
    pair = Pair().up()
    before = pair.board.counts["GET_STATUS"]
    pair.run(10_000)
    assert 38 <= pair.board.counts["GET_STATUS"] - before <= 42


def test_nothing_is_asked_before_a_board_can_have_reset() -> None:
    pair = Pair(board=BoardSettings(reset_ms=1_900)).open()
    pair.run(1_900)
    assert pair.written == b""
    pair.run_until(lambda: pair.state is LinkState.UP)
    assert pair.board.counts["GET_VERSION"] == 1


def test_a_board_that_takes_its_time_is_asked_six_times() -> None:
    pair = Pair(board=BoardSettings(reset_ms=9_000)).open()
    pair.run_until(lambda: pair.state is LinkState.UP)
    late = Pair(board=BoardSettings(reset_ms=60_000)).open()
    late.run_until(lambda: late.core.needs_reopen)
    assert late.now - 1000 == pytest.approx(2_000 + 6 * 1_500, abs=20)
    assert late.written == bytes.fromhex("e00300") * 6
    late.took(late.core.lost(late.mono(), "the modem does not answer"))
    assert late.state is LinkState.DOWN
    assert "GET_VERSION" in late.reason


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("command", ["SET_FREQ", "SET_CONFIG", "SET_MODE"])
def test_a_refusal_at_the_start_is_told_in_words(command: str, reason: int) -> None:
    pair = Pair(frequencies=HERTZ)
    pair.board.refuse(command, reason, 1)
    pair.open()
    pair.run_until(lambda: pair.state is LinkState.DOWN)
    for words in (command, REASONS[reason], pair.board.settings.firmware, f"reason {reason}"):
        assert words in pair.reason
    pair.press()
    (refused,) = pair.of(TxNotSent)
    assert refused.reason == pair.reason
    assert not pair.core.keyed
    assert pair.sky.units == []
    pair.run_until(lambda: pair.state is LinkState.UP)  # it is tried again


def test_firmware_that_cannot_do_p25_is_told() -> None:
    pair = Pair(board=BoardSettings(p25=False)).open()
    pair.run_until(lambda: pair.state is LinkState.DOWN)
    assert "no P25" in pair.reason
    assert "SET_CONFIG" not in pair.board.counts


def test_a_protocol_of_the_future_is_told() -> None:
    pair = Pair().open()
    pair.run(2_100)
    pair.took(pair.core.receive(bytes.fromhex("e018000308000002") + bytes(16), pair.mono()))
    assert pair.state is LinkState.DOWN
    assert "protocol 3" in pair.reason


def test_a_refused_frequency_names_the_way_out() -> None:
    pair = Pair(frequencies=Frequencies(rx_hz=1_000_000, tx_hz=1_000_000)).open()
    pair.run_until(lambda: pair.state is LinkState.DOWN)
    assert "SET_FREQ" in pair.reason
    assert "band" in pair.reason


def test_a_board_that_answers_nothing_to_an_order_is_told() -> None:
    pair = Pair()
    pair.to_board = lambda data: b"" if data[2:3] == b"\2" else data
    pair.open()
    pair.run_until(lambda: pair.state is LinkState.DOWN)
    assert "does not answer SET_CONFIG" in pair.reason


def test_frames_that_nobody_asked_for_between_ask_and_answer() -> None:
    pair = Pair(frequencies=HERTZ)

    def more(data: bytes) -> bytes:
        debug = bytes.fromhex("e008f2") + b"mode" + b"\1"
        status = bytes([0xE0, 20, GET_STATUS]).ljust(20, b"\0")
        return debug + status + data + bytes.fromhex("e00332")

    pair.to_core = more
    pair.up()
    assert pair.board.configured
    assert pair.of(Malformed) == []


@pytest.mark.parametrize("split", [1, 2, 3, 7])
def test_any_chunking(split: int) -> None:
    pair = Pair(frequencies=HERTZ, chunk=split)
    pair.split = split
    pair.up()
    pair.hear(18)
    pair.run(1_000)
    assert len(pair.voice()) == 18


@pytest.mark.parametrize("seed", range(20))
def test_rubbish_between_frames_costs_no_frame(seed: int) -> None:
    pair = Pair(frequencies=HERTZ)
    chance = random.Random(seed)

    def dirty(data: bytes) -> bytes:
        rubbish = chance.randbytes(chance.randrange(12)).replace(b"\xe0", b"\0")
        return rubbish + data + chance.choice((b"", b"\xe0\1", b"\xe0\xe0"))

    pair.to_core = dirty
    pair.up()
    pair.hear(36)
    pair.run(1_500)
    assert len(pair.voice()) == 36
    assert len(pair.of(TalkEnded)) == 1
    assert pair.of(Malformed)


def test_a_frame_that_was_cut_short_costs_no_more_than_itself() -> None:
    pair = Pair().up()
    pair.took(pair.core.receive(bytes.fromhex("e0dc3101aabbcc"), pair.mono()))
    pair.run(2_000)
    pair.hear(9)
    pair.run(500)
    assert len(pair.voice()) == 9
    assert pair.state is LinkState.UP


# ---- hearing


def test_a_call_with_talker_group_and_quality() -> None:
    pair = Pair().up()
    pair.hear(36)
    pair.run(4_500)
    (up,) = pair.of(CallUp)
    assert (up.group, up.emergency, up.encrypted, up.late_entry) == (GROUP, False, False, False)
    assert pair.of(TalkStarted)[-1].talker == UNIT
    assert len(pair.voice()) == 36
    assert pair.of(SignalQuality)[-1].bit_error_rate == 0
    assert len(pair.of(TalkEnded)) == len(pair.of(CallDown)) == 1


def test_an_emergency_a_late_entry_and_an_encrypted_call() -> None:
    pair = Pair().up()
    pair.hear(18, dataclasses.replace(OVER, emergency=True))
    pair.run(4_000)
    assert pair.of(CallUp)[-1].emergency
    pair.hear(18, dataclasses.replace(OVER, late=True))
    pair.run(4_000)
    assert pair.of(CallUp)[-1].late_entry
    secret = dataclasses.replace(OVER, algorithm=0x84, key_id=0x1234, message_indicator=b"\1" * 9)
    heard = len(pair.of(VoiceHeard))
    pair.hear(18, secret)
    pair.run(4_000)
    up = pair.of(CallUp)[-1]
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)
    assert not any(event.readable for event in pair.of(VoiceHeard)[heard:])


def test_a_lost_terminator_is_made_up_for_by_lost_sync() -> None:
    pair = Pair().up()
    pair.hear(18, end=False)
    pair.run(400)
    pair.board.say(P25_LOST)
    pair.flow()
    pair.run(100)
    assert len(pair.of(TalkEnded)) == 1


def test_another_system_is_not_taken_and_told_once() -> None:
    pair = Pair(nac=0x123).up()
    pair.hear(36)
    pair.run(1_000)
    assert pair.of(CallUp) == []
    words = [event.words for event in pair.of(LineSeen) if "NAC" in event.words]
    assert words == ["NAC 293 is heard, ours is 123: not taken"]


def test_a_receiver_for_every_system_takes_it() -> None:
    pair = Pair(nac=0xF7E).up()
    pair.hear(18)
    pair.run(1_000)
    assert len(pair.of(CallUp)) == 1


def test_signalling_of_radios() -> None:
    pair = Pair().up()
    for block in (
        station_words.alarm(UNIT, GROUP),
        station_words.asks(station_words.ALERT, UNIT, 7),
        station_words.status(UNIT, 7, 0x0203),
    ):
        pair.board.say(P25_HDR, b"\1" + modem_air.tsdu(block, NAC))
    pair.flow()
    assert [(e.unit, e.group) for e in pair.of(EmergencySigned)] == [(UNIT, GROUP)]
    assert [(e.sender, e.to) for e in pair.of(CallAlertReceived)] == [(UNIT, 7)]
    assert [(e.sender, e.value) for e in pair.of(StatusReceived)] == [(UNIT, 0x0203)]


def test_a_damaged_frame_is_told_and_the_call_goes_on() -> None:
    pair = Pair().up()
    pair.board.say(P25_HDR, b"\1" + modem_air.hdu(OVER, NAC))
    pair.run(180)
    pair.board.say(P25_LDU, b"\1" + bytes(216))
    pair.run(180)
    for second in (False, True):
        ldu = modem_air.ldu(OVER, NAC, [SILENCE] * 9, second=second)
        pair.board.say(P25_LDU, b"\1" + ldu)
        pair.run(180)
    pair.board.say(P25_HDR, b"\1" + modem_air.tdu(NAC))
    pair.run(1_000)
    assert len(pair.of(Malformed)) == 1
    assert len([frame for frame in pair.voice() if frame]) == 18
    assert len(pair.of(TalkEnded)) == 1

"""The modem core against the simulated board: starts, refusals, damage, pacing, faults."""

import dataclasses
import itertools
import random

import pytest

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallAlertReceived,
    CallDown,
    CallUp,
    EmergencySigned,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    SendProgress,
    SendState,
    SignalQuality,
    StatusReceived,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert, QueryStatus, RadioCheck, UnitAct
from gateway.p25.modem.orders import Frequencies, Setup
from gateway.p25.talk.port import VoiceHeard
from hardware.sim.p25 import modem_air, station_words
from hardware.sim.p25.modem_air import HDU, LDU1, LDU2, TDU, TSDU
from hardware.sim.p25.modem_board import (
    ACK,
    DEBUG1,
    GET_STATUS,
    GET_VERSION,
    NAK,
    P25_HDR,
    P25_LDU,
    P25_LOST,
    SET_CONFIG,
    SET_FREQ,
    SET_MODE,
    BoardSettings,
)
from tests.hardware.modem_and_board import GROUP, NAC, OVER, PRESS, SILENCE, UNIT, Pair

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


# ---- talking


def test_an_over_of_ours() -> None:
    pair = Pair().up()
    voice = [bytes([n]) * 11 for n in range(36)]
    pair.press()
    (granted,) = pair.of(TxGranted)
    assert granted.instance == pair.of(CallUp)[0].instance
    pair.talk(720, voice)
    pair.let_go()
    pair.run(2_000)
    assert pair.sky.duids == [HDU, LDU1, LDU2, LDU1, LDU2, TDU]
    header, first = pair.sky.units[0][1], pair.sky.units[1][1]
    assert header.header is not None
    assert (header.header.group, header.header.algorithm) == (GROUP, 0x80)
    assert first.word == bytes.fromhex("000004002711fffffc")
    assert len(pair.sky.stops) == 1
    assert pair.sky.violations == []
    (ended,) = pair.of(TxEnded)
    assert ended.cause == "released"
    assert not pair.core.keyed
    symbols = {symbol for _, unit in pair.sky.units for symbol in unit.symbols}
    assert symbols == {1}
    times = [at for at, unit in pair.sky.units]
    assert times[1] - times[0] == pytest.approx(82.5)
    assert all(b - a == pytest.approx(180) for a, b in itertools.pairwise(times[1:]))


def test_a_short_over_is_filled_up_with_silence() -> None:
    pair = Pair(setup=Setup(duplex=True)).up()
    pair.press()
    pair.talk(60)
    pair.let_go()
    pair.run(1_500)
    assert pair.sky.duids == [HDU, LDU1, TDU]
    assert pair.sky.units[-1][1].symbols == (3, 3)


def test_a_press_without_voice_keys_nothing() -> None:
    pair = Pair().up()
    pair.press()
    pair.run(500)
    pair.let_go("lease_expired")
    pair.run(1_000)
    assert pair.sky.units == []
    assert pair.of(TxEnded)[0].cause == "lease_expired"


def test_any_other_end_drops_what_waits_and_unkeys_at_once() -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(560)
    pair.let_go("lease_expired")
    assert pair.of(TxEnded)[0].cause == "lease_expired"
    assert not pair.core.keyed
    since = pair.now
    pair.run(2_000)
    assert pair.sky.duids[-1] == TDU
    assert pair.sky.units[-1][0] - since <= 500
    assert pair.sky.violations == []


def test_an_emergency_of_a_desk_says_so() -> None:
    pair = Pair().up()
    pair.press(priority=3)
    pair.talk(200)
    pair.let_go()
    pair.run(1_000)
    word = pair.sky.units[1][1].word
    assert word is not None
    assert word[2] & 0x80


def test_voice_that_stays_away_becomes_silence_and_no_gap() -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(400)
    pair.run(1_000)
    pair.talk(200)
    pair.let_go()
    pair.run(1_500)
    assert len(pair.sky.stops) == 1
    assert pair.sky.duids[-1] == TDU
    assert pair.sky.violations == []


@pytest.mark.parametrize("seed", range(10))
def test_voice_that_comes_unevenly_leaves_no_gap(seed: int) -> None:
    pair = Pair().up()
    chance = random.Random(seed)
    pair.press()
    due = float(pair.now)
    for _ in range(150):
        due += 20
        pair.run(max(0, round(due + chance.uniform(0, 80)) - pair.now))
        pair.core.send_voice(PRESS, SILENCE, pair.mono())
        pair.flow()
    pair.let_go()
    pair.run(2_000)
    assert len(pair.sky.stops) == 1
    assert pair.sky.violations == []


def test_a_buffer_is_never_filled_to_the_brim() -> None:
    pair = Pair(board=BoardSettings(buffer_frames=4)).up()
    pair.press()
    for _ in range(120):  # a microphone that gives a second at once, as a press buffer may
        pair.core.send_voice(PRESS, SILENCE, pair.mono())
        pair.flow()
        pair.run(5)
        assert len(pair.board._queue) < 4
    pair.let_go()
    pair.run(4_000)
    assert pair.sky.duids[-1] == TDU
    assert len(pair.sky.stops) == 1
    assert not [kind for kind, _ in pair.sky.notes if kind == "nak"]


def test_a_channel_that_is_busy_refuses_in_simplex_but_not_an_emergency() -> None:
    pair = Pair().up()
    pair.hear(18, end=False)
    pair.press()
    assert "busy" in pair.of(TxRefused)[0].reason
    pair.press(priority=3)
    assert len(pair.of(TxGranted)) == 1
    again = KeyDemand(demand=PRESS, group=GROUP)
    pair.took(pair.core.demand(again, pair.mono()))
    assert "in use" in pair.of(TxRefused)[1].reason


def test_a_call_of_two_is_not_carried() -> None:
    pair = Pair().up()
    pair.took(pair.core.demand(KeyDemand(demand=PRESS, group=0, individual=1), pair.mono()))
    assert "groups only" in pair.of(TxNotSent)[0].reason


# ---- what goes wrong


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_of_voice_ends_the_over_in_words(reason: int) -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(300)
    pair.board.refuse("P25_LDU", reason, 3)
    begun = pair.now
    pair.talk(900)
    (ended,) = pair.of(TxEnded)
    assert ended.cause == "failed"
    for words in ("P25_LDU", REASONS[reason], pair.board.settings.firmware):
        assert words in ended.reason
    assert pair.times[pair.events.index(ended)] - begun <= 2_000
    pair.run(3_000)
    assert not pair.core.keyed
    assert pair.sky.duids[-1] == TDU


def test_one_full_buffer_costs_one_ldu() -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(300)
    pair.board.refuse("P25_LDU", 5, 1)
    pair.talk(900)
    pair.let_go()
    pair.run(2_000)
    assert pair.of(TxEnded)[0].cause == "released"


def test_a_terminator_that_was_refused_is_sent_again() -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(180)
    pair.let_go()
    pair.board.refuse("P25_LDU", 5, 2)
    pair.run_until(lambda: pair.of(TxEnded))
    pair.run(2_000)
    assert pair.sky.duids[-1] == TDU
    assert pair.sky.duids.count(TDU) == 1


def test_a_buffer_that_stays_full_ends_the_over_within_two_seconds() -> None:
    pair = Pair(board=BoardSettings(buffer_frames=4)).up()
    pair.press()
    pair.talk(300)
    pair.board.stuck = True
    pair.talk(3_000)
    (ended,) = pair.of(TxEnded)
    assert ended.cause == "failed"
    assert "buffer is full" in ended.reason
    assert pair.times[pair.events.index(ended)] - 1_000 <= 3_000 + 2_000 + 1_000
    assert not pair.core.keyed


def test_a_silent_modem_is_lost_after_two_seconds() -> None:
    pair = Pair().up()
    pair.hear(18, end=False)
    pair.run(100)
    pair.board.deaf = True
    begun = pair.now
    pair.run_until(lambda: pair.core.needs_reopen, 2_600)
    assert 1_700 <= pair.now - begun <= 2_100
    pair.took(pair.core.lost(pair.mono(), "the modem does not answer"))
    assert pair.state is LinkState.DOWN
    assert "nothing for 2 s" in pair.reason
    assert pair.of(TalkEnded)
    assert pair.of(CallDown)
    pair.board.deaf = False
    pair.now += 1_000
    pair.up()


def test_a_modem_lost_under_a_press_ends_it() -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(400)
    pair.board.deaf = True
    pair.talk(2_100)
    assert pair.core.needs_reopen
    pair.took(pair.core.lost(pair.mono(), "x"))
    (ended,) = pair.of(TxEnded)
    assert (ended.cause, ended.demand) == ("link_lost", PRESS)
    assert not pair.core.keyed
    assert pair.core.outgoing(64) == b""


@pytest.mark.parametrize(
    ("bit", "words"),
    [(0x02, "ADC"), (0x04, "receive buffer"), (0x08, "transmit buffer"), (0x20, "DAC")],
)
def test_a_flag_is_told_in_words_and_goes(bit: int, words: str) -> None:
    pair = Pair().up()
    pair.board.flags = bit
    pair.run(300)
    assert pair.state is LinkState.UP
    assert words in pair.reason
    pair.board.flags = 0
    pair.run(4_000)
    assert pair.reason == ""


def test_a_lockout_keys_nothing() -> None:
    pair = Pair().up()
    pair.board.flags = 0x10
    pair.run(300)
    assert "locked out" in pair.reason
    pair.press()
    assert "locked out" in pair.of(TxNotSent)[0].reason
    pair.board.flags = 0
    pair.run(300)
    pair.press()
    assert pair.of(TxGranted)


def test_a_board_that_forgot_its_mode_is_told_again() -> None:
    pair = Pair().up()
    pair.board.mode = 0
    pair.run_until(lambda: pair.board.mode == 4, 3_000)
    assert pair.state is LinkState.UP


def test_a_board_that_reset_is_set_up_again() -> None:
    pair = Pair(frequencies=HERTZ).up()
    pair.board.powered(pair.now)
    pair.board._ready_ms = pair.now + 500
    pair.run_until(lambda: pair.board.mode == 4, 6_000)
    assert pair.board.configured
    assert pair.board.hz is not None
    pair.run(500)
    assert pair.state is LinkState.UP


@pytest.mark.parametrize("what", ["status", "air", "debug", "rubbish", "nak"])
def test_a_flood_is_told_and_bounded(what: str) -> None:
    pair = Pair().up()
    alert = modem_air.tsdu(station_words.asks(station_words.ALERT, 1, 2), NAC)
    kinds = {
        "status": (GET_STATUS, bytes([4]).ljust(17, b"\0")),
        "air": (P25_HDR, b"\1" + alert),
        "debug": (DEBUG1, b"flooding"),
        "nak": (NAK, b"\x31\5"),
        "rubbish": (0, b""),
    }
    kind, payload = kinds[what]
    before = len(pair.events)
    begun = pair.now
    for _ in range(600):  # 3 s
        for _ in range(20):
            if what == "rubbish":
                pair.took(pair.core.receive(b"\xe0\1" * 8, pair.mono()))
            else:
                pair.board.say(kind, payload)
        pair.step()
    told = [
        at
        for event, at in zip(pair.events, pair.times, strict=True)
        if isinstance(event, LinkChanged) and "dropped" in event.reason
    ]
    assert told
    assert told[0] - begun <= 2_000
    assert len(pair.events) - before < 2_000
    assert pair.sky.units == []
    pair.run(5_000)
    assert pair.state is LinkState.UP
    assert pair.reason == ""


def test_what_the_guard_writes_ends_a_transmission_whatever_was_being_written() -> None:
    for cut in range(0, 222, 13):
        pair = Pair(chunk=512).up()
        pair.press()
        pair.talk(180)
        pair.run(20)
        assert pair.core.keyed
        guard = pair.core.guard_bytes()
        ldu = modem_air.ldu(OVER, NAC, [SILENCE] * 9, second=True)
        half = (bytes([0xE0, 0xDC, 0x31, 0]) + ldu)[:cut]
        pair.board.receive(half + guard, pair.now)
        for _ in range(400):
            pair.now += 5
            pair.board.tick(pair.now)
        assert pair.sky.duids[-1] == TDU, cut
        assert pair.sky.stops


# ---- unit acts


def acts(pair: Pair) -> list[tuple[str, SendState]]:
    return [(event.message, event.state) for event in pair.of(SendProgress)]


def answer(pair: Pair, deny: int | None = None) -> None:
    """Let the unit answer the last block on air."""
    block = pair.sky.units[-1][1].block
    assert block is not None
    said = station_words.answer_to(block, deny=deny, status_value=0x0102)
    assert said is not None
    pair.board.say(P25_HDR, b"\1" + modem_air.tsdu(said[1], NAC))
    pair.flow()


def test_acts_are_sent_and_answered() -> None:
    pair = Pair().up()
    asked: list[UnitAct] = [
        CallAlert(message=MessageId("m-0"), to=UNIT),
        QueryStatus(message=MessageId("m-1"), to=UNIT),
        RadioCheck(message=MessageId("m-2"), to=UNIT),
    ]
    for number, act in enumerate(asked):
        pair.took(pair.core.act(act, pair.mono()))
        pair.flow()
        assert acts(pair)[-1] == (f"m-{number}", SendState.SENT)
        pair.run(800)
        assert set(pair.sky.duids) == {TSDU}
        answer(pair)
        assert acts(pair)[-1] == (f"m-{number}", SendState.DELIVERED)
    assert [(e.sender, e.value) for e in pair.of(StatusReceived)] == [(UNIT, 0x0102)]


def test_an_act_that_a_unit_refuses() -> None:
    pair = Pair().up()
    pair.took(pair.core.act(CallAlert(message=MessageId("m-1"), to=UNIT), pair.mono()))
    pair.run(800)
    answer(pair, deny=0x2F)
    assert acts(pair)[-1] == ("m-1", SendState.FAILED)


def test_acts_wait_while_somebody_talks() -> None:
    pair = Pair().up()
    pair.press()
    pair.talk(200)
    pair.took(pair.core.act(CallAlert(message=MessageId("m-1"), to=UNIT), pair.mono()))
    pair.talk(400)
    assert acts(pair) == []
    pair.let_go()
    pair.run(2_000)
    assert acts(pair) == [("m-1", SendState.SENT)]
    assert pair.sky.duids[-3:] == [TDU, TSDU, TSDU]


def test_acts_fail_where_nothing_can_be_sent_and_when_the_modem_refuses() -> None:
    pair = Pair()
    pair.took(pair.core.act(CallAlert(message=MessageId("m-0"), to=UNIT), pair.mono()))
    assert acts(pair) == [("m-0", SendState.FAILED)]
    pair.up()
    pair.board.refuse("P25_LDU", 2, 2)
    pair.took(pair.core.act(CallAlert(message=MessageId("m-1"), to=UNIT), pair.mono()))
    pair.run(500)
    assert acts(pair)[1:] == [("m-1", SendState.SENT), ("m-1", SendState.FAILED)]
    pair.press()
    pair.took(pair.core.act(CallAlert(message=MessageId("m-2"), to=UNIT), pair.mono()))
    pair.took(pair.core.lost(pair.mono(), "cable"))
    assert acts(pair)[-1] == ("m-2", SendState.FAILED)


def test_an_answer_to_a_question_that_was_asked_twice_changes_nothing() -> None:
    pair = Pair().up()
    changes = len(pair.of(LinkChanged))
    configs = pair.board.counts["SET_CONFIG"]
    pair.board.say(GET_VERSION, pair.board._version())
    for kind in (SET_CONFIG, SET_MODE, SET_FREQ):
        pair.board.say(ACK, bytes([kind]))
    pair.run(500)
    assert pair.board.counts["SET_CONFIG"] == configs
    assert len(pair.of(LinkChanged)) == changes

"""Overs of ours and unit acts through a modem: pacing, endings, answers."""

import itertools
import random

import pytest

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallUp,
    KeyDemand,
    LinkChanged,
    SendProgress,
    SendState,
    StatusReceived,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert, QueryStatus, RadioCheck, UnitAct
from gateway.p25.modem.orders import Frequencies, Setup
from hardware.sim.p25 import modem_air, station_words
from hardware.sim.p25.modem_air import HDU, LDU1, LDU2, TDU, TSDU
from hardware.sim.p25.modem_board import (
    ACK,
    GET_VERSION,
    P25_HDR,
    SET_CONFIG,
    SET_FREQ,
    SET_MODE,
    BoardSettings,
)
from tests.hardware.p25.modem_and_board import GROUP, NAC, PRESS, SILENCE, UNIT, Pair

HERTZ = Frequencies(rx_hz=435_000_000, tx_hz=435_000_000)
REASONS = {
    1: "does not know the command",
    2: "wrong state",
    4: "parameters",
    5: "buffer is full",
    6: "duplex",
    99: "not known",
}


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

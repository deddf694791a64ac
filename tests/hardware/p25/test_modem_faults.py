"""What goes wrong with a modem: refusals, silence, floods, resets, a server that dies."""

import pytest

from gateway.model.radio import (
    CallDown,
    LinkChanged,
    LinkState,
    TalkEnded,
    TxEnded,
    TxGranted,
    TxNotSent,
)
from gateway.p25.modem.orders import Frequencies
from hardware.sim.p25 import modem_air, station_words
from hardware.sim.p25.modem_air import TDU
from hardware.sim.p25.modem_board import (
    DEBUG1,
    GET_STATUS,
    NAK,
    P25_HDR,
    BoardSettings,
)
from tests.hardware.p25.modem_and_board import NAC, OVER, PRESS, SILENCE, Pair

HERTZ = Frequencies(rx_hz=435_000_000, tx_hz=435_000_000)
REASONS = {
    1: "does not know the command",
    2: "wrong state",
    4: "parameters",
    5: "buffer is full",
    6: "duplex",
    99: "not known",
}


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

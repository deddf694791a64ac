"""Every row of the table of errors: what the driver does when a terminal answers with it."""

import itertools

import pytest

from gateway.model.ids import CallId, MonoMs
from gateway.model.radio import LinkChanged, LinkState, TxGranted, TxNotSent, TxRefused
from gateway.tetra.error_actions import CME_ERRORS, ErrorAction
from gateway.tetra.terminal import TerminalCore
from tests.gateway.tetra.scripted_radio import ANSWERS, GROUP, OWN, Wire, opened

PROFILE = "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0"
DIAL = f"ATD{GROUP}"
ROWS = {
    action: [code for code, rule in CME_ERRORS.items() if rule.action is action]
    for action in ErrorAction
}


def _last(wire: Wire) -> LinkChanged:
    links = [event for event in wire.events if isinstance(event, LinkChanged)]
    return links[-1]


def _pressed(code: int) -> Wire:
    """Press on a radio that answers ``ATD`` with an error."""
    wire = opened(own_number=OWN)
    wire.answers[DIAL] = [f"+CME ERROR: {code}"]
    wire.demand("r-1")
    wire.run(200)
    return wire


def test_every_error_of_the_reference_has_a_row() -> None:
    listed = {*range(6), *range(10, 19), *range(20, 28), *range(30, 45), 50}
    assert set(CME_ERRORS) == listed
    assert all(rule.words for rule in CME_ERRORS.values())
    assert sorted(code for codes in ROWS.values() for code in codes) == sorted(listed)


@pytest.mark.parametrize("code", ROWS[ErrorAction.RETRY])
def test_retry_tries_again_with_pauses_and_then_says_why(code: int) -> None:
    wire = _pressed(code)
    pauses = CME_ERRORS[code].retry_ms
    assert len(pauses) == 3
    assert wire.told() == [], "not refused yet"
    assert wire.written().count(DIAL) == 1
    tried = [wire.now - 200]
    for _ in range(400):
        wire.run(25)
        tried += [wire.now] * wire.written().count(DIAL)
    gaps = [after - before for before, after in itertools.pairwise(tried)]
    assert len(gaps) == 3
    for gap_ms, pause_ms in zip(gaps, pauses, strict=True):
        assert pause_ms <= gap_ms <= pause_ms + 300
    refused = wire.told()[-1]
    assert isinstance(refused, TxRefused)
    assert refused.reason == CME_ERRORS[code].words
    assert not wire.core.keyed


def test_busy_with_signalling_is_tried_after_half_a_second_to_two() -> None:
    assert CME_ERRORS[42].retry_ms[0] >= 500
    assert CME_ERRORS[42].retry_ms[-1] <= 2_000


def test_a_retry_that_is_let_go_of_ends_there() -> None:
    wire = _pressed(42)
    wire.written()
    wire.end("r-1")
    wire.run(5_000)
    assert DIAL not in wire.written()
    assert not wire.core.keyed


def test_a_retry_that_works_is_granted() -> None:
    wire = _pressed(42)
    wire.answers[DIAL] = ["OK"]
    wire.run(700)
    wire.say("+CTXG: 1,0,0,0")
    assert isinstance(wire.told()[-1], TxGranted)


@pytest.mark.parametrize("code", ROWS[ErrorAction.GIVE_UP])
def test_give_up_refuses_once_with_the_words(code: int) -> None:
    wire = _pressed(code)
    refused = wire.told()[-1]
    assert isinstance(refused, TxRefused)
    assert refused.reason == CME_ERRORS[code].words
    wire.run(8_000)
    assert wire.written().count(DIAL) == 1


@pytest.mark.parametrize("code", ROWS[ErrorAction.OPERATOR])
def test_operator_errors_stand_in_the_links_reason(code: int) -> None:
    wire = _pressed(code)
    last = _last(wire)
    assert last.state is LinkState.UP
    assert last.reason == CME_ERRORS[code].words
    assert wire.written().count(DIAL) == 1


def test_transmit_inhibit_is_over_when_a_press_works_again() -> None:
    wire = _pressed(41)
    assert _last(wire).reason == "transmit inhibit is on"
    wire.told()
    wire.answers[DIAL] = ["OK"]
    wire.demand("r-2")
    wire.run(200)
    assert _last(wire).reason == ""


@pytest.mark.parametrize("code", ROWS[ErrorAction.PIN])
def test_pin_and_sim_bar_the_link_and_no_pin_is_ever_sent(code: int) -> None:
    wire = Wire(core=TerminalCore(own_number=OWN))
    wire.answers["AT+CPIN?"] = [f"+CME ERROR: {code}"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(20_000)
    assert _last(wire).state is LinkState.DOWN
    assert CME_ERRORS[code].words in _last(wire).reason
    assert not any(line.startswith("AT+CPIN=") for line in wire.host)
    assert wire.host.count("AT+CPIN?") == 1


@pytest.mark.parametrize("code", sorted(CME_ERRORS))
def test_message_errors_have_numbers_of_their_own_which_nobody_explains(code: int) -> None:
    wire = opened(own_number=OWN)
    text = [f"+CMS ERROR: {code}"]
    wire.answers |= {f"AT+CTSP={one}": text for one in ("2,0,0", "1,2,24")}
    wire.answers[DIAL] = text
    wire.demand("r-1")
    wire.run(8_000)
    refused = wire.told()[-1]
    assert isinstance(refused, TxRefused)
    assert refused.reason == f"the radio's message error {code}"
    assert wire.written().count(DIAL) == 1
    assert wire.core.state.why_not_ready() == ""
    assert not wire.core.state.unknown_commands
    assert not wire.core.state.notices


@pytest.mark.parametrize("code", ROWS[ErrorAction.PIN])
def test_a_radio_that_locks_itself_in_service_is_barred(code: int) -> None:
    wire = _pressed(code)
    assert CME_ERRORS[code].words in _last(wire).reason
    wire.told()
    wire.demand("r-2")
    refused = wire.told()[-1]
    assert isinstance(refused, TxNotSent)
    assert refused.reason == CME_ERRORS[code].words
    wire.run(6_000)
    assert _last(wire).reason == "", "a hand has unlocked it"


def test_sim_busy_is_asked_again_at_the_start() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers["AT+CPIN?"] = ["+CME ERROR: 14"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(2_500)
    assert wire.host.count("AT+CPIN?") == 2
    wire.answers["AT+CPIN?"] = ANSWERS["AT+CPIN?"]
    wire.run(9_000)
    assert _last(wire).state is LinkState.UP


@pytest.mark.parametrize("code", ROWS[ErrorAction.OUT_OF_SERVICE])
def test_out_of_service_waits_for_a_registration(code: int) -> None:
    wire = _pressed(code)
    assert _last(wire).state is LinkState.UNREGISTERED
    wire.told()
    wire.demand("r-2")
    assert isinstance(wire.told()[-1], TxNotSent)
    wire.say("+CREG: 1,7,90101001")
    assert _last(wire).state is LinkState.UP


@pytest.mark.parametrize("code", ROWS[ErrorAction.TREAT_AS_DONE])
def test_registered_already_is_success(code: int) -> None:
    wire = Wire(core=TerminalCore())
    wire.answers["AT+CTSP=2,2,20"] = [f"+CME ERROR: {code}"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(5_000)
    assert _last(wire).state is LinkState.UP
    assert _last(wire).reason == ""
    assert "AT+CTSP=1,2,20" not in wire.host


@pytest.mark.parametrize("code", ROWS[ErrorAction.SKIP_COMMAND])
def test_an_unknown_command_is_never_sent_again(code: int) -> None:
    wire = Wire(core=TerminalCore())
    for command in ("AT+CSQ?", "AT+CNUMD?", "AT+CREG=2"):
        wire.answers[command] = [f"+CME ERROR: {code}"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(60_000)
    assert _last(wire).state is LinkState.UP
    for command in ("AT+CSQ?", "AT+CNUMD?", "AT+CREG=2"):
        assert wire.host.count(command) == 1
    wire.say("+CNUMD: 1")
    wire.take(wire.core.lost(MonoMs(wire.now), "gone"))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(9_000)
    assert wire.host.count("AT+CSQ?") == 1, "remembered for this radio over a restart"


def test_essential_commands_are_always_tried() -> None:
    wire = _pressed(4)
    assert isinstance(wire.told()[-1], TxRefused)
    wire.written()
    wire.demand("r-2")
    wire.run(200)
    assert DIAL in wire.written()


@pytest.mark.parametrize("code", ROWS[ErrorAction.RESYNC])
def test_resync_writes_an_empty_line(code: int) -> None:
    wire = opened(own_number=OWN)
    wire.answers[DIAL] = [f"+CME ERROR: {code}"]
    wire.demand("r-1")
    wire.run(200)
    after = bytes(wire.raw).partition(DIAL.encode())[2]
    assert after.startswith(b"\r\r")
    assert isinstance(wire.told()[-1], TxRefused)


@pytest.mark.parametrize("code", ROWS[ErrorAction.CHECK_MODE])
def test_a_wrong_mode_is_looked_up_and_the_start_runs_again(code: int) -> None:
    wire = opened(own_number=OWN)
    wire.answers[DIAL] = [f"+CME ERROR: {code}"]
    wire.answers["AT+CTOM?"] = ["+CTOM: 1", "OK"]
    wire.demand("r-1")
    wire.run(9_000)
    assert "AT+CTOM?" in wire.host
    assert wire.host.count("ATE0") == 1
    assert _last(wire).mode == "DMO"
    assert not wire.core.keyed


def test_a_private_call_is_tried_again_and_then_told_in_words() -> None:
    wire = opened(own_number=OWN)
    wire.answers["ATD1210207"] = ["+CME ERROR: 42"]
    wire.dial("c-1", "1210207", "duplex", "r-1")
    wire.run(6_000)
    assert wire.written().count("ATD1210207") == 4
    assert not wire.core.keyed
    ended = wire.told()[-1]
    assert (getattr(ended, "call", None), getattr(ended, "cause", "")) == (
        CallId("c-1"),
        CME_ERRORS[42].words,
    )


@pytest.mark.parametrize("code", [100, 512, 518, 999])
def test_a_number_without_public_text_is_told_by_itself(code: int) -> None:
    refused = _pressed(code).told()[-1]
    assert isinstance(refused, TxRefused)
    assert str(code) in refused.reason


def test_a_radio_that_cannot_be_asked_for_its_registration_can_be_used() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers |= {"AT+CREG?": ["+CME ERROR: 4"], DIAL: ["+CME ERROR: 30"]}
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(6_000)
    assert _last(wire).state is LinkState.UP
    wire.demand("r-1")
    wire.run(200)
    refused = wire.told()[-1]
    assert isinstance(refused, TxRefused)
    assert refused.reason == "radio out of service"
    wire.say("+CREG: 2,0,0")
    assert _last(wire).state is LinkState.UNREGISTERED, "what it tells by itself counts"

"""Calls of two: the guard, a hang-up nobody answers, limits, the loss of the line."""

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import (
    IndividualConnected,
    IndividualEnded,
    IndividualProgressed,
    IndividualRinging,
)
from gateway.model.radio import TxEnded, TxGranted, TxNotSent, TxRefused
from tests.gateway.tetra.scripted_radio import ANSWERS, GROUP, OWN, Wire, opened

RINGS = f"+CTICN: 2,0,0,0,1210207,0,0,0,0,1,0,{OWN},0"
GUARD = b"\x1b\rATH\rATH\r"


def _talking() -> Wire:
    wire = opened(own_number=OWN)
    wire.say(RINGS)
    wire.answer(2, "r-1")
    wire.run(60)
    wire.say("+CTCC: 2,0,0,0,0,0,1")
    assert wire.core.on_air == "r-1"
    wire.told()
    wire.written()
    return wire


def test_the_guard_is_there_before_the_microphone_can_open() -> None:
    wire = opened(own_number=OWN)
    wire.say(RINGS)
    assert not wire.core.keyed
    wire.hold = True
    epoch = wire.core.key_epoch
    wire.answer(2, "r-1")
    assert wire.core.guard_bytes() == GUARD
    assert wire.core.key_epoch > epoch
    assert wire.core.outgoing() == b"ATA\r"


def test_the_guard_is_gone_once_the_call_is_released() -> None:
    wire = _talking()
    wire.end("r-1")
    assert wire.core.on_air is None, "the sound stops at once"
    assert wire.core.keyed
    assert wire.written() == ["ATH"]
    wire.run(60)
    assert wire.told() == [TxEnded(demand=RequestId("r-1"), cause="released")]
    assert wire.core.keyed, "an OK may have been one to a damaged line"
    wire.say("+CTCR: 2,1")
    assert not wire.core.keyed


def test_a_hang_up_without_a_release_is_written_once_more() -> None:
    wire = _talking()
    wire.end("r-1")
    wire.run(2_500)
    assert wire.written()[:2] == ["ATH", "ATH"]
    assert [type(event) for event in wire.told()] == [TxEnded, IndividualEnded]
    assert not wire.core.keyed


def test_a_hang_up_that_the_radio_could_not_read_is_written_again() -> None:
    wire = _talking()
    wire.answers["ATH"] = ["+CME ERROR: 35"]
    wire.end("r-1")
    wire.run(900)
    wire.answers["ATH"] = ["OK"]
    assert wire.written() == ["ATH", "ATH", "ATH"]
    wire.run(500)
    wire.say("+CTCR: 2,1")
    assert not wire.core.keyed


def test_a_hang_up_that_nobody_answers_is_repeated_and_the_port_opened_anew() -> None:
    wire = _talking()
    wire.mute.add("ATH")
    wire.end("r-1")
    wire.run(3_000)
    assert wire.written().count("ATH") == 6
    assert wire.core.keyed
    assert wire.core.needs_reopen
    wire.take(wire.core.lost(MonoMs(wire.now), "the radio does not answer"))
    assert not wire.core.needs_reopen
    wire.raw.clear()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    assert bytes(wire.raw) == GUARD + b"\r"
    assert not wire.core.keyed


def test_the_loss_of_the_line_ends_the_call_and_hangs_up_first_when_it_is_back() -> None:
    wire = _talking()
    wire.take(wire.core.lost(MonoMs(wire.now), "cable pulled"))
    assert wire.told() == [
        TxEnded(demand=RequestId("r-1"), cause="link_lost", reason="cable pulled"),
        IndividualEnded(instance=2, cause="cable pulled"),
    ]
    wire.run(5_000)
    assert wire.core.guard_bytes() == GUARD
    wire.raw.clear()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    assert bytes(wire.raw) == GUARD + b"\r"
    wire.run(6_000)
    assert wire.core.on_air is None, "transmitting never resumes by itself"


def test_a_radio_that_began_anew_has_no_call() -> None:
    wire = _talking()
    wire.say("+CTOM: 0")
    kinds = [type(event) for event in wire.told()]
    assert kinds[:2] == [TxEnded, IndividualEnded]
    assert wire.core.on_air is None
    wire.answers = dict(ANSWERS)
    wire.run(6_000)
    assert not wire.core.keyed


def test_a_hang_up_is_not_held_by_a_poll() -> None:
    wire = _talking()
    wire.mute |= {"AT+CSQ?", "AT+CREG?", "AT+CTGS?", "AT"}
    wire.run(5_200)
    wire.written()
    wire.end("r-1")
    assert wire.written() == ["ATH"]


def test_a_dial_is_not_sent_while_a_press_holds_the_radio() -> None:
    wire = opened(own_number=OWN)
    wire.demand("r-1")
    wire.dial("c-1", "1210207", "duplex", "r-2")
    told = wire.told()
    assert [type(event) for event in told] == [TxNotSent, IndividualEnded]
    assert not any("ATD1210207" in line for line in wire.written())


def test_a_group_press_is_not_sent_while_a_number_is_dialled() -> None:
    wire = opened(own_number=OWN)
    wire.dial("c-1", "1210207", "duplex", "r-1")
    wire.run(100)
    wire.demand("r-2")
    refused = wire.told()[-1]
    assert isinstance(refused, TxNotSent)
    assert refused.reason == "radio is in a private call"
    assert not any(line == f"ATD{GROUP}" for line in wire.written())


def test_a_second_call_is_not_dialled() -> None:
    wire = _talking()
    wire.dial("c-2", "1210208", "duplex", "r-2")
    assert [type(event) for event in wire.told()] == [TxNotSent, IndividualEnded]
    assert wire.written() == []


def test_a_number_that_is_not_answered_is_given_up() -> None:
    wire = opened(own_number=OWN)
    wire.dial("c-1", "1210207", "duplex", "r-1")
    wire.run(100)
    wire.say("+CTOCP: 1,2,0,0,0,0,0,1")
    wire.run(63_000)
    assert "ATH" in wire.written()
    ended = [event for event in wire.told() if isinstance(event, IndividualEnded)]
    assert [event.cause for event in ended] == ["not answered"]
    assert not wire.core.keyed


def test_a_call_lasts_no_longer_than_its_limit() -> None:
    wire = _talking()
    wire.run(1_803_000)
    assert wire.core.on_air is None
    assert not wire.core.keyed
    ended = [event for event in wire.told() if isinstance(event, IndividualEnded)]
    assert [event.cause for event in ended] == ["the call took too long"]


def test_connected_in_simplex_there_is_no_open_microphone() -> None:
    wire = opened(own_number=OWN)
    wire.say(RINGS)
    wire.answer(2, "r-1")
    wire.run(60)
    wire.say("+CTCC: 2,0,1,0,0,0,1")
    told = wire.told()
    assert [type(event) for event in told] == [IndividualRinging, IndividualConnected, TxRefused]
    assert wire.core.on_air is None


def test_a_call_answered_at_the_radio_itself_is_connected() -> None:
    wire = opened(own_number=OWN)
    wire.say(RINGS, "+CTCC: 2,0,0,0,0,0,1")
    kinds = [type(event) for event in wire.told()]
    assert kinds == [IndividualRinging, IndividualConnected]
    assert not wire.core.keyed, "a hand at the radio keyed it, not we"
    wire.say("+CTCR: 2,1")
    assert [type(event) for event in wire.told()] == [IndividualEnded]


def test_a_call_that_comes_up_after_it_was_given_up_is_hung_up() -> None:
    wire = opened(own_number=OWN)
    wire.dial("c-1", "1210207", "duplex", "r-1")
    wire.run(100)
    wire.hang_up(CallId("c-1"))
    wire.run(100)
    wire.written()
    wire.say("+CTCC: 1,0,0,0,0,0,1")
    assert wire.written() == ["ATH"]
    assert wire.core.on_air is None


def test_the_direct_duplex_call_takes_a_microphone_later() -> None:
    wire = opened(own_number=OWN)
    wire.say(f"+CTICN: 5,0,0,0,1210207,1,0,0,0,1,0,{OWN},0")
    ringing = wire.told()[-1]
    assert isinstance(ringing, IndividualRinging)
    assert not ringing.answer_needed
    wire.answer(5, "r-1")
    assert wire.told() == [TxGranted(demand=RequestId("r-1"), instance=5)]
    assert wire.core.guard_bytes() == GUARD


def test_progress_is_told_once_for_each_step() -> None:
    wire = opened(own_number=OWN)
    wire.dial("c-1", "1210207", "duplex", "r-1")
    wire.run(100)
    wire.say("+CTOCP: 1,0,0,0,0,0,0,1", "+CTOCP: 1,0,0,0,0,0,0,1", "+CTOCP: 1,2,0,0,0,0,0,1")
    steps = [event for event in wire.told() if isinstance(event, IndividualProgressed)]
    assert [(step.progress.value, step.instance) for step in steps] == [
        ("dialling", None),
        ("dialling", 1),
        ("ringing", 1),
    ]


def test_a_long_address_and_the_pabx_gateway_choose_the_called_type() -> None:
    wire = opened(own_number=OWN)
    wire.dial("c-1", "09010100101210207", "duplex", "r-1")
    assert wire.written() == ["AT+CTSDC=0,5,0,0,0,0,0,1,0,0,0"]
    wire = opened(own_number=OWN)
    wire.core.state.gateways = {3: 16777185}
    wire.dial("c-1", "4711", "telephone", "duplex", "r-1")
    assert wire.written() == ["AT+CTSDC=0,3,0,0,0,0,0,1,0,0,0"]


def test_a_declined_call_that_the_radio_takes_all_the_same_is_told() -> None:
    wire = opened(own_number=OWN)
    wire.say(f"+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,{GROUP},0", RINGS)
    wire.answers["AT+CTCR=2"] = ["+CME ERROR: 4"]
    wire.hang_up(2)
    wire.run(100)
    ended = [event for event in wire.told() if isinstance(event, IndividualEnded)]
    assert [event.cause for event in ended] == ["declined here; the radio could not be told"]
    wire.say("+CTCC: 2,0,0,0,0,0,1")
    ringing = [event for event in wire.told() if isinstance(event, IndividualRinging)]
    assert [event.answer_needed for event in ringing] == [False]
    wire.hang_up(2)
    assert "ATH" in wire.written()

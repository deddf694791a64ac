"""The core begins with a radio: probing, noise, own number, PIN, group, registration, DMO."""

from gateway.model.ids import MessageId, MonoMs
from gateway.model.radio import (
    GroupChanged,
    LinkChanged,
    LinkState,
    SendProgress,
    SendState,
    TxNotSent,
)
from gateway.tetra.terminal import TerminalCore
from tests.gateway.tetra.scripted_radio import ANSWERS, GROUP, OTHER_GROUP, OWN, Wire, opened

CALL = f"+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,{GROUP},0"


def _links(wire: Wire) -> list[LinkChanged]:
    return [event for event in wire.events if isinstance(event, LinkChanged)]


def test_start_probes_and_never_sends_atz() -> None:
    wire = Wire(core=TerminalCore(own_number=OWN))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    assert bytes(wire.raw) == b"\r"
    assert wire.host == []
    wire.run(4_000)
    assert wire.host[:3] == ["AT", "ATE0", "AT+GMI?"]
    assert "AT+CTSP=2,0,0" in wire.host
    assert not any(line.startswith("ATZ") for line in wire.host)
    assert [link.state for link in _links(wire)] == [LinkState.STARTING, LinkState.UP]
    last = _links(wire)[-1]
    assert (last.model, last.firmware, last.own_number) == ("MOTOROLA TESTSET01", "R99.1.2", OWN)
    assert (last.mode, last.signal_dbm, last.registered) == ("TMO", -61, True)
    assert GroupChanged(number=GROUP, scanned=(OTHER_GROUP,), asked=True) in wire.events


def test_start_survives_noise_and_unknown_commands() -> None:
    wire = Wire(core=TerminalCore())
    for command in ("AT+GMI?", "AT+GMM?", "AT+CPIN?", "AT+CNUMF?", "AT+CMGS=?", "AT+CREG=2"):
        wire.answers[command] = ["+CME ERROR: 4"]
    for service in ("1,2,24", "1,2,25", "1,3,10", "2,2,20", "1,3,2"):
        wire.answers[f"AT+CTSP={service}"] = ["+CME ERROR: 34"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.say("\xff\x00", "+CME ERROR: 35")
    wire.run(5_000)
    assert _links(wire)[-1].state is LinkState.UP
    assert "AT+GMI" in wire.host
    assert "AT+CTSP=1,2,20" in wire.host


def test_a_first_at_that_is_not_understood_is_repeated() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers["AT"] = ["+CME ERROR: 35"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(600)
    assert wire.host.count("AT") >= 2
    wire.answers["AT"] = ["OK"]
    wire.run(5_000)
    assert _links(wire)[-1].state is LinkState.UP


def test_a_silent_start_command_times_out_and_the_start_goes_on() -> None:
    wire = Wire(core=TerminalCore(), mute={"AT+GMR?", "AT+CTSP=1,1,11"})
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(15_000)
    assert _links(wire)[-1].state is LinkState.UP


def test_a_radio_that_never_answers_is_given_up() -> None:
    wire = Wire(core=TerminalCore(), alive=False)
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(15_000)
    assert _links(wire)[-1].state is LinkState.DOWN
    assert wire.core.needs_reopen
    assert wire.host == ["AT"] * 10


def test_another_own_number_is_refused_and_nothing_is_keyed() -> None:
    wire = Wire(core=TerminalCore(own_number=OWN + 1))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(5_000)
    last = _links(wire)[-1]
    assert last.state is LinkState.DOWN
    assert str(OWN) in last.reason
    assert not wire.core.needs_reopen
    wire.demand("r-1")
    assert isinstance(wire.told()[-1], TxNotSent)


def test_a_pin_is_for_the_operator() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers["AT+CPIN?"] = ["+CPIN: MT PIN-LOCKED", "OK"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(5_000)
    assert "PIN" in _links(wire)[-1].reason
    assert not any(line.startswith("AT+CPIN=") for line in wire.host)


def test_a_pin_typed_in_at_the_radio_is_noticed_and_told_of_once() -> None:
    wire = Wire(core=TerminalCore(own_number=OWN))
    wire.answers["AT+CPIN?"] = ["+CPIN: MT PIN-LOCKED", "OK"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(200_000)
    assert [link.state for link in _links(wire)] == [LinkState.STARTING, LinkState.DOWN]
    assert wire.host.count("AT+CPIN?") == 7
    wire.demand("r-1")
    refused = wire.told()[-1]
    assert isinstance(refused, TxNotSent)
    assert "PIN" in refused.reason
    wire.answers["AT+CPIN?"] = ANSWERS["AT+CPIN?"]
    wire.run(31_000)
    assert [link.state for link in _links(wire)] == [LinkState.UP]
    assert not any(line.startswith("AT+CPIN=") for line in wire.host)
    wire.demand("r-2")
    wire.run(200)
    assert f"ATD{GROUP}" in wire.host


def test_the_right_radio_put_in_place_of_another_is_noticed() -> None:
    wire = Wire(core=TerminalCore(own_number=OWN + 1))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(5_000)
    assert _links(wire)[-1].state is LinkState.DOWN
    wire.answers["AT+CNUMF?"] = [f"+CNUMF: 0,{OWN + 1}", "OK"]
    wire.run(31_000)
    assert _links(wire)[-1].state is LinkState.UP
    assert _links(wire)[-1].own_number == OWN + 1


def test_another_radio_that_falls_silent_is_opened_anew() -> None:
    wire = Wire(core=TerminalCore(own_number=OWN + 1))
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(5_000)
    wire.alive = False
    wire.run(60_000)
    assert wire.core.needs_reopen


def test_only_a_radio_of_an_unknown_maker_is_asked_for_numbers_of_errors() -> None:
    assert "AT+CMEE=1" not in opened(own_number=OWN).core.state.profile.start
    for maker in ("SEPURA", "HYTERA"):
        wire = Wire(core=TerminalCore())
        wire.answers["AT+GMI?"] = [f"+GMI: {maker}", "OK"]
        wire.answers["AT+CMEE=1"] = ["ERROR"]
        wire.take(wire.core.opened(MonoMs(wire.now)))
        wire.run(6_000)
        assert wire.host.count("AT+CMEE=1") == 1
        assert _links(wire)[-1].state is LinkState.UP


def test_own_number_in_further_lines_without_a_name() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers["AT+CNUMF?"] = ["+CNUMF: 2,16777184", "", f"6,0901010010{OWN:07d}", "OK"]
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(5_000)
    assert _links(wire)[-1].own_number == OWN


def test_the_wanted_group_is_restored_at_a_start() -> None:
    wire = opened(own_number=OWN, wanted_group=310203)
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(4_000)
    assert "AT+CTGS=1,310203" in wire.host
    assert wire.core.wanted_group == 310203


def test_unregistered_refuses_calls_and_messages_with_words() -> None:
    wire = opened(own_number=OWN)
    wire.say("+CREG: 0,0,0")
    assert _links(wire)[-1].state is LinkState.UNREGISTERED
    wire.told()
    wire.demand("r-1")
    wire.take(wire.core.send_text(MessageId("m-1"), 1, "x", MonoMs(wire.now)))
    sent, failed = wire.told()
    assert isinstance(sent, TxNotSent)
    assert "searching" in sent.reason
    assert isinstance(failed, SendProgress)
    assert failed.state is SendState.FAILED
    wire.say("+CREG: 2,1,7,90101001")
    assert _links(wire)[-1].state is LinkState.UP


def test_dmo_needs_no_registration_and_is_not_asked_for_signal() -> None:
    wire = Wire(core=TerminalCore())
    wire.answers |= {"AT+CTOM?": ["+CTOM: 1,0", "OK"], "AT+CTGS?": ["+CTGS: 77", "OK"]}
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(30_000)
    assert _links(wire)[-1].mode == "DMO"
    assert not {"AT+CSQ?", "AT+CREG?"} & set(wire.host)
    wire.written()
    wire.demand("r-1", group=77)
    assert wire.written() == ["AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0"]

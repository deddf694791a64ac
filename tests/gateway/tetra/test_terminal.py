"""The core against a scripted wire: order of writing, guard, time-outs, restarts, refusals."""

import pytest

from gateway.model.ids import MessageId, MonoMs, RequestId
from gateway.model.messages import SendText
from gateway.model.radio import (
    CallDown,
    CallUp,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkState,
    SendProgress,
    SendState,
    TxEnded,
    TxGranted,
    TxRefused,
)
from gateway.tetra.outbox import MAX_WAITING
from tests.gateway.tetra.scripted_radio import ANSWERS, GROUP, OWN, Wire, opened

CALL = f"+CTICN: 1,0,0,0,1210204,1,1,0,1,1,0,{GROUP},0"


def _with_call() -> Wire:
    wire = opened(own_number=OWN)
    wire.say(CALL, "+CDTXC: 1,0")
    wire.told()
    return wire


def _on_air() -> Wire:
    wire = _with_call()
    wire.demand("r-1")
    wire.run(60)
    wire.say("+CTXG: 1,0,0,0")
    assert wire.told() == [TxGranted(demand=RequestId("r-1"), instance=1)]
    wire.written()
    return wire


def _links(wire: Wire) -> list[LinkChanged]:
    return [event for event in wire.events if isinstance(event, LinkChanged)]


def test_a_press_is_in_the_very_next_bytes() -> None:
    wire = _with_call()
    wire.hold = True
    wire.demand("r-1")
    assert wire.core.outgoing(64) == b"AT+CTXD=1,0\r"


def test_a_press_never_waits_long_for_a_poll() -> None:
    wire = _with_call()
    wire.delay_ms = 500
    while not wire.host:
        wire.run(10)
    wire.written()
    wire.demand("r-1")
    assert wire.written() == []
    wire.run(151)
    assert wire.written() == ["AT+CTXD=1,0"]
    wire.run(1_200)
    wire.say("+CTXG: 1,0,0,0")
    assert isinstance(wire.told()[-1], TxGranted)


def test_polls_are_held_while_a_press_is_in_hand() -> None:
    wire = _on_air()
    wire.run(9_000)
    assert wire.written() == []
    wire.run(4_000)
    assert wire.written() == ["AT"]


def test_an_unkey_does_not_wait_for_an_unanswered_command() -> None:
    wire = _on_air()
    wire.mute.add("AT")
    wire.run(10_100)
    assert wire.written() == ["AT"]
    wire.end("r-1")
    assert wire.written() == ["AT+CUTXC=1"]


def test_a_press_let_go_of_before_it_was_written_leaves_a_message_alone() -> None:
    wire = _with_call()
    wire.hold = True
    wire.core.send_text(MessageId("m-1"), 1210204, "A" * 60, MonoMs(wire.now))
    head = wire.core.outgoing(64)
    assert head == b"AT+CTSDS=12,0,0,0,0\r"
    wire.core.receive(b"\r\nOK\r\n", MonoMs(wire.now))
    part = wire.core.outgoing(40)
    assert part.startswith(b"AT+CMGS=1210204,512\r\n")
    wire.core.demand(_key("r-1"), MonoMs(wire.now))
    wire.core.end(_key("r-1").demand, "released", MonoMs(wire.now))
    rest = bytearray()
    while piece := wire.core.outgoing(16):
        rest += piece
    assert b"\x1b" not in rest, "nothing was keyed, so the message goes on"
    assert rest.endswith(b"\x1a")


def test_an_unkey_of_a_key_on_air_finishes_a_half_line_first() -> None:
    wire = _on_air()
    wire.hold = True
    wire.core.tick(MonoMs(wire.now + 10_100))
    assert wire.core.outgoing(1) == b"A"
    wire.core.end(_key("r-1").demand, "released", MonoMs(wire.now + 10_100))
    rest = wire.core.outgoing(64) + wire.core.outgoing(64)
    assert rest == b"T\rAT+CUTXC=1\r"


def test_an_unkey_breaks_off_a_payload_by_escape() -> None:
    wire = opened(own_number=OWN)
    wire.take(wire.core.send_text(MessageId("m-1"), 1210204, "B" * 60, MonoMs(wire.now)))
    wire.hold = True
    wire.run(40)
    assert wire.core.outgoing(40).startswith(b"AT+CMGS=")
    wire.core.receive(b"\r\n" + CALL.encode() + b"\r\n+CTXG: 1,0,0,0\r\n", MonoMs(wire.now))
    wire.core.demand(_key("r-9"), MonoMs(wire.now))
    queue = wire.core._queue
    wire.core._transmitter._unkey_stray(1, MonoMs(wire.now))
    assert bytes(wire.core.outgoing(64)) == b"\x1b"
    assert wire.core.outgoing(64) == b"AT+CUTXC=1\r"
    assert queue.outstanding[0].aborted
    wire.core.receive(b"\r\nOK\r\n", MonoMs(wire.now + 20))
    wire.core.receive(b"\r\nOK\r\n", MonoMs(wire.now + 40))
    assert wire.core.outgoing(64).startswith(b"AT+CTXD=1,0\r")


def _key(request: str) -> KeyDemand:
    return KeyDemand(demand=RequestId(request), group=GROUP)


def test_guard_bytes_are_there_before_anything_that_keys() -> None:
    wire = _with_call()
    wire.hold = True
    epoch = wire.core.key_epoch
    assert not wire.core.keyed
    assert wire.core.guard_bytes() == b""
    wire.core.demand(_key("r-1"), MonoMs(wire.now))
    assert wire.core.keyed
    assert wire.core.key_epoch > epoch
    assert wire.core.guard_bytes() == b"\x1b\rAT+CUTXC=1\rATH\r"
    wire.hold = False
    wire.run(60)
    wire.say("+CTXG: 1,0,0,0")
    wire.end("r-1")
    assert wire.core.keyed
    wire.run(60)
    assert not wire.core.keyed
    assert wire.core.guard_bytes() == b""


def test_guard_bytes_follow_the_instance_of_a_dialled_call() -> None:
    wire = opened(own_number=OWN)
    wire.demand("r-1")
    assert b"CUTXC=1\r" in wire.core.guard_bytes()
    wire.run(100)
    wire.say("+CTOCP: 12,0,0,1,1,0,1,1")
    assert b"CUTXC=12\r" in wire.core.guard_bytes()


def test_an_unanswered_unkey_is_written_again_and_then_hangs_up() -> None:
    wire = _on_air()
    wire.mute |= {"AT+CUTXC=1", "ATH"}
    wire.end("r-1")
    wire.run(1_900)
    assert wire.written() == ["AT+CUTXC=1"] * 5
    assert wire.core.keyed
    wire.run(8_000)
    ended = [event for event in wire.told() if isinstance(event, TxEnded)]
    assert len(ended) == 1


def test_an_unkey_that_the_radio_refuses_hangs_up() -> None:
    wire = _on_air()
    wire.answers["AT+CUTXC=1"] = ["+CME ERROR: 3"]
    wire.end("r-1")
    wire.run(100)
    assert wire.written() == ["AT+CUTXC=1", "ATH"]
    assert wire.told() == [TxEnded(demand=_key("r-1").demand, cause="released")]


def test_an_emergency_restores_the_plain_profile() -> None:
    wire = opened(own_number=OWN)
    wire.demand("r-1", priority=3)
    assert wire.written() == ["AT+CTSDC=0,0,0,1,1,0,1,1,0,15,0"]
    wire.run(100)
    wire.say("+CTXG: 1,0,0,0")
    assert isinstance(wire.told()[0], CallUp)
    wire.end("r-1")
    wire.run(200)
    assert wire.written()[-1] == "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0"


def test_no_dial_after_a_refused_profile() -> None:
    wire = opened(own_number=OWN)
    wire.answers["AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0"] = ["+CME ERROR: 33"]
    wire.demand("r-1")
    wire.run(500)
    assert not any(line.startswith("ATD") for line in wire.written())
    assert isinstance(wire.told()[-1], TxRefused)


@pytest.mark.parametrize("answer", ["BUSY", "NO CARRIER", "NO ANSWER", "ERROR", "+CME ERROR: 3"])
def test_a_dial_that_fails_is_told_in_words(answer: str) -> None:
    wire = opened(own_number=OWN)
    wire.answers[f"ATD{GROUP}"] = [answer]
    wire.demand("r-1")
    wire.run(500)
    refused = wire.told()[-1]
    assert isinstance(refused, TxRefused)
    assert refused.reason
    assert not wire.core.keyed


def test_a_system_that_does_not_answer_is_unkeyed() -> None:
    wire = _with_call()
    wire.demand("r-1")
    wire.run(6_000)
    assert wire.written()[:2] == ["AT+CTXD=1,0", "AT+CUTXC=1"]
    assert isinstance(wire.told()[-1], TxRefused)


def test_the_cores_own_key_time_out() -> None:
    wire = _on_air()
    wire.run(181_000)
    ended = [event for event in wire.told() if isinstance(event, TxEnded)]
    assert [e.cause for e in ended] == ["failed"]
    assert "AT+CUTXC=1" in wire.written()


def test_three_unanswered_commands_end_the_link_and_the_call() -> None:
    wire = _on_air()
    wire.alive = False
    wire.run(20_000)
    assert wire.core.needs_reopen
    kinds = [type(event) for event in wire.events if not isinstance(event, LineSeen)]
    assert TxEnded in kinds
    assert CallDown in kinds
    assert _links(wire)[-1].state is LinkState.DOWN
    assert wire.core.on_air is None


def test_a_lost_port_unkeys_first_when_it_is_back() -> None:
    wire = _on_air()
    guard = wire.core.guard_bytes()
    wire.take(wire.core.lost(MonoMs(wire.now), "cable pulled"))
    ended = [event for event in wire.told() if isinstance(event, TxEnded)]
    assert [e.cause for e in ended] == ["link_lost"]
    wire.raw.clear()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    assert bytes(wire.raw) == guard + b"\r"
    assert not wire.core.keyed
    wire.run(5_000)
    assert _links(wire)[-1].state is LinkState.UP
    assert wire.core.on_air is None, "transmitting never resumes by itself"


@pytest.mark.parametrize("sign", ["+CTOM: 0", "echo"])
def test_a_radio_that_began_anew_is_started_again(sign: str) -> None:
    wire = _with_call()
    if sign == "echo":
        wire.answers["AT+CSQ?"] = ["AT+CSQ?", *ANSWERS["AT+CSQ?"]]
        wire.answers["AT+CREG?"] = ["AT+CREG?", *ANSWERS["AT+CREG?"]]
        wire.run(5_200)
    else:
        wire.say(sign)
    assert LinkState.STARTING in [link.state for link in _links(wire)]
    wire.answers = dict(ANSWERS)
    wire.run(5_000)
    assert _links(wire)[-1].state is LinkState.UP
    assert wire.written().count("AT+CTSP=2,0,0") == 1
    assert wire.core.state.calls == {}


def test_missed_answers_ask_for_the_services_again() -> None:
    wire = opened(own_number=OWN)
    wire.mute.update({"AT+CSQ?", "AT+CREG?", "AT+CTGS?"})
    wire.run(8_000)
    wire.mute.clear()
    wire.run(4_000)
    assert "AT+CTSP=2,0,0" in wire.written()
    assert all(link.state is LinkState.UP for link in _links(wire))


def test_a_late_final_is_not_taken_for_the_next_commands() -> None:
    wire = _with_call()
    wire.mute.update({"AT+CSQ?", "AT+CREG?", "AT+CTGS?"})
    wire.run(7_150)
    assert wire.written()[-1] == "AT"
    wire.say("OK")
    wire.demand("r-1")
    wire.run(31)
    wire.say("OK")
    assert wire.core.on_air is None
    wire.run(400)
    assert "AT+CTXD=1,0" in wire.written()


def test_a_bare_error_may_be_followed_by_a_stray_ok() -> None:
    wire = opened(own_number=OWN)
    wire.answers["8005^Z"] = ["ERROR", "OK"]
    wire.take(wire.core.send_status(MessageId("m-1"), 1210204, 0x8005, MonoMs(wire.now)))
    wire.run(500)
    progress = wire.told()
    assert [type(event) for event in progress] == [SendProgress]
    assert isinstance(progress[0], SendProgress)
    assert progress[0].state is SendState.FAILED


def test_a_call_without_news_is_given_up() -> None:
    wire = _with_call()
    wire.run(61_000)
    assert any(isinstance(event, CallDown) for event in wire.events)
    wire.written()
    wire.demand("r-1")
    wire.run(100)
    assert "AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0" in wire.written()


def test_too_long_and_too_many_messages() -> None:
    wire = _with_call()
    wire.say("+CTXG: 1,3,0,0,0,1210204")
    wire.told()
    too_long = SendText(message=MessageId("m-0"), to=1, text="x" * 200, immediate=True)
    wire.take(wire.core.message(too_long, MonoMs(wire.now)))
    for number in range(1, MAX_WAITING + 2):
        wire.take(wire.core.send_text(MessageId(f"m-{number}"), 1, "x", MonoMs(wire.now)))
    failed = [event for event in wire.told() if isinstance(event, SendProgress)]
    assert [(e.message, e.state) for e in failed] == [
        ("m-0", SendState.FAILED),
        (f"m-{MAX_WAITING + 1}", SendState.FAILED),
    ]
    wire.take(wire.core.lost(MonoMs(wire.now), "gone"))
    assert len([e for e in wire.told() if isinstance(e, SendProgress)]) == MAX_WAITING


def test_every_line_is_seen_in_both_directions() -> None:
    wire = _with_call()
    wire.demand("r-1")
    wire.run(50)
    seen = [event for event in wire.events if isinstance(event, LineSeen)]
    assert LineSeen(outgoing=True, raw="AT+CTXD=1,0", words="ask to talk 1,0") in seen
    assert LineSeen(outgoing=False, raw="OK", words="done") in seen


def test_an_unkey_that_nobody_confirms_never_disarms_the_guard() -> None:
    """A radio that answers all else, but no un-key, may still transmit: the port opens anew."""
    wire = _on_air()
    guard = wire.core.guard_bytes()
    wire.mute |= {"AT+CUTXC=1", "ATH"}
    wire.end("r-1")
    wire.run(2_700)
    assert wire.core.keyed
    assert wire.core.guard_bytes() == guard
    assert wire.core.needs_reopen
    wire.take(wire.core.lost(MonoMs(wire.now), "the radio does not answer"))
    ended = [event for event in wire.told() if isinstance(event, TxEnded)]
    assert [event.cause for event in ended] == ["link_lost"]
    assert not wire.core.needs_reopen
    wire.raw.clear()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    assert bytes(wire.raw) == guard + b"\r"


def test_a_grant_long_after_a_refused_withdrawal_is_unkeyed() -> None:
    wire = _with_call()
    wire.demand("r-1")
    wire.run(100)
    wire.say("+CTXG: 1,2,0,0")
    wire.answers["AT+CUTXC=1"] = ["+CME ERROR: 3"]
    wire.end("r-1")
    wire.run(20_000)
    assert not wire.core.keyed
    wire.written()
    wire.say("+CTXG: 1,0,0,0")
    wire.run(100)
    assert wire.written().count("AT+CUTXC=1") == 2  # refused again, and then left
    assert not [event for event in wire.told() if isinstance(event, TxGranted)]


def test_an_unkey_that_the_radio_could_not_read_is_written_again() -> None:
    wire = _on_air()
    wire.answers["AT+CUTXC=1"] = ["+CME ERROR: 4"]
    wire.end("r-1")
    wire.run(500)
    assert wire.core.keyed
    wire.answers["AT+CUTXC=1"] = ["OK"]
    wire.run(500)
    assert wire.written().count("AT+CUTXC=1") == 3
    assert not wire.core.keyed

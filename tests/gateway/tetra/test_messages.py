"""Messages on their way, against a scripted radio: parts, retries, overs, lost links."""

from gateway.model.ids import MessageId, MonoMs
from gateway.model.messages import AskPosition, MessageAct, SendText
from gateway.model.radio import SendProgress, SendState
from gateway.tetra.outbox import HOLD_MS, RETRY_MS
from tests.gateway.tetra.scripted_radio import ANSWERS, GROUP, OWN, Wire, opened

PEER = 1210204
OVER = f"+CTICN: 1,0,0,0,{PEER},1,1,0,1,1,0,{GROUP},0"
OVER_ENDS = "+CDTXC: 1,0"


def _wire(limit_bits: int = 1184) -> Wire:
    wire = opened(own_number=OWN)
    wire.core.state.max_payload_bits = limit_bits
    wire.told()
    wire.written()
    return wire


def _do(wire: Wire, act: MessageAct) -> None:
    wire.take(wire.core.message(act, MonoMs(wire.now)))


def _text(wire: Wire, text: str, *, message: str = "m-1", to: int = PEER) -> None:
    _do(wire, SendText(message=MessageId(message), to=to, text=text))


def _states(wire: Wire) -> list[tuple[str, str]]:
    told = [event for event in wire.told() if isinstance(event, SendProgress)]
    return [(event.state.value, event.reason) for event in told]


def _payloads(wire: Wire) -> list[str]:
    return [line[:-2] for line in wire.written() if line.endswith("^Z")]


def _report(wire: Wire, reference: int, status: int = 0) -> None:
    wire.say(f"+CTSDSR: 12,{PEER},0,{OWN},0,32", f"8A10{status:02X}{reference:02X}")


def test_a_long_text_is_delivered_only_when_every_part_is() -> None:
    wire = _wire(limit_bits=128)
    _text(wire, "Sök vidbryggannu")
    wire.run(500)
    payloads = _payloads(wire)
    assert [payload[:20] for payload in payloads] == [
        "8A0C0101050003010301",
        "8A0C0201050003010302",
        "8A0C0301050003010303",
    ]
    assert b"".join(bytes.fromhex(payload[20:]) for payload in payloads).decode("latin-1") == (
        "Sök vidbryggannu"
    )
    assert _states(wire) == [("accepted", "")]
    _report(wire, 2)
    _report(wire, 1)
    assert _states(wire) == []
    _report(wire, 3)
    assert _states(wire) == [("delivered", "received")]
    for reference in (1, 2, 3):
        _report(wire, reference, 2)
    assert _states(wire) == [("read", "read")]


def test_a_part_that_failed_is_a_text_that_failed_and_the_rest_stays_here() -> None:
    wire = _wire(limit_bits=128)
    _text(wire, "Sök vidbryggannu")
    first = "8A0C0101050003010301" + "Sök vi".encode("latin-1").hex().upper()
    wire.answers[f"{first}^Z"] = ["+CME ERROR: 34"]
    wire.run(500)
    assert _payloads(wire) == [first]
    assert _states(wire) == [("failed", "part 1 of 3: parameter out of range")]


def test_a_text_waits_for_the_end_of_a_long_over_and_loses_no_attempt() -> None:
    wire = _wire()
    wire.say(OVER)
    wire.answers["820C01014131^Z"] = ["+CME ERROR: 42"]
    _text(wire, "A1")
    for _ in range(HOLD_MS // 60_000 - 1):
        wire.say(f"+CTXG: 1,3,0,0,0,{PEER}")
        wire.run(50_000)
    assert _payloads(wire) == []
    wire.say(OVER_ENDS)
    wire.run(sum(RETRY_MS[:-1]) + 1_000)
    assert len(_payloads(wire)) == len(RETRY_MS)
    assert _states(wire) == []
    wire.answers["820C01014131^Z"] = ["+CMGS: 1", "OK"]
    wire.run(RETRY_MS[-1])
    assert _states(wire) == [("accepted", "")]


def test_after_the_last_attempt_a_text_has_failed() -> None:
    wire = _wire()
    wire.answers["820C01014131^Z"] = ["+CME ERROR: 31"]
    _text(wire, "A1")
    wire.run(sum(RETRY_MS) + 2_000)
    assert len(_payloads(wire)) == len(RETRY_MS) + 1
    assert _states(wire) == [("failed", "no acknowledgement from the network")]


def test_a_retry_that_is_due_in_an_over_asks_for_no_timer_of_its_own() -> None:
    wire = _wire()
    wire.answers["820C01014131^Z"] = ["+CME ERROR: 42"]
    _text(wire, "A1")
    wire.run(100)
    wire.say(OVER)
    wire.run(RETRY_MS[0] + 500)
    deadline = wire.core.deadline()
    assert deadline is not None
    assert deadline > wire.now


def test_a_lost_port_leaves_unknown_what_the_radio_had_and_fails_what_it_had_not() -> None:
    wire = _wire()
    wire.answers["820C01014131^Z"] = ["+CMGS: 1", "OK"]
    _text(wire, "A1")
    wire.run(200)
    wire.say(OVER)
    _text(wire, "A2", message="m-2")
    wire.told()
    wire.take(wire.core.lost(MonoMs(wire.now), "cable pulled"))
    told = [event for event in wire.told() if isinstance(event, SendProgress)]
    assert {(e.message, e.state) for e in told} == {
        ("m-1", SendState.UNKNOWN),
        ("m-2", SendState.FAILED),
    }
    wire.written()
    wire.take(wire.core.opened(MonoMs(wire.now)))
    wire.run(3_000)
    assert _payloads(wire) == []
    wire.say(f"+CTSDSR: 12,{PEER},0,{OWN},0,32", "82100001")
    assert _states(wire) == [("delivered", "received")]


def test_a_position_is_not_the_answer_to_a_request_of_long_ago() -> None:
    wire = _wire()
    _do(wire, AskPosition(message=MessageId("m-1"), to=PEER))
    wire.run(500)
    wire.told()
    for _ in range(20):
        wire.run(50_000)
    wire.told()
    wire.say(f"+CTSDSR: 12,{PEER},0,{OWN},0,84", "0A0098356253A021598200")
    assert _states(wire) == []


def test_the_answers_of_the_scripted_radio_limit_a_message() -> None:
    assert "(8-1184)" in ANSWERS["AT+CMGS=?"][0]
    assert opened(own_number=OWN).core.state.max_payload_bits == 1184

"""Signalling blocks: what they tell, and whose question they answer."""

import pytest

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallAlertReceived,
    DataReceived,
    EmergencySign,
    EmergencySigned,
    SendProgress,
    SendState,
    StatusReceived,
)
from gateway.model.unit_acts import (
    AcknowledgeAlarm,
    CallAlert,
    Inhibit,
    QueryStatus,
    RadioCheck,
    UnitAct,
    UpdateStatus,
)
from gateway.p25.talk.signalling import MAX_ASKED, UnitActBook, block_events
from gateway.p25.words import tsbk_units
from gateway.p25.words.tsbk import Tsbk, decode_tsbk

OWN = 0xFFFFFC
M = MessageId("m-1")


def test_what_radios_say_becomes_events() -> None:
    status = tsbk_units.StatusUpdate(
        inbound=True, unit_status=0x12, user_status=0x34, target=OWN, source=7
    )
    assert block_events(status) == [StatusReceived(sender=7, to=OWN, value=0x1234)]
    alert = tsbk_units.CallAlert(inbound=True, target=OWN, source=7)
    assert block_events(alert) == [CallAlertReceived(sender=7, to=OWN)]
    alarm = tsbk_units.EmergencyAlarmRequest(inbound=True, group=10001, source=7)
    assert block_events(alarm) == [EmergencySigned(unit=7, sign=EmergencySign.ALARM, group=10001)]
    message = tsbk_units.MessageUpdate(inbound=True, message=0xBEEF, target=OWN, source=7)
    (data,) = block_events(message)
    assert isinstance(data, DataReceived)
    assert (data.words, data.raw_hex[:4], data.routine) == ("message BEEF", "9C00", False)


@pytest.mark.parametrize(
    ("act", "asks", "answer"),
    [
        (
            CallAlert(message=M, to=7),
            tsbk_units.CallAlert(inbound=False, target=7, source=OWN),
            tsbk_units.UnitAcknowledge(inbound=True, service=0x1F, target=OWN, source=7),
        ),
        (
            QueryStatus(message=M, to=7),
            tsbk_units.StatusQuery(inbound=False, target=7, source=OWN),
            tsbk_units.StatusQueryResponse(
                inbound=True, unit_status=1, user_status=2, target=OWN, source=7
            ),
        ),
        (
            UpdateStatus(message=M, to=7, value=0x0102),
            tsbk_units.StatusUpdate(
                inbound=False, unit_status=1, user_status=2, target=7, source=OWN
            ),
            tsbk_units.UnitAcknowledge(inbound=True, service=0x18, target=OWN, source=7),
        ),
        (
            RadioCheck(message=M, to=7),
            tsbk_units.ExtendedFunction(inbound=False, function=0, argument=OWN, target=7),
            tsbk_units.ExtendedFunctionResponse(
                inbound=True, function=0x80, argument=OWN, source=7
            ),
        ),
        (
            Inhibit(message=M, to=7),
            tsbk_units.ExtendedFunction(inbound=False, function=0x7F, argument=OWN, target=7),
            tsbk_units.ExtendedFunctionResponse(
                inbound=True, function=0xFF, argument=OWN, source=7
            ),
        ),
        (
            Inhibit(message=M, to=7, enabled=True),
            tsbk_units.ExtendedFunction(inbound=False, function=0x7E, argument=OWN, target=7),
            tsbk_units.ExtendedFunctionResponse(
                inbound=True, function=0xFE, argument=OWN, source=7
            ),
        ),
    ],
)
def test_an_act_is_asked_and_its_answer_found(act: UnitAct, asks: Tsbk, answer: Tsbk) -> None:
    book = UnitActBook(OWN)
    assert decode_tsbk(book.ask(act), inbound=False) == asks
    assert book.sent(act) == [SendProgress(message=M, state=SendState.SENT)]
    delivered = SendProgress(message=M, state=SendState.DELIVERED)
    assert delivered in book.heard(answer)
    assert delivered not in book.heard(answer)  # once


def test_an_answer_of_another_unit_or_to_another_question_is_none() -> None:
    book = UnitActBook(OWN)
    book.ask(RadioCheck(message=M, to=7))
    other = tsbk_units.ExtendedFunctionResponse(inbound=True, function=0x80, argument=0, source=8)
    wrong = tsbk_units.ExtendedFunctionResponse(inbound=True, function=0xFF, argument=0, source=7)
    assert book.heard(other) == book.heard(wrong) == []


def test_a_refusal_fails_the_act_in_words() -> None:
    book = UnitActBook(OWN)
    book.ask(Inhibit(message=M, to=7))
    no = tsbk_units.CancelRequest(inbound=True, service=0x24, reason=0x2F, source=7)
    (failed,) = book.heard(no)
    assert isinstance(failed, SendProgress)
    assert failed.state is SendState.FAILED
    assert "refused" in failed.reason


def test_an_alarm_is_acknowledged_with_the_service_it_answers() -> None:
    block = decode_tsbk(UnitActBook(OWN).ask(AcknowledgeAlarm(message=M, unit=7)), inbound=False)
    assert block == tsbk_units.Acknowledge(inbound=False, service=0x27, source=OWN, target=7)


def test_questions_that_nobody_answers_do_not_pile_up() -> None:
    book = UnitActBook(OWN)
    for number in range(MAX_ASKED + 50):
        book.ask(RadioCheck(message=MessageId(f"m-{number}"), to=number + 1))
    gone = tsbk_units.ExtendedFunctionResponse(inbound=True, function=0x80, argument=0, source=1)
    kept = tsbk_units.ExtendedFunctionResponse(inbound=True, function=0x80, argument=0, source=200)
    assert book.heard(gone) == []
    assert len(book.heard(kept)) == 1

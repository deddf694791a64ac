"""Signalling beside the voice: blocks of units, what a desk asks of them, announcements."""

import pytest

from gateway.model.ids import MessageId, MonoMs
from gateway.model.radio import (
    CallAlertReceived,
    DataReceived,
    EmergencySigned,
    SendProgress,
    SendState,
    StatusReceived,
)
from gateway.model.unit_acts import (
    AcknowledgeAlarm,
    CallAlert,
    Inhibit,
    RadioCheck,
    UnitAct,
    UpdateStatus,
)
from gateway.p25.air.frame import decode_frame, encode_frame
from gateway.p25.air.units import Tsdu
from gateway.p25.fne.message import TSDU, P25Message
from gateway.p25.fne.numbers import Function, Protocol
from gateway.p25.fne.packet import FnePacket
from gateway.p25.fne.requests import Announced
from gateway.p25.words import tsbk_units
from gateway.p25.words.tsbk import Tsbk, decode_tsbk
from tests.gateway.p25.fne.wire import OWN, Wire, from_master, messages


def tsdu(block: Tsbk, source: int, destination: int) -> FnePacket:
    frame = encode_frame(Tsdu(nac=0x293, blocks=(block.encode(),)))
    said = P25Message(
        duid=TSDU, source=source, destination=destination, length=45, body=frame + bytes(8)
    )
    assert len(said.encode()) == 77
    return from_master(Function.PROTOCOL, said.encode(), Protocol.P25)


def test_signalling_of_units() -> None:
    wire = Wire().log_in()
    alarm = tsbk_units.EmergencyAlarmRequest(inbound=True, group=10001, source=1234567)
    alert = tsbk_units.CallAlert(inbound=True, target=OWN, source=1234567)
    status = tsbk_units.StatusUpdate(
        inbound=True, unit_status=1, user_status=2, target=OWN, source=1234567
    )
    wire.give(tsdu(alarm, 1234567, 10001))
    wire.give(tsdu(alert, 1234567, OWN))
    wire.give(tsdu(status, 1234567, OWN))
    assert [(one.unit, one.group) for one in wire.told(EmergencySigned)] == [(1234567, 10001)]
    assert [one.sender for one in wire.told(CallAlertReceived)] == [1234567]
    assert [one.value for one in wire.told(StatusReceived)] == [0x0102]


def test_a_refusal_is_no_alarm() -> None:
    wire = Wire().log_in()
    denied = tsbk_units.Denied(inbound=False, service=0x1F, reason=0x20, info=0, target=1234567)
    wire.give(tsdu(denied, 1234567, 0))
    wire.give(tsdu(denied, 0xFFFFFC, 1234567))
    assert wire.told(EmergencySigned) == []


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        (
            CallAlert(message=MessageId("m-1"), to=5),
            tsbk_units.UnitAcknowledge(inbound=True, service=0x1F, target=OWN, source=5),
        ),
        (
            UpdateStatus(message=MessageId("m-1"), to=5, value=7),
            tsbk_units.UnitAcknowledge(inbound=True, service=0x18, target=OWN, source=5),
        ),
        (
            RadioCheck(message=MessageId("m-1"), to=5),
            tsbk_units.ExtendedFunctionResponse(
                inbound=True, function=0x0080, argument=OWN, source=5
            ),
        ),
        (
            Inhibit(message=MessageId("m-1"), to=5),
            tsbk_units.ExtendedFunctionResponse(
                inbound=True, function=0x00FF, argument=OWN, source=5
            ),
        ),
    ],
)
def test_acts_and_their_answers(act: UnitAct, answer: Tsbk) -> None:
    wire = Wire().log_in()
    wire.take(wire.core.act(act, MonoMs(wire.now)))
    ((packet, message),) = messages(wire)
    assert len(packet.payload) == 77
    assert (message.duid, message.source, message.destination) == (TSDU, OWN, 5)
    frame = decode_frame(message.frame())
    assert isinstance(frame, Tsdu)
    block = frame.blocks[0]
    assert block is not None
    assert decode_tsbk(block, inbound=False).encode() == block
    wire.give(tsdu(answer, 5, OWN))
    states = [one.state for one in wire.told(SendProgress)]
    assert states == [SendState.SENT, SendState.DELIVERED]


def test_an_alarm_is_acknowledged_and_acts_need_a_master() -> None:
    wire = Wire()
    act = AcknowledgeAlarm(message=MessageId("m-1"), unit=5)
    wire.take(wire.core.act(act, MonoMs(wire.now)))
    (failed,) = wire.told(SendProgress)
    assert (failed.state, failed.reason) == (SendState.FAILED, "not connected")
    wire.log_in()
    wire.take(wire.core.act(act, MonoMs(wire.now)))
    assert messages(wire)[0][1].destination == 5


def test_comings_and_goings_and_packet_data_are_kept_whole() -> None:
    wire = Wire().log_in()
    said = Announced(unit=5, group=10001)
    for sub in (0, 1, 2, 3):
        wire.give(from_master(Function.ANNOUNCE, said.encode(), sub))
    data = P25Message(duid=0x0C, lco=4, source=5, destination=24, low_speed=b"\3\1", body=b"xyz")
    wire.give(from_master(Function.PROTOCOL, data.encode(), Protocol.P25))
    words = [one.words for one in wire.told(DataReceived)]
    assert words[:2] == ["affiliates to 10001", "registers"]
    assert words[-1] == "packet data, SAP 04, block 2 of 3"
    assert wire.told(DataReceived)[-1].raw_hex.endswith("78797A")
    assert all(one.routine for one in wire.told(DataReceived))

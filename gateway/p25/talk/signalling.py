"""Signalling blocks to events of the engine, and what a desk asks of a unit to blocks.

A block from a radio is an event, an answer to something asked, or both. Answers are matched by
unit and kind, since P25 gives a request no number of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallAlertReceived,
    DataReceived,
    EmergencySign,
    EmergencySigned,
    RadioEvent,
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
from gateway.p25.words import motorola, tsbk_units
from gateway.p25.words.tables import FUNCTION_ANSWER, INHIBIT, RADIO_CHECK, UNINHIBIT, deny_words
from gateway.p25.words.tsbk import Tsbk

STATUS_UPDATE, CALL_ALERT, EMERGENCY_ALARM = 0x18, 0x1F, 0x27
"""Opcodes that an acknowledgement names as the service it answers."""
MAX_ASKED = 200
"""Acts that wait for an answer at most; the oldest goes first."""


def block_events(block: Tsbk) -> list[RadioEvent]:
    """Return what a block tells by itself, whoever asked."""
    match block:
        case tsbk_units.StatusUpdate() | tsbk_units.StatusQueryResponse():
            value = block.unit_status << 8 | block.user_status
            return [StatusReceived(sender=block.source, to=block.target, value=value)]
        case tsbk_units.CallAlert():
            return [CallAlertReceived(sender=block.source, to=block.target)]
        case tsbk_units.EmergencyAlarmRequest() | motorola.EmergencyAlarmActivation():
            return [_alarm(block.source, block.group)]
        case _:
            return _data(block)


def _data(block: Tsbk) -> list[RadioEvent]:
    """Return what is kept whole: messages, and the comings and goings of units."""
    target: int | None = None
    match block:
        case tsbk_units.MessageUpdate():
            target, words = block.target, f"message {block.message:04X}"
        case tsbk_units.GroupAffiliationRequest():
            words = f"affiliates to {block.group}"
        case tsbk_units.UnitRegistrationRequest():
            words = "registers"
        case tsbk_units.Deregistration():
            words = "leaves the system"
        case _:
            return []
    return [
        DataReceived(
            sender=block.source,
            to=target,
            pid=None,
            raw_hex=block.encode().hex().upper(),
            words=words,
            routine=target is None,
        )
    ]


def alarm_word(word: object) -> list[RadioEvent]:
    """Return the alarm that a link control word is, nothing for any other word."""
    if isinstance(word, motorola.EmergencyAlarm):
        return [_alarm(word.source, word.group)]
    return []


def _alarm(unit: int, group: int) -> EmergencySigned:
    return EmergencySigned(unit=unit, sign=EmergencySign.ALARM, group=group or None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An act on its way: who answers it, by what."""

    message: MessageId
    unit: int
    service: int | None = None
    """Opcode that an acknowledgement or a refusal names."""
    function: int | None = None
    """Extended function of the answer."""
    status: bool = False
    """A status is the answer."""


class UnitActBook:
    """Turns acts into blocks for radios, and their blocks into claims of those acts."""

    def __init__(self, own_id: int) -> None:
        """``own_id`` is the unit that asks."""
        self._own_id = own_id
        self._asked: dict[MessageId, _Asked] = {}

    def ask(self, act: UnitAct) -> bytes:
        """Return the block that asks, twelve octets; the answer is awaited."""
        block, asked = self._block_of(act)
        if asked is not None:
            self._asked[asked.message] = asked
            while len(self._asked) > MAX_ASKED:
                del self._asked[next(iter(self._asked))]
        return block.encode()

    def sent(self, act: UnitAct) -> list[RadioEvent]:
        """Return the claim that an act has left."""
        return [SendProgress(message=act.message, state=SendState.SENT)]

    def heard(self, block: Tsbk) -> list[RadioEvent]:
        """Return what a block tells, and the claims that it is the answer to."""
        return [*block_events(block), *self._answers(block)]

    def lost(self) -> None:
        """Forget what was asked: the way to the radios is gone."""
        self._asked.clear()

    def _answers(self, block: Tsbk) -> list[RadioEvent]:
        match block:
            case tsbk_units.UnitAcknowledge():
                return self._answered(block.source, lambda one: one.service == block.service)
            case tsbk_units.ExtendedFunctionResponse():
                return self._answered(block.source, lambda one: one.function == block.function)
            case tsbk_units.StatusQueryResponse() | tsbk_units.StatusUpdate():
                return self._answered(block.source, lambda one: one.status)
            case tsbk_units.CancelRequest():
                return self._refused(block.source, block.service, block.reason)
            case tsbk_units.Denied():
                return self._refused(block.info or None, block.service, block.reason)
            case _:
                return []

    def _answered(self, unit: int, fits: Callable[[_Asked], bool]) -> list[RadioEvent]:
        for asked in self._asked.values():
            if asked.unit == unit and fits(asked):
                del self._asked[asked.message]
                return [SendProgress(message=asked.message, state=SendState.DELIVERED)]
        return []

    def _refused(self, unit: int | None, service: int, reason: int) -> list[RadioEvent]:
        for asked in self._asked.values():
            if asked.service == service and unit in (None, asked.unit):
                del self._asked[asked.message]
                words = deny_words(reason)
                return [SendProgress(message=asked.message, state=SendState.FAILED, reason=words)]
        return []

    def _block_of(self, act: UnitAct) -> tuple[Tsbk, _Asked | None]:
        own = self._own_id
        match act:
            case CallAlert():
                alert = tsbk_units.CallAlert(inbound=False, target=act.to, source=own)
                return alert, _Asked(act.message, act.to, service=CALL_ALERT)
            case QueryStatus():
                query = tsbk_units.StatusQuery(inbound=False, target=act.to, source=own)
                return query, _Asked(act.message, act.to, status=True)
            case UpdateStatus():
                update = tsbk_units.StatusUpdate(
                    inbound=False,
                    unit_status=act.value >> 8,
                    user_status=act.value & 0xFF,
                    target=act.to,
                    source=own,
                )
                return update, _Asked(act.message, act.to, service=STATUS_UPDATE)
            case RadioCheck():
                return self._function(act.message, act.to, RADIO_CHECK)
            case Inhibit():
                return self._function(act.message, act.to, UNINHIBIT if act.enabled else INHIBIT)
            case AcknowledgeAlarm():
                return tsbk_units.Acknowledge(
                    inbound=False, service=EMERGENCY_ALARM, source=own, target=act.unit
                ), None

    def _function(self, message: MessageId, unit: int, function: int) -> tuple[Tsbk, _Asked]:
        block = tsbk_units.ExtendedFunction(
            inbound=False, function=function, argument=self._own_id, target=unit
        )
        answer = function | FUNCTION_ANSWER
        return block, _Asked(message, unit, service=0x24, function=answer)

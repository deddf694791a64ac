"""A radio that carries private calls, and a room with one: the engine's peer in these tests."""

from collections.abc import Callable
from dataclasses import replace

from gateway.engine.engine import CallEngine
from gateway.model import radio
from gateway.model.command import Reply
from gateway.model.ids import CallId, LinkId, PositionId, RequestId, TalkgroupId, UnitId
from gateway.model.individual import (
    Dial,
    IndividualConnected,
    IndividualEnded,
    IndividualKind,
    IndividualRinging,
)
from gateway.model.individual_commands import (
    IndividualAnswer,
    IndividualDecline,
    IndividualDial,
    IndividualHangUp,
)
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.plan import Plan
from gateway.model.radio import Capability, KeyDemand, RadioEvent
from tests.gateway.engine.peer import ALL, NORTH, PLAN, Room, ScriptedRadio

CAR = UnitId("net/3204")
OTHER = UnitId("net/3120")


class PhoningRadio(ScriptedRadio):
    """Connects and ends as it is told; with ``connects`` it does so by itself."""

    def __init__(
        self,
        link: LinkId,
        sink: Callable[[LinkId, RadioEvent], None],
        capabilities: frozenset[Capability] = ALL,
    ) -> None:
        super().__init__(link, sink, capabilities)
        self.connects = True
        self.reports_end = True
        self.microphone: RequestId | None = None
        self.instance: int | None = None
        self.dialled: Dial | None = None

    def demand(self, demand: KeyDemand) -> None:
        self.wire.append(("demand", demand.demand, demand.group, demand.priority))
        self.wire.append(("individual", demand.individual))
        if self.grants:
            self.grant(demand.demand, instance=demand.individual or 1)

    def end(self, demand: RequestId, cause: str = "released") -> None:
        super().end(demand, cause)
        if demand == self.microphone:
            self.microphone = None
            self.finish("the desk hung up")

    def dial(self, dial: Dial) -> None:
        self.wire.append(("dial", dial.digits, dial.duplex))
        self.dialled, self.microphone = dial, dial.microphone
        if self.connects:
            self.connect(9)

    def answer(self, instance: int, microphone: RequestId | None = None) -> None:
        self.wire.append(("answer", instance, microphone))
        self.microphone = microphone
        if self.connects:
            self.connect(instance)

    def hang_up(self, call: CallId | int) -> None:
        self.wire.append(("hang_up", call))
        self.finish("the desk hung up")

    def connect(self, instance: int) -> None:
        self.instance = instance
        call = self.dialled.call if self.dialled else None
        duplex = self.microphone is not None
        self.say(IndividualConnected(instance=instance, call=call, duplex=duplex))
        if self.microphone is not None:
            self.keyed = self.microphone
            self.say(radio.TxGranted(demand=self.microphone, instance=instance))

    def finish(self, cause: str = "user request") -> None:
        if not self.reports_end:
            return
        call = self.dialled.call if self.dialled else None
        instance, self.instance, self.dialled = self.instance, None, None
        self.say(IndividualEnded(instance=instance, call=call, cause=cause, code=1))

    def ring(
        self,
        instance: int = 5,
        *,
        caller: int | None = 3204,
        duplex: bool = False,
        direct: bool = False,
        digits: str = "",
        emergency: bool = False,
    ) -> None:
        kind = IndividualKind.TELEPHONE if digits else IndividualKind.PRIVATE
        self.instance = instance
        self.say(
            IndividualRinging(
                instance=instance,
                kind=kind,
                caller=None if digits else caller,
                caller_digits=digits,
                duplex=duplex,
                answer_needed=not direct,
                emergency=emergency,
                priority=15 if emergency else 0,
            )
        )

    def acts(self, name: str) -> list[tuple[object, ...]]:
        return [entry for entry in self.wire if entry[0] == name]


class PhoneRoom(Room):
    """A room whose radios carry private calls."""

    north: PhoningRadio
    south: PhoningRadio

    def __init__(
        self, *, rules: tuple[IndividualRule, ...] = (), never: tuple[NeverRecorded, ...] = ()
    ) -> None:
        super().__init__(kind=PhoningRadio)
        self.engine.use_plan(plan_with(rules, never), 2)
        self.all_told()

    def answer(self, call: str, position: str = "1", microphone: str | None = None) -> Reply:
        return self.do(
            IndividualAnswer(
                call=CallId(call),
                position=PositionId(position),
                operator=f"Operator {position}",
                microphone=RequestId(microphone) if microphone else None,
            )
        )

    def decline(self, call: str, position: str) -> Reply:
        return self.do(
            IndividualDecline(call=CallId(call), position=PositionId(position), operator="O")
        )

    def dial(
        self,
        call: str = "c-1",
        *,
        unit: UnitId | None = CAR,
        digits: str = "",
        microphone: str | None = None,
        position: str = "1",
        link: LinkId | None = None,
    ) -> Reply:
        return self.do(
            IndividualDial(
                call=CallId(call),
                position=PositionId(position),
                operator=f"Operator {position}",
                kind="telephone" if digits else "private",
                unit=None if digits else unit,
                digits=digits,
                duplex=microphone is not None,
                microphone=RequestId(microphone) if microphone else None,
                links=(link,) if link else (),
            )
        )

    def hang_up(self, call: str, position: str = "1") -> Reply:
        return self.do(
            IndividualHangUp(call=CallId(call), position=PositionId(position), operator="O")
        )

    def open_mic(self, line: TalkgroupId, request: str = "r-mic", position: str = "1") -> Reply:
        return self.press(request, position, line, source="latch")


def plan_with(rules: tuple[IndividualRule, ...], never: tuple[NeverRecorded, ...]) -> Plan:
    return replace(PLAN, individual_rules=rules, never_recorded=never)


def engine_of(room: PhoneRoom) -> CallEngine:
    return room.engine


__all__ = ["CAR", "NORTH", "OTHER", "PhoneRoom", "PhoningRadio"]

"""What the audit log notes of private calls: who was called, who took it, what was decided."""

from collections.abc import Callable
from typing import Any

from dispatch.audit.entry import SYSTEM, Act, Actor, Obj
from gateway.model import individual_events as ev

Who = Callable[[str | None, str], Actor]
"""Gives the actor at a position."""


def individual_acts(who: Who) -> dict[str, Callable[[Any], Act]]:
    """Return the act of each event type of private calls."""
    return {
        "individual.ringing": _ringing,
        "individual.dialled": lambda e: _dialled(e, who),
        "individual.answered": lambda e: Act(
            op="alter",
            verb="individual.answered",
            actor=who(e.position, e.operator),
            obj=_call(e.call),
            detail={"position": e.position, "waited_ms": e.waited_ms},
        ),
        "individual.declined": lambda e: Act(
            op="alter",
            verb="individual.declined",
            actor=who(e.position, e.operator),
            obj=_call(e.call),
            detail={"position": e.position},
        ),
        "individual.missed": lambda e: Act(
            op="system",
            verb="individual.missed",
            actor=SYSTEM,
            obj=_call(e.call),
            detail={"waited_ms": e.waited_ms},
        ),
        "individual.ended": lambda e: Act(
            op="system",
            verb="individual.ended",
            actor=SYSTEM,
            obj=_call(e.call),
            detail={"outcome": e.outcome, "talked_ms": e.talked_ms, "interrupted": e.interrupted},
        ),
    }  # Any: each function takes the one event class that its key stands for


def _call(call: str, subject: str | None = None) -> Obj:
    return Obj(type="call", id=call, cat="radio", subject=subject)


def _decided(event: ev.IndividualRinging | ev.IndividualDialled) -> dict[str, object]:
    """Return the rule of recording as it was decided, before anybody spoke."""
    return {
        "call_seq": event.call_seq,
        "kind": event.kind,
        "duplex": event.duplex,
        "emergency": event.emergency,
        "recorded": event.recorded,
        "never_recorded": event.protected,
        "reason": event.why,
    }


def _ringing(event: ev.IndividualRinging) -> Act:
    return Act(
        op="collect",
        verb="individual.rang",
        actor=SYSTEM,
        obj=_call(event.call, event.caller or event.digits or None),
        detail=_decided(event) | {"rings_at": list(event.rings_at)},
    )


def _dialled(event: ev.IndividualDialled, who: Who) -> Act:
    return Act(
        op="alter",
        verb="individual.dialled",
        actor=who(event.position, event.operator),
        obj=_call(event.call, event.called or event.digits or None),
        detail=_decided(event) | {"position": event.position},
    )

"""Which bus events the audit log notes as they happen, and as what. Sound is never held up."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch.audit.entry import SYSTEM, Act, Actor, Obj
from dispatch.auth.people import People
from dispatch.services.desk import Desk
from dispatch.services.individual_acts import individual_acts
from dispatch.services.patch_acts import patch_acts
from dispatch.services.record import Record, actor_of
from gateway.model import events as ev
from gateway.model.events import Envelope
from gateway.model.transmit_test import SOUND_WORDS
from gateway.model.unit_commands import INHIBITS

PRESSES_KEPT = 1000
INHIBITS_KEPT = 200


class LiveActs:
    """Notes acts of desks and gateways. Collection of a recording carries its files' hashes."""

    def __init__(self, record: Record, desk: Desk, people: People) -> None:
        """Take where to note, and how to find who acted."""
        self._record = record
        self._desk = desk
        self._people = people
        self._pressed_by: OrderedDict[str, Actor] = OrderedDict()
        self._inhibits: OrderedDict[str, Act] = OrderedDict()
        self._tests: OrderedDict[str, dict[str, object]] = OrderedDict()
        """What the log says of each test transmission: its link and its sound."""
        self._acts: dict[str, Callable[[Any], Act]] = {
            "recording.closed": recording_collected,
            "recording.failed": lambda e: _system(
                "recording.failed", "recording", e.transmission, "failed"
            ),
            "call.started": lambda e: _system(
                "call.started",
                "call",
                e.call,
                detail={
                    "call_seq": e.call_seq,
                    "talkgroup": e.talkgroup,
                    **({"exercise": True} if e.exercise else {}),
                },
            ),
            "call.ended": lambda e: _system(
                "call.ended",
                "call",
                e.call,
                detail={"interrupted": e.interrupted, "talkgroup": e.talkgroup},
            ),
            "alarm.raised": _alarm_raised,
            "message.received": _message_received,
            "floor.granted": lambda e: self._ptt(e, "ptt.granted", {"wait_ms": e.wait_ms}),
            "floor.released": lambda e: self._ptt(e, "ptt.released", _times(e)),
            "floor.refused": lambda e: self._ptt(
                e, "ptt.refused", {"discarded_ms": e.discarded_ms}, "denied"
            ),
            "floor.lost": lambda e: self._ptt(
                e, "ptt.lost", {"cause": e.cause, "on_air_ms": e.on_air_ms}, "failed"
            ),
            "alarm.acknowledged": lambda e: _desk(
                "alarm.acknowledged",
                self._who(e.position, e.operator),
                _obj("alarm", e.alarm),
                {"way": e.way},
            ),
            "alarm.ended": lambda e: _desk(
                "alarm.ended",
                self._who(None, e.operator),
                _obj("alarm", e.alarm),
                {"code": e.reason},
            ),
            "message.opened": lambda e: Act(
                op="consult",
                verb="message.opened",
                actor=self._who(None, e.operator),
                obj=_obj("message", e.message),
            ),
            "message.queued": lambda e: _desk(
                "message.sent",
                self._who(None, e.operator),
                _obj("message", e.message, e.to),
                {"kind": e.kind},
            ),
        }  # Any: each function takes the one event class that its key stands for
        self._acts.update(individual_acts(self._who) | patch_acts())

    def take(self, envelope: Envelope) -> None:
        """Note an event, if it is one that the log keeps."""
        if isinstance(envelope.event, ev.FloorRequested):
            self._remember(envelope.event)
        if isinstance(envelope.event, ev.MessageQueued | ev.MessageProgressed):
            self._follow(envelope.event)
        make = self._acts.get(envelope.event.type)
        if make is not None:
            self._record.note(make(envelope.event))

    def _ptt(
        self,
        event: ev.FloorGranted | ev.FloorReleased | ev.FloorRefused | ev.FloorLost,
        verb: str,
        detail: dict[str, object],
        result: str = "ok",
    ) -> Act:
        test = self._tests.get(event.request)
        if test is not None:
            detail = {**detail, **test, "exercise": True}
            if isinstance(event, ev.FloorRefused | ev.FloorLost):
                detail["reason"] = event.reason
        return Act(
            op="system",
            verb=verb if test is None else verb.replace("ptt.", "link.test_"),
            actor=self._pressed_by.get(event.request) or self._who(event.position, ""),
            obj=_obj("press", event.request),
            result=result,
            detail={"talkgroup": event.talkgroup, "position": event.position, **detail},
        )

    def _remember(self, event: ev.FloorRequested) -> None:
        """Keep who pressed: at its end the position may be somebody else's already."""
        self._pressed_by[event.request] = self._who(event.position, event.operator)
        if len(self._pressed_by) > PRESSES_KEPT:
            self._pressed_by.popitem(last=False)
        if event.test_link is not None:
            sound = SOUND_WORDS.get(event.test_sound, event.test_sound)
            self._tests[event.request] = {"link": event.test_link, "sound": sound}
            if len(self._tests) > PRESSES_KEPT:
                self._tests.popitem(last=False)

    def _follow(self, event: ev.MessageQueued | ev.MessageProgressed) -> None:
        """Note what became of an inhibit, each claim as it comes to be known."""
        if isinstance(event, ev.MessageQueued):
            if event.kind in INHIBITS:
                who, thing = (
                    self._who(None, event.operator),
                    _obj("message", event.message, event.to),
                )
                self._inhibits[event.message] = _desk(f"unit.{event.kind}_outcome", who, thing, {})
                if len(self._inhibits) > INHIBITS_KEPT:
                    self._inhibits.popitem(last=False)
            return
        asked = self._inhibits.get(event.message)
        if asked is not None:
            failed = event.state in ("failed", "unknown")
            detail = {"state": event.state, **({"reason": event.reason} if event.reason else {})}
            self._record.note(replace(asked, result="failed" if failed else "ok", detail=detail))

    def _who(self, position: str | None, operator: str) -> Actor:
        seat = self._desk.seat(position) if position else None
        if seat is not None:
            return actor_of(seat.user, seat.session.id)
        matches = [user for user in self._people.users() if user.display_name == operator]
        return actor_of(matches[0]) if len(matches) == 1 else Actor(id="unknown")


def recording_collected(event: ev.RecordingClosed) -> Act:
    """Return the act that ties the bytes of a recording to the log: the hashes of its files."""
    return Act(
        op="collect",
        verb="recording.closed",
        actor=SYSTEM,
        obj=_obj("recording", event.transmission),
        detail={
            "sha256": [file.sha256 for file in event.files],
            "call": event.call,
            "duration_ms": event.duration_ms,
            "interrupted": event.interrupted,
        },
        late=event.late,
    )


def _alarm_raised(event: ev.AlarmRaised) -> Act:
    return Act(
        op="collect",
        verb="alarm.raised",
        actor=SYSTEM,
        obj=_obj("alarm", event.alarm, event.unit),
        detail={
            "sign": event.sign,
            "again": event.again,
            "exercise": event.exercise,
            **({"no_exercise": True} if event.no_exercise else {}),
        },
        late=event.late,
    )


def _message_received(event: ev.MessageReceived) -> Act:
    return Act(
        op="collect",
        verb="message.received",
        actor=SYSTEM,
        obj=_obj("message", event.message, event.sender),
    )


def _times(event: ev.FloorReleased) -> dict[str, object]:
    """Return the times of a press; sound of a press never granted is counted, not kept."""
    return {
        "cause": event.cause,
        "on_air_ms": event.on_air_ms,
        "discarded_ms": event.discarded_ms,
    }


def _system(
    verb: str, kind: str, thing: str, result: str = "ok", detail: dict[str, object] | None = None
) -> Act:
    return Act(
        op="system",
        verb=verb,
        actor=SYSTEM,
        obj=_obj(kind, thing),
        result=result,
        detail=detail or {},
    )


def _desk(verb: str, who: Actor, obj: Obj, detail: dict[str, object]) -> Act:
    return Act(op="alter", verb=verb, actor=who, obj=obj, detail=detail)


def _obj(kind: str, thing: str, subject: str | None = None) -> Obj:
    return Obj(type=kind, id=thing, cat="radio", subject=subject)

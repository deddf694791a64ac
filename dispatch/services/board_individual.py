"""Private calls on the live board: those that ring, run, or were missed."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from dispatch.services.rows import Row
from gateway.model import individual_events as ev
from gateway.model.envelope import Event
from gateway.model.ids import UtcUs

KEPT_MISSED = 20
KEPT_LINKS = 1000
MISSED_US = 86_400_000_000
"""Missed calls are shown for a day."""


class IndividualBoard:
    """Open private calls, and the last that nobody answered."""

    def __init__(self) -> None:
        """Begin with none."""
        self.calls: dict[str, Row] = {}
        self.missed: deque[Row] = deque(maxlen=KEPT_MISSED)
        self._links: OrderedDict[str, str] = OrderedDict()
        self._handlers: dict[str, Callable[[Any, UtcUs], None]] = {
            "individual.ringing": self._ringing,
            "individual.dialled": self._dialled,
            "individual.passed_on": self._rings_at,
            "individual.declined": self._rings_at,
            "individual.progressed": self._progressed,
            "individual.answered": self._answered,
            "individual.connected": self._connected,
            "individual.talker_changed": self._talker,
            "individual.missed": self._missed,
            "individual.ended": self._ended,
        }  # Any: each handler takes the one event class that its key stands for

    def apply(self, event: Event, now: UtcUs) -> None:
        """Take an event into the picture."""
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(event, now)
        if isinstance(event, ev.IndividualRinging | ev.IndividualDialled):
            self._links[event.call] = event.link
            if len(self._links) > KEPT_LINKS:
                self._links.popitem(last=False)

    def row(self, call: str) -> Row | None:
        """Return an open call, or a missed one."""
        found = self.calls.get(call)
        return found or next((row for row in self.missed if row["call"] == call), None)

    def link_of(self, call: str) -> str | None:
        """Return the radio of a call, of one that just ended too."""
        return self._links.get(call)

    def by_line(self, line: str) -> Row | None:
        """Return the open call of a line."""
        return next((row for row in self.calls.values() if row["line"] == line), None)

    def of_position(self, position: str) -> Row | None:
        """Return the call that a position has."""
        return next((row for row in self.calls.values() if row["position"] == position), None)

    def rows(self, now: UtcUs) -> list[Row]:
        """Return all open calls and the missed ones of the last day."""
        recent = [row for row in self.missed if now - row["ended_utc"] < MISSED_US]
        return [*self.calls.values(), *recent]

    def keep_missed(self, row: Row) -> None:
        """Take a missed call of before a start; the newest is given first."""
        self.missed.append(row)
        self._links[row["call"]] = row["link"]

    # ---- handlers ------------------------------------------------------------------------------

    def _ringing(self, event: ev.IndividualRinging, now: UtcUs) -> None:
        self.calls[event.call] = individual_row(event, now) | {
            "incoming": True,
            "other": event.caller,
            "state": "ringing",
            "direct": event.direct,
            "queue_priority": event.queue_priority,
            "encrypted": event.encrypted,
            "rings_at": list(event.rings_at),
        }

    def _dialled(self, event: ev.IndividualDialled, now: UtcUs) -> None:
        self.calls[event.call] = individual_row(event, now) | {
            "other": event.called,
            "position": event.position,
            "operator": event.operator,
        }
        for row in self.missed:
            same = (row["other"], row["digits"]) == (event.called, event.digits)
            if same and not row["called_back_by"]:
                row["called_back_by"] = event.operator

    def _rings_at(self, event: ev.IndividualPassedOn | ev.IndividualDeclined, now: UtcUs) -> None:
        if (row := self.calls.get(event.call)) is not None:
            row["rings_at"] = list(event.rings_at)

    def _progressed(self, event: ev.IndividualProgressed, now: UtcUs) -> None:
        if (row := self.calls.get(event.call)) is not None:
            row["progress"] = event.progress

    def _answered(self, event: ev.IndividualAnswered, now: UtcUs) -> None:
        if (row := self.calls.get(event.call)) is not None:
            row.update(state="taken", position=event.position, operator=event.operator)

    def _connected(self, event: ev.IndividualConnected, now: UtcUs) -> None:
        if (row := self.calls.get(event.call)) is not None:
            row.update(state="connected", connected_utc=now, encrypted=event.encrypted)

    def _talker(self, event: ev.IndividualTalkerChanged, now: UtcUs) -> None:
        if (row := self.calls.get(event.call)) is not None:
            row["talker"] = event.talker

    def _missed(self, event: ev.IndividualMissed, now: UtcUs) -> None:
        if (row := self.calls.get(event.call)) is not None:
            missed = row | {"state": "missed", "ended_utc": now, "cause": event.reason}
            self.missed.appendleft(missed)

    def _ended(self, event: ev.IndividualEnded, now: UtcUs) -> None:
        self.calls.pop(event.call, None)


def individual_row(event: ev.IndividualRinging | ev.IndividualDialled, now: int) -> Row:
    """Return the row of a private call that begins."""
    return {
        "call": event.call,
        "line": event.line,
        "link": event.link,
        "kind": event.kind,
        "incoming": False,
        "other": None,
        "digits": event.digits,
        "alias": event.alias,
        "duplex": event.duplex,
        "direct": False,
        "emergency": event.emergency,
        "queue_priority": 0,
        "encrypted": False,
        "recorded": event.recorded,
        "why": event.why,
        "protected": event.protected,
        "rings_at": [],
        "position": None,
        "operator": "",
        "state": "dialling",
        "progress": "",
        "talker": "",
        "started_utc": now,
        "connected_utc": None,
        "ended_utc": None,
        "cause": "",
        "called_back_by": "",
    }

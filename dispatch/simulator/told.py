"""What a draft under trial does, in words: each event, and which positions it reaches. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import LinkId, TalkgroupId, UnitId
from gateway.model.plan import Plan
from gateway.model.unit_rules import UnitNames

SEES, HEARS, TALKS = "sees", "hears", "talks"
EVERY = "*"
"""Stands for all talkgroups in the rights of a position that nobody has taken."""
CALL, ALARM, PRESS, LINK, MESSAGE = "call", "alarm", "press", "link", "message"
PATCH = "patch"
NOT_PLANNED = "a talkgroup that the draft does not have"
LOST = frozenset({"down", "closed", "unregistered"})


@dataclass(frozen=True, slots=True)
class Desks:
    """What each position may do on which talkgroups, as it is for who sits there now."""

    rights: Mapping[str, Mapping[str, object]]

    def of(self, right: str, talkgroup: str | None) -> tuple[str, ...]:
        """Return the positions with a right on a talkgroup; none of them for an unknown one."""
        return tuple(name for name in self.rights if self.has(name, right, talkgroup))

    def has(self, position: str, right: str, talkgroup: str | None) -> bool:
        """Say whether a position has a right on a talkgroup."""
        allowed = self.rights.get(position, {}).get(right, ())
        return allowed == EVERY or (isinstance(allowed, list | tuple) and talkgroup in allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of what happened. ``seen`` and ``heard``: positions."""

    kind: str
    words: str
    talkgroup: str = ""
    link: str = ""
    seen: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()
    refused: bool = False
    position: str = ""
    """Who pressed."""

    def row(self, t_utc: int) -> dict[str, Any]:  # JSON values
        """Return it as a row."""
        return {
            "t_utc": t_utc,
            "kind": self.kind,
            "words": self.words,
            "talkgroup": self.talkgroup,
            "link": self.link,
            "seen": list(self.seen),
            "heard": list(self.heard),
            "refused": self.refused,
            "position": self.position,
        }


class _Boards:
    """What a layout of the draft shows of a talkgroup at a position, and how it begins."""

    def __init__(self, plan: Plan) -> None:
        self._layouts = {p: one for one in plan.layouts for p in one.positions}
        self._cells = {
            one.id: {cell.talkgroup: cell for page in one.pages for cell in page.cells}
            for one in plan.layouts
        }

    def shown(self, position: str, talkgroup: TalkgroupId) -> bool:
        """Say whether a position has a cell, or its tab of others, for a talkgroup."""
        layout = self._layouts.get(position)
        return layout is None or bool(layout.others) or talkgroup in self._cells[layout.id]

    def muted(self, position: str, talkgroup: TalkgroupId) -> bool:
        """Say whether a talkgroup begins muted at a position."""
        layout = self._layouts.get(position)
        cell = self._cells[layout.id].get(talkgroup) if layout else None
        return cell is not None and cell.muted


class Teller:
    """Puts events of a gateway into words for who tries a draft."""

    def __init__(self, plan: Plan, desks: Desks) -> None:
        """Take the draft and the rights of its positions."""
        self._desks = desks
        self._groups = {group.id: group for group in plan.talkgroups}
        self._links = {link.id: link.name for link in plan.links}
        self._boards = _Boards(plan)
        self._homes: dict[str, TalkgroupId | None] = {u.id: u.talkgroup for u in plan.units}
        self._names = UnitNames(plan.unit_rules)
        self._aliases = {str(unit.id): unit.alias for unit in plan.units}
        self._states: dict[LinkId, str] = {}

    def tell(self, event: Event) -> Told | None:
        """Return what an event means for the positions; None when nothing."""
        match event:
            case ev.TransmissionStarted():
                return self._over(event)
            case ev.AlarmRaised():
                return self._alarm(event)
            case ev.AlarmEscalated():
                return Told(kind=ALARM, words=f"the emergency goes on to: {event.step}")
            case ev.LinkChanged():
                return self._link(event)
            case _:
                return self._message(event) or self._patch(event) or self._press(event)

    def _message(self, event: Event) -> Told | None:
        match event:
            case ev.MessageReceived():
                words = f"{self._alias(event.sender)}: {event.text or 'a message'}"
                home = event.talkgroup or self._homes.get(event.sender or "")
                return self._of(MESSAGE, home, words, link=event.link)
            case ev.UnitStatusSet():
                words = f"{self._alias(event.unit)}: status {event.words or event.value}"
                return self._of(MESSAGE, self._homes.get(event.unit), words, link=event.link)
            case _:
                return None

    def _alias(self, unit: str | None) -> str:
        if unit is None:
            return "an unknown unit"
        return self._aliases.get(unit) or self._names.alias(UnitId(unit)) or unit

    def name(self, talkgroup: str | None) -> str:
        """Return the name of a talkgroup."""
        known = self._groups.get(TalkgroupId(talkgroup)) if talkgroup else None
        return known.name if known else NOT_PLANNED

    def _patch(self, event: Event) -> Told | None:
        match event:
            case ev.PatchMade():
                names = ", ".join(map(self.name, event.members))
                return Told(kind=PATCH, words=f"patch {event.label} joins {names}")
            case ev.PatchSkipped():
                words = f"patch {event.label} does not reach {self.name(event.talkgroup)}"
                return Told(kind=PATCH, words=f"{words}: {event.reason}", refused=True)
            case ev.PatchEnded():
                return Told(kind=PATCH, words="a patch has ended")
            case _:
                return None

    def _of(
        self,
        kind: str,
        talkgroup: str | None,
        words: str,
        *,
        link: str = "",
        refused: bool = False,
        position: str = "",
    ) -> Told:
        return Told(
            kind=kind,
            words=words,
            talkgroup=talkgroup or "",
            link=self._links.get(LinkId(link), link),
            seen=self._desks.of(SEES, talkgroup),
            refused=refused,
            position=position,
        )

    def _over(self, event: ev.TransmissionStarted) -> Told:
        name, via = self.name(event.talkgroup), self._links.get(event.link, event.link)
        if event.position is not None:
            who, way = f"Position {event.position}", f"on the air through {via}"
        elif event.patch is not None:
            who = event.alias or event.talker or "an unknown unit"
            way = f"passed on by patch {event.patch_label} through {via}"
        else:
            who, way = event.alias or event.talker or "an unknown unit", f"comes over {via}"
        mark = "EMERGENCY: " if event.emergency else ""
        group, shown = event.talkgroup, self._boards.shown
        hears = (p for p in self._desks.of(HEARS, group) if p != event.position)
        heard = tuple(p for p in hears if shown(p, group) and not self._boards.muted(p, group))
        if not event.readable:
            heard, way = (), f"{way}, encrypted and not readable here"
        return Told(
            kind=CALL,
            words=f"{mark}{who} talks on {name}, {way}",
            talkgroup=event.talkgroup,
            link=via,
            seen=tuple(p for p in self._desks.of(SEES, group) if shown(p, group)),
            heard=heard,
        )

    def _alarm(self, event: ev.AlarmRaised) -> Told:
        name = self.name(event.talkgroup)
        told = self._of(
            ALARM,
            event.talkgroup,
            f"emergency of {event.alias or self._alias(event.unit)} on {name}",
            link=event.link,
        )
        if told.seen:
            return told
        words = f"{told.words}: it reaches NO position"
        return Told(kind=ALARM, words=words, talkgroup=told.talkgroup, link=told.link, refused=True)

    def _link(self, event: ev.LinkChanged) -> Told | None:
        before = self._states.get(event.link)
        self._states[event.link] = event.state
        if before == event.state:
            return None
        why = f": {event.reason}" if event.reason else ""
        name = self._links.get(event.link, event.link)
        return Told(
            kind=LINK,
            words=f"{name} is {event.state}{why}",
            link=name,
            refused=event.state in LOST and before is not None,
        )

    def _press(self, event: Event) -> Told | None:
        match event:
            case ev.FloorGranted():
                words = f"Position {event.position} is on air on {self.name(event.talkgroup)}"
                words = f"{words} after {event.wait_ms} ms"
                return self._of(PRESS, event.talkgroup, words, position=event.position)
            case ev.FloorQueued():
                words = f"Position {event.position} waits for {self.name(event.talkgroup)}"
                return self._of(PRESS, event.talkgroup, words, position=event.position)
            case ev.FloorRefused():
                what = "Not sent" if event.not_sent else "Refused"
                return self._not_granted(event.position, event.talkgroup, what, event.reason)
            case ev.FloorLost():
                return self._not_granted(
                    event.position, event.talkgroup, "Cut off", event.reason or event.cause
                )
            case _:
                return None

    def _not_granted(self, position: str, talkgroup: TalkgroupId, what: str, why: str) -> Told:
        words = f"Position {position} on {self.name(talkgroup)}: {what}: {why or 'no reason told'}"
        return self._of(PRESS, talkgroup, words, refused=True, position=position)

    def refused(self, position: str, talkgroup: str, why: str) -> Told:
        """Return the line of a press that never reached a radio."""
        return self._not_granted(position, TalkgroupId(talkgroup), "Refused", why)


def per_position(
    rows: Iterable[Mapping[str, Any]], positions: Iterable[str]
) -> list[dict[str, Any]]:  # JSON values
    """Return for each position what it saw and heard, in counts, and the alarms that reached it."""
    told = list(rows)
    return [
        {
            "position": position,
            "seen": sum(position in row["seen"] for row in told),
            "heard": sum(position in row["heard"] for row in told),
            "alarms": sum(row["kind"] == ALARM and position in row["seen"] for row in told),
            "refused": sum(
                row["kind"] == PRESS and row["refused"] and row["position"] == position
                for row in told
            ),
        }
        for position in positions
    ]

"""What people use now: selected talkgroups, calls, alarms. Read from the live picture."""

from dataclasses import dataclass, field

from dispatch.services.board import Board
from dispatch.services.desk import Desk
from gateway.model.ids import TalkgroupId

CALL, ALARM = "a call is running", "an alarm is open"


@dataclass(frozen=True, slots=True)
class Usage:
    """One moment. ``why`` names for each talkgroup in use who uses it, in words."""

    why: dict[TalkgroupId, tuple[str, ...]] = field(default_factory=dict)
    calls: frozenset[TalkgroupId] = frozenset()
    alarms: frozenset[TalkgroupId] = frozenset()
    selected: dict[str, TalkgroupId] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    """Positions that somebody has."""
    unacknowledged: tuple[str, ...] = ()
    """Alarms that nobody has acknowledged, in words."""

    def busy(self) -> dict[TalkgroupId, str]:
        """Return the talkgroups in use, each with its reason."""
        return {talkgroup: ", ".join(words) for talkgroup, words in self.why.items()}


def usage_now(board: Board, desk: Desk) -> Usage:
    """Return what is used now; quick, for the event loop."""
    why: dict[TalkgroupId, list[str]] = {}
    calls = board.talkgroups.with_calls()
    for talkgroup in calls:
        why.setdefault(talkgroup, []).append(CALL)
    selected = desk.selected()
    for position, talkgroup in sorted(selected.items()):
        why.setdefault(talkgroup, []).append(f"Position {position} has selected it")
    alarms: set[TalkgroupId] = set()
    unacknowledged = []
    for row in board.alarms.values():
        where = row.get("talkgroup")
        if row["state"] != "acknowledged":
            unacknowledged.append(f"{row.get('alias') or row.get('unit') or 'unknown unit'}")
        if where:
            alarms.add(TalkgroupId(where))
            why.setdefault(TalkgroupId(where), []).append(ALARM)
    return Usage(
        why={talkgroup: tuple(words) for talkgroup, words in why.items()},
        calls=calls,
        alarms=frozenset(alarms),
        selected={str(position): talkgroup for position, talkgroup in selected.items()},
        taken=desk.taken(),
        unacknowledged=tuple(unacknowledged),
    )

"""Who sees what of a patch: its members as far as one knows them, and how many others there are."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dispatch.auth.access import Access
from dispatch.events import MixConfirmed
from dispatch.services.rows import Row
from gateway.model import events as ev
from gateway.model.envelope import Event

Words = Callable[[Access, str], str]
"""Takes the names out of the gateway's words that a person may not know."""
Rule = Callable[[Any, Access], Event | None]
MixRow = Callable[[Access, Row], Row | None]


def _no_mix(access: Access, row: Row) -> Row | None:
    return None


class PatchSight:
    """Cuts patches to what a person may know."""

    def __init__(self, words: Words, mix: MixRow = _no_mix) -> None:
        """Take what cuts words, and what a person is shown of a mixed patch."""
        self._words = words
        self._mix = mix

    def rules(self) -> dict[str, Rule]:
        """Return the rule of each event type."""
        return {
            "patch.made": self._members,
            "patch.changed": self._members,
            "patch.ended": self._members,
            "patch.waits": self._waits,
            "patch.member_changed": self._member,
            "patch.skipped": self._member,
            "patch.call_joined": self._talkgroup,
            "patch.mix_confirmed": _own,
        }  # Any: each rule takes the one event class that its key stands for

    def row(self, access: Access, row: Row) -> Row | None:
        """Return a patch as this person may see it, None when none of its members is theirs."""
        if not access.may("board.see"):
            return None
        members = [m for m in row["members"] if access.sees(m["talkgroup"])]
        if not members:
            return None
        shown = [
            {
                **m,
                "reason": self._cut(access, m["reason"]),
                "skipped": self._cut(access, m["skipped"]),
            }
            for m in members
        ]
        hidden = len(row["members"]) - len(members)
        return {**row, "members": shown, "hidden": hidden, "mix": self._mix(access, row)}

    def wait_row(self, access: Access, row: Row) -> Row | None:
        """Return a patch of the plan that waits: shown to who sees all of it, reason and all."""
        sees = access.may("board.see") and all(access.sees(m) for m in row["members"])
        return row if sees else None

    def _cut(self, access: Access, text: str) -> str:
        return self._words(access, text)

    def _members(
        self, event: ev.PatchMade | ev.PatchChanged | ev.PatchEnded, access: Access
    ) -> Event | None:
        seen = tuple(member for member in event.members if access.sees(member))
        if not seen or not access.may("board.see"):
            return None
        if isinstance(event, ev.PatchEnded):
            return replace(event, members=seen)
        return replace(event, members=seen, hidden=len(event.members) - len(seen))

    def _waits(self, event: ev.PatchWaits, access: Access) -> Event | None:
        sees = access.may("board.see") and all(access.sees(m) for m in event.members)
        return event if sees else None

    def _member(
        self, event: ev.PatchMemberChanged | ev.PatchSkipped, access: Access
    ) -> Event | None:
        if not access.sees(event.talkgroup) or not access.may("board.see"):
            return None
        return replace(event, reason=self._cut(access, event.reason))

    def _talkgroup(self, event: ev.PatchCallJoined, access: Access) -> Event | None:
        return event if access.sees(event.talkgroup) and access.may("board.see") else None


def _own(event: MixConfirmed, access: Access) -> Event | None:
    """Who has confirmed what is told to nobody else, but to all windows of that person."""
    return event if event.user == access.user.id else None

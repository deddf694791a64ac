"""Patches on the live board: those that stand, and those of the plan that wait."""

from collections.abc import Callable
from typing import Any

from dispatch.services.rows import Row
from gateway.model import events as ev
from gateway.model.envelope import Event
from gateway.model.ids import UtcUs


class PatchBoard:
    """Which talkgroups are joined now, by whom, until when, and what stands in the way."""

    def __init__(self) -> None:
        """Begin with none."""
        self.patches: dict[str, Row] = {}
        self.waits: dict[str, Row] = {}
        self._handlers: dict[str, Callable[[Any, UtcUs], None]] = {
            "patch.made": self._made,
            "patch.changed": self._changed,
            "patch.ended": self._ended,
            "patch.member_changed": self._member,
            "patch.skipped": self._skipped,
            "patch.waits": self._waits,
            "transmission.started": self._passed_on,
        }  # Any: each handler takes the one event class that its key stands for

    def apply(self, event: Event, now: UtcUs) -> None:
        """Take an event into the picture."""
        handler = self._handlers.get(event.type)
        if handler is not None:
            handler(event, now)

    def row(self, patch: str) -> Row | None:
        """Return a patch that stands."""
        return self.patches.get(patch)

    def of(self, talkgroup: str) -> Row | None:
        """Return the patch that a talkgroup is in."""
        return next((row for row in self.patches.values() if _member(row, talkgroup)), None)

    def _made(self, event: ev.PatchMade, now: UtcUs) -> None:
        self.patches[event.patch] = {
            "id": event.patch,
            "label": event.label,
            "name": event.name,
            "members": [_new_member(member) for member in event.members],
            "hidden": 0,
            "owner": event.owner,
            "owner_id": event.owner_id,
            "position": event.position,
            "reason": event.reason,
            "since_utc": event.since_utc or now,
            "until_utc": event.until_utc,
            "mixed": event.mixed,
            "from_plan": event.from_plan,
        }

    def _changed(self, event: ev.PatchChanged, now: UtcUs) -> None:
        row = self.patches.get(event.patch)
        if row is not None:
            known = {member["talkgroup"]: member for member in row["members"]}
            row.update(name=event.name, until_utc=event.until_utc, mixed=event.mixed)
            row["members"] = [known.get(tg) or _new_member(tg) for tg in event.members]

    def _ended(self, event: ev.PatchEnded, now: UtcUs) -> None:
        self.patches.pop(event.patch, None)

    def _member(self, event: ev.PatchMemberChanged, now: UtcUs) -> None:
        if (row := self.patches.get(event.patch)) is not None:
            for member in row["members"]:
                if member["talkgroup"] == event.talkgroup:
                    member.update(ready=event.ready, reason=event.reason)

    def _skipped(self, event: ev.PatchSkipped, now: UtcUs) -> None:
        if (row := self.patches.get(event.patch)) is not None:
            for member in row["members"]:
                if member["talkgroup"] == event.talkgroup:
                    member.update(skipped=event.reason, skipped_utc=now)

    def _passed_on(self, event: ev.TransmissionStarted, now: UtcUs) -> None:
        """Take that a member is heard on again: what was skipped before is past."""
        row = self.patches.get(event.patch or "")
        member = _member(row, event.talkgroup) if row is not None else None
        if member is not None:
            member.update(skipped="", skipped_utc=None)

    def _waits(self, event: ev.PatchWaits, now: UtcUs) -> None:
        self.waits.pop(event.label, None)
        if event.reason:
            self.waits[event.label] = {
                "label": event.label,
                "name": event.name,
                "members": list(event.members),
                "reason": event.reason,
            }


def _new_member(talkgroup: str) -> Row:
    return {
        "talkgroup": talkgroup,
        "ready": None,
        "reason": "",
        "skipped": "",
        "skipped_utc": None,
    }


def _member(row: Row, talkgroup: str) -> Row | None:
    return next((one for one in row["members"] if one["talkgroup"] == talkgroup), None)

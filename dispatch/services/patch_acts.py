"""What the audit log notes of patches as they begin and end, whoever or whatever did it."""

from collections.abc import Callable
from typing import Any

from dispatch.audit.entry import SYSTEM, Act, Obj
from gateway.model import events as ev


def patch_acts() -> dict[str, Callable[[Any], Act]]:
    """Return the act of each event type of patches."""
    return {
        "patch.made": _made,
        "patch.ended": _ended,
        "patch.changed": lambda e: _system(
            "patch.changed", e.patch, {"members": list(e.members), "until_utc": e.until_utc}
        ),
        "patch.skipped": lambda e: _system(
            "patch.skipped", e.patch, {"transmission": e.source, "talkgroup": e.talkgroup}
        ),
    }  # Any: each function takes the one event class that its key stands for


def _made(event: ev.PatchMade) -> Act:
    detail: dict[str, object] = {
        "label": event.label,
        "members": list(event.members),
        "until_utc": event.until_utc,
        "mixed": event.mixed,
        "from_plan": event.from_plan,
        "restored": event.restored,
    }
    return _system("patch.stands", event.patch, detail)


def _ended(event: ev.PatchEnded) -> Act:
    return _system("patch.ended", event.patch, {"label": event.label, "cause": event.cause})


def _system(verb: str, patch: str, detail: dict[str, object]) -> Act:
    return Act(
        op="system",
        verb=verb,
        actor=SYSTEM,
        obj=Obj(type="patch", id=patch, cat="radio"),
        detail=detail,
    )

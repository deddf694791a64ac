"""What an activation would do to patches, in words: to the plan's own, and to live ones. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.ids import TalkgroupId
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Plan


@dataclass(frozen=True, slots=True)
class PatchEffect:
    """What becomes of one patch."""

    label: str
    name: str
    what: str


def patch_effects(before: Plan, target: Plan) -> tuple[PatchEffect, ...]:
    """Return what becomes of the patches that stand by default, by label."""
    old = {one.id: one for one in before.patches if one.active}
    new = {one.id: one for one in target.patches if one.active}
    names = {group.id: group.name for group in (*before.talkgroups, *target.talkgroups)}
    effects = []
    for label in sorted(old.keys() | new.keys(), key=lambda one: (len(one), one)):
        was, now = old.get(label), new.get(label)
        what = _what(was, now, names)
        named = now or was
        if what and named is not None:
            effects.append(PatchEffect(label, named.name, what))
    return tuple(effects)


def _what(was: PlanPatch | None, now: PlanPatch | None, names: dict[TalkgroupId, str]) -> str:
    if now is None:
        return "ends, after the over that runs"
    if was is None:
        return f"is made: {_told(now.members, names)}"
    come = [member for member in now.members if member not in was.members]
    gone = [member for member in was.members if member not in now.members]
    words = [f"with {_told(come, names)}"] if come else []
    words += [f"without {_told(gone, names)}"] if gone else []
    return f"goes on, {' and '.join(words)}" if words else ""


def _told(members: Iterable[TalkgroupId], names: dict[TalkgroupId, str]) -> str:
    return " + ".join(names.get(member, member) for member in members)

"""What an activation would do now: to each console, link and call in progress. Pure."""

from dataclasses import dataclass

from dispatch.plans.compare import REMOVED, Comparison
from dispatch.plans.compared import Compared, compared
from dispatch.plans.overlay import Kept, carried, overlay, reopens
from dispatch.plans.patch_effects import PatchEffect, patch_effects
from dispatch.plans.usage import Usage
from gateway.model.ids import TalkgroupId
from gateway.model.plan import Link, Plan

OPENED, CLOSED, REOPENED, ADAPTED = "opened", "closed", "opened anew", "changed without a gap"


@dataclass(frozen=True, slots=True)
class LinkEffect:
    """What becomes of one link. ``calls``: talkgroups with a call on it now."""

    link: str
    name: str
    what: str
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsoleEffect:
    """What one position would see change."""

    position: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that an activation would touch."""

    links: tuple[LinkEffect, ...]
    consoles: tuple[ConsoleEffect, ...]
    calls: tuple[str, ...]
    """Calls in progress on what the plan touches: they go on, and the change waits for them."""
    alarms: tuple[str, ...]
    waits: tuple[Kept, ...]
    patches: tuple[PatchEffect, ...] = ()
    refused: str = ""
    """Why it cannot be activated at this moment, empty when it can."""


def simulate(before: Plan, target: Plan, usage: Usage) -> Effects:
    """Return what activating ``target`` would do while ``before`` runs and people use it."""
    both = compared(before, target)
    touched = touched_talkgroups(before, target, both.differences)
    names = {group.id: group.name for group in (*target.talkgroups, *before.talkgroups)}
    return Effects(
        links=link_effects(before, target, usage),
        consoles=_consoles(both, usage),
        calls=tuple(sorted(names.get(t, t) for t in usage.calls & touched)),
        alarms=tuple(sorted(names.get(t, t) for t in usage.alarms & touched)),
        waits=overlay(before, target, usage.busy()).kept,
        patches=patch_effects(before, target),
        refused=refusal(usage),
    )


def refusal(usage: Usage) -> str:
    """Return why nothing is activated now: an emergency that nobody has acknowledged."""
    if not usage.unacknowledged:
        return ""
    return f"an emergency is not acknowledged: {', '.join(usage.unacknowledged)}"


def link_effects(before: Plan, target: Plan, usage: Usage) -> tuple[LinkEffect, ...]:
    """Return what becomes of each link that is touched, in the order of the plan."""
    old = {link.id: link for link in before.links}
    effects = []
    for link in target.links:
        known = old.pop(link.id, None)
        if known == link:
            continue
        what = OPENED if known is None else REOPENED if reopens(known, link) else ADAPTED
        effects.append(_effect(known or link, what, usage))
    effects += [_effect(link, CLOSED, usage) for link in old.values()]
    return tuple(effects)


def _effect(link: Link, what: str, usage: Usage) -> LinkEffect:
    calls = tuple(sorted(carried(link) & usage.calls))
    return LinkEffect(link.id, link.name, what, calls)


def touched_talkgroups(before: Plan, target: Plan, found: Comparison) -> frozenset[TalkgroupId]:
    """Return the talkgroups that change themselves, or by a link that carries them."""
    direct = {TalkgroupId(change.id) for change in found.of("talkgroup")}
    changed = {change.id for change in found.of("link")}
    by_link = {
        talkgroup
        for link in (*before.links, *target.links)
        if link.id in changed
        for talkgroup in carried(link)
    }
    return frozenset(direct | by_link)


def _consoles(both: Compared, usage: Usage) -> tuple[ConsoleEffect, ...]:
    """Return what each position would be told, and what of it waits for what it has selected."""
    found, target = both.differences, both.after
    names = {group.id: group.name for group in (*target.talkgroups, *both.before.talkgroups)}
    touched = {change.id for change in found.of("talkgroup")}
    effects = []
    for position in target.positions:
        told = [line for line in both.lines(position) if not line.without]
        lines = [line.words for line in told]
        selected = usage.selected.get(position)
        stands = {group for line in told for group in (*line.every, *line.former)}
        if selected is not None and selected in stands | touched:
            name = names.get(selected, selected)
            lines.insert(0, f"{name} is selected: keeps cell, name and link until it is released")
        if lines:
            effects.append(ConsoleEffect(position, tuple(lines)))
    gone = {change.id for change in found.of("position") if change.what == REMOVED}
    effects += [ConsoleEffect(p, ("this position goes",)) for p in sorted(gone)]
    return tuple(effects)

"""Compares a file's talkgroups with the plan and makes the next plan. Deletes nothing.

The three policies are *add* (only new ones), *update* (also fields the file knows) and *keep*
(update, but a field that differs from the file and from an empty one stays: edited by hand).
"""

from dataclasses import dataclass, replace

from dispatch.errors import ServiceError
from dispatch.importing.talkgroups import Imported
from gateway.model.plan import Plan, Talkgroup

POLICIES = ("add", "update", "keep")
UNFILED = "Imported"
FIELDS = (
    "name",
    "description",
    "folder",
    "agency",
    "agency_kind",
    "priority",
    "recorded",
    "encrypted",
)
EMPTY: dict[str, object] = {
    "name": "",
    "description": "",
    "folder": UNFILED,
    "agency": "",
    "agency_kind": "misc",
    "priority": 0,
    "recorded": True,
    "encrypted": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that the import would change."""

    talkgroup: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What an import does. ``removed`` is always empty: what the file lacks stays."""

    added: tuple[str, ...]
    changed: tuple[Change, ...]
    unchanged: int
    kept: tuple[Change, ...]
    """Differences that the policy leaves alone."""
    plan: Plan


def merge(plan: Plan, system: str, talkgroups: list[Imported], policy: str = "keep") -> Diff:
    """Return the diff and the next plan; raises ServiceError on an unknown system or policy."""
    known = [item.id for item in plan.systems]
    if system not in known:
        raise ServiceError(f"system: expected one of {', '.join(known)}, got {system!r}")
    if policy not in POLICIES:
        raise ServiceError(f"policy: expected one of {', '.join(POLICIES)}, got {policy!r}")
    present = {tg.number: tg for tg in plan.talkgroups if tg.system == system}
    added: list[Talkgroup] = []
    changed: list[Change] = []
    kept: list[Change] = []
    unchanged = 0
    result = dict(present)
    for item in talkgroups:
        before = present.get(item.number)
        if before is None:
            added.append(_new(plan, system, item))
            continue
        wanted, left = _differences(before, item, policy)
        changed += wanted
        kept += left
        unchanged += not wanted
        if wanted:
            names = {change.field for change in wanted}
            values = {name: getattr(item, name) for name in names}
            result[item.number] = replace(before, **values)
    kept_order = tuple(result[tg.number] if tg.system == system else tg for tg in plan.talkgroups)
    return Diff(
        added=tuple(tg.id for tg in added),
        changed=tuple(changed),
        unchanged=unchanged,
        kept=tuple(kept),
        plan=replace(plan, talkgroups=(*kept_order, *added)),
    )


def _new(plan: Plan, system: str, item: Imported) -> Talkgroup:
    system_id = next(known.id for known in plan.systems if known.id == system)
    return Talkgroup(
        system=system_id,
        number=item.number,
        name=item.name,
        folder=item.folder or UNFILED,
        agency=item.agency or "",
        agency_kind=item.agency_kind or "misc",
        description=item.description,
        priority=item.priority or 0,
        recorded=True if item.recorded is None else item.recorded,
        encrypted=bool(item.encrypted),
    )


def _differences(
    before: Talkgroup, item: Imported, policy: str
) -> tuple[list[Change], list[Change]]:
    wanted: list[Change] = []
    kept: list[Change] = []
    for name in FIELDS:
        new, old = getattr(item, name), getattr(before, name)
        if new is None or new in ("", old):
            continue
        change = Change(talkgroup=before.id, field=name, before=_shown(old), after=_shown(new))
        by_hand = policy == "add" or (policy == "keep" and old != EMPTY[name])
        (kept if by_hand else wanted).append(change)
    return wanted, kept


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

"""Compares a file's talkgroups with the plan and makes the next plan. Deletes nothing."""

from dataclasses import dataclass, replace

from dispatch.errors import ServiceError
from dispatch.importing.earlier import TALKGROUP_FIELDS
from dispatch.importing.settle import POLICIES as WORDS
from dispatch.importing.settle import REPLACE, Change, Settling
from dispatch.importing.talkgroups import Imported
from gateway.model.ids import SystemId, talkgroup_id
from gateway.model.plan import Plan, Talkgroup

KIND = "talkgroup"
POLICIES = tuple(policy for policy in WORDS if policy != REPLACE)
UNFILED = "Imported"
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
class Diff:
    """What an import does. ``removed`` is always empty: what the file lacks stays."""

    added: tuple[str, ...]
    changed: tuple[Change, ...]
    unchanged: int
    kept: tuple[Change, ...]
    """Differences that the policy leaves alone."""
    plan: Plan


def merge(
    plan: Plan,
    system: str,
    talkgroups: list[Imported],
    policy: str = "keep",
    settling: Settling | None = None,
) -> Diff:
    """Return the diff and the next plan; raises ServiceError on an unknown system or policy."""
    known = [item.id for item in plan.systems]
    if system not in known:
        raise ServiceError(f"system: expected one of {', '.join(known)}, got {system!r}")
    if policy not in POLICIES:
        raise ServiceError(f"policy: expected one of {', '.join(POLICIES)}, got {policy!r}")
    settling = settling or Settling(policy)
    present = {tg.number: tg for tg in plan.talkgroups if tg.system == system}
    added: list[Talkgroup] = []
    unchanged = 0
    result = dict(present)
    for item in talkgroups:
        before = present.get(item.number)
        if before is not None:
            result[item.number] = _merged(before, item, settling)
            unchanged += result[item.number] is before
        elif not settling.stays_away(KIND, talkgroup_id(SystemId(system), item.number), item.name):
            added.append(_new(plan, system, item))
    kept_order = tuple(result[tg.number] if tg.system == system else tg for tg in plan.talkgroups)
    return Diff(
        added=tuple(tg.id for tg in added),
        changed=tuple(settling.changed),
        unchanged=unchanged,
        kept=tuple(settling.kept),
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


def _merged(before: Talkgroup, item: Imported, settling: Settling) -> Talkgroup:
    """Return a talkgroup with what is taken from the file; itself when nothing is."""
    values = {}
    for name in TALKGROUP_FIELDS:
        new, old = getattr(item, name), getattr(before, name)
        if new is None or new in ("", old):
            continue
        thing, empty = (KIND, before.id), (EMPTY[name],)
        if settling.takes(thing, name, (old, new), empty=empty, shown=_shown):
            values[name] = new
    return replace(before, **values) if values else before


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

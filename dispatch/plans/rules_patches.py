"""Rules about patches: what they join, that they never make a loop, and what they would unlock."""

from collections import Counter
from collections.abc import Iterator

from dispatch.plans.finding import Broken, Rule, Severity
from dispatch.plans.objects import encryption_words
from gateway.model.ids import TalkgroupId, split_address
from gateway.model.p25_settings import FNE
from gateway.model.patch_plan import LABEL, MAX_MEMBERS, MAX_NAME, PlanPatch
from gateway.model.plan import Link, Plan, Talkgroup

MANY_CALLS = frozenset({FNE})
"""Kinds of links that carry several calls at once; every other is on one group at a time."""
Groups = dict[TalkgroupId, Talkgroup]


def _groups(plan: Plan) -> Groups:
    return {group.id: group for group in plan.talkgroups}


def _carriers(plan: Plan, member: TalkgroupId) -> list[Link]:
    try:
        system, number = split_address(member)
    except ValueError:
        return []
    return [link for link in plan.links if link.system == system and number in link.talkgroups]


def _shape(plan: Plan) -> Broken:
    for patch in plan.patches:
        for field, words in _shape_faults(patch):
            yield "patch", patch.id, field, f"patch {patch.id}: {words}"
    for label, count in Counter(patch.id for patch in plan.patches).items():
        if count > 1:
            yield "patch", label, "id", f"patch {label}: named {count} times"


def _shape_faults(patch: PlanPatch) -> Iterator[tuple[str, str]]:
    if not LABEL.fullmatch(patch.id):
        yield "id", f"id: expected P1 to P99, got {patch.id!r}"
    if not 1 <= len(patch.name.strip()) <= MAX_NAME:
        yield "name", f"name: expected 1 to {MAX_NAME} characters"
    if not 2 <= len(patch.members) <= MAX_MEMBERS:
        yield "members", f"expected 2 to {MAX_MEMBERS} members, got {len(patch.members)}"
    for member, count in Counter(patch.members).items():
        if count > 1:
            yield "members", f"{member} is named {count} times"


def _unknown(plan: Plan) -> Broken:
    groups = _groups(plan)
    for patch in plan.patches:
        for member in patch.members:
            if member not in groups:
                words = f"patch {patch.id}: talkgroup {member!r} is not in the plan"
                yield "patch", patch.id, "members", words


def _loops(plan: Plan) -> Broken:
    """Two patches that share a member pass on each other's sound: together they are one loop."""
    groups, taken = _groups(plan), dict[TalkgroupId, str]()
    for patch in (one for one in plan.patches if one.active):
        for member in dict.fromkeys(patch.members):
            other = taken.setdefault(member, patch.id)
            if other != patch.id:
                name = groups[member].name if member in groups else member
                words = f"patch {patch.id}: {name} is in {other} too, sound would go round"
                yield "patch", patch.id, "members", words


def _prepared_loops(plan: Plan) -> Broken:
    groups = _groups(plan)
    taken = {member: patch.id for patch in plan.patches if patch.active for member in patch.members}
    for patch in (one for one in plan.patches if not one.active):
        for member in patch.members:
            if member in taken:
                name = groups[member].name if member in groups else member
                words = f"patch {patch.id} cannot be made while {taken[member]} stands: {name}"
                yield "patch", patch.id, "members", words


def _no_link(plan: Plan) -> Broken:
    groups = _groups(plan)
    for patch in plan.patches:
        for member in patch.members:
            if member in groups and not _carriers(plan, member):
                name = groups[member].name
                words = f"patch {patch.id}: no link transmits on {name}, it can only be heard"
                yield "patch", patch.id, "members", words


def _one_radio(plan: Plan) -> Broken:
    """Two members that have one and the same radio: it can hear one or key the other."""
    groups = _groups(plan)
    for patch in plan.patches:
        only: dict[str, TalkgroupId] = {}
        for member in patch.members:
            links = _carriers(plan, member)
            if len(links) != 1 or links[0].kind in MANY_CALLS:
                continue
            other = only.setdefault(links[0].id, member)
            if other != member:
                names = " and ".join(groups[m].name if m in groups else m for m in (other, member))
                words = (
                    f"patch {patch.id}: {links[0].name} is the only radio of {names} "
                    "and is on one talkgroup at a time: nothing goes from one to the other"
                )
                yield "patch", patch.id, "members", words


def _exercise(plan: Plan) -> Broken:
    groups = _groups(plan)
    for patch in plan.patches:
        marks = {groups[member].test for member in patch.members if member in groups}
        if len(marks) > 1:
            words = f"patch {patch.id} joins a test talkgroup with one that is none"
            yield "patch", patch.id, "members", words


def _modes(plan: Plan, patch: PlanPatch) -> str:
    groups = _groups(plan)
    return encryption_words({groups[m].encrypted for m in patch.members if m in groups})


def _mixed_unasked(plan: Plan) -> Broken:
    for patch in plan.patches:
        if not patch.mixed and _modes(plan, patch) == "mixed":
            words = (
                f"patch {patch.id} mixes encrypted and unencrypted talkgroups: what is said "
                "encrypted would be sent unencrypted; agree to it on the patch, or take one out"
            )
            yield "patch", patch.id, "mixed", words


def _mixed(plan: Plan) -> Broken:
    for patch in plan.patches:
        if patch.mixed and _modes(plan, patch) == "mixed":
            words = f"patch {patch.id} would mix encrypted and unencrypted, as agreed on it"
            yield "patch", patch.id, "mixed", words


RULES = (
    Rule("PAT-1", Severity.ERROR, "a patch has a label, a name and members", _shape),
    Rule("PAT-2", Severity.ERROR, "every member of a patch is in the plan", _unknown),
    Rule("PAT-3", Severity.ERROR, "patches that stand together share no member", _loops),
    Rule("PAT-4", Severity.WARNING, "every member of a patch has a link to transmit", _no_link),
    Rule("PAT-5", Severity.WARNING, "members of a patch have radios of their own", _one_radio),
    Rule("PAT-6", Severity.ERROR, "a test talkgroup is patched with test ones alone", _exercise),
    Rule("PAT-7", Severity.NOTE, "a prepared patch can be made beside the others", _prepared_loops),
    Rule(
        "MIX-1", Severity.ERROR, "no patch mixes encryption unless that was agreed", _mixed_unasked
    ),
    Rule("MIX-2", Severity.WARNING, "a patch mixes encrypted and unencrypted", _mixed),
)

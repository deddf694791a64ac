"""What stands against a patch, in words; nothing here changes anything."""

from collections import Counter
from collections.abc import Iterable

from gateway.engine.addresses import Addresses
from gateway.engine.patch_state import Patch
from gateway.model.ids import TalkgroupId
from gateway.model.patch_plan import LABEL, MAX_MEMBERS, MAX_NAME
from gateway.model.private_line import is_private

MAX_PATCHES = 16
"""Patches that stand at once."""


def refusal(
    addresses: Addresses,
    members: tuple[TalkgroupId, ...],
    *,
    name: str,
    mixed: bool,
    standing: Iterable[Patch],
) -> str:
    """Return why these talkgroups are not joined, empty when they may be."""
    if not 1 <= len(name.strip()) <= MAX_NAME:
        return f"name: expected 1 to {MAX_NAME} characters"
    if not 2 <= len(members) <= MAX_MEMBERS:
        return f"expected 2 to {MAX_MEMBERS} talkgroups, got {len(members)}"
    twice = [member for member, count in Counter(members).items() if count > 1]
    if twice:
        return f"{addresses.talkgroup_name(twice[0])} is named twice"
    unknown = [m for m in members if is_private(m) or addresses.talkgroup(m) is None]
    if unknown:
        return f"{unknown[0]} is not in the plan"
    return (
        _loop(addresses, members, list(standing))
        or _mix(addresses, members, mixed=mixed)
        or _exercise(addresses, members)
        or _no_radio(addresses, members)
    )


def _loop(addresses: Addresses, members: tuple[TalkgroupId, ...], standing: list[Patch]) -> str:
    if len(standing) >= MAX_PATCHES:
        return f"{MAX_PATCHES} patches stand already"
    for patch in standing:
        shared = [member for member in members if member in patch.members]
        if shared:
            name = addresses.talkgroup_name(shared[0])
            return f"{name} is in {patch.label} already: sound would go round"
    return ""


def mixes(addresses: Addresses, members: Iterable[TalkgroupId]) -> bool:
    """Say whether some members are encrypted and some are not, as the plan has them."""
    known = (addresses.talkgroup(member) for member in members)
    return len({group.encrypted for group in known if group is not None}) > 1


def _mix(addresses: Addresses, members: tuple[TalkgroupId, ...], *, mixed: bool) -> str:
    if mixed or not mixes(addresses, members):
        return ""
    groups = [g for member in members if (g := addresses.talkgroup(member)) and g.encrypted]
    names = ", ".join(group.name for group in groups)
    return f"encrypted and unencrypted talkgroups: what is said on {names} would go out in clear"


def _exercise(addresses: Addresses, members: tuple[TalkgroupId, ...]) -> str:
    groups = [g for member in members if (g := addresses.talkgroup(member))]
    if len({group.test for group in groups}) < 2:
        return ""
    name = next(group.name for group in groups if group.test)
    return f"{name} is a test talkgroup and the others are none"


def _no_radio(addresses: Addresses, members: tuple[TalkgroupId, ...]) -> str:
    if any(addresses.links_of(member) for member in members):
        return ""
    return "no radio carries any of these talkgroups"


def free_label(taken: Iterable[str]) -> str:
    """Return the first label that is not taken."""
    used = set(taken)
    return next(label for number in range(1, 100) if (label := f"P{number}") not in used)


def label_fault(label: str, standing: Iterable[Patch]) -> str:
    """Return why a label cannot be used, empty when it can."""
    if not LABEL.fullmatch(label):
        return f"label: expected P1 to P99, got {label!r}"
    return f"{label} stands already" if label in {patch.label for patch in standing} else ""

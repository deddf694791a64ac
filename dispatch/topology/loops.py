"""Loops: what is said once and heard twice, what comes back, and patches that cannot work.

Links of one system that hear the same talkgroup are legs of one call, and a message that two of
them hear is told once (``gateway.engine.calls``, ``gateway.engine.twice``). Both hold inside one
system of the plan only, and only where a radio tells its own number; the rules name what is left.
"""

from collections.abc import Iterator
from itertools import combinations

from dispatch.topology.finding import Finding, What, joined_by_and, listed, places
from dispatch.topology.graph import Graph, Joined
from gateway.model.ids import TalkgroupId, split_address
from gateway.model.link_kinds import ANALOGUE, TETRA_PEI
from gateway.model.p25_settings import FNE
from gateway.model.plan import Link

TELLS_ITS_NUMBER = frozenset({TETRA_PEI, FNE})
"""Kinds of links whose radio says which number is its own, so that its voice is known again."""
ONE_CHANNEL = frozenset({ANALOGUE})
"""Kinds whose talkgroups are all the same radio channel."""
ONE_AT_A_TIME = frozenset({TETRA_PEI, ANALOGUE})
"""Kinds that cannot hear one talkgroup and send on another at once."""
TOGETHER = 2


def loops(graph: Graph) -> Iterator[Finding]:
    """Yield every loop and every patch that cannot work."""
    for rule in (_two_entries, _echoes, _rings, _chains, _same_air, _one_radio):
        yield from rule(graph)


def _two_entries(graph: Graph) -> Iterator[Finding]:
    """One radio network entered as two systems: nothing is known to be the same."""
    seen: dict[tuple[object, ...], dict[int, list[TalkgroupId]]] = {}
    for group in graph.talkgroups:
        system, number = split_address(group)
        if graph.links_of[group]:
            of_network = seen.setdefault(graph.network(graph.talkgroups[group].system), {})
            of_network.setdefault(number, []).append(TalkgroupId(f"{system}/{number}"))
    for numbers in seen.values():
        for groups in numbers.values():
            if len(groups) < TOGETHER:
                continue
            links = [link for group in groups for link in graph.links_of[group]]
            words = (
                f"{joined_by_and([_entry(graph, g) for g in groups])} are one talkgroup of one"
                f" radio network, entered twice: {joined_by_and([k.name for k in links])} hear the"
                " same talker, and it is told and recorded twice"
            )
            where = places("talkgroup", groups) + places("link", (k.id for k in links))
            yield Finding("LOOP-1", What.LOOP, words, where)


def _entry(graph: Graph, group: TalkgroupId) -> str:
    system = graph.systems.get(graph.talkgroups[group].system)
    return f"{graph.name(group)} ({system.name if system else split_address(group)[0]})"


def _echoes(graph: Graph) -> Iterator[Finding]:
    """Two links on one talkgroup, and the sending one does not say that it was us."""
    pairs: dict[tuple[str, str], list[TalkgroupId]] = {}
    for group, links in graph.links_of.items():
        for one, other in combinations(links, TOGETHER):
            if not {one.kind, other.kind} <= TELLS_ITS_NUMBER:
                pairs.setdefault((one.id, other.id), []).append(group)
    by_id = {str(link.id): link for link in graph.plan.links}
    for (a, b), groups in pairs.items():
        one, other = by_id[a], by_id[b]
        silent = [k.name for k in (one, other) if k.kind not in TELLS_ITS_NUMBER]
        tells = "do not tell their own numbers" if len(silent) > 1 else "does not tell its own"
        number = "" if len(silent) > 1 else " number"
        words = (
            f"{one.name} and {other.name} hear each other on"
            f" {listed([graph.name(g) for g in groups])}, and {joined_by_and(silent)} {tells}"
            f"{number}: what a desk sends may come back as somebody else's over"
        )
        yield Finding(
            "LOOP-2", What.LOOP, words, places("link", (a, b)) + places("talkgroup", groups)
        )


def _rings(graph: Graph) -> Iterator[Finding]:
    """Patches that lead back to where they began."""
    for members, patches in _webs(graph):
        if _is_ring(members, patches):
            words = (
                f"patches {joined_by_and([p.id for p in patches])} form a ring over"
                f" {listed([graph.name(g) for g in members])}: what is said on one of them comes"
                " back to it"
            )
            where = places("patch", (p.id for p in patches)) + places("talkgroup", members)
            yield Finding("LOOP-3", What.LOOP, words, where)


def _is_ring(members: tuple[TalkgroupId, ...], patches: tuple[Joined, ...]) -> bool:
    """Say whether there is more than one way from a talkgroup to another."""
    ends = sum(len(set(patch.members)) for patch in patches)
    return len(patches) > 1 and ends > len(members) + len(patches) - 1


def _chains(graph: Graph) -> Iterator[Finding]:
    """Name talkgroups in two patches: together they join more than each says."""
    rings = {group for members, web in _webs(graph) if _is_ring(members, web) for group in members}
    for group, patches in graph.patches_with.items():
        if len(patches) > 1 and group not in rings:
            members = dict.fromkeys(g for p in patches for g in p.members)
            words = (
                f"{graph.name(group)} is in {joined_by_and([p.id for p in patches])}: together they"
                f" would join {listed([graph.name(g) for g in members])}"
            )
            where = places("talkgroup", [group]) + places("patch", (p.id for p in patches))
            yield Finding("LOOP-4", What.BLOCKED, words, where)


def _webs(graph: Graph) -> Iterator[tuple[tuple[TalkgroupId, ...], tuple[Joined, ...]]]:
    """Yield the talkgroups and patches that hang together, by way of shared members."""
    left = {patch.id: patch for patch in graph.patches}
    while left:
        first = left.pop(next(iter(left)))
        web, members = [first], dict.fromkeys(first.members)
        while more := [p for p in left.values() if not members.keys().isdisjoint(p.members)]:
            for patch in more:
                web.append(left.pop(patch.id))
                members |= dict.fromkeys(patch.members)
        yield tuple(members), tuple(sorted(web, key=lambda p: p.id))


def _same_air(graph: Graph) -> Iterator[Finding]:
    """Name patches whose members are one channel of the air."""
    for patch in graph.patches:
        for one, other in combinations(dict.fromkeys(patch.members), TOGETHER):
            why = _one_air(graph, one, other)
            if why:
                words = (
                    f"{patch.id} joins {graph.name(one)} with {graph.name(other)}, {why}: it would"
                    " hear what it sends"
                )
                where = places("patch", [patch.id]) + places("talkgroup", (one, other))
                yield Finding("LOOP-5", What.LOOP, words, where)


def _one_air(graph: Graph, one: TalkgroupId, other: TalkgroupId) -> str:
    a, b = graph.talkgroups.get(one), graph.talkgroups.get(other)
    if a is None or b is None:
        return ""
    if a.number == b.number and graph.network(a.system) == graph.network(b.system):
        return "which is the same talkgroup of the same network"
    shared = [k for k in graph.links_of[one] if k in graph.links_of[other]]
    channel = next((k for k in shared if k.kind in ONE_CHANNEL), None)
    return f"and both are the one channel of {channel.name}" if channel else ""


def _one_radio(graph: Graph) -> Iterator[Finding]:
    """Name patches whose members only one radio carries, which does one thing at a time."""
    for patch in graph.patches:
        by_radio: dict[str, list[TalkgroupId]] = {}
        for member in dict.fromkeys(patch.members):
            link = _only(graph.links_of.get(member, ()))
            if link is not None and link.kind in ONE_AT_A_TIME:
                by_radio.setdefault(link.id, []).append(member)
        for link_id, members in by_radio.items():
            if len(members) > 1:
                link = next(k for k in graph.plan.links if k.id == link_id)
                names = joined_by_and([graph.name(g) for g in members])
                words = (
                    f"{patch.id} joins {names}, which only {link.name} carries:"
                    " it cannot hear one and send on another at once"
                )
                where = places("patch", [patch.id]) + places("link", [link_id])
                yield Finding(
                    "PATCH-AIR", What.BLOCKED, words, where + places("talkgroup", members)
                )


def _only(links: tuple[Link, ...]) -> Link | None:
    return links[0] if len(links) == 1 else None

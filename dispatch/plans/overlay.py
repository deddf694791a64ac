"""What runs while people still use what a new plan changes.

A talkgroup that a position has selected, that has a call or an open alarm keeps cell, name and link
until it is released. So the plan that runs is the one that was activated, with those few rows as
they were; it is worked out anew whenever one of them is released. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatch.plans.overlay_layouts import overlay_layouts
from gateway.model.ids import LinkId, TalkgroupId
from gateway.model.layouts import Layout
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.p25_settings import DFSI, MODEM
from gateway.model.plan import Link, Plan, Talkgroup

SOFT_FIELDS = ("name", "site", "simulated")
"""Fields of a link that no running driver has to know."""
LOOSE_KINDS = frozenset({TETRA_PEI, DFSI, MODEM})
"""Kinds whose driver does not name the talkgroups to its radio: they may change while it runs."""
LOOSE_FIELDS = ("talkgroups", "group")
KEPT_FIELDS = ("name", "folder", "address", "agency", "agency_kind")
"""What a person in the middle of something looks for: the cell and what is written on it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One object that stays as it was, why, and what it waits for."""

    kind: str
    id: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """The plan that runs, and what in it waits to be released."""

    plan: Plan
    kept: tuple[Kept, ...]


def reopens(before: Link, after: Link) -> bool:
    """Say whether a link has to be closed and opened to become another."""
    names = SOFT_FIELDS + (LOOSE_FIELDS if before.kind in LOOSE_KINDS else ())
    return replace(before, **{name: getattr(after, name) for name in names}) != after


def overlay(before: Plan, target: Plan, busy: Mapping[TalkgroupId, str]) -> Overlay:
    """Return what may run now of ``target`` while ``before`` runs.

    ``busy`` gives for each talkgroup in use who uses it, in words ("Position 3 has selected it").
    """
    kept: list[Kept] = []
    groups = _talkgroups(before, target, busy, kept)
    links = _links(before, target, busy, kept)
    systems = {group.system for group in groups} | {link.system for link in links}
    sites = {link.site for link in links}
    known_systems, known_sites = {s.id for s in target.systems}, {s.id for s in target.sites}
    plan = replace(
        target,
        talkgroups=groups,
        layouts=_boards(before, target, busy, kept),
        links=links,
        systems=(
            *target.systems,
            *(s for s in before.systems if s.id in systems - known_systems),
        ),
        sites=(*target.sites, *(s for s in before.sites if s.id in sites - known_sites)),
    )
    return Overlay(plan, tuple(kept))


def _talkgroups(
    before: Plan, target: Plan, busy: Mapping[TalkgroupId, str], kept: list[Kept]
) -> tuple[Talkgroup, ...]:
    old = {group.id: group for group in before.talkgroups if group.id in busy}
    rows = []
    for group in target.talkgroups:
        was = old.pop(group.id, None)
        values = {name: getattr(was, name) for name in KEPT_FIELDS} if was else {}
        row = replace(group, **values) if was else group
        if row != group:
            words = f"keeps its cell and its name until it is released: {busy[group.id]}"
            kept.append(Kept("talkgroup", group.id, row.name, words))
        rows.append(row)
    for group in old.values():
        words = f"is removed when it is released: {busy[group.id]}"
        kept.append(Kept("talkgroup", group.id, group.name, words))
        rows.append(group)
    return tuple(_clear_cells(rows, frozenset(busy), kept))


def _boards(
    before: Plan, target: Plan, busy: Mapping[TalkgroupId, str], kept: list[Kept]
) -> tuple[Layout, ...]:
    layouts, cells = overlay_layouts(before, target, busy)
    names = {group.id: group.name for group in (*target.talkgroups, *before.talkgroups)}
    for one in cells:
        if one.owner is None:
            words = (
                f"keeps its cell of layout {one.layout} until it is released: {busy[one.talkgroup]}"
            )
        else:
            owner = names.get(one.owner, one.owner)
            words = f"waits for the cell of layout {one.layout} that {owner} still has"
        name = names.get(one.talkgroup, one.talkgroup)
        kept.append(Kept("talkgroup", one.talkgroup, name, words))
    return layouts


def _clear_cells(
    rows: list[Talkgroup], busy: frozenset[TalkgroupId], kept: list[Kept]
) -> list[Talkgroup]:
    """Take a newcomer off a cell that somebody still looks at; its turn comes."""
    taken = {(row.folder, row.address): row for row in rows if row.id in busy}
    cleared = []
    for row in rows:
        owner = taken.get((row.folder, row.address))
        if row.address is None or owner is None or owner.id == row.id:
            cleared.append(row)
            continue
        kept.append(
            Kept("talkgroup", row.id, row.name, f"waits for the cell that {owner.name} still has")
        )
        cleared.append(replace(row, address=None))
    return cleared


def _links(
    before: Plan, target: Plan, busy: Mapping[TalkgroupId, str], kept: list[Kept]
) -> tuple[Link, ...]:
    old = {link.id: link for link in before.links}
    ports: dict[str, LinkId] = {}
    rows: dict[LinkId, Link] = {}
    for link in before.links:
        used = [g for g in busy if g in carried(link)]
        wanted = next((one for one in target.links if one.id == link.id), None)
        if not used or wanted == link:
            continue
        row = _as_it_was(link, wanted, used)
        if row == wanted:
            continue
        rows[link.id] = row
        ports[link.port] = link.id
        words = "stays as it is" if wanted else "is closed"
        why = "; ".join(dict.fromkeys(busy[group] for group in used))
        tail = "until it is released" if wanted else "when it is released"
        kept.append(Kept("link", link.id, link.name, f"{words} {tail}: {why}"))
    result = [
        rows.pop(link.id, link) for link in target.links if not _port_taken(link, ports, kept, old)
    ]
    return (*result, *rows.values())


def _as_it_was(link: Link, wanted: Link | None, used: list[TalkgroupId]) -> Link:
    """Return the link with what its users need; soft changes beside them are taken over."""
    if wanted is None or reopens(link, wanted):
        return link
    numbers = {int(group.partition("/")[2]) for group in used}
    more = tuple(n for n in link.talkgroups if n in numbers and n not in wanted.talkgroups)
    group = wanted.group
    if link.group is not None and link.group in numbers:
        group = link.group
    return replace(wanted, talkgroups=(*wanted.talkgroups, *more), group=group)


def _port_taken(
    link: Link, ports: Mapping[str, LinkId], kept: list[Kept], old: Mapping[LinkId, Link]
) -> bool:
    """Whether a new link has to wait for the port of one that is still used."""
    owner = ports.get(link.port) if link.port else None
    if owner is None or owner == link.id:
        return False
    name = old[owner].name
    kept.append(Kept("link", link.id, link.name, f"waits for the port that {name} still has"))
    return True


def carried(link: Link) -> frozenset[TalkgroupId]:
    """Return the talkgroups that a link may transmit on."""
    return frozenset(TalkgroupId(f"{link.system}/{number}") for number in link.talkgroups)

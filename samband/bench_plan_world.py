"""The world of ``samband bench plan``: a plan of realistic size, and the same with many changes.

Radios 0 to ``received - 1`` have somebody talking on them, the next ``sent`` are keyed by desks,
one more is for presses in between, and the spare ones are opened, closed and opened anew.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dispatch.plans.edit import TABLES
from gateway.model.ids import LinkId, SiteId, SystemId, TalkgroupId
from gateway.model.plan import Link, Plan, Site, System, Talkgroup, Unit
from gateway.model.wire import to_json

SYSTEM, SITE = SystemId("many"), SiteId("many")
FIRST_GROUP, FIRST_ISSI, FIRST_UNIT = 320_001, 1_399_001, 1_600_000
SPARE_LINKS = 4
FOLDERS = 20
TRANSMIT_LIMIT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large everything is."""

    received: int = 16
    sent: int = 4
    talkgroups: int = 500
    units: int = 5_000
    changes: int = 500

    @property
    def calls(self) -> int:
        """Calls in progress."""
        return self.received + self.sent

    @property
    def presses_on(self) -> int:
        """Place of the radio that is pressed in between."""
        return self.calls

    @property
    def radios(self) -> int:
        """Simulated radios: of the calls, of the presses, and the spare ones."""
        return self.calls + 1 + SPARE_LINKS


def group_of(radio: int) -> int:
    """Return the talkgroup number of a radio."""
    return FIRST_GROUP + radio


def talkgroup_of(radio: int) -> TalkgroupId:
    """Return the talkgroup of a radio."""
    return TalkgroupId(f"{SYSTEM}/{group_of(radio)}")


def scenario(size: Size) -> str:
    """Return the scenario of the simulated radios."""
    parts = ['title = "Plans under load"', "mcc = 901", "mnc = 1001", "seed = 7"]
    for n in range(size.radios):
        parts.append(
            f'[[radio]]\nname = "radio-{n}"\nissi = {FIRST_ISSI + n}\ngroup = {group_of(n)}\n'
            f"tx_limit_ms = {TRANSMIT_LIMIT_S * 1000}.0\nhang_ms = 1000.0\ngrant_after_ms = 20.0"
        )
    for n in range(size.radios):
        parts.append(f'[[group]]\nnumber = {group_of(n)}\nname = "GRUPP {n}"')
    return "\n".join(parts) + "\n"


def first_plan(size: Size, radios: Sequence[dict[str, Any]]) -> Plan:
    """Return plan 1. ``radios`` are those of the simulator's first line; the last is not yet in."""
    links = tuple(_link(n, radio) for n, radio in enumerate(radios[: size.radios - 1]))
    return Plan(
        name="Plans under load",
        systems=(System(id=SYSTEM, name="Many", technology="tetra", handle=1, mcc=901, mnc=1001),),
        sites=(Site(id=SITE, name="Many"), Site(id=SiteId("other"), name="Other")),
        talkgroups=tuple(_talkgroup(n) for n in range(size.talkgroups)),
        units=tuple(_unit(n, size) for n in range(size.units)),
        links=links,
        positions=tuple(str(n + 1) for n in range(max(5, size.sent + 2))),
    )


def _talkgroup(n: int) -> Talkgroup:
    return Talkgroup(
        system=SYSTEM,
        number=FIRST_GROUP + n,
        name=f"GRUPP {n}",
        folder=f"Folder {n % FOLDERS:02d}",
        agency="Police",
        agency_kind="police",
        address=n // FOLDERS + 1,
        transmit_limit_s=TRANSMIT_LIMIT_S,
    )


def _unit(n: int, size: Size) -> Unit:
    home = TalkgroupId(f"{SYSTEM}/{FIRST_GROUP + n % size.talkgroups}")
    return Unit(
        system=SYSTEM, number=FIRST_UNIT + n, alias=f"U {n}", owner="Police", talkgroup=home
    )


def _link(n: int, radio: dict[str, Any]) -> Link:
    return Link(
        id=LinkId(f"radio-{n}"),
        name=f"Terminal {n}",
        kind="tetra-pei",
        system=SYSTEM,
        site=SITE,
        port=radio["pty"],
        sound=radio["audio"],
        talkgroups=(group_of(n),),
        group=group_of(n),
        own_number=FIRST_ISSI + n,
    )


def changed_plan(plan: Plan, size: Size, last: dict[str, Any]) -> Plan:
    """Return the plan with ``size.changes`` objects otherwise; no call in progress is touched.

    One spare link goes, one comes (``last`` is its radio), one is opened anew; links with calls on
    them get another name and one more talkgroup, which needs no gap.
    """
    rng = random.Random(size.changes)  # noqa: S311 - which rows change, not a secret
    links = _changed_links(plan.links, size, last)
    spent = 3 + size.calls // 2
    parts = _shares(size.changes - spent, 0.3, 0.1, 0.02, 0.03, 0.35, 0.1, 0.1)
    names, priorities, gone, come, aliases, units_gone, units_come = parts
    free = list(range(size.radios, size.talkgroups))
    rng.shuffle(free)
    groups = {group.number: group for group in plan.talkgroups}
    for n in free[:names]:
        groups[FIRST_GROUP + n] = replace(groups[FIRST_GROUP + n], name=f"NEW {n}")
    for n in free[names : names + priorities]:
        groups[FIRST_GROUP + n] = replace(groups[FIRST_GROUP + n], priority=3)
    removed = free[names + priorities : names + priorities + gone]
    homeless = {TalkgroupId(f"{SYSTEM}/{groups.pop(FIRST_GROUP + n).number}") for n in removed}
    for n in range(size.talkgroups, size.talkgroups + come):
        groups[FIRST_GROUP + n] = _talkgroup(n)
    units = _changed_units(plan.units, homeless, (aliases, units_gone, units_come), size)
    return replace(plan, talkgroups=tuple(groups.values()), units=units, links=links)


def _changed_links(links: tuple[Link, ...], size: Size, last: dict[str, Any]) -> tuple[Link, ...]:
    first_spare = size.presses_on + 1
    found = []
    for n, link in enumerate(links):
        if n == first_spare:
            continue  # closed
        if n == first_spare + 1:
            found.append(replace(link, rtscts=not link.rtscts))  # opened anew
        elif n < size.calls and n % 2 == 0:
            more = (*link.talkgroups, group_of(first_spare + 2))
            found.append(replace(link, name=f"Radio {n}", talkgroups=more))  # without a gap
        else:
            found.append(link)
    return (*found, _link(size.radios - 1, last))


def _changed_units(
    units: tuple[Unit, ...],
    homeless: set[TalkgroupId],
    shares: tuple[int, int, int],
    size: Size,
) -> tuple[Unit, ...]:
    """Return the units after the changes; those whose home goes count among the aliases."""
    aliases, gone, come = shares
    kept = list(units[: len(units) - gone])
    moved = [n for n, unit in enumerate(kept) if unit.talkgroup in homeless]
    for n in moved:
        kept[n] = replace(kept[n], talkgroup=None)
    rest = (n for n in range(len(kept)) if n not in set(moved))
    for n in [place for place, _ in zip(rest, range(max(0, aliases - len(moved))), strict=False)]:
        kept[n] = replace(kept[n], alias=f"NEW {n}")
    new = (_unit(size.units + n, size) for n in range(come))
    return (*kept, *(replace(u, talkgroup=None) if u.talkgroup in homeless else u for u in new))


def _shares(total: int, *shares: float) -> list[int]:
    found = [int(total * share) for share in shares]
    found[4] += total - sum(found)
    return found


def edits(before: Plan, after: Plan) -> list[dict[str, Any]]:
    """Return what an engineer's page sends to make the one plan the other, by kind and id."""
    found: list[dict[str, Any]] = []
    for kind, table in TABLES.items():
        old = {table.id_of(row): row for row in getattr(before, table.field)}
        new = {table.id_of(row): row for row in getattr(after, table.field)}
        found += [{"op": "remove", "kind": kind, "id": one} for one in old if one not in new]
        found += [
            {"kind": kind, "id": one, "value": to_json(row)}
            for one, row in new.items()
            if old.get(one) != row
        ]
    return found

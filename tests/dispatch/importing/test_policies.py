"""What each policy does where plan and file differ, by what earlier imports said."""

from dataclasses import replace

import pytest

from dispatch.importing.earlier import Earlier, said_of
from dispatch.importing.merge_list import ListDiff, merge_list
from dispatch.importing.reading import Imported, ImportedRule, ImportedSite, ImportedUnit, Reading
from dispatch.importing.settle import GONE, POLICIES
from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.plan import Link, Plan, System

NET = SystemId("net")
EMPTY = Plan(name="p", systems=(System(id=NET, name="N", technology="p25", handle=1),))


def reading(*names: str, priority: int | None = None, alias: str = "U 7") -> Reading:
    """A list of talkgroups 1, 2, … with these names, one unit, one rule and one site."""
    groups = [
        Imported(number=number, name=name, folder="Police", priority=priority, recorded=number != 2)
        for number, name in enumerate(names, start=1)
    ]
    return Reading(
        format="f",
        why="w",
        talkgroups=groups,
        units=[ImportedUnit(number=7, alias=alias, talkgroup=1)],
        rules=[ImportedRule(name="boats", alias=f"Boat of {alias}", first=1, last=9)],
        sites=[ImportedSite(rfss=1, number=2, name=f"Site of {alias}", frequencies_hz=(851, 852))],
    )


FIRST = reading("ONE", "TWO", "THREE")
IMPORTED = merge_list(EMPTY, NET, FIRST, "keep").plan
EARLIER = Earlier([said_of(NET, FIRST)])


def renamed(plan: Plan, **names: str) -> Plan:
    """Names written by hand, by what they were."""
    return replace(
        plan,
        talkgroups=tuple(replace(g, name=names.get(g.name, g.name)) for g in plan.talkgroups),
    )


def names(diff: ListDiff) -> list[str]:
    return [group.name for group in diff.plan.talkgroups]


LOCAL = renamed(IMPORTED, ONE="one here", TWO="two here")
SECOND = reading("ONE", "TWO NEW", "THREE NEW")
"""The file: 1 as it was, 2 changed on both sides, 3 changed in the file alone."""


@pytest.mark.parametrize(
    ("policy", "wanted", "kept", "lost"),
    [
        ("keep", ["one here", "two here", "THREE NEW"], 2, 0),
        ("merge", ["one here", "TWO NEW", "THREE NEW"], 1, 1),
        ("update", ["ONE", "TWO NEW", "THREE NEW"], 0, 2),
        ("replace", ["ONE", "TWO NEW", "THREE NEW"], 0, 2),
        ("add", ["one here", "two here", "THREE"], 3, 0),
    ],
)
def test_each_policy(policy: str, wanted: list[str], kept: int, lost: int) -> None:
    diff = merge_list(LOCAL, NET, SECOND, policy, EARLIER)
    assert names(diff) == wanted
    assert (len(diff.kept), len(diff.lost)) == (kept, lost)
    assert set(diff.lost) <= set(diff.changed)
    assert diff.removed == ()
    assert policy in POLICIES


@pytest.mark.parametrize("policy", ["keep", "merge"])
def test_where_no_import_is_known_what_is_not_empty_was_edited_here(policy: str) -> None:
    diff = merge_list(LOCAL, NET, SECOND, policy)
    assert names(diff) == ["one here", "two here", "THREE"]
    assert (len(diff.kept), diff.lost) == (3, ())


@pytest.mark.parametrize("policy", ["keep", "merge"])
def test_an_emptied_field_and_a_removed_object_are_edits_too(policy: str) -> None:
    emptied = replace(
        IMPORTED, talkgroups=tuple(replace(g, folder="") for g in IMPORTED.talkgroups[1:])
    )
    diff = merge_list(emptied, NET, FIRST, policy, EARLIER)
    assert [(one.talkgroup, one.field) for one in diff.kept] == [
        ("net/1", GONE),
        ("net/2", "folder"),
        ("net/3", "folder"),
    ]
    assert diff.empty
    back = merge_list(emptied, NET, FIRST, "update", EARLIER)
    assert (back.added, len(back.lost)) == (("net/1",), 2)


def test_radios_rules_and_sites_are_settled_alike() -> None:
    theirs = reading("ONE", "TWO", "THREE", alias="U 8")
    taken = merge_list(IMPORTED, NET, theirs, "keep", EARLIER)
    assert {(one.talkgroup, one.after) for one in taken.changed} == {
        ("net/7", "U 8"),
        ("net/boats", "Boat of U 8"),
        ("site-1-2", "Site of U 8"),
    }
    ours = replace(
        IMPORTED,
        units=tuple(replace(unit, alias="by hand") for unit in IMPORTED.units),
        unit_rules=tuple(replace(rule, alias="by hand") for rule in IMPORTED.unit_rules),
        sites=tuple(replace(site, id=SiteId("x"), name="by hand") for site in IMPORTED.sites),
    )
    left = merge_list(ours, NET, theirs, "keep", EARLIER)
    assert left.changed == ()
    assert {one.talkgroup for one in left.kept} == {"net/7", "net/boats", "x"}
    gone = replace(IMPORTED, units=(), unit_rules=(), sites=())
    away = merge_list(gone, NET, theirs, "keep", EARLIER)
    assert (away.added, [one.field for one in away.kept]) == ((), [GONE] * 3)


def test_the_newest_import_that_has_an_object_counts() -> None:
    older = said_of(NET, reading("two here", "two here", "X"))
    both = Earlier([said_of(NET, FIRST), older])
    assert names(merge_list(LOCAL, NET, SECOND, "keep", both))[1] == "two here"
    other = said_of(NET, reading("ONE"))  # a shorter list since then has no talkgroup 2
    assert names(merge_list(LOCAL, NET, SECOND, "keep", Earlier([other, older])))[1] == "TWO NEW"


def test_replacing_lists_what_it_takes_and_leaves_a_site_with_a_link() -> None:
    link = Link(
        id=LinkId("l"),
        name="Link 1",
        kind="p25-dfsi",
        system=NET,
        site=SiteId("site-1-2"),
        port="udp:127.0.0.1:1",
        sound="",
        talkgroups=(1, 3),
        group=None,
    )
    plan = replace(IMPORTED, links=(link,))
    short = Reading(
        format="f",
        why="w",
        talkgroups=FIRST.talkgroups[:1],
        rules=[ImportedRule(name="cars", alias="C", first=1, last=2)],
        sites=[ImportedSite(rfss=1, number=3, name="Other")],
    )
    diff = merge_list(plan, NET, short, "replace", EARLIER)
    assert diff.removed == ("net/2", "net/3", "net/boats")
    assert diff.plan.links[0].talkgroups == (1,)
    assert [(one.talkgroup, one.field) for one in diff.kept] == [("site-1-2", GONE)]
    assert len(diff.plan.units) == 1  # the file has no radios: those are not its kind
    free = merge_list(IMPORTED, NET, short, "replace", EARLIER)
    assert "site-1-2" in free.removed

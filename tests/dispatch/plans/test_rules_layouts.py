"""Rules about boards of positions: broken by one change, told with the cell."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from dispatch.plans.check import Checker
from gateway.model.ids import TalkgroupId
from gateway.model.layouts import Cell, LayoutPage
from gateway.model.plan import Plan
from tests.dispatch.plans.layouts import BOARD, BOARDS, page, with_board
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN, REMOTE, with_link, with_talkgroup

CHECKER = Checker()
Case = tuple[str, str, str, Callable[[Plan], Plan]]


def _pages(*pages: LayoutPage) -> Callable[[Plan], Plan]:
    return lambda plan: with_board(plan, "norrvik", pages=pages)


def _board(**values: object) -> Callable[[Plan], Plan]:
    return lambda plan: with_board(plan, "norrvik", **values)


_TWO_IN_ONE = LayoutPage(
    name="Fire", cells=(Cell(place=3, talkgroup=FIRE), Cell(place=3, talkgroup=PATROL))
)
CASES: list[Case] = [
    ("LAY-1", "layout", "norrvik", _board(columns=0)),
    ("LAY-1", "layout", "norrvik", _board(rows=21)),
    ("LAY-1", "layout", "norrvik", _board(name=" ")),
    ("LAY-1", "layout", "norrvik", _board(others="County")),
    ("LAY-1", "layout", "norrvik", _pages(page("A", {13: FIRE}))),
    ("LAY-1", "layout", "norrvik", _pages(page("A", {}), page("A", {}))),
    ("LAY-1", "layout", "norrvik", _pages(page("", {}))),
    ("LAY-1", "layout", "norrvik", lambda p: replace(p, layouts=(BOARD, BOARD))),
    (
        "LAY-1",
        "layout",
        "norrvik",
        _pages(LayoutPage(name="A", cells=(Cell(place=1, talkgroup=FIRE, volume_percent=101),))),
    ),
    ("LAY-1", "layout", "norrvik", _pages(LayoutPage(name="A", screen=5))),
    ("LAY-1", "layout", "norrvik", _pages(page("A", {}), LayoutPage(name="B", screen=3))),
    ("LAY-2", "layout", "norrvik", _pages(_TWO_IN_ONE)),
    ("LAY-2", "layout", "norrvik", _pages(page("A", {1: FIRE, 2: FIRE}))),
    ("LAY-3", "layout", "norrvik", _pages(page("A", {1: TalkgroupId("sea/1")}))),
    ("LAY-3", "layout", "norrvik", _board(emergency=(TalkgroupId("sea/1"),))),
    ("LAY-3", "layout", "norrvik", _board(positions=("99",))),
    ("LAY-4", "layout", "small", _board(positions=("1", "5"))),
    ("LAY-5", "layout", "norrvik", _pages(page("A name of a page", {1: PATROL}))),
    ("LAY-6", "layout", "norrvik", _board(positions=())),
    ("LAY-6", "layout", "norrvik", _pages(page("A", {}))),
    ("LAY-7", "talkgroup", FIRE, _pages(page("A", {1: PATROL}))),
    ("POS-1", "position", "3", _board(emergency=())),
    ("POS-2", "position", "4", _board(positions=("1", "2", "3"))),
    ("POS-3", "layout", "norrvik", lambda p: with_talkgroup(p, PATROL, test=True)),
    ("POS-3", "layout", "norrvik", _pages(page("A", {1: FIRE}))),
    ("POS-1", "position", "5", lambda p: with_talkgroup(p, PATROL, test=True)),
]


@pytest.mark.parametrize(("rule", "kind", "thing", "change"), CASES)
def test_a_broken_rule_names_its_object(
    rule: str, kind: str, thing: str, change: Callable[[Plan], Plan]
) -> None:
    findings = CHECKER.check(change(BOARDS)).findings
    mine = [finding for finding in findings if finding.rule == rule]
    assert (kind, thing) in {(finding.kind, finding.id) for finding in mine}
    assert all(finding.words for finding in mine)


def test_boards_that_are_sound_break_no_rule() -> None:
    report = CHECKER.check(BOARDS)
    assert report.ok
    assert {finding.rule for finding in report.findings} == {"ENC-1", "UNIT-3"}


def test_a_plan_without_layouts_is_asked_for_none() -> None:
    findings = CHECKER.check(PLAN).findings
    assert not {f.rule for f in findings} & {"POS-2", "LAY-7"}


def test_a_fault_names_the_cell() -> None:
    found = CHECKER.check(_pages(page("A", {1: PATROL}), _TWO_IN_ONE)(BOARDS))
    (fault,) = [one for one in found.findings if one.rule == "LAY-2"]
    assert fault.field == "cell Fire/3"
    assert fault.words == "layout Norrvik, page Fire, cell 3: 2 talkgroups in one cell"


def test_a_talkgroup_on_a_board_is_not_unused() -> None:
    """What is shown somewhere is used, though nothing is heard of it: that is said otherwise."""
    silent = with_link(BOARDS, "dfsi-1", talkgroups=())
    assert "TG-2" not in {finding.rule for finding in CHECKER.check(silent).findings}
    (told,) = [f for f in CHECKER.check(silent).findings if f.rule == "TG-1"]
    assert (told.id, told.words) == (REMOTE, "COUNTY 1 is in a layout, and no link transmits on it")

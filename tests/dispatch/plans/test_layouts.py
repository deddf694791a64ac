"""Boards of positions: as a file, compared by cell, edited, and kept while people use them."""

from dataclasses import replace
from typing import Any

import pytest

from dispatch.errors import ServiceError
from dispatch.plans.compare import compare
from dispatch.plans.edit import Edit, apply_edits
from dispatch.plans.follow import without_missing
from dispatch.plans.overlay import Overlay, overlay
from dispatch.plans.toml import plan_toml, read_plan_text
from gateway.model.ids import TalkgroupId
from gateway.model.layouts import Cell, Layout, LayoutPage, layout_of
from gateway.model.plan import Plan
from tests.dispatch.plans.layouts import BOARD, BOARDS, SMALL, page, with_board
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN, REMOTE, with_talkgroup, without_talkgroup

POSITION = {FIRE: "Position 3 has selected it"}


def pages(*more: LayoutPage) -> Plan:
    return with_board(BOARDS, "norrvik", pages=more)


def cells(plan: Plan, position: str) -> dict[str, dict[int, TalkgroupId]]:
    """Return what a position sees: page -> place -> talkgroup."""
    board = layout_of(plan.layouts, position)
    assert board is not None
    return {one.name: {cell.place: cell.talkgroup for cell in one.cells} for one in board.pages}


# ---- a file ----------------------------------------------------------------------------------


def test_a_board_as_a_file_is_the_same_board() -> None:
    loud = Cell(place=3, talkgroup=PATROL, volume_percent=40, muted=True)
    plan = pages(
        page("Norrvik", {1: FIRE}),
        LayoutPage(name="Empty"),
        LayoutPage(name="B", cells=(loud,), screen=2),
    )
    text = plan_toml(plan)
    assert read_plan_text(text) == plan
    assert (
        '    { place = 3, talkgroup = "norrvik/310112", volume_percent = 40, muted = true },'
        in text
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("place = 12", 'place = "x"'), r"layouts\[0\].pages\[0\].cells\[1\].place: expected int"),
        (("muted", "loud"), r"layouts\[0\].pages\[0\].cells\[1\].loud: unknown"),
        (("columns = 4", "colums = 4"), r"layouts\[0\].colums: unknown"),
        (("place = 12, ", ""), r"layouts\[0\].pages\[0\].cells\[1\].place: missing"),
    ],
)
def test_mistakes_of_a_board_are_named(change: tuple[str, str], words: str) -> None:
    muted = (BOARD.pages[0].cells[0], replace(BOARD.pages[0].cells[1], muted=True))
    text = plan_toml(pages(LayoutPage(name="Norrvik", cells=muted)))
    assert change[0] in text
    with pytest.raises(ServiceError, match=words):
        read_plan_text(text.replace(*change))


# ---- comparison ------------------------------------------------------------------------------


def test_a_page_on_another_screen_is_a_difference_and_its_cells_are_none() -> None:
    moved = pages(BOARD.pages[0], replace(BOARD.pages[1], screen=2))
    name = BOARD.pages[1].name
    (words,) = compare(BOARDS, moved).sentences()
    assert words.endswith(f"-> {BOARD.pages[0].name}, {name} (screen 2)")


def test_cells_are_compared_in_words() -> None:
    after = pages(page("Norrvik", {1: PATROL, 2: FIRE}), BOARD.pages[1])
    assert compare(BOARDS, after).sentences() == [
        "Layout Norrvik, page Norrvik, cell 2: empty cell -> BRAND 1",
        "Layout Norrvik, page Norrvik, cell 12: BRAND 1 -> empty cell",
    ]


def test_a_board_of_one_page_names_no_page() -> None:
    after = with_board(BOARDS, "small", pages=(page("All", {}),))
    assert compare(BOARDS, after).sentences() == [
        "Layout Small, cell 2: NORRVIK PATRULL 1 -> empty cell"
    ]


def test_a_page_that_is_renamed_keeps_its_cells() -> None:
    after = pages(page("Norr", {1: PATROL, 12: FIRE}), BOARD.pages[1])
    assert compare(BOARDS, after).sentences() == [
        "Layout Norrvik: Pages: Norrvik, County -> Norr, County"
    ]


def test_the_rest_of_a_board_is_compared_too() -> None:
    after = with_board(BOARDS, "norrvik", rows=4, emergency=(FIRE,), positions=("1",))
    assert compare(BOARDS, after).sentences() == [
        "Layout Norrvik: Columns x rows: 4 x 3 -> 4 x 4",
        "Layout Norrvik: Positions: 1, 2, 3, 4 -> 1",
        "Layout Norrvik: Emergency talkgroups: NORRVIK PATRULL 1 -> BRAND 1",
    ]


def test_a_talkgroup_that_goes_says_how_many_boards_had_it() -> None:
    lines = compare(BOARDS, without_talkgroup(BOARDS, PATROL)).sentences()
    assert any("NORRVIK PATRULL 1 (310112, 4BB60h) removed: in 2 layouts, " in one for one in lines)


# ---- edits -----------------------------------------------------------------------------------


def edited(*edits: Edit) -> list[str]:
    return [
        one
        for one in compare(BOARDS, apply_edits(BOARDS, list(edits))).sentences()
        if one.startswith(("Layout", "Position"))
    ]


def test_a_board_is_put_and_removed() -> None:
    value: dict[str, Any] = {
        "pages": [{"name": "Norrvik", "cells": [{"place": 4, "talkgroup": PATROL, "muted": True}]}]
    }
    lines = edited(Edit("put", "layout", "norrvik", value))
    assert (
        "Layout Norrvik, page Norrvik, cell 4: empty cell -> NORRVIK PATRULL 1, muted at first"
        in lines
    )
    assert edited(Edit("remove", "layout", "small")) == [
        "Layout Small removed: columns x rows 4 x 3, positions 5, "
        "emergency talkgroups NORRVIK PATRULL 1, pages All"
    ]


def test_a_cell_of_a_talkgroup_that_goes_stays_empty() -> None:
    assert edited(Edit("remove", "talkgroup", FIRE)) == [
        "Layout Norrvik, page Norrvik, cell 12: BRAND 1 -> empty cell"
    ]
    assert without_missing(without_talkgroup(BOARDS, FIRE)).layouts[0].pages[0].cells == (
        BOARD.pages[0].cells[0],
    )


def test_a_cell_follows_a_talkgroup_to_its_new_number() -> None:
    after = apply_edits(BOARDS, [Edit("put", "talkgroup", FIRE, {"number": 310202})])
    assert cells(after, "1")["Norrvik"][12] == "norrvik/310202"


def test_a_board_follows_its_positions() -> None:
    after = apply_edits(
        BOARDS, [Edit("put", "position", "5", {"text": "Lead"}), Edit("remove", "position", "2")]
    )
    assert [one.positions for one in after.layouts] == [("1", "3", "4"), ("Lead",)]


# ---- while people use them -------------------------------------------------------------------


def laid(target: Plan, busy: dict[TalkgroupId, str] = POSITION, before: Plan = BOARDS) -> Overlay:
    """Lay a plan over another; released, exactly the target runs."""
    found = overlay(before, target, busy)
    assert overlay(found.plan, target, {}).plan == target
    return found


def words(found: Overlay) -> list[str]:
    return [f"{one.name} {one.words}" for one in found.kept]


def test_what_is_in_use_keeps_its_cell_and_a_newcomer_waits() -> None:
    found = laid(pages(page("Norrvik", {1: FIRE, 2: PATROL, 12: REMOTE})))
    assert cells(found.plan, "1")["Norrvik"] == {2: PATROL, 12: FIRE}
    assert words(found) == [
        "BRAND 1 keeps its cell of layout Norrvik until it is released: Position 3 has selected it",
        "COUNTY 1 waits for the cell of layout Norrvik that BRAND 1 still has",
    ]


def test_a_talkgroup_that_goes_keeps_its_cell() -> None:
    found = laid(without_missing(without_talkgroup(BOARDS, FIRE)))
    assert cells(found.plan, "1")["Norrvik"] == {1: PATROL, 12: FIRE}


def test_a_page_that_goes_stays_with_what_is_in_use() -> None:
    found = laid(pages(page("County", {3: REMOTE})))
    assert cells(found.plan, "1") == {"Norrvik": {12: FIRE}, "County": {3: REMOTE}}


def test_a_page_that_is_renamed_is_the_same_page() -> None:
    found = laid(pages(page("Norr", {1: PATROL, 12: FIRE}), BOARD.pages[1]))
    assert cells(found.plan, "1")["Norr"] == {1: PATROL, 12: FIRE}
    assert not found.kept


def test_another_number_of_columns_keeps_row_and_column() -> None:
    """Cell 12 of 4 columns is row 3, column 4; with 6 columns that is cell 16."""
    wide = with_board(pages(page("Norrvik", {1: PATROL, 2: FIRE})), "norrvik", columns=6)
    assert cells(laid(wide).plan, "1")["Norrvik"] == {1: PATROL, 16: FIRE}
    narrow = with_board(pages(page("Norrvik", {1: PATROL, 3: FIRE})), "norrvik", columns=2)
    found = laid(narrow)
    board = layout_of(found.plan.layouts, "1")
    assert board is not None
    assert board.columns == 4  # the fourth is still in use
    assert cells(found.plan, "1")["Norrvik"] == {1: PATROL, 12: FIRE}


def test_a_position_that_gets_another_board_keeps_what_it_uses() -> None:
    target = with_board(
        with_board(BOARDS, "norrvik", positions=("1",)), "small", positions=("5", "2")
    )
    found = laid(target)
    assert cells(found.plan, "2") == {"Norrvik": {12: FIRE}, "All": {2: PATROL}}
    assert cells(found.plan, "5") == {"All": {2: PATROL}}


def test_the_first_boards_keep_the_tiles_of_the_folders() -> None:
    found = laid(BOARDS, before=PLAN)
    assert cells(found.plan, "1") == {
        "Norrvik": {1: PATROL, 12: FIRE},
        "Fire": {1: FIRE},
        "County": {1: REMOTE},
    }


def test_boards_that_go_keep_a_cell_over_the_folders() -> None:
    found = laid(replace(BOARDS, layouts=()))
    assert cells(found.plan, "1") == {
        "Norrvik": {16: FIRE},  # row 3, column 4: folders have six columns
        "Police": {1: PATROL, 2: REMOTE},
        "Fire": {1: FIRE},
    }
    assert layout_of(found.plan.layouts, "5") is None  # nothing of its own is in use


def test_a_name_waits_on_a_board_as_well() -> None:
    found = laid(with_talkgroup(BOARDS, FIRE, name="FIRE X"))
    (row,) = [group for group in found.plan.talkgroups if group.id == FIRE]
    assert row.name == "BRAND 1"


def test_boards_are_as_wanted_when_nothing_is_in_use() -> None:
    target = pages(page("X", {1: FIRE}))
    assert overlay(BOARDS, target, {}).plan == target
    assert overlay(BOARDS, target, {TalkgroupId("sea/1"): "a call"}).plan == target
    board: Layout = SMALL
    assert board.places == 12

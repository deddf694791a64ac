"""What a new plan is to one position, and who is told which line."""

from dataclasses import replace

from dispatch.plans.compare import compare
from dispatch.plans.position_changes import MAX_LINES, PositionChanges, is_told
from dispatch.plans.simulate import simulate
from dispatch.plans.usage import Usage
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Plan, StatusText
from tests.dispatch.plans.layouts import BOARD, BOARDS, page, with_board
from tests.dispatch.plans.plans import (
    FIRE,
    NORRVIK,
    PATROL,
    PLAN,
    REMOTE,
    talkgroup,
    with_link,
    with_talkgroup,
    without_talkgroup,
)

ALL = frozenset({FIRE, PATROL, REMOTE, "norrvik/310299"})


def told(
    after: Plan,
    position: str = "1",
    seen: frozenset[str] = ALL,
    before: Plan = BOARDS,
    seen_before: frozenset[str] = ALL,
) -> list[str]:
    lines = PositionChanges(before, after, compare(before, after)).of(position)
    return [line.words for line in lines if is_told(line, seen, seen_before)]


def test_nothing_changes_for_a_board_on_which_nothing_stands() -> None:
    after = with_board(BOARDS, "norrvik", pages=(page("Norrvik", {1: PATROL}), BOARD.pages[1]))
    assert told(after, "1") == ["Page Norrvik, cell 12: BRAND 1 -> empty cell"]
    assert told(after, "5") == []
    assert told(with_talkgroup(BOARDS, FIRE, priority=3), "1") == []


def test_a_talkgroup_that_moves_is_told_where_it_stands() -> None:
    after = with_board(
        BOARDS,
        "norrvik",
        pages=(page("Norrvik", {1: PATROL, 2: REMOTE}), page("County", {4: FIRE})),
    )
    assert told(after) == [
        "BRAND 1: page Norrvik, cell 12 -> page County, cell 4",
        "COUNTY 1: page County, cell 1 -> page Norrvik, cell 2",
    ]


def test_another_board_is_told_in_one_line() -> None:
    after = with_board(with_board(BOARDS, "norrvik", positions=()), "small", positions=("1", "5"))
    assert told(after) == ["Board: layout Norrvik -> layout Small"]
    assert told(BOARDS, before=PLAN) == ["Board: folders -> layout Norrvik"]


def test_names_links_patches_and_statuses_are_told() -> None:
    after = with_link(with_talkgroup(BOARDS, FIRE, name="BRAND 7"), "dfsi-1", talkgroups=())
    after = replace(
        after,
        patches=(PlanPatch(id="P1", name="Both", members=(FIRE, PATROL), active=True),),
        statuses=(StatusText(value=0, digit="0", words="Help", kind="emergency"),),
        predefined_texts=("Call back", "Stand by"),
        unit_rules=(),
    )
    assert told(after) == [
        "BRAND 7: Name BRAND 1 -> BRAND 7",
        "COUNTY 1: no link carries it any more",
        "Patch P1 Both added: members NORRVIK PATRULL 1, BRAND 7, made by default, "
        "encryption mixed",
        "Status Help: Words Emergency -> Help",
        "Text Stand by added",
        "Names of units: 1 change",
    ]


def test_a_link_that_is_opened_anew_is_told_whom_it_serves() -> None:
    after = with_link(BOARDS, "dfsi-1", port="udp:127.0.0.1:42000")
    assert told(after) == ["Link Station 1 is opened anew"]
    assert told(after, seen=frozenset({FIRE})) == []
    assert told(after, "5") == []  # no talkgroup of its board is on that link


def test_nobody_is_told_of_what_they_may_not_know() -> None:
    new = talkgroup(NORRVIK, 310299, "BRAND 9", folder="Fire")
    after = with_board(
        replace(BOARDS, talkgroups=(*BOARDS.talkgroups, new)),
        "norrvik",
        pages=(page("Norrvik", {1: PATROL, 12: new.id}), BOARD.pages[1]),
    )
    assert told(after) == ["Page Norrvik, cell 12: BRAND 1 -> BRAND 9"]
    assert told(after, seen=ALL - {new.id}) == ["Page Norrvik, cell 12: BRAND 1 -> empty cell"]
    assert told(after, seen=ALL - {FIRE}, seen_before=ALL - {FIRE}) == [
        "Page Norrvik, cell 12: empty cell -> BRAND 9"
    ]
    assert told(after, seen=frozenset(), seen_before=frozenset()) == []


def test_a_talkgroup_that_goes_is_told_to_those_who_saw_it() -> None:
    after = without_talkgroup(BOARDS, FIRE)
    after = with_board(after, "norrvik", pages=(page("Norrvik", {1: PATROL}), BOARD.pages[1]))
    words = "Page Norrvik, cell 12: BRAND 1 -> empty cell"
    assert words in told(after, seen=ALL - {FIRE})
    assert words not in told(after, seen_before=ALL - {FIRE})
    gone = told(without_talkgroup(PLAN, REMOTE), before=PLAN, seen=ALL - {REMOTE})
    assert "Page Police, cell 2: COUNTY 1 -> empty cell" in gone


def test_a_folder_that_one_may_not_know_is_not_named() -> None:
    after = with_talkgroup(PLAN, FIRE, folder="Special", name="SPANING")
    lines = told(after, before=PLAN, seen=ALL - {FIRE})
    assert lines == ["BRAND 1 goes from Fire"]
    assert "SPANING: page Fire, cell 1 -> page Special, cell 1" in told(after, before=PLAN)


def test_what_is_told_has_an_end() -> None:
    many = tuple(
        StatusText(value=n, digit="1", words=f"Status {n}")
        for n in range(1000, 1000 + MAX_LINES + 5)
    )
    lines = told(replace(BOARDS, statuses=(*BOARDS.statuses, *many)))
    assert len(lines) == MAX_LINES
    assert lines[-1] == "and 6 more changes"


def test_the_simulation_says_the_same_and_what_waits() -> None:
    after = with_board(BOARDS, "norrvik", pages=(page("Norrvik", {1: PATROL}), BOARD.pages[1]))
    usage = Usage(why={FIRE: ("Position 3 has selected it",)}, selected={"3": FIRE})
    effects = simulate(BOARDS, after, usage)
    assert {one.position: one.lines for one in effects.consoles} == {
        **dict.fromkeys("124", ("Page Norrvik, cell 12: BRAND 1 -> empty cell",)),
        "3": (
            "BRAND 1 is selected: keeps cell, name and link until it is released",
            "Page Norrvik, cell 12: BRAND 1 -> empty cell",
        ),
    }
    assert effects.waits[0].words.startswith("keeps its cell of layout Norrvik until")

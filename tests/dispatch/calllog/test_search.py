"""The search: every facet, rights first, words with marks, pages, on both databases."""

from typing import Any

import pytest
from sqlmodel import Session, col, delete, select

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action, Role
from dispatch.calllog.index import CallIndex
from dispatch.calllog.keeping import CallLogKeeper
from dispatch.calllog.query import EXACT, OLDEST, Place
from dispatch.calllog.tables import UnitStatus, call_facet, call_key, call_name, call_posting
from dispatch.cameras.tables import Camera
from dispatch.clock import SystemClock
from dispatch.errors import ServiceError
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.store.engine import Store
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call, Message, Note, Press, Transmission, UnitPosition
from gateway.model.private_line import PRIVATE_SYSTEM
from tests.dispatch.calllog.world import (
    AUDITOR,
    FIRE,
    HIDDEN,
    PLAN,
    POLICE,
    T0,
    S,
    World,
    person,
)


@pytest.fixture
def world(store: Store) -> World:
    index = CallIndex(lambda: PLAN)
    CallLogKeeper(store, index, SystemClock())
    return World(store, index)


def test_each_facet_finds_its_calls_and_no_other(world: World) -> None:
    world.call("a", emergency=True)
    world.call("b", POLICE, unit="net/1002", alias="Patrull 3120", link="l-quay", seconds=40)
    world.call("d", unit=None, position="P3", operator="Sara Holm", encrypted=True, plan=2)
    world.call("e", interrupted=True, cause="link lost", held=True)
    for expected, query in (
        (["e", "d", "b", "a"], {}),
        (["a"], {"emergency": True}),
        (["e", "d", "b"], {"emergency": False}),
        (["d"], {"encrypted": True}),
        (["b"], {"talkgroups": (POLICE,)}),
        (["e", "d", "b", "a"], {"talkgroups": (POLICE, FIRE)}),
        (["b"], {"units": ("net/1002",)}),
        (["b"], {"units": ("1002",)}),
        (["b"], {"units": ("patrull 3120",)}),
        ([], {"units": ("patrull 312",)}),
        (["e", "b", "a"], {"units": ("1002", "B 101")}),
        (["b"], {"sites": ("quay",)}),
        (["e", "d", "b", "a"], {"system": "net"}),
        ([], {"system": "other"}),
        (["d"], {"position": "P3"}),
        (["d"], {"operator": "sara holm"}),
        (["d"], {"operator": "holm"}),
        (["d"], {"direction": "out"}),
        (["e", "b", "a"], {"direction": "in"}),
        (["e"], {"outcome": "interrupted"}),
        (["e"], {"outcome": "link lost"}),
        (["b"], {"min_ms": 10_000}),
        (["e", "d", "a"], {"max_ms": 5000}),
        ([], {"min_ms": 5001, "max_ms": 39_999}),
        (["d"], {"plan": 2}),
        (["e"], {"held": True}),
        (["e", "d"], {"from_utc": T0 + 3 * 3600 * S}),
        (["b", "a"], {"to_utc": T0 + 2 * 3600 * S}),
        (["a", "b", "d", "e"], {"order": OLDEST}),
        (["a"], {"emergency": True, "sites": ("hill",)}),
        ([], {"emergency": True, "sites": ("quay",)}),
        (["b"], {"min_ms": 4000, "max_ms": 40_000, "sites": ("quay",)}),
        (["a"], {"emergency": True, "units": ("1001",), "talkgroups": (FIRE,), "q": "brand"}),
        ([], {"emergency": True, "talkgroups": (POLICE,)}),
    ):
        assert world.names(**query) == expected, query


def test_words_are_found_in_notes_texts_statuses_and_names_without_case_and_accents(
    world: World,
) -> None:
    call = world.call("a", at=T0)
    world.call("b", POLICE, unit="net/1002", alias="Räddning 5", at=T0 + 3600 * S)
    text: dict[str, Any] = {"incoming": True, "link": "l", "expires_utc": T0 * 2}
    world.write(
        Note(id="n-1", call=call, text="Rök vid Kajgatan 4 #övning", operator="S", t_utc=T0 + S),
        Message(id="m-1", sender="net/1001", text="grind tre", t_utc=T0 + 60 * S, **text),
        Message(id="m-2", talkgroup=POLICE, text="elsewhere", t_utc=T0 + 60 * S, **text),
        Message(id="m-3", sender="net/1001", text="too late", t_utc=T0 + 600 * S, **text),
        UnitStatus(unit="net/1001", t_utc=T0 - 30 * S, words="Framme", expires_utc=T0 * 2),
    )
    for expected, q in (
        (["a"], "kajgatan"),
        (["a"], "kajg"),
        (["a"], "rok KAJGATAN"),
        (["a"], "kajgatan 4"),
        ([], "kajgatan 5"),
        (["a"], "grind"),
        ([], "elsewhere"),
        ([], "late"),
        (["a"], "framme"),
        (["b"], "raddning"),
        (["b"], "norrvik"),
        (["a"], "brand"),
        (["a"], call),
        ([], "%"),
        ([], "ka"),
    ):
        assert world.names(q=q) == expected, q
    assert world.names(tag="#övning") == ["a"]
    assert world.names(tag="ovning", q="rök") == ["a"]


def test_what_is_not_granted_is_neither_found_nor_counted(world: World) -> None:
    world.call("a")
    hidden = world.call("h", HIDDEN, unit="net/1001")
    world.write(Note(id="n", call=hidden, text="secret quay", operator="X", t_utc=T0))
    private = world.call("p", f"{PRIVATE_SYSTEM}/1", unit=None)
    world.write(
        IndividualCall(
            id=private, line=f"{PRIVATE_SYSTEM}/1", kind="individual", incoming=True,
            other="net/1001", alias="B 101", operator="Anna",
        ),
        Note(id="np", call=private, text="secret quay", operator="X", t_utc=T0),
    )  # fmt: skip
    assert world.names(units=("1001",)) == ["a"]
    for query in (
        {"q": "secret"},
        {"q": hidden},
        {"q": "spaning"},
        {"q": "anna"},
        {"talkgroups": (HIDDEN,)},
    ):
        assert world.names(**query) == [], query
    assert world.names(person(FIRE, actions=frozenset({Action.SEE}))) == []
    assert world.names(person()) == []
    both = person(FIRE, HIDDEN, private={"l-hill": frozenset(Action)})
    assert world.names(both, q="secret") == ["p", "h"]
    assert world.names(both, units=("1001",)) == ["p", "h", "a"]
    other_radio = person(FIRE, private={"l-quay": frozenset(Action)})
    assert world.names(other_radio, q="secret") == []
    dispatcher = person(FIRE, role=Role.DISPATCHER, private={"l-hill": frozenset(Action)})
    assert world.names(dispatcher, q="secret") == []


def test_an_incident_is_searched_by_id_label_and_title_by_those_who_know_it(world: World) -> None:
    call = world.call("a")
    world.call("b")
    world.write(incident(), link_to(call))
    queries: tuple[dict[str, Any], ...] = (
        {"incident": "i-1"},
        {"incident": "INC-2026-000001"},
        {"q": "warehouse"},
        {"q": "INC-2026-000001"},
    )
    for query in queries:
        assert world.names(**query) == ["a"], query
        blind = Access(
            user=AUDITOR.user,
            permissions=AUDITOR.permissions,
            talkgroup_actions=AUDITOR.talkgroup_actions,
        )
        assert world.names(blind, **query) == [], query

    def rename(db: Session) -> None:
        row = db.get(Incident, "i-1")
        assert row is not None
        row.title = "Smoke"
        db.add(row)

    world.store.write_now(rename)
    assert world.names(q="warehouse") == []
    assert world.names(q="smoke") == ["a"]


def incident(**more: Any) -> Incident:
    known: dict[str, Any] = {
        "id": "i-1", "label": "INC-2026-000001", "title": "Warehouse", "kind": "motion",
        "severity": "alert", "opened_utc": T0, "started_utc": T0, "last_event_utc": T0,
        "camera_group": "north",
    }  # fmt: skip
    return Incident(**(known | more))


def link_to(call: str, state: str = "confirmed") -> IncidentSuggestion:
    return IncidentSuggestion(
        id=f"s-{call}", incident="i-1", call=call, score=1, state=state, at_utc=T0
    )


def test_a_place_finds_calls_of_units_that_were_there_and_of_incidents_there(world: World) -> None:
    def fix(unit: str, at: int, latitude: float, longitude: float) -> UnitPosition:
        return UnitPosition(
            unit=unit, t_utc=at, latitude_deg=latitude, longitude_deg=longitude, expires_utc=T0 * 2
        )

    world.write(
        fix("net/1", T0 - 60 * S, 57.7000, 11.9700),
        fix("net/2", T0 - 60 * S, 57.7090, 11.9700),
        fix("net/3", T0 - 400 * S, 57.7000, 11.9700),
        fix("net/4", T0 - 200 * S, 57.7000, 11.9700),
        fix("net/4", T0 - 20 * S, 58.5000, 11.9700),
    )
    for name, unit in (("a", "net/1"), ("b", "net/2"), ("d", "net/3"), ("e", "net/4")):
        world.call(name, unit=unit, at=T0 + ord(name))
    linked = world.call("f", unit="net/9", at=T0 + 9999)
    world.write(
        Camera(id="cam", source="s", name_at_source="x", latitude_deg=57.7, longitude_deg=11.97),
        incident(camera="cam"),
        link_to(linked),
    )
    here = Place(latitude_deg=57.7, longitude_deg=11.97, radius_m=500)
    assert world.names(place=here) == ["f", "a"]
    wide = Place(latitude_deg=57.7, longitude_deg=11.97, radius_m=1500)
    assert world.names(place=wide) == ["f", "b", "a"]
    assert world.names(place=wide, units=("net/2",)) == ["b"]
    gone = world.store.write_now(lambda db: world.index.prune_places(db, T0 + ord("b")))
    assert gone == 1
    assert world.names(place=here) == ["f"]
    assert world.names(place=wide) == ["f", "b"]
    assert world.names(units=("net/1",)) == ["a"]
    with pytest.raises(ServiceError, match="radius"):
        world.names(place=Place(latitude_deg=0, longitude_deg=0, radius_m=30_000))


def test_an_erased_call_and_a_deleted_note_leave_no_word_in_the_index(world: World) -> None:
    call = world.call("a", alias="Zebra 7")
    world.write(Note(id="n-1", call=call, text="Andersson hurt", operator="S", t_utc=T0))
    assert world.names(q="andersson") == ["a"]

    def drop_note(db: Session) -> None:
        db.delete(db.get(Note, "n-1"))

    world.store.write_now(drop_note)
    assert world.names(q="andersson") == []
    assert "andersson" not in words_in(world)

    def erase(db: Session) -> None:
        row = db.get(Call, call)
        assert row is not None
        row.erased_utc = T0
        db.add(row)

    world.store.write_now(erase)
    assert world.names() == ["a"]
    assert world.names(q="zebra") == world.names(units=("1001",)) == []
    assert "zebra" not in words_in(world)

    def delete_all(db: Session) -> None:
        for row in db.exec(select(Transmission)):
            db.delete(row)
        db.delete(db.get(Call, call))

    world.store.write_now(delete_all)
    assert world.names() == []
    left = world.store.read_now(
        lambda db: [db.connection().execute(select(t.c.no)).all() for t in (call_posting, call_key)]
    )
    assert left == [[], []]


def words_in(world: World) -> set[str]:
    def work(db: Session) -> set[str]:
        rows = db.connection().execute(select(call_facet.c.value))
        names = db.connection().execute(select(call_name.c.word))
        return {value for (value,) in [*rows, *names]}

    return world.store.read_now(work)


def test_rows_deleted_behind_the_mappers_back_are_forgotten_by_hand(world: World) -> None:
    call = world.call("a")

    def work(db: Session) -> None:
        db.exec(delete(Call).where(col(Call.id) == call))
        world.index.forget(db, [call])

    world.store.write_now(work)
    assert world.names() == []
    assert world.names(units=("1001",)) == []


def test_the_index_made_anew_equals_the_index_kept_in_step(world: World) -> None:
    for name in "abdef":
        call = world.call(name, POLICE if name in "bd" else FIRE, emergency=name == "e")
        world.write(Note(id=f"n-{name}", call=call, text=f"word{name} all", operator="S", t_utc=T0))

    def seen(db: Session) -> set[tuple[str, str, int, int]]:
        rows = db.connection().execute(
            select(
                call_facet.c.kind, call_facet.c.value, call_posting.c.no, call_posting.c.marks
            ).join(call_posting, call_posting.c.facet == call_facet.c.id)
        )
        return {tuple(row) for row in rows}

    def later(db: Session) -> None:
        row = db.get(Call, call)
        assert row is not None
        row.held = row.emergency = True
        db.add(row)

    world.store.write_now(later)
    before = world.store.read_now(seen)
    world.store.write_now(world.index.clear)
    assert world.names() == []
    while world.store.write_now(lambda db: world.index.catch_up(db, 2)):
        pass
    assert world.store.read_now(seen) == before
    assert world.names(q="wordb") == ["b"]


def test_presses_that_waited_or_were_refused_are_outcomes(world: World) -> None:
    world.call("a", at=T0)
    world.call("b", at=T0 + 7200 * S)
    world.write(
        Press(request="r", position="P", talkgroup=FIRE, requested_utc=T0 + S, outcome="refused"),
        Press(
            request="q", position="P", talkgroup=FIRE, requested_utc=T0 + 7200 * S + 1,
            queued_utc=T0 + 7200 * S + 2,
        ),
    )  # fmt: skip
    assert world.names(outcome="refused") == ["a"]
    assert world.names(outcome="queued") == ["b"]


def test_pages_go_on_behind_the_cursor_both_ways(world: World) -> None:
    for number in range(7):
        world.call(str(number), at=T0 if number < 3 else T0 + number)
    seen: list[int] = []
    for order in ("newest", OLDEST):
        before, pages = None, []
        while True:
            found = world.found(limit=3, before=before, order=order)
            assert found.total == 7
            pages.append(found.page)
            if found.cursor is None:
                break
            before = found.cursor
        assert [len(page) for page in pages] == [3, 3, 1]
        numbers = [number for page in pages for number in page]
        assert len(set(numbers)) == 7
        assert seen in ([], numbers[::-1])
        seen = numbers


def test_a_total_is_exact_up_to_its_bound_and_pages_go_on_beyond(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.calllog.search.EXACT", 4)
    assert EXACT == 10_000
    for number in range(9):
        world.call(str(number))
    found = world.found(limit=3)
    assert (found.total, found.more, len(found.page)) == (4, True, 3)
    everything = found.page
    while found.cursor is not None:
        found = world.found(limit=3, before=found.cursor)
        assert (found.total, found.more) == (4, True)
        everything += found.page
    assert everything == sorted(everything, reverse=True)
    assert len(set(everything)) == 9
    few = world.found(units=("nobody",))
    assert (few.total, few.more, few.cursor) == (0, False, None)


def test_a_fault_of_the_index_loses_no_call_and_is_mended_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a fault of the index")

    with monkeypatch.context() as patch:
        patch.setattr(world.index, "_put", broken)
        call = world.call("a")
    assert world.store.read_now(lambda db: db.get(Call, call)) is not None
    assert world.names() == []
    world.store.write_now(world.index.catch_up)
    assert world.names() == ["a"]

"""Who still uses what a plan takes out, and when it was last heard."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.event import listen
from sqlmodel import Session

from dispatch.plans.compare import compare
from dispatch.plans.still_used import (
    CHUNK,
    NOTHING_LIVE,
    Heard,
    Live,
    Use,
    heard,
    removed_of,
    uses_of,
    with_uses,
)
from dispatch.store.engine import Store
from dispatch.store.tables import US_PER_DAY, Call, Transmission, UnitState
from gateway.model.layouts import Cell, Layout, LayoutId, LayoutPage
from gateway.model.patch_plan import PlanPatch
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN
from tests.dispatch.room import NORTH, Room
from tests.fresh_store import fresh_store

DAY = 20_000 * US_PER_DAY
"""2024-10-04."""


def call(key: str, talkgroup: str, t_utc: int, talker: str | None = None) -> list[Any]:
    """A call and its only over."""
    common: dict[str, Any] = {
        "talkgroup": talkgroup,
        "link": "l",
        "started_utc": t_utc,
        "expires_utc": t_utc,
    }
    return [
        Call(id=key, gateway="gw", retention_class="voice", **common),
        Transmission(id=f"t{key}", call=key, talker=talker, retention_class="voice", **common),
    ]


def test_uses_in_words_and_values() -> None:
    board = Layout(
        id=LayoutId("day"),
        name="Day",
        columns=2,
        rows=2,
        pages=(LayoutPage(name="A", cells=(Cell(place=1, talkgroup=FIRE),)),),
        emergency=(FIRE,),
    )
    night = replace(board, id=LayoutId("night"), name="Night", pages=(), emergency=(FIRE,))
    patch = PlanPatch(id="P2", name="Two", members=(FIRE, PATROL))
    before = replace(PLAN, layouts=(board, night), patches=(patch,))
    after = replace(
        before,
        talkgroups=tuple(g for g in PLAN.talkgroups if g.id not in (FIRE, PATROL)),
        units=PLAN.units[1:],
    )
    found = compare(before, after)
    removed = removed_of(found.changes)
    assert removed == [
        ("talkgroup", FIRE),
        ("talkgroup", PATROL),
        ("unit", "norrvik/1210207"),
    ]
    live = Live(
        selected={"4": FIRE},
        why={FIRE: ("a call is running",)},
        patches=[("P11", [FIRE, "x/1"]), ("P9", [FIRE])],
    )
    known = Heard(last={("talkgroup", FIRE): DAY}, log_from_utc=DAY - US_PER_DAY)
    fire, patrol, unit = uses_of(before, removed, live, known)
    assert fire == Use(
        kind="talkgroup",
        id=FIRE,
        last_heard_utc=DAY,
        layouts=("Day", "Night"),
        patches=("P2", "P9", "P11"),
        links=("Terminal 1",),
        positions=("4",),
        now=("a call is running",),
    )
    assert (patrol.units, patrol.last_heard_utc, patrol.now) == (1, None, ())
    words = with_uses(found, [fire, patrol, unit], DAY).sentences()
    assert any(
        line.endswith(
            "removed: a call is running, selected at Position 4, in patch P2, P9, P11, "
            "in 2 layouts, on Terminal 1, last heard 2024-10-04"
        )
        for line in words
    )
    assert any("in no layouts, on Terminal 1, home of 1 unit, not heard since" in w for w in words)
    assert uses_of(before, removed, NOTHING_LIVE, Heard(last={}, log_from_utc=None))[0].now == ()
    assert unit.words(None) == "not heard"


async def test_when_it_was_last_heard(room: Room) -> None:
    """The newest time of each, by one seek in an index; a tombstone without a talker counts too."""

    def fill(db: Session) -> None:
        for at in range(50):
            db.add_all(call(f"c{at}", NORTH, DAY + at * 1000, "net/7"))
        db.add_all(call("late", NORTH, DAY + 2 * US_PER_DAY + 5))
        db.add(UnitState(unit="net/8", last_heard_utc=DAY + 3))
        db.add(UnitState(unit="net/9"))

    room.store.write_now(fill)
    many = [("talkgroup", f"net/{number}") for number in range(100_000, 100_000 + CHUNK + 1)]
    asked = [*many, ("talkgroup", NORTH), *(("unit", f"net/{one}") for one in (7, 8, 9))]
    known = room.store.read_now(lambda db: heard(db, asked))
    assert known.last == {
        ("talkgroup", NORTH): DAY + 2 * US_PER_DAY + 5,
        ("unit", "net/7"): DAY,
        ("unit", "net/8"): DAY,
    }
    assert known.log_from_utc == DAY
    engineer = await room.browser("engineer")
    draft = (await engineer.post("/plan/drafts", {"name": "less"})).json()
    edits = [{"op": "remove", "kind": "talkgroup", "id": NORTH}]
    body = {"revision": draft["revision"], "edits": edits}
    assert (await engineer.send("PATCH", f"/plan/drafts/{draft['id']}", body)).status_code == 200
    told = (await engineer.post(f"/plan/drafts/{draft['id']}/compare")).json()
    (use,) = told["uses"]
    assert use["id"] == NORTH
    assert use["last_heard_utc"] == DAY + 2 * US_PER_DAY + 5
    assert (use["links"], use["units"]) == (["North radio"], 1)
    assert told["log_from_utc"] == DAY


def test_a_long_log_is_not_walked_over(tmp_path: Path) -> None:
    """Each question ends with the first entry of an index by key and time (SQLite tells how)."""
    store = Store(fresh_store(tmp_path / "s.db"))
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    def work(db: Session) -> list[str]:
        connection = db.connection()
        listen(connection, "before_cursor_execute", note)
        heard(db, [("talkgroup", "net/1"), ("unit", "net/2")])
        questions = [one for one in asked if "asked" in one[0]]
        steps = [
            str(row[3])
            for statement, values in questions
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
        assert len(questions) == 3
        return steps

    steps = store.read_now(work)
    store.close()
    searched = [step for step in steps if step.startswith("SEARCH")]
    assert len(searched) == 3
    assert "ix_call_talkgroup_started" in searched[0]
    assert "ix_transmission_talker_started" in searched[1]
    assert not any("ORDER BY" in step for step in steps[:-1])
    assert not any(step in ("SCAN call", "SCAN transmission") for step in steps)

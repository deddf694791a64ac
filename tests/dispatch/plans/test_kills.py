"""A kill at any write of any step: afterwards exactly one plan is live, and everything is whole.

The kill comes before each statement that the step gives to the database in turn, and before and
after its commit: what was not committed is gone, what was committed is all there.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from dispatch.plans import activation_rows as rows
from dispatch.plans.activation_rows import Wanted, Who
from dispatch.plans.canonical import plan_text, text_hash
from dispatch.plans.tables import PlanActivation, PlanDraft
from dispatch.plans.trial import TRIAL_US
from dispatch.store.engine import Store
from dispatch.store.tables import PlanRow
from gateway.model.ids import UtcUs
from gateway.model.plan import Plan
from tests.dispatch.plans.plans import FIRE, PLAN, with_talkgroup
from tests.fresh_store import fresh_store

KARIN = Who(id="u-karin", name="Karin")
NOW = UtcUs(1_800_000_000_000_000)
NEW = with_talkgroup(PLAN, FIRE, name="BRAND 9")
REASON = "the new names confuse the desks"
MOST_STATEMENTS = 40


class Killed(BaseException):
    """The process ends here."""


@dataclass
class World:
    """A store with plan 1 live and a draft that is ready; ``step`` is what is killed."""

    store: Store

    def write(self, work: Callable[[Session], Any]) -> Any:
        return self.store.write_now(work)

    def do(self, step: "Step") -> None:
        self.write(lambda db: step(self, db))

    @property
    def wanted(self) -> Wanted:
        return Wanted(draft="d-1", sha256=text_hash(plan_text(NEW)), who=KARIN)

    def begin(self, db: Session) -> Any:
        return rows.begin_trial(db, self.wanted, UtcUs(NOW + 1))


def prepare(store: Store) -> World:
    world = World(store)

    def first(db: Session) -> None:
        db.add(
            PlanRow(
                number=1,
                name=PLAN.name,
                body=plan_text(PLAN),
                created_utc=NOW,
                activated_utc=NOW,
            )
        )
        db.add(draft("d-1", NEW))

    world.write(first)
    return world


def draft(name: str, plan: Plan) -> PlanDraft:
    return PlanDraft(
        id=name,
        name=name,
        base=1,
        body=plan_text(plan),
        sha256=text_hash(plan_text(plan)),
        author="u-karin",
        author_name="Karin",
        created_utc=NOW,
        changed_utc=NOW,
    )


def on_trial(world: World) -> None:
    world.write(world.begin)


def scheduled(world: World) -> None:
    world.write(lambda db: rows.schedule(db, world.wanted, UtcUs(NOW + 5)))


def nothing(_world: World) -> None:
    """Plan 1 is live, the draft is open."""


Before = Callable[[World], None]
Step = Callable[[World, Session], Any]
STEPS: dict[str, tuple[Before, Step, tuple[int, int]]] = {
    "activate": (nothing, lambda world, db: world.begin(db), (1, 2)),
    "schedule": (nothing, lambda w, db: rows.schedule(db, w.wanted, UtcUs(NOW + 5)), (1, 1)),
    "begin scheduled": (
        scheduled,
        lambda _, db: rows.begin_scheduled(db, 1, UtcUs(NOW + 6)),
        (1, 2),
    ),
    "cancel": (scheduled, lambda _, db: rows.cancel(db, 1, KARIN, NOW, "cancelled"), (1, 1)),
    "keep": (on_trial, lambda _, db: rows.keep(db, KARIN, UtcUs(NOW + 2), "kept"), (2, 2)),
    "clock set": (on_trial, lambda _, db: rows.move_end(db, UtcUs(NOW + 9)), (2, 2)),
    "return": (
        on_trial,
        lambda _, db: rows.give_back(db, KARIN, UtcUs(NOW + 2), REASON),
        (2, 1),
    ),
    "roll back": (
        on_trial,
        lambda _, db: rows.roll_back(db, 1, KARIN, UtcUs(NOW + 2), REASON),
        (2, 1),
    ),
}
"""Step -> what was before, the step, and the number of the live plan before and after it."""


@contextmanager
def killed_at(store: Store, moment: int | str) -> Iterator[None]:
    """Kill before statement ``moment`` (from 0), or right before or after the commit."""
    done = 0

    def statement(*_: Any) -> None:
        nonlocal done
        if done == moment:
            raise Killed
        done += 1

    def committed(*_: Any) -> None:
        raise Killed

    hook, target = ("before_cursor_execute", statement), store.engine
    if isinstance(moment, str):
        hook = (moment, committed)
    event.listen(target if hook[0] == "before_cursor_execute" else Session, *hook)
    try:
        yield
    finally:
        event.remove(target if hook[0] == "before_cursor_execute" else Session, *hook)


def killed(world: World, step: Step, moment: int | str) -> bool:
    """Run a step until the kill; returns whether it came to that."""
    try:
        with killed_at(world.store, moment):
            world.do(step)
    except Killed:
        return True
    return False


def check_whole(store: Store) -> int:
    """Check that everything fits together; returns the number of the live plan."""

    def look(db: Session) -> int:
        number, plan = rows.live_plan(db) or (0, None)
        assert plan in (PLAN, NEW)
        trials = db.exec(select(PlanActivation).where(PlanActivation.state == rows.TRIAL)).all()
        assert [trial.number for trial in trials] in ([], [number])
        for trial in trials:
            assert trial.keep_until_utc is not None
            assert trial.keep_until_utc <= NOW + TRIAL_US + 10
            assert db.get(PlanRow, trial.previous) is not None
        for made in db.exec(select(PlanActivation).where(col(PlanActivation.number) > 0)):
            row = db.get(PlanRow, made.number)
            assert row is not None
            assert text_hash(row.body) == made.sha256
        for one in db.exec(select(PlanDraft)):
            mine = db.exec(select(PlanActivation).where(PlanActivation.draft == one.id)).all()
            states = {made.state for made in mine}
            wanted = {"open": {rows.CANCELLED}, "scheduled": {rows.PLANNED}}
            assert states <= wanted.get(one.state, {rows.TRIAL, rows.KEPT, rows.RETURNED})
            assert one.state == "open" or states
        return number

    return store.read_now(look)


@pytest.mark.parametrize("name", STEPS)
def test_a_kill_before_each_statement_and_round_the_commit(name: str, tmp_path: Path) -> None:
    before, step, (was, becomes) = STEPS[name]
    moments: list[int | str] = ["before_commit", "after_commit", *range(MOST_STATEMENTS)]
    kills = 0
    for number, moment in enumerate(moments):
        store = Store(fresh_store(tmp_path / str(number) / "samband.db"))
        try:
            world = prepare(store)
            before(world)
            came = killed(world, step, moment)
            kills += came
            store.renew()
            live = check_whole(store)
            if came and moment != "after_commit":
                assert live == was
                world.do(step)  # and it can be done again
                live = check_whole(store)
            assert live == becomes
        finally:
            store.close()
        if not came:
            break
    assert kills > 3, "the kills did not reach the step"

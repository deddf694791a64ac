"""Activations in the database: each step is one transaction, so that a crash leaves a whole plan.

Which plan is live is what ``plan.activated_utc`` says (the latest one); it is set in the same
transaction as the activation's own row, never alone.
"""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from dispatch.errors import Conflict, NotFound
from dispatch.plans.canonical import SHELF, plan_hash, text_hash
from dispatch.plans.drafts import ACTIVATED, SCHEDULED, demand_open, load, numbered
from dispatch.plans.tables import PlanActivation, PlanDraft
from dispatch.plans.trial import TRIAL_US
from dispatch.store.tables import Alarm, PlanRow
from gateway.model.ids import UtcUs
from gateway.model.plan import Plan

PLANNED, TRIAL, KEPT, RETURNED, CANCELLED = "scheduled", "trial", "kept", "returned", "cancelled"
ACTIVATE, ROLLBACK = "activate", "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who does a step, as the rows name it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to be live: exactly this draft, with this yes, for this reason."""

    draft: str
    sha256: str
    who: Who
    approval: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """A plan that became live: its number, itself, and the row that tells how."""

    number: int
    plan: Plan
    activation: PlanActivation


def newest_number(db: Session) -> int:
    """Return the highest number of a plan, 0 when there is none."""
    return db.exec(select(func.coalesce(func.max(PlanRow.number), 0))).one()


def live_from(db: Session, now: UtcUs) -> UtcUs:
    """Return from when a plan is live that becomes so now: after every other one.

    Which plan is live is told by the latest of these times, and a clock may have been set back.
    """
    latest = db.exec(select(func.max(PlanRow.activated_utc))).one()
    return UtcUs(max(now, (latest or 0) + 1))


def live_number(db: Session) -> int:
    """Return the number of the live plan, 0 when there is none."""
    live = db.exec(
        select(PlanRow.number)
        .where(col(PlanRow.activated_utc).is_not(None))
        .order_by(col(PlanRow.activated_utc).desc(), col(PlanRow.number).desc())
    ).first()
    return live or 0


def live_plan(db: Session) -> tuple[int, Plan] | None:
    """Return the live plan, None when there is none."""
    number = live_number(db)
    return (number, _plan_of(numbered(db, number))) if number else None


def _plan_of(row: PlanRow) -> Plan:
    return SHELF.read(text_hash(row.body), row.body)


def _hash_of(db: Session, row: PlanRow, plan: Plan) -> str:
    """Return a plan's hash as its activation noted it; a first plan from a file has none."""
    noted = select(PlanActivation.sha256).where(PlanActivation.number == row.number)
    return db.exec(noted.limit(1)).first() or plan_hash(plan)


def alarms_waiting(db: Session) -> int:
    """Return how many emergencies nobody has acknowledged, as far as the store knows."""
    waiting = select(func.count()).select_from(Alarm)
    return db.exec(
        waiting.where(col(Alarm.ack_utc).is_(None), col(Alarm.ended_utc).is_(None))
    ).one()


def on_trial(db: Session) -> PlanActivation | None:
    """Return the activation that is on trial now."""
    return db.exec(select(PlanActivation).where(PlanActivation.state == TRIAL)).first()


def schedule(db: Session, wanted: Wanted, at_utc: UtcUs) -> PlanActivation:
    """Plan an activation; the draft is frozen from now on. Raises Conflict."""
    row = _open_draft(db, wanted)
    row.state = SCHEDULED
    db.add(row)
    activation = _activation(db, wanted, at_utc)
    activation.state, activation.scheduled = PLANNED, True
    db.add(activation)
    db.flush()
    return activation


def begin_trial(db: Session, wanted: Wanted, now: UtcUs) -> Live:
    """Make a draft the live plan, on trial; raises Conflict."""
    _open_draft(db, wanted)
    return _go_live(db, _activation(db, wanted, now), now)


def _open_draft(db: Session, wanted: Wanted) -> PlanDraft:
    row = load(db, wanted.draft, lock=True)
    demand_open(row)
    if row.sha256 != wanted.sha256:
        raise Conflict("the draft was changed meanwhile", hint="Check and compare it again.")
    return row


def _activation(db: Session, wanted: Wanted, at_utc: UtcUs) -> PlanActivation:
    return PlanActivation(
        kind=ACTIVATE,
        previous=live_number(db),
        draft=wanted.draft,
        sha256=wanted.sha256,
        at_utc=at_utc,
        state=TRIAL,
        by=wanted.who.id,
        by_name=wanted.who.name,
        approval=wanted.approval,
        reason=wanted.reason,
    )


def begin_scheduled(db: Session, activation_id: int, now: UtcUs) -> Live:
    """Make a scheduled draft the live plan, on trial; raises Conflict when it is no longer due."""
    activation = found(db, activation_id)
    if activation.state != PLANNED:
        raise Conflict(f"the activation is {activation.state}")
    activation.previous = live_number(db)
    return _go_live(db, activation, now)


def _go_live(db: Session, activation: PlanActivation, now: UtcUs) -> Live:
    if on_trial(db) is not None:
        raise Conflict("a plan is on trial", hint="Keep it or return first.")
    draft = load(db, activation.draft, lock=True)
    if text_hash(draft.body) != activation.sha256:
        raise Conflict("the draft is not what was approved")
    plan = SHELF.read(activation.sha256, draft.body)
    number = newest_number(db) + 1
    db.add(plan_row(draft, plan.name, activation, number, live_from(db, now)))
    draft.state = ACTIVATED
    activation.number, activation.state = number, TRIAL
    activation.activated_utc, activation.keep_until_utc = now, now + TRIAL_US
    activation.waits_for = ""
    db.add(draft)
    db.add(activation)
    db.flush()
    return Live(number, plan, activation)


def plan_row(
    draft: PlanDraft, name: str, activation: PlanActivation, number: int, now: UtcUs
) -> PlanRow:
    """Return the row of a new version of the plan, live from ``now`` on."""
    return PlanRow(
        number=number,
        name=name,
        body=draft.body,
        author=activation.by_name,
        note=activation.reason or draft.name,
        created_utc=now,
        activated_utc=now,
    )


def move_end(db: Session, keep_until_utc: UtcUs) -> PlanActivation | None:
    """Set when the trial is over: somebody has set the clock. Returns it, None without one."""
    trial = on_trial(db)
    if trial is not None:
        trial.keep_until_utc = keep_until_utc
        db.add(trial)
    return trial


def keep(
    db: Session, who: Who, now: UtcUs, words: str, number: int | None = None
) -> PlanActivation:
    """Keep the plan that is on trial; raises Conflict when none is, or another one."""
    activation = on_trial(db)
    if activation is None or number not in (None, activation.number):
        raise Conflict("no such plan is on trial")
    return _end(db, activation, KEPT, Ending(who, now, words))


def give_back(db: Session, who: Who, now: UtcUs, words: str) -> Live:
    """End a trial: the former plan is live again; raises Conflict when none is on trial."""
    activation = on_trial(db)
    if activation is None:
        raise Conflict("no plan is on trial")
    _end(db, activation, RETURNED, Ending(who, now, words))
    former = numbered(db, activation.previous)
    former.activated_utc = live_from(db, now)
    db.add(former)
    return Live(former.number, _plan_of(former), activation)


def roll_back(db: Session, number: int, who: Who, now: UtcUs, reason: str) -> Live:
    """Make an earlier plan live again, at once and for good; raises NotFound, Conflict."""
    current = live_number(db)
    if number == current:
        raise Conflict(f"plan {number} is live already")
    former = numbered(db, number)
    trial = on_trial(db)
    if trial is not None:
        _end(db, trial, RETURNED, Ending(who, now, f"rolled back to plan {number}: {reason}"))
    former.activated_utc = live_from(db, now)
    plan = _plan_of(former)
    activation = PlanActivation(
        kind=ROLLBACK,
        number=number,
        previous=current,
        sha256=_hash_of(db, former, plan),
        at_utc=now,
        activated_utc=now,
        state=KEPT,
        by=who.id,
        by_name=who.name,
        reason=reason,
        ended_utc=now,
    )
    db.add(former)
    db.add(activation)
    db.flush()
    return Live(number, plan, activation)


def cancel(db: Session, activation_id: int, who: Who, now: UtcUs, words: str) -> PlanActivation:
    """Take a scheduled activation back; its draft is open again. Raises NotFound, Conflict."""
    activation = found(db, activation_id)
    if activation.state != PLANNED:
        raise Conflict(f"the activation is {activation.state}")
    draft = load(db, activation.draft, lock=True)
    draft.state = "open"
    db.add(draft)
    return _end(db, activation, CANCELLED, Ending(who, now, words))


@dataclass(frozen=True, slots=True)
class Ending:
    """Who ended an activation, when and in what words."""

    who: Who
    now: UtcUs
    words: str


def _end(db: Session, activation: PlanActivation, state: str, ending: Ending) -> PlanActivation:
    activation.state, activation.ended_utc = state, ending.now
    activation.ended_by, activation.end_words = ending.who.name, ending.words
    db.add(activation)
    db.flush()
    return activation


def found(db: Session, activation_id: int) -> PlanActivation:
    """Return an activation; raises NotFound."""
    row = db.get(PlanActivation, activation_id)
    if row is None:
        raise NotFound(f"there is no activation {activation_id}")
    return row


def planned(db: Session) -> list[PlanActivation]:
    """Return the scheduled activations, the next one first."""
    wanted = select(PlanActivation).where(PlanActivation.state == PLANNED)
    return list(db.exec(wanted.order_by(col(PlanActivation.at_utc))))


def history(db: Session, limit: int) -> list[dict[str, Any]]:  # JSON rows
    """Return the last activations, newest first, and plans that came before there were any."""
    rows = db.exec(select(PlanActivation).order_by(col(PlanActivation.id).desc()).limit(limit))
    return [row.model_dump() for row in rows]

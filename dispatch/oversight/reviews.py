"""The review queue: sampled looks, alerts and broken glass, each one person's, for another to read.

Whoever reviews is never the person reviewed. The auditor reviews; what an auditor did is reviewed
by the data protection officer, and what is escalated goes there as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.auth.permissions import Role
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.events import ReviewAdded
from dispatch.oversight.rules import DAY_US, HOUR_US, Alert
from dispatch.oversight.tables import ReviewTask
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.errors import NotPermitted
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

OPEN, ASKED, ANSWERED = "open", "asked", "answered"
JUSTIFIED, ESCALATED = "justified", "escalated"
WAITING = (OPEN, ASKED, ANSWERED)
AUDITOR, DPO = "auditor", "dpo"
DUE_HOURS = {"sample": 14 * 24, "alert": 7 * 24, "break_glass": 72}
QUIET_US = DAY_US
"""How long one rule tells nothing more of the same person: the task already says it."""
MIN_CHARACTERS = 10
MAX_ROWS = 200
Row = dict[str, Any]
"""A JSON object of the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Whose act it is."""

    user: str
    person: str
    name: str
    role: str


class Reviews:
    """The queue of one server."""

    def __init__(
        self,
        *,
        store: Store,
        record: Record,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take the store."""
        self._store = store
        self._record = record
        self._bus = bus
        self._clock = clock
        self._randomness = randomness

    # ---- adding --------------------------------------------------------------------------------

    def task(
        self,
        kind: str,
        of: Reviewed,
        words: str,
        *,
        rule: str = "",
        day: str = "",
        entries: str = "",
    ) -> ReviewTask:
        """Return a new task, not yet stored."""
        now = self._clock.utc_us()
        return ReviewTask(
            id="v-" + ulid(now, self._randomness(10)),
            kind=kind,
            rule=rule,
            day=day,
            user=of.user,
            person=of.person,
            name=of.name,
            role=of.role,
            words=words,
            entries=entries,
            audience=DPO if of.role == Role.AUDITOR.value else AUDITOR,
            made_utc=now,
            due_utc=now + DUE_HOURS[kind] * HOUR_US,
        )

    async def add(self, task: ReviewTask) -> None:
        """Store a task, log it and tell whoever reviews it."""
        await self._store.write(lambda db: db.add(task))
        self._told(task)

    def _told(self, task: ReviewTask) -> None:
        detail = {"kind": task.kind, "rule": task.rule, "note": task.words, "entries": task.entries}
        obj = Obj(type="review", id=task.id)
        self._record.note(
            Act(op="system", verb="review.added", actor=SYSTEM, obj=obj, detail=detail)
        )
        self._bus.publish(
            ReviewAdded(
                review=task.id,
                review_kind=task.kind,
                rule=task.rule,
                words=task.words,
                audience=task.audience,
                user=task.user,
                due_utc=task.due_utc,
            )
        )

    async def alert(self, of: Reviewed, alert: Alert, entry: int | None) -> int:
        """Add an alert unless the same rule told of this person within a day; returns how many."""
        entries = "" if entry is None else str(entry)
        task = self.task("alert", of, alert.words, rule=alert.rule, entries=entries)
        since = task.made_utc - QUIET_US

        def work(db: Session) -> bool:
            query = select(ReviewTask.id).where(
                ReviewTask.rule == alert.rule,
                ReviewTask.user == of.user,
                col(ReviewTask.made_utc) > since,
            )
            if db.exec(query).first() is not None:
                return False
            db.add(task)
            return True

        new = await self._store.write(work)
        if new:
            self._told(task)
        return int(new)

    # ---- reading -------------------------------------------------------------------------------

    async def queue(self, asker: Asker, *, waiting: bool) -> list[Row]:
        """Return the tasks of the asker's audience, what is due first; their own are not there."""
        audience = _audience(asker)

        def work(db: Session) -> list[Row]:
            inside = col(ReviewTask.state).in_(WAITING)
            query = select(ReviewTask).where(
                ReviewTask.audience == audience,
                ReviewTask.person != asker.person,
                inside if waiting else ~inside,
            )
            order = col(ReviewTask.due_utc) if waiting else col(ReviewTask.closed_utc).desc()
            return [_row(one) for one in db.exec(query.order_by(order).limit(MAX_ROWS))]

        return await self._store.read(work)

    async def look(self, asker: Asker, task_id: str) -> ReviewTask:
        """Return a task; logged before it is shown. Raises NotFound, also for one's own."""
        task = await self._store.read(lambda db: self._find(db, asker, task_id))
        obj = Obj(type="review", id=task_id)
        await self._record.before(asker, "consult", "review.looked", obj)
        return task

    def _find(self, db: Session, asker: Asker, task_id: str) -> ReviewTask:
        task = db.get(ReviewTask, task_id)
        if task is None or task.audience != _audience(asker) or task.person == asker.person:
            raise NotFound(f"there is no task {task_id}")
        return task

    async def mine(self, user: str) -> list[Row]:
        """Return the questions to this person that wait for an answer."""

        def work(db: Session) -> list[Row]:
            query = select(ReviewTask).where(ReviewTask.user == user, ReviewTask.state == ASKED)
            return [
                {"id": one.id, "question": one.question, "entries": one.entries, "asked_utc": None}
                for one in db.exec(query.limit(MAX_ROWS))
            ]

        return await self._store.read(work)

    # ---- deciding ------------------------------------------------------------------------------

    async def decide(self, asker: Asker, task_id: str, outcome: str, text: str) -> Row:
        """Close a task as justified, ask the person, or escalate to the data protection officer.

        Raises NotFound, Conflict, ServiceError (asking and escalating need words).
        """
        if outcome not in (JUSTIFIED, "ask", ESCALATED):
            raise ServiceError("outcome: expected justified, ask or escalated")
        words = text.strip()
        if outcome != JUSTIFIED and len(words) < MIN_CHARACTERS:
            raise ServiceError(f"say why, in at least {MIN_CHARACTERS} characters")
        await self._store.read(lambda db: self._find(db, asker, task_id))
        await self._log(asker, f"review.{outcome}", task_id, words)
        now = self._clock.utc_us()

        def work(db: Session) -> ReviewTask:
            task = self._find(db, asker, task_id)
            if task.state not in WAITING:
                raise Conflict(f"{task_id} is {task.state} already")
            task.reviewer = asker.access.user.id
            task.reviewer_name = asker.access.user.display_name
            _decide(task, outcome, words, now)
            db.add(task)
            return task

        return _row(await self._store.write(work))

    async def answer(self, asker: Asker, task_id: str, text: str) -> None:
        """Answer the question of a reviewer; raises NotFound, Conflict."""
        words, user = text.strip(), asker.access.user.id
        if not words:
            raise ServiceError("answer: expected words, got none")

        def check(db: Session) -> ReviewTask:
            task = db.get(ReviewTask, task_id)
            if task is None or task.user != user:
                raise NotFound(f"there is no question {task_id}")
            if task.state != ASKED:
                raise Conflict(f"{task_id} waits for no answer")
            return task

        await self._store.read(check)
        await self._log(asker, "review.answered", task_id, words)

        def work(db: Session) -> None:
            task = check(db)
            task.state, task.answer = ANSWERED, words
            db.add(task)

        await self._store.write(work)

    # ---- time ----------------------------------------------------------------------------------

    async def overdue(self) -> int:
        """Hand tasks of broken glass that nobody closed in time to the data protection officer."""
        now = self._clock.utc_us()

        def work(db: Session) -> list[ReviewTask]:
            query = select(ReviewTask).where(
                ReviewTask.kind == "break_glass",
                col(ReviewTask.state).in_(WAITING),
                col(ReviewTask.due_utc) <= now,
                col(ReviewTask.overdue_told).is_(False),
            )
            late = list(db.exec(query.limit(MAX_ROWS)))
            for task in late:
                task.overdue_told, task.audience = True, DPO
                task.words += "; not closed within 72 hours"
                db.add(task)
            return late

        late = await self._store.write(work)
        for task in late:
            self._told(task)
        return len(late)

    async def waiting_count(self, asker: Asker) -> int:
        """Return how many tasks wait for this person's role."""
        audience = _audience(asker)

        def work(db: Session) -> int:
            query = select(func.count()).where(
                ReviewTask.audience == audience,
                ReviewTask.person != asker.person,
                col(ReviewTask.state).in_(WAITING),
            )
            return db.exec(query).one()

        return await self._store.read(work)

    async def _log(self, asker: Asker, verb: str, task: str, words: str) -> None:
        obj = Obj(type="review", id=task)
        await self._record.before(asker, "admin", verb, obj, detail={"reason": words})


def _decide(task: ReviewTask, outcome: str, words: str, now: UtcUs) -> None:
    if outcome == "ask":
        task.state, task.question, task.answer = ASKED, words, ""
    elif outcome == ESCALATED and task.audience == AUDITOR:
        task.audience, task.state = DPO, OPEN
        task.words += f"; escalated: {words}"
    else:
        task.state, task.closed_utc = outcome, now
        if words:
            task.words += f"; {words}"


def _audience(asker: Asker) -> str:
    role = asker.access.user.role
    if role is Role.AUDITOR:
        return AUDITOR
    if role is Role.DPO:
        return DPO
    raise NotPermitted("the auditor and the data protection officer review")


def _row(task: ReviewTask) -> Row:
    return {
        "id": task.id,
        "kind": task.kind,
        "rule": task.rule,
        "day": task.day,
        "name": task.name,
        "role": task.role,
        "words": task.words,
        "entries": [int(one) for one in task.entries.split(",") if one],
        "state": task.state,
        "question": task.question,
        "answer": task.answer,
        "reviewer": task.reviewer_name,
        "made_utc": task.made_utc,
        "due_utc": task.due_utc,
        "closed_utc": task.closed_utc,
    }


def row_of(task: ReviewTask) -> Row:
    """Return a task as JSON."""
    return _row(task)

"""The live plan: plan 1 loaded into an empty store, every version kept, one of them active."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table
from sqlmodel import Session, SQLModel, col, func, select

from dispatch.events import PlanActivated
from dispatch.plans.canonical import SHELF, plan_text, text_hash
from dispatch.plans.guests import Guests
from dispatch.services.plan_index import Lead, PlanIndex
from dispatch.store.engine import Store
from dispatch.store.tables import PlanRow
from gateway.bus import Bus
from gateway.model.ids import LinkId, TalkgroupId, UnitId
from gateway.model.plan import Plan, Unit
from gateway.model.private_line import LINE_NAME, is_private
from gateway.ports import Clock
from webrtc.collector import set_apart

APART_FROM_UNITS = 20_000
"""The index of a longer plan is kept away from the collector of garbage."""
PLANS: Table = SQLModel.metadata.tables["plan"]
Preparer = Callable[[Plan], Awaitable[Callable[[], None]]]
"""Makes ready for a plan; what it returns is called at the moment the plan becomes live."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made ready for a plan that is to become live."""

    index: PlanIndex
    takes: tuple[Callable[[], None], ...]


class LivePlan:
    """The active plan with look-ups by id. Read by everyone, changed by ``activate``."""

    def __init__(self, store: Store, bus: Bus, clock: Clock, lead: Lead | None = None) -> None:
        """Begin with an empty plan 0; call ``load``.

        ``plan`` is what runs; ``target`` what was activated, the same unless something waits.
        ``lead`` gives the links of what runs their far ends, which no version knows (a demo).
        """
        self._lead = lead
        self._store = store
        self._bus = bus
        self._clock = clock
        self._changed: list[Callable[[Plan], None]] = []
        self._preparers: list[Preparer] = []
        self.number = 0
        self.trial_until_utc: int | None = None
        """When the plan before this one returns unless somebody keeps this one."""
        self.guests = Guests()
        """Links and units of an exercise: beside the plan, in no version of it."""
        self._set(PlanIndex(Plan(name="no plan"), self.guests), 0)

    def _set(self, index: PlanIndex, number: int) -> None:
        self.number = number
        self.target = self.plan = index.plan
        self._take(index)

    def _take(self, index: PlanIndex) -> None:
        self._index = index
        self.running = index.running
        """What links and console work by: the plan, and the guests beside it."""
        self.talkgroups, self.units = index.talkgroups, index.units
        self.links_of, self.carried = index.links_of, index.carried
        self._names = index.names

    def _index_of(self, plan: Plan) -> PlanIndex:
        return PlanIndex(plan, self.guests, self._lead)

    def current(self) -> Plan:
        """Return the active plan."""
        return self.plan

    def talkgroup_name(self, talkgroup: str) -> str:
        """Return the name of a talkgroup, or its id when the plan doesn't know it."""
        if is_private(talkgroup):
            return LINE_NAME
        found = self.talkgroups.get(TalkgroupId(talkgroup))
        return found.name if found else talkgroup

    def link_name(self, link: str) -> str:
        """Return the name of a link, or its id when the plan doesn't know it."""
        found = self._index.links.get(LinkId(link))
        return found.name if found else link

    def alias(self, unit: str | None) -> str:
        """Return the alias of a unit, or its number when the plan doesn't know it."""
        if not unit:
            return ""
        found = self.units.get(UnitId(unit))
        if found is not None:
            return found.alias
        return self._names.alias(UnitId(unit)) or unit.partition("/")[2]

    def members(self, talkgroup: TalkgroupId) -> Sequence[Unit]:
        """Return the units whose home is a talkgroup."""
        return self._index.members.get(talkgroup, ())

    def on_changed(self, callback: Callable[[Plan], None]) -> None:
        """Call ``callback`` after each activation."""
        self._changed.append(callback)

    def load(self, first: Plan | None = None) -> None:
        """Read the active plan, in the calling thread; an empty store takes ``first`` as plan 1."""
        row = self._store.read_now(_active)
        if row is None and first is not None:
            row = self._store.write_now(lambda db: self._insert(db, first, "samband", "first plan"))
        if row is not None:
            plan = SHELF.read(text_hash(row.body), row.body)
            self._set(self._index_of(plan), row.number)

    async def activate(self, plan: Plan, *, author: str, note: str) -> int:
        """Store a new version and make it live; returns its number."""
        row = await self._store.write(lambda db: self._insert(db, plan, author, note))
        self.use(plan, row.number, author)
        return row.number

    def on_prepare(self, callback: Preparer) -> None:
        """Let somebody make ready, off the event loop, for a plan that is to become live."""
        self._preparers.append(callback)

    async def prepare(self, plan: Plan) -> Prepared:
        """Make everything ready for a plan, in threads; ``use`` then takes it at one moment."""
        long = len(plan.units) >= APART_FROM_UNITS
        with set_apart() if long else nullcontext():
            index = await asyncio.to_thread(self._index_of, plan)
            return Prepared(index, tuple([await ready(plan) for ready in self._preparers]))

    def use(
        self,
        plan: Plan,
        number: int,
        operator: str = "",
        *,
        running: Plan | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        """Make a plan live in this process and tell everyone.

        ``running`` is what may run of it now, while people still use what it changes; what
        ``prepared`` has is taken when it is of the same plan.
        """
        runs = running or plan
        ready = prepared is not None and prepared.index.plan is runs
        if prepared is not None and ready and prepared.index.guests is self.guests:
            self._set(prepared.index, number)
        else:
            self._set(self._index_of(runs), number)
        for take in prepared.takes if prepared is not None and ready else ():
            take()
        self.target = plan
        for callback in self._changed:
            callback(self.plan)
        self._bus.publish(PlanActivated(plan=number, name=plan.name, operator=operator))

    def set_guests(self, guests: Guests, operator: str = "") -> None:
        """Take guests beside the plan, in the place of those before, and tell everyone."""
        self.guests = guests
        self._take(self._index_of(self.plan))
        for callback in self._changed:
            callback(self.plan)
        self._bus.publish(PlanActivated(plan=self.number, name=self.target.name, operator=operator))

    async def versions(self) -> list[dict[str, Any]]:
        """Return all plans without their bodies, the newest first; JSON rows."""

        def work(db: Session) -> list[dict[str, Any]]:
            columns = [column for column in PLANS.columns if column.name != "body"]
            rows = db.connection().execute(select(*columns).order_by(PLANS.c.number.desc()))
            return [dict(row) for row in rows.mappings()]

        return await self._store.read(work)

    def _insert(self, db: Session, plan: Plan, author: str, note: str) -> PlanRow:
        last = db.exec(select(func.coalesce(func.max(PlanRow.number), 0))).one()
        latest = db.exec(select(func.max(PlanRow.activated_utc))).one()
        now = self._clock.utc_us()
        row = PlanRow(
            number=last + 1,
            name=plan.name,
            body=plan_text(plan),
            author=author,
            note=note,
            created_utc=now,
            activated_utc=max(now, (latest or 0) + 1),
        )
        db.add(row)
        db.flush()
        return row


def _active(db: Session) -> PlanRow | None:
    return db.exec(
        select(PlanRow)
        .where(col(PlanRow.activated_utc).is_not(None))
        .order_by(col(PlanRow.activated_utc).desc(), col(PlanRow.number).desc())
    ).first()

"""The live plan: plan 1 loaded into an empty store, every version kept, one of them active."""

import json
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.events import PlanActivated
from dispatch.plans.guests import Guests, beside
from dispatch.store.engine import Store
from dispatch.store.tables import PlanRow
from gateway.bus import Bus
from gateway.model.ids import TalkgroupId, UnitId
from gateway.model.plan import Link, Plan, Talkgroup, Unit
from gateway.model.private_line import LINE_NAME, is_private
from gateway.model.unit_rules import UnitNames
from gateway.model.wire import from_json, to_json
from gateway.ports import Clock


class LivePlan:
    """The active plan with look-ups by id. Read by everyone, changed by ``activate``."""

    def __init__(self, store: Store, bus: Bus, clock: Clock) -> None:
        """Begin with an empty plan 0; call ``load``.

        ``plan`` is what runs; ``target`` what was activated, the same unless something waits.
        """
        self._store = store
        self._bus = bus
        self._clock = clock
        self._changed: list[Callable[[Plan], None]] = []
        self.number = 0
        self.trial_until_utc: int | None = None
        """When the plan before this one returns unless somebody keeps this one."""
        self.guests = Guests()
        """Links and units of an exercise: beside the plan, in no version of it."""
        self._set(Plan(name="no plan"), 0)

    def _set(self, plan: Plan, number: int) -> None:
        self.plan = plan
        self.number = number
        self.target = plan
        self.talkgroups: dict[TalkgroupId, Talkgroup] = {tg.id: tg for tg in plan.talkgroups}
        self._names = UnitNames(plan.unit_rules)
        self._with_guests()

    def _with_guests(self) -> None:
        self.running = beside(self.plan, self.guests)
        """What links and console work by: the plan, and the guests beside it."""
        self.units: dict[UnitId, Unit] = {unit.id: unit for unit in self.running.units}
        self.links_of: dict[TalkgroupId, tuple[Link, ...]] = {
            tg.id: tuple(
                link
                for link in self.running.links
                if link.system == tg.system and tg.number in link.talkgroups
            )
            for tg in self.running.talkgroups
        }

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
        return next((known.name for known in self.running.links if known.id == link), link)

    def alias(self, unit: str | None) -> str:
        """Return the alias of a unit, or its number when the plan doesn't know it."""
        if not unit:
            return ""
        found = self.units.get(UnitId(unit))
        if found is not None:
            return found.alias
        return self._names.alias(UnitId(unit)) or unit.partition("/")[2]

    def on_changed(self, callback: Callable[[Plan], None]) -> None:
        """Call ``callback`` after each activation."""
        self._changed.append(callback)

    def load(self, first: Plan | None = None) -> None:
        """Read the active plan, in the calling thread; an empty store takes ``first`` as plan 1."""
        row = self._store.read_now(_active)
        if row is None and first is not None:
            row = self._store.write_now(lambda db: self._insert(db, first, "samband", "first plan"))
        if row is not None:
            self._set(from_json(Plan, json.loads(row.body)), row.number)

    async def activate(self, plan: Plan, *, author: str, note: str) -> int:
        """Store a new version and make it live; returns its number."""
        row = await self._store.write(lambda db: self._insert(db, plan, author, note))
        self.use(plan, row.number, author)
        return row.number

    def use(
        self, plan: Plan, number: int, operator: str = "", *, running: Plan | None = None
    ) -> None:
        """Make a plan live in this process and tell everyone.

        ``running`` is what may run of it now, while people still use what it changes.
        """
        self._set(running or plan, number)
        self.target = plan
        for callback in self._changed:
            callback(self.plan)
        self._bus.publish(PlanActivated(plan=number, name=plan.name, operator=operator))

    def set_guests(self, guests: Guests, operator: str = "") -> None:
        """Take guests beside the plan, in the place of those before, and tell everyone."""
        self.guests = guests
        self._with_guests()
        for callback in self._changed:
            callback(self.plan)
        self._bus.publish(PlanActivated(plan=self.number, name=self.target.name, operator=operator))

    async def versions(self) -> list[dict[str, Any]]:
        """Return all plans without their bodies, the newest first; JSON rows."""

        def work(db: Session) -> list[dict[str, Any]]:
            return [
                row.model_dump(exclude={"body"})
                for row in db.exec(select(PlanRow).order_by(col(PlanRow.number).desc()))
            ]

        return await self._store.read(work)

    def _insert(self, db: Session, plan: Plan, author: str, note: str) -> PlanRow:
        last = db.exec(select(PlanRow).order_by(col(PlanRow.number).desc())).first()
        now = self._clock.utc_us()
        row = PlanRow(
            number=(last.number if last else 0) + 1,
            name=plan.name,
            body=json.dumps(to_json(plan), ensure_ascii=False),
            author=author,
            note=note,
            created_utc=now,
            activated_utc=now,
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

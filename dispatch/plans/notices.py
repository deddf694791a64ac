"""What changed for each position with a plan: kept until somebody there says that it was seen.

Theory of operation. The store knows up to which plan positions were told (``plan_told``). Whenever
another plan is live, by whatever way and also after a stop, the two are compared, each position for
which something changes gets a row, and the mark moves, all in one transaction. A line is shown to
whoever may know the talkgroups in it: by the grants now, and for what went by the folder it had.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access, compute
from dispatch.auth.people import People
from dispatch.auth.permissions import Action
from dispatch.errors import NotFound
from dispatch.plans.compared import compared
from dispatch.plans.drafts import Drafts
from dispatch.plans.events import PlanNoticed, PlanNoticeSeen
from dispatch.plans.position_changes import Line, is_told
from dispatch.plans.tables import PlanNotice, PlanTold
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus
from gateway.model.ids import TalkgroupId, UtcUs, split_address
from gateway.model.plan import Plan, Talkgroup
from gateway.ports import Clock

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 5
"""The store may have been away when a plan went live: it is looked again."""
AFTER_S = 1.0
"""Links and boards go over to a plan first; then it is worked out whom it tells what."""
KEPT = 20
"""Notices that a position keeps; the oldest go."""
_TOLD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTools:
    """What notices stand on."""

    store: Store
    record: Record
    bus: Bus
    clock: Clock
    live: LivePlan
    drafts: Drafts
    people: People


class Notices:
    """Tells positions what a plan changed for them."""

    def __init__(self, tools: NoticeTools) -> None:
        """Take the parts; ``run`` does the rest."""
        self._t = tools
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        tools.live.on_changed(lambda _plan: self._changed.set())

    # ---- writing -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look at the start, after each change of the live plan, and now and then."""
        while True:
            try:
                await self.look()
            except StoreUnavailable as error:  # it is looked at again
                logger.warning("plan notices: %s", error)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()
                await asyncio.sleep(AFTER_S)
            except TimeoutError:
                pass
            self._changed.clear()

    async def look(self) -> None:
        """Tell each position once what changed since the plan it was last told of."""
        async with self._one_at_a_time:
            await self._look()

    async def _look(self) -> None:
        number, after = self._t.live.number, self._t.live.target
        told = await self._t.store.read(_told)
        if number == told or not number:
            return
        now = self._t.clock.utc_us()
        if told is None:  # the first plan of all changes nothing for anybody
            await self._t.store.write(lambda db: _tell(db, number, []))
            return
        before = await self._t.drafts.plan(told)
        found = await asyncio.to_thread(_rows, before, after)
        rows = [
            PlanNotice(position=position, plan=number, previous=told, lines=text, t_utc=now)
            for position, text in found.items()
        ]
        await self._t.store.write(lambda db: _tell(db, number, rows))
        if found:
            self._t.bus.publish(PlanNoticed(plan=number, previous=told, positions=tuple(found)))

    # ---- reading -------------------------------------------------------------------------------

    async def of(self, position: str, access: Access) -> list[dict[str, Any]]:  # JSON rows
        """Return what a position was told and nobody there has seen yet, the newest first."""

        def work(db: Session) -> list[PlanNotice]:
            wanted = select(PlanNotice).where(
                PlanNotice.position == position, col(PlanNotice.seen_utc).is_(None)
            )
            return list(db.exec(wanted.order_by(col(PlanNotice.id).desc()).limit(KEPT)))

        rows = await self._t.store.read(work)
        shown = [
            {
                "id": row.id,
                "plan": row.plan,
                "previous": row.previous,
                "t_utc": row.t_utc,
                "lines": self._words(row, access),
            }
            for row in rows
        ]
        return [row for row in shown if row["lines"]]

    def _words(self, row: PlanNotice, access: Access) -> list[str]:
        body = json.loads(row.lines)
        seen: frozenset[str] = access.talkgroups(Action.SEE)
        seen_before = self._seen_before(access, body["folders"])
        lines = (_line(one) for one in body["lines"])
        return [line.words for line in lines if is_told(line, seen, seen_before)]

    def _seen_before(self, access: Access, folders: dict[str, str]) -> frozenset[str]:
        """Return which talkgroups somebody would see if they had the folders that they had."""
        rows = []
        for group, folder in folders.items():
            system, number = split_address(TalkgroupId(group))
            rows.append(Talkgroup(system=system, number=number, name="", folder=folder))
        plan, now = Plan(name="", talkgroups=tuple(rows)), self._t.clock.utc_us()
        return frozenset(compute(access.user, self._t.people.grants(), plan, now).talkgroup_actions)

    # ---- acts of people ------------------------------------------------------------------------

    async def seen(self, asker: Asker, position: str, notice: int) -> None:
        """Note that somebody at a position has seen a notice and those before it.

        Raises NotFound when that position has no such notice.
        """
        now, name = self._t.clock.utc_us(), asker.access.user.display_name
        await self._t.store.read(lambda db: _found(db, position, notice))
        await self._t.record.before(
            asker,
            "alter",
            "plan.notice_seen",
            Obj(type="plan_notice", id=str(notice)),
            detail={"position": position},
        )
        await self._t.store.write(lambda db: _see(db, position, notice, (now, name)))
        self._t.bus.publish(PlanNoticeSeen(position=position, notice=notice, operator=name))


def _rows(before: Plan, after: Plan) -> dict[str, str]:
    """Return for each position for which something changes what it is, as JSON."""
    changes = compared(before, after)
    folders = {group.id: group.folder for group in before.talkgroups}
    found = {}
    for position in after.positions:
        lines = changes.lines(position)
        if lines:
            former = {group: folders[group] for line in lines for group in line.former}
            body = {"lines": [_row(line) for line in lines], "folders": former}
            found[position] = json.dumps(body, ensure_ascii=False)
    return found


def _row(line: Line) -> dict[str, Any]:  # JSON values
    return {name: value for name, value in asdict(line).items() if value}


def _line(row: dict[str, Any]) -> Line:  # JSON values, as ``_row`` wrote them
    groups = {name: tuple(value) for name, value in row.items() if name != "words"}
    return Line(row["words"], **groups)


def _told(db: Session) -> int | None:
    row = db.get(PlanTold, _TOLD)
    return row.plan if row else None


def _tell(db: Session, number: int, rows: Iterable[PlanNotice]) -> None:
    mark = db.get(PlanTold, _TOLD) or PlanTold(id=_TOLD, plan=number)
    mark.plan = number
    db.add(mark)
    for row in rows:
        db.add(row)
        mine = select(PlanNotice).where(PlanNotice.position == row.position)
        for old in db.exec(mine.order_by(col(PlanNotice.id).desc()).offset(KEPT)):
            db.delete(old)


def _found(db: Session, position: str, notice: int) -> PlanNotice:
    row = db.get(PlanNotice, notice)
    if row is None or row.position != position:
        raise NotFound(f"position {position} has no notice {notice}")
    return row


def _see(db: Session, position: str, notice: int, by: tuple[UtcUs, str]) -> None:
    wanted = select(PlanNotice).where(
        PlanNotice.position == position,
        col(PlanNotice.id) <= notice,
        col(PlanNotice.seen_utc).is_(None),
    )
    for row in db.exec(wanted):
        row.seen_utc, row.seen_by = by
        db.add(row)

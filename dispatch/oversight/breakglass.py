"""Break-glass: an extra right in need, with a typed reason, told to the supervisors at once.

It ends by itself after an hour, and a review task of it is due within 72 hours.
"""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import GrantInfo
from dispatch.auth.book import AccessBook
from dispatch.auth.people import People
from dispatch.auth.permissions import ROLE_ACTIONS, Action
from dispatch.cameras.tables import Camera
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.events import GlassBroken
from dispatch.oversight.reasons import MIN_CHARACTERS, why_empty
from dispatch.oversight.reviews import Reviewed, Reviews
from dispatch.oversight.tables import BrokenGlass
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

MINUTES = 60
MINUTE_US = 60_000_000
SCOPES = ("folder", "camera_group")
NOT_GIVEN = frozenset({Action.EXPORT})
"""What no need makes urgent: evidence leaves with a second person only."""
MAX_ROWS = 100


class BreakGlass:
    """Extra rights of one server."""

    def __init__(  # the services that a right touches
        self,
        *,
        store: Store,
        plan: LivePlan,
        people: People,
        access: AccessBook,
        record: Record,
        reviews: Reviews,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take what a right touches."""
        self._store = store
        self._plan = plan
        self._people = people
        self._access = access
        self._record = record
        self._reviews = reviews
        self._bus = bus
        self._clock = clock
        self._randomness = randomness

    async def take(self, asker: Asker, scope_kind: str, scope: str, reason: str) -> BrokenGlass:
        """Give the asker an extra right for an hour; it is in the log before it works.

        Raises ServiceError on a reason that says nothing, NotFound, Conflict when it stands
        already, LogNotWritable.
        """
        words = reason.strip()
        fault = why_empty(words)
        if fault:
            raise ServiceError(
                f"reason: {words!r} does not say why: {fault}",
                hint=f"What is happening now? At least {MIN_CHARACTERS} characters.",
            )
        await self._demand_known(scope_kind, scope)
        user, now = asker.access.user, self._clock.utc_us()
        until = UtcUs(now + MINUTES * MINUTE_US)
        for grant in self._people.grants():
            same = grant.user == user.id and (grant.scope_kind, grant.scope) == (scope_kind, scope)
            if same and (grant.expires_utc or 0) > now:
                raise Conflict("this right is yours already for the hour")
        glass = "b-" + ulid(now, self._randomness(10))
        obj = Obj(type="glass", id=glass)
        detail = {"scope_kind": scope_kind, "scope": scope, "minutes": MINUTES, "reason": words}
        await self._record.before(asker, "admin", "glass.broken", obj, detail=detail)
        task = self._reviews.task(
            "break_glass",
            Reviewed(
                user=user.id, person=asker.person, name=user.display_name, role=user.role.value
            ),
            f"broke the glass for {scope_kind.replace('_', ' ')} {scope}: {words}",
        )
        given = await self._people.give(
            GrantInfo(
                id=0,
                role=user.role,
                organisation=user.organisation,
                scope_kind=scope_kind,
                scope=scope,
                actions=ROLE_ACTIONS[user.role] - NOT_GIVEN,
                expires_utc=until,
                user=user.id,
            ),
            user.id,
        )
        row = BrokenGlass(
            id=glass,
            user=user.id,
            name=user.display_name,
            scope_kind=scope_kind,
            scope=scope,
            reason=words,
            grant=given.id,
            task=task.id,
            t_utc=now,
            until_utc=until,
        )
        await self._store.write(lambda db: db.add(row))
        await self._reviews.add(task)
        self._access.refresh("break-glass")
        self._bus.publish(
            GlassBroken(
                glass=glass,
                user=user.id,
                operator=user.display_name,
                scope_kind=scope_kind,
                scope=scope,
                words=words,
                until_utc=until,
            )
        )
        return row

    async def _demand_known(self, scope_kind: str, scope: str) -> None:
        if scope_kind not in SCOPES:
            raise ServiceError(f"scope kind: expected one of {', '.join(SCOPES)}")
        if scope_kind == "folder":
            folders = {talkgroup.folder for talkgroup in self._plan.plan.talkgroups}
            known = any(one == scope or one.startswith(scope + "/") for one in folders if scope)
        else:
            wanted = select(Camera.id).where(Camera.group == scope)
            known = await self._store.read(lambda db: db.exec(wanted).first()) is not None
        if not known:
            raise NotFound(f"there is no {scope_kind.replace('_', ' ')} {scope}")

    async def recent(self) -> list[dict[str, Any]]:
        """Return what was broken, newest first, for supervisors and reviewers."""

        def work(db: Session) -> list[dict[str, Any]]:
            query = select(BrokenGlass).order_by(col(BrokenGlass.t_utc).desc()).limit(MAX_ROWS)
            return [_row(one) for one in db.exec(query)]

        return await self._store.read(work)


def _row(row: BrokenGlass) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "scope_kind": row.scope_kind,
        "scope": row.scope,
        "reason": row.reason,
        "t_utc": row.t_utc,
        "until_utc": row.until_utc,
    }


def row_of(row: BrokenGlass) -> dict[str, Any]:
    """Return a broken glass as JSON."""
    return _row(row)

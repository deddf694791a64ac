"""The policy that counts now: one active version, and shorter times that still wait.

A version that keeps something for less time counts at once in everything else; its shorter times
count only 7 days after its second person agreed. Until then each class keeps as long as before.
"""

import logging
from collections.abc import Callable, Mapping

from sqlmodel import Session, col, select

from dispatch.auth.permissions import Role
from dispatch.policy.model import Policy, from_body
from dispatch.policy.tables import PolicyRow
from dispatch.store.engine import Store
from dispatch.store.retention import use_days
from dispatch.store.tables import US_PER_DAY
from gateway.model.plan import Plan
from gateway.ports import Clock

logger = logging.getLogger(__name__)

WAIT_DAYS = 7
DRAFT, ACTIVE, PAST, WITHDRAWN = "draft", "active", "past", "withdrawn"


class LivePolicy:
    """Read by everyone; changed by ``load`` after an activation and when a wait is over."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Begin with the defaults; call ``load``."""
        self._store = store
        self._clock = clock
        self._changed: list[Callable[[], None]] = []
        self.policy = Policy()
        self.number = 1
        self.days: Mapping[str, int] = dict(self.policy.retention_days)
        self.next_utc: int | None = None
        """When a shorter time begins to count."""

    def on_changed(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after each change, on the thread that loaded it."""
        self._changed.append(callback)

    def load(self) -> bool:
        """Read the versions, in the calling thread; an empty store gets the first one.

        Returns whether anything counts differently than before.
        """
        rows = self._store.read_now(activated)
        if not rows:
            self._store.write_now(lambda db: db.add(first_version(self._clock.utc_us())))
            rows = self._store.read_now(activated)
        now = self._clock.utc_us()
        before = (self.number, self.policy, dict(self.days))
        self.policy, self.number = from_body(rows[0].body), rows[0].number
        self.days = days_at(rows, now)
        waits = [row.effective_utc for row in rows if (row.effective_utc or 0) > now]
        self.next_utc = min((one for one in waits if one), default=None)
        use_days(self.days, self.number)
        return before != (self.number, self.policy, dict(self.days))

    def withdrawn(self, role: Role) -> frozenset[str]:
        """Return the permissions that a role does not have now."""
        return self.policy.withdrawn(role)

    def records(self, talkgroup: str) -> bool:
        """Whether a talkgroup may be recorded now."""
        return self.policy.records(talkgroup)

    def shaped(self, plan: Plan) -> Plan:
        """Return the plan as the recorder has to use it now."""
        return self.policy.shaped(plan)

    def tell(self) -> None:
        """Tell everyone that something counts differently now."""
        for callback in self._changed:
            try:
                callback()
            except Exception:  # one listener may not keep the others from the new policy
                logger.exception("policy: a listener failed")


def first_version(now: int) -> PolicyRow:
    """Return version 1: the defaults."""
    policy = Policy()
    return PolicyRow(
        number=1,
        body=policy.body(),
        digest=policy.digest(),
        state=ACTIVE,
        note="first policy: the defaults",
        author="system",
        author_name="Samband",
        created_utc=now,
        activated_utc=now,
        effective_utc=now,
    )


def activated(db: Session) -> list[PolicyRow]:
    """Return the versions that were ever activated, the newest first."""
    query = select(PolicyRow).where(col(PolicyRow.activated_utc).is_not(None))
    return list(
        db.exec(query.order_by(col(PolicyRow.activated_utc).desc(), col(PolicyRow.number).desc()))
    )


def days_at(rows: list[PolicyRow], at_utc: int) -> dict[str, int]:
    """Return class -> days at a moment: the newest version's, nothing shorter before its time."""
    days: dict[str, int] = {}
    for row in reversed([one for one in rows if (one.activated_utc or 0) <= at_utc]):
        own = dict(from_body(row.body).retention_days)
        if (row.effective_utc or 0) > at_utc:
            fallback = own["call"]
            names = {*days, *own}
            own = {name: max(days.get(name, 0), own.get(name, fallback)) for name in names}
        days = own
    return days


def wait_until(now: int) -> int:
    """Return from when shorter times of a version agreed to now count."""
    return now + WAIT_DAYS * US_PER_DAY

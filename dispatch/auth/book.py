"""The book of rights: one Access a user, kept ready, made anew the moment something changes."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from dispatch.auth.access import Access, GrantInfo, TalkgroupRights, UserInfo, compute
from dispatch.auth.people import People
from dispatch.auth.permissions import Role
from dispatch.events import AccessChanged
from gateway.bus import Bus
from gateway.model.ids import UtcUs
from gateway.model.plan import Plan
from gateway.ports import Clock

EXPIRY_CHECK_MS = 250


class AccessBook:
    """Answers "what may this user do" from memory; tells everyone when the answer changes."""

    def __init__(self, people: People, plan: Callable[[], Plan], bus: Bus, clock: Clock) -> None:
        """Take the people and a function that gives the live plan."""
        self._people = people
        self._plan = plan
        self._bus = bus
        self._clock = clock
        self._cache: dict[str, Access] = {}
        self._changed: list[Callable[[Access], None]] = []
        self._rights = TalkgroupRights(plan())
        self.withdrawn: Callable[[Role], frozenset[str]] = lambda role: frozenset()
        """Permissions that the policy takes from a role."""

    def on_changed(self, callback: Callable[[Access], None]) -> None:
        """Call ``callback`` with the new rights of each user whose rights changed, at once."""
        self._changed.append(callback)

    def of(self, user_id: str) -> Access:
        """Return the rights of a user; raises KeyError when there is no such user."""
        access = self._cache.get(user_id)
        now = self._clock.utc_us()
        if access is not None and (access.until_utc is None or access.until_utc > now):
            return access
        fresh = self._compute(user_id, now)
        if access is None:
            self._cache[user_id] = fresh  # an expired one stays, so that ``expire`` tells of it
        return fresh

    def _compute(self, user_id: str, now: UtcUs) -> Access:
        user = self._people.user(user_id)
        if user is None:
            raise KeyError(user_id)
        plan = self._plan()
        if self._rights.plan is not plan:
            self._rights = TalkgroupRights(plan)
        access = compute(user, self._people.grants(), plan, now, self._rights)
        less = self.withdrawn(user.role)
        return replace(access, permissions=access.permissions - less) if less else access

    async def prepare(self, plan: Plan) -> Callable[[], None]:
        """Work out, in a thread, what everybody known may do under a plan that is not live yet.

        Returns what takes it over, to be called at the moment when the plan becomes live.
        """
        rights, now = TalkgroupRights(plan), self._clock.utc_us()
        users = [user for name in self._cache if (user := self._people.user(name)) is not None]
        await asyncio.to_thread(_fill, rights, users, self._people.grants(), now)

        def take() -> None:
            self._rights = rights

        return take

    def refresh(self, reason: str) -> tuple[str, ...]:
        """Make all rights anew; publishes ``access.changed`` for those that differ."""
        old = dict(self._cache)
        self._cache.clear()
        changed = []
        same = _Same()
        for user_id, before in old.items():
            if self._people.user(user_id) is None:
                continue
            after = self.of(user_id)
            if _differs(before, after, same):
                changed.append(user_id)
        self._tell(tuple(changed), reason)
        return tuple(changed)

    def expire(self) -> None:
        """Take away what has expired since the last look."""
        now = self._clock.utc_us()
        if any(a.until_utc is not None and a.until_utc <= now for a in self._cache.values()):
            self.refresh("a grant expired")

    async def run(self) -> None:
        """Watch for grants that expire, until cancelled."""
        while True:
            self.expire()
            await asyncio.sleep(EXPIRY_CHECK_MS / 1000)

    def _tell(self, users: tuple[str, ...], reason: str) -> None:
        if not users:
            return
        for user_id in users:
            access = self.of(user_id)
            for callback in self._changed:
                callback(access)
        self._bus.publish(AccessChanged(users=users, reason=reason))


def _fill(
    rights: TalkgroupRights, users: list[UserInfo], grants: Iterable[GrantInfo], now: UtcUs
) -> None:
    known = tuple(grants)
    for user in users:
        compute(user, known, rights.plan, now, rights)


class _Same:
    """Compares rights on talkgroups, each pair once: many people share one table of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def __call__(self, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> bool:
        if before is after:
            return True
        pair = (id(before), id(after))
        if pair not in self._known:
            self._known[pair] = before == after
        return self._known[pair]


def _differs(before: Access, after: Access, same: _Same) -> bool:
    return (
        before.user != after.user
        or before.permissions != after.permissions
        or not same(before.talkgroup_actions, after.talkgroup_actions)
        or dict(before.camera_actions) != dict(after.camera_actions)
        or dict(before.individual_actions) != dict(after.individual_actions)
    )

"""The book of rights: one Access a user, kept ready, made anew the moment something changes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from dispatch.auth.access import Access, compute
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
        access = compute(user, self._people.grants(), self._plan(), now)
        less = self.withdrawn(user.role)
        return replace(access, permissions=access.permissions - less) if less else access

    def refresh(self, reason: str) -> tuple[str, ...]:
        """Make all rights anew; publishes ``access.changed`` for those that differ."""
        old = dict(self._cache)
        self._cache.clear()
        changed = []
        for user_id, before in old.items():
            if self._people.user(user_id) is None:
                continue
            after = self.of(user_id)
            if _differs(before, after):
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


def _differs(before: Access, after: Access) -> bool:
    return (
        before.user != after.user
        or before.permissions != after.permissions
        or dict(before.talkgroup_actions) != dict(after.talkgroup_actions)
        or dict(before.camera_actions) != dict(after.camera_actions)
        or dict(before.individual_actions) != dict(after.individual_actions)
    )

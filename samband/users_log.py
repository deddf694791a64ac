"""What ``samband users`` changed, for the audit log, while no server runs that would log it.

A running server notices the change and logs it by itself. Without one the sealed entry goes into
the spool, and enters the log at the next start as ``late``.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from dispatch.audit.entry import Act, Actor, entry_bytes, seal
from dispatch.audit.keys import GroupKeys, KeyFolder
from dispatch.audit.spool import Spool
from dispatch.auth.access import GrantInfo, UserInfo
from dispatch.auth.people import People
from dispatch.clock import SystemClock
from gateway.model.errors import ConfigError
from gateway.model.ids import ulid
from samband.state import StateLock

NOTED_IDS = 100
"""Most accounts and grants that one entry names."""


@dataclass(frozen=True, slots=True)
class Before:
    """Accounts and grants as they were."""

    users: frozenset[UserInfo]
    grants: frozenset[GrantInfo]


def before(people: People) -> Before:
    """Return what is there now, to be compared later."""
    return Before(frozenset(people.users()), frozenset(people.grants()))


def spool_change(state: Path, people: People, was: Before, command: str, account: str = "") -> bool:
    """Put the change into the spool unless a server runs; returns whether anything was written.

    ``account`` is one whose password is set anew, which changes no right.
    """
    changed = {user.id for user in was.users ^ frozenset(people.users())}
    if account:
        changed.add(account)
    now_grants = frozenset(people.grants())
    given = sorted(grant.id for grant in now_grants - was.grants)
    if not changed and not given:
        return False
    try:
        lock = StateLock(state)
    except ConfigError:
        return False  # a server runs: it logs the change itself
    try:
        detail = {
            "command": command,
            "users": sorted(changed)[:NOTED_IDS],
            "grants_given": given[:NOTED_IDS],
        }
        act = Act(
            op="admin",
            verb="people.changed",
            actor=Actor(id="command", role="system"),
            detail=detail,
            late=True,
        )
        now = SystemClock().utc_us()
        entry = seal(
            act,
            GroupKeys(KeyFolder(state / "keys")),
            entry_id=ulid(now, os.urandom(10)).upper(),
            now=now,
            prev_hint=0,
            nonce=os.urandom(12),
        )
        Spool(state / "spool").put([entry_bytes(entry)])
    finally:
        lock.release()
    return True

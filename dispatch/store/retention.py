"""Retention classes: every object has one, with an expiry, from its first row on.

The days are the policy's (``dispatch.policy``), put here by ``use_days``; before a policy is
loaded they are the defaults below.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dispatch.store.tables import US_PER_DAY

RETENTION_DAYS: Mapping[str, int] = MappingProxyType(
    {
        "call": 90,
        "emergency_call": 730,
        "incident": 365,
        "message": 90,
        "position": 30,
        "private_call": 90,
        "media": 30,
        "event": 3,
        "telemetry": 30,
        "audit": 1826,
    }
)
"""Days that an object of a class is kept (examples of evidence practice; a site sets its own)."""
DEFAULT_CLASS = "call"
EMERGENCY_CLASS = "emergency_call"
INCIDENT_CLASS = "incident"


class _InUse:
    """The days in use: replaced whole, so that threads see the old or the new ones."""

    days: Mapping[str, int] = RETENTION_DAYS
    policy: int = 1


def use_days(days: Mapping[str, int], policy: int) -> None:
    """Keep objects for these days from now on; ``policy`` is the version that says so."""
    _InUse.days, _InUse.policy = MappingProxyType(dict(days)), policy


def days_in_use() -> Mapping[str, int]:
    """Return class -> days as they count now."""
    return _InUse.days


def policy_in_use() -> int:
    """Return the version of the policy that counts now."""
    return _InUse.policy


def days_of(retention_class: str) -> int:
    """Return the days of a class; an unknown class keeps as long as ``call``."""
    days = _InUse.days
    return days.get(retention_class, days[DEFAULT_CLASS])


def expiry_utc(retention_class: str, start_utc: int) -> int:
    """Return when an object of a class expires."""
    return start_utc + days_of(retention_class) * US_PER_DAY


def longer_class(one: str, other: str) -> str:
    """Return the class that keeps longer: retention is never shortened by an event."""
    return other if days_of(other) > days_of(one) else one

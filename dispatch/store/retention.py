"""Retention classes: every call and transmission has one, with an expiry, from its first row on."""

from dispatch.store.tables import US_PER_DAY

RETENTION_DAYS = {
    "call": 90,
    "emergency_call": 730,
    "incident": 365,
    "message": 90,
    "position": 30,
    "private_call": 90,
    "telemetry": 30,
}
"""Days that an object of a class is kept (examples of evidence practice; a site sets its own)."""
DEFAULT_CLASS = "call"
EMERGENCY_CLASS = "emergency_call"


def expiry_utc(retention_class: str, start_utc: int) -> int:
    """Return when an object of a class expires; an unknown class keeps as long as ``call``."""
    days = RETENTION_DAYS.get(retention_class, RETENTION_DAYS[DEFAULT_CLASS])
    return start_utc + days * US_PER_DAY


def longer_class(one: str, other: str) -> str:
    """Return the class that keeps longer: retention is never shortened by an event."""
    default = RETENTION_DAYS[DEFAULT_CLASS]
    one_days, other_days = RETENTION_DAYS.get(one, default), RETENTION_DAYS.get(other, default)
    return other if other_days > one_days else one

"""The limits by which a site judges its server, from the table ``[health]`` of ``samband.toml``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRules:
    """Limits; the defaults are the rules of the house."""

    voice_ms: int = 250
    """Radio audio in to ear, p50."""
    voice_alarm_ms: int = 400
    """The same, from where on it is a fault."""
    grant_ms: int = 300
    """Push-to-talk to grant, p50."""
    lost_percent: float = 0.5
    """Voice packets lost between here and the desks, last hour."""
    clock_ms: int = 100
    """How far the machine's clock may be off."""
    certificate_days: int = 30
    """A certificate that ends sooner is to be renewed."""
    backup_hours: int = 48
    """A backup that is older is too old."""
    spool_events: int = 50_000
    """Events that may wait for the database."""

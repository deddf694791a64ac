"""A purpose that stands, for tests that look at what was recorded."""

from dispatch.audit.entry import Purpose
from dispatch.oversight.purposes import Purposes, Stated
from dispatch.services.registry import Services
from gateway.model.ids import UtcUs


def standing_purpose(services: Services, user: str) -> str:
    """Let a purpose of a user stand, as if it had been stated and logged; returns its id."""
    now = services.clock.utc_us()
    stated = Stated(
        id="why-" + user,
        user=user,
        purpose=Purpose(code="case", ref="K-2026-118"),
        stated_utc=now,
        until_utc=UtcUs(now + 3_600_000_000),
    )
    services.use(Purposes)._standing[stated.id] = stated
    return stated.id

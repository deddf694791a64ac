"""One person's view of one camera, and when it has to end. Pure: time is given.

A view lives as long as its page says so: a page that is silent for ``SILENT_MS`` is gone. It is
idle when nobody touched the page for the configured time. Before the first offer it waits
``START_MS``.
"""

from dataclasses import dataclass, field

from gateway.model.ids import MonoMs, UtcUs

LIVE, STILL = "live", "still"
SILENT_MS = 15_000
START_MS = 30_000
TOKEN_MS = 20_000
"""How long the engine may take to show us the token that it was given."""
WARN_MS = 60_000
"""Before an idle view is closed, its page says so this long."""


@dataclass(slots=True, kw_only=True)
class View:
    """One view. ``token`` belongs to the page; ``engine_token`` is made for each offer."""

    id: str
    camera: str
    group: str
    user: str
    session: str
    mode: str
    incident: str
    token: str
    engine: str = ""
    path: str = ""
    started_utc: UtcUs
    seen_ms: MonoMs
    """When the page last said that it is there."""
    touched_ms: MonoMs
    """When a person last touched the page."""
    resource: str = ""
    engine_token: str = ""
    token_until_ms: MonoMs = field(default_factory=lambda: MonoMs(0))
    offered: bool = False
    pictures: int = 0
    ended: str = ""

    def over(self, now: MonoMs, idle_ms: int) -> str:
        """Return why the view has to end now, empty while it may go on."""
        limit = SILENT_MS if self.offered or self.pictures else START_MS
        if now - self.seen_ms > limit:
            return "the page is gone"
        if now - self.touched_ms > idle_ms:
            return f"nobody used it for {idle_ms // 60_000} min"
        return ""

    def idle_in_ms(self, now: MonoMs, idle_ms: int) -> int:
        """Return in how many ms it will be closed as idle."""
        return max(0, idle_ms - (now - self.touched_ms))

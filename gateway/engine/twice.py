"""What two links heard of one message is told once.

Texts, statuses and positions that go to a group reach every terminal on it. The first copy is told;
another link's copy of the same payload within a few seconds is not. What one and the same link says
twice is two messages: a person may send the same status again.
"""

from dataclasses import replace

from gateway.engine.context import Context
from gateway.model import radio
from gateway.model.ids import LinkId, MonoMs
from gateway.model.radio import RadioEvent

WITHIN_MS = 5_000
MAX_KEPT = 1_000

_KINDS = (
    radio.TextReceived,
    radio.StatusReceived,
    radio.PositionReceived,
    radio.DataReceived,
    radio.CallAlertReceived,
)


class Twice:
    """Remembers what was heard a moment ago, and by which link."""

    def __init__(self, ctx: Context) -> None:
        """Begin with nothing heard."""
        self._ctx = ctx
        self._heard: dict[tuple[str, RadioEvent], tuple[MonoMs, set[LinkId]]] = {}

    def seen(self, link: LinkId, event: RadioEvent) -> bool:
        """Say whether another link of the same system has just told this."""
        known = self._ctx.addresses.link(link)
        if known is None or not isinstance(event, _KINDS) or event.sender is None:
            return False
        now = self._ctx.now()
        if isinstance(event, radio.TextReceived):
            event = replace(event, handle=None)  # each link's own way back to the sender
        key = (known.system, event)
        at, links = self._heard.get(key, (MonoMs(0), set()))
        if links and now - at < WITHIN_MS and link not in links:
            links.add(link)
            return True
        self._heard.pop(key, None)
        self._heard[key] = (now, {link})
        while len(self._heard) > MAX_KEPT:
            del self._heard[next(iter(self._heard))]
        return False

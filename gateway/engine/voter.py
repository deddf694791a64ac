"""Which of several links is heard, while more than one hears the same over.

The first one goes on air to the desks at once, nothing waits for a comparison. Another takes over
when the sound of the first stands still, when much more of it is lost, or when the other radio's
signal is clearly better. Both are recorded all the while.
"""

from gateway.engine.call_state import Transmission
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.voice_path import VoicePath
from gateway.model.ids import LinkId, MonoMs

LOOK_MS = 60
"""How often receptions are compared."""
STALLED_MS = 120
"""Sound that did not come for this long stands still."""
FRESH_MS = 60
"""Sound that came within this long flows."""
BETTER_DB = 6
"""So much more signal is clearly better; a radio tells it in steps of 2 dB."""
BETTER_LOSS = 0.05
"""So much less loss is clearly better."""
HOLD_MS = 1_000
"""After a change no other one for this long, unless the sound stands still."""


class Voter:
    """Compares receptions."""

    def __init__(self, ctx: Context, calls: CallBook, voice: VoicePath, health: Health) -> None:
        """Be given what is compared."""
        self._ctx = ctx
        self._calls = calls
        self._voice = voice
        self._health = health
        self._next_ms: MonoMs | None = None
        self._changed: dict[str, MonoMs] = {}

    def deadline(self) -> MonoMs | None:
        """Return when the next comparison is due, None while no over is heard twice."""
        if not self._calls.running():
            self._next_ms = None
            self._changed.clear()
        elif self._next_ms is None:
            self._next_ms = MonoMs(self._ctx.now() + LOOK_MS)
        return self._next_ms

    def tick(self, now: MonoMs) -> None:
        """Compare what is due."""
        due = self.deadline()
        if due is None or now < due:
            return
        self._next_ms = MonoMs(now + LOOK_MS)
        for over in self._calls.running():
            better = self._better(over, now)
            if better is not None:
                self._changed[over.id] = now
                self._calls.use(over, better)

    def _better(self, over: Transmission, now: MonoMs) -> LinkId | None:
        flowing = [link for link in over.receptions if self._age(link, now) <= FRESH_MS]
        others = [link for link in flowing if link != over.link]
        if not others:
            return None
        best = max(others, key=lambda link: (-self._loss(link), self._signal(link) or -999))
        if self._age(over.link, now) >= STALLED_MS:
            return best
        last = self._changed.get(over.id)
        if last is not None and now - last < HOLD_MS:
            return None
        return best if self._is_clearly_better(best, over.link) else None

    def _is_clearly_better(self, one: LinkId, other: LinkId) -> bool:
        loss = self._loss(other) - self._loss(one)
        if abs(loss) >= BETTER_LOSS:
            return loss > 0
        mine, theirs = self._signal(one), self._signal(other)
        return mine is not None and theirs is not None and mine - theirs >= BETTER_DB

    def _age(self, link: LinkId, now: MonoMs) -> int:
        last, _ = self._voice.quality(link)
        return 1 << 30 if last is None else now - last

    def _loss(self, link: LinkId) -> float:
        return self._voice.quality(link)[1]

    def _signal(self, link: LinkId) -> int | None:
        return self._health.signal_dbm(link)

"""Guard against echoes: no two sites may key each other for ever.

What a patch keys may come back: the tail of a repeater whose carrier stands on after we un-key, a
slow receiver, a bridge outside that joins the same talkgroups. An echo follows at once, again and
again, and nobody speaks in between; people pause, and are named where the radio names them. Pure.
"""

from collections import deque
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs

TAIL_MS = 300
"""An over of nobody known that begins so soon after we un-keyed there may be our own tail."""
FIRST_HOLD_MS = 500
"""It has to last this long to be passed on; twice as long each further time in a row."""
MAX_DOUBLINGS = 6
SURE_TAILS = 2
"""After so many in a row one that is slower counts too, as long as nobody paused."""
PAUSE_MS = 1_500
"""After a silence of this long on all members it was no echo."""
TURNS_WINDOW_MS = 10_000
MAX_TURNS = 12
"""More overs in ten seconds than people can say."""
MAX_IN_A_ROW = 60
"""Overs that follow each other without a pause; people pause sooner."""
REGULAR_MS = 60
MAX_REGULAR = 8
"""Overs of nobody known that follow as long after the one before as the last but one did: people
answer now sooner, now later."""


@dataclass(slots=True)
class EchoGuard:
    """Counts what has the floor of one patch."""

    turns: deque[MonoMs] = field(default_factory=lambda: deque(maxlen=MAX_TURNS + 1))
    tails: int = 0
    in_a_row: int = 0
    regular: int = 0
    gaps: deque[int] = field(default_factory=lambda: deque(maxlen=2))

    def hold_ms(self, *, unknown: bool, after_relay_ms: int | None) -> int:
        """Return how long an over has to last before it is passed on.

        ``after_relay_ms``: from the end of what we keyed on its member to its beginning, None when
        we never did.
        """
        near_ms = TAIL_MS if self.tails < SURE_TAILS else PAUSE_MS
        if unknown and after_relay_ms is not None and after_relay_ms <= near_ms:
            return FIRST_HOLD_MS << min(self.tails, MAX_DOUBLINGS)
        return 0

    def turn(self, now: MonoMs, *, silence_ms: int, unknown: bool, tail: bool) -> bool:
        """Take that an over gets the floor; True when this can only be an echo going round."""
        paused = silence_ms > PAUSE_MS
        if paused or not unknown:
            self.tails = 0
        self.tails += tail
        self.in_a_row = 1 if paused else self.in_a_row + 1
        as_before = len(self.gaps) == 2 and abs(silence_ms - self.gaps[0]) <= REGULAR_MS
        self.regular = self.regular + 1 if unknown and not paused and as_before else 0
        self.gaps.append(silence_ms)
        self.turns.append(now)
        many = len(self.turns) > MAX_TURNS and now - self.turns[0] <= TURNS_WINDOW_MS
        return many or self.in_a_row > MAX_IN_A_ROW or self.regular > MAX_REGULAR

"""When a sender's sound was captured at the latest, by its own sample clock.

Theory of operation. Block ``n`` was spoken ``n`` times 20 ms after block 0, whenever it arrives. No
block can have been captured after it arrived; so the fastest of the last seconds bounds them all:
capture of ``n`` = least (arrival - spoken) + spoken. What later blocks took longer is jitter of the
way to us. What the fastest one took, nothing here can tell: the two clocks were never compared.
"""

from typing import Final

WINDOW_US: Final = 5_000_000
"""The fastest block counts for one to two of these: clocks drift apart by 50 us in a second."""
JUMP_US: Final = 200_000
"""Further off than that is a sender that paused (its numbers stand still meanwhile) or began anew,
or a way that stood still: the clock begins anew, and of such a stall nothing counts as jitter."""
BLOCK_US: Final = 20_000
_HALF: Final = 1 << 31
_MASK: Final = (1 << 32) - 1


class SenderClock:
    """Follows one sender by the numbers of its blocks (32 bits, they may wrap)."""

    def __init__(self) -> None:
        """Begin with whatever comes first."""
        self._newest: int | None = None
        self._spoken_us = 0
        self._since_us = 0
        self._least = self._fresh = 0
        self._told_us = 0

    def arrived(self, number: int, at_us: int) -> int:
        """Take the arrival of a block; returns when it was captured at the latest."""
        if self._newest is None:
            self._newest = number
            self._begin(at_us)
        ahead = self._ahead(number)
        spoken_us = self._spoken_us + ahead * BLOCK_US
        offset = at_us - spoken_us
        if abs(offset - self._least) > JUMP_US:
            self._newest, self._spoken_us, ahead, spoken_us = number, 0, 0, 0
            offset = self._begin(at_us)
        self._least, self._fresh = min(self._least, offset), min(self._fresh, offset)
        if at_us - self._since_us >= WINDOW_US:
            self._least, self._fresh, self._since_us = self._fresh, offset, at_us
        if ahead > 0:
            self._newest, self._spoken_us = number, spoken_us
        return spoken_us + self._least

    def captured(self, number: int) -> int:
        """Return when the next block in order was captured at the latest, whether it came or not.

        Never before the one that was asked for last: what a fast block teaches is not told of
        those that were handed on already.
        """
        at_us = self._spoken_us + self._ahead(number) * BLOCK_US + self._least
        self._told_us = max(self._told_us, at_us)
        return self._told_us

    def _begin(self, at_us: int) -> int:
        self._least = self._fresh = at_us - self._spoken_us
        self._since_us = at_us
        self._told_us = 0  # a wall clock that was set back begins anew as well
        return self._least

    def _ahead(self, number: int) -> int:
        ahead = (number - (self._newest or 0)) & _MASK
        return ahead - (_MASK + 1) if ahead >= _HALF else ahead

"""How well packets get through: what is lost, comes twice or out of order, in words."""

from collections import deque

from gateway.model.ids import MonoMs
from gateway.p25.fne.calls_in import CallCount

WINDOW_MS = 10_000
"""Over so long packets are looked at."""
BAD_SHARE = 0.05
"""From this share of the packets on, the line is worth a word."""
AGAIN_MS = 5_000
"""New numbers are told no more often than this."""
MAX_MARKS = 2_000


class LineWatch:
    """Compares the counts of the calls with what they were."""

    def __init__(self, count: CallCount) -> None:
        """Begin with a good line."""
        self._count = count
        self._before = (0, 0, 0, 0)
        self._marks: deque[tuple[MonoMs, tuple[int, int, int, int]]] = deque(maxlen=MAX_MARKS)
        self.words = ""
        self._said_ms = MonoMs(0)

    def look(self, now: MonoMs) -> str:
        """Take what was counted since; returns what is wrong, empty for nothing."""
        count = self._count
        total = (count.fed, count.lost, count.twice, count.disordered)
        if total != self._before:
            change = [new - old for new, old in zip(total, self._before, strict=True)]
            self._marks.append((now, (change[0], change[1], change[2], change[3])))
            self._before = total
        while self._marks and now - self._marks[0][0] >= WINDOW_MS:
            self._marks.popleft()
        words = self._said()
        if not words or not self.words or now - self._said_ms >= AGAIN_MS:
            self.words, self._said_ms = words, now
        return self.words

    def deadline(self) -> MonoMs | None:
        """Return when a bad line may be good again."""
        if not self.words or not self._marks:
            return None
        return MonoMs(self._marks[0][0] + WINDOW_MS)

    def _said(self) -> str:
        fed, lost, twice, disordered = (
            sum(mark[place] for _, mark in self._marks) for place in range(4)
        )
        whole = fed + lost
        said = [
            f"{number} of {whole} voice packets {words}"
            for number, words in (
                (lost, "of the master got lost"),
                (twice, "came twice"),
                (disordered, "came out of order"),
            )
            if number and number >= BAD_SHARE * whole
        ]
        return ", ".join(said)

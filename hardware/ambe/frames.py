"""Frames on their way through the chip, and what is counted of them."""

from collections import deque
from dataclasses import dataclass, field

from gateway.model.ids import MonoMs


@dataclass(slots=True)
class Counts:
    """What has happened since the program started."""

    encoded: int = 0
    decoded: int = 0
    lost: int = 0
    """Frames without a usable answer, those of a lost port included."""
    overrun: int = 0
    """Frames given up because too many waited."""
    malformed: int = 0
    unexpected: int = 0
    """Answers to nothing."""
    resets: int = 0
    last_ms: int = 0
    """Time from handing a frame to the port to its answer."""
    slowest_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of one frame; ``data`` None: it is lost."""

    token: int
    data: bytes | None


@dataclass(slots=True)
class Way:
    """One direction: frames that wait, and those with the chip, oldest first."""

    waiting: deque[tuple[int, bytes | None]] = field(default_factory=deque)
    sent: deque[tuple[int, MonoMs]] = field(default_factory=deque)
    ahead: int = 0
    """Frames sent in a row while another had no answer yet."""

    def room(self, most: int, in_a_row: int) -> bool:
        """Whether another frame may be sent while at most ``most`` have no answer."""
        return not self.sent or (len(self.sent) < most and self.ahead < in_a_row)

    def send(self, token: int, now: MonoMs) -> None:
        """Note that a frame goes to the chip."""
        self.ahead = self.ahead + 1 if self.sent else 0
        self.sent.append((token, now))

    def drop_sent(self) -> list[Answer]:
        """Lose what is with the chip."""
        gone = [Answer(token=token, data=None) for token, _ in self.sent]
        self.sent.clear()
        return gone

    def drop_all(self) -> list[Answer]:
        """Lose everything."""
        gone = self.drop_sent() + [Answer(token=token, data=None) for token, _ in self.waiting]
        self.waiting.clear()
        return gone

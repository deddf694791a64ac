"""What the units and the voice port of a simulated station do on demand: answers, floods."""

from hardware.sim.actions import Action
from hardware.sim.p25.station_send import Sender
from hardware.sim.p25.station_words import REFUSED_BY_TARGET

ANSWER_MS = 60.0
FLOOD_BATCH_MS = 10.0


class Answers:
    """How units answer what the gateway asks of them: they take it, until told otherwise."""

    def __init__(self) -> None:
        """Begin with units that answer."""
        self._answer = "take"
        self._reason = REFUSED_BY_TARGET
        self._after_ms = ANSWER_MS
        self._times: int | None = None
        self._waiting: list[tuple[float, bytes]] = []

    def set(self, action: Action) -> None:
        """Answer in another way, ``times`` often or from now on."""
        self._answer = action.text("answer", "take")
        self._reason = action.whole("reason", REFUSED_BY_TARGET)
        self._after_ms = action.number("after_ms", ANSWER_MS)
        self._times = action.maybe_whole("times")

    def denies(self) -> int | None:
        """Return the reason of a unit that refuses, None for one that does not."""
        return self._reason if self._answer == "deny" else None

    def give(self, block: bytes, now_ms: float) -> None:
        """Give an answer, if there is to be one."""
        if self._answer != "ignore":
            self._waiting.append((now_ms + self._after_ms, block))
        if self._times is not None:
            self._times -= 1
            if self._times <= 0:
                self._answer, self._times = "take", None

    def due(self, now_ms: float) -> list[bytes]:
        """Return the answers that are due."""
        due = [one for one in self._waiting if one[0] <= now_ms]
        self._waiting = [one for one in self._waiting if one[0] > now_ms]
        return [block for _, block in due]

    def deadline(self) -> float | None:
        """Return when an answer is due."""
        return min((one[0] for one in self._waiting), default=None)


class Flood:
    """A station that sends far too much: acknowledgements of starts, or rubbish."""

    def __init__(self) -> None:
        """Begin quiet."""
        self._per_s = 0.0
        self._what = "acks"
        self._next_ms = self._until_ms = 0.0
        self._owed = 0.0

    def begin(self, action: Action, now_ms: float) -> None:
        """Send ``per_s`` datagrams a second for ``for_s``."""
        self._per_s = action.number("per_s", 1_000.0)
        self._what = action.text("what", "acks")
        self._next_ms = now_ms
        self._until_ms = now_ms + action.number("for_s", 1.0) * 1000.0
        self._owed = 0.0

    def due(self, now_ms: float, sender: Sender) -> list[bytes]:
        """Return what is to be sent now."""
        if now_ms >= self._until_ms:
            self._next_ms = self._until_ms
        if now_ms < self._next_ms or self._next_ms >= self._until_ms:
            return []
        self._next_ms = now_ms + FLOOD_BATCH_MS
        self._owed += self._per_s * FLOOD_BATCH_MS / 1000.0
        count = int(self._owed)
        self._owed -= count
        if self._what == "rubbish":
            return [b"\x80\x64 not a voice packet"] * count
        return [sender.acknowledge_start() for _ in range(count)]

    def deadline(self) -> float | None:
        """Return when more is to be sent."""
        return self._next_ms if self._next_ms < self._until_ms else None

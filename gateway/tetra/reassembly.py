"""Concatenated texts put together from their parts, in any order."""

from dataclasses import dataclass, field

from gateway.model.ids import MonoMs
from gateway.tetra.text import Part

REASSEMBLY_MS = 60_000
"""How long parts wait for each other."""
MAX_OPEN_TEXTS = 64
"""Most texts that may wait at once; the oldest is shown as it is when one more comes."""

_MISSING = "[…]"

Key = tuple[int | None, int | None, int]
"""Sender, destination and the user data header's reference."""


@dataclass(slots=True)
class _OpenText:
    total: int
    due: MonoMs
    parts: dict[int, str] = field(default_factory=dict)

    def joined(self) -> str:
        """Return the text, with a mark where a part is missing."""
        return "".join(self.parts.get(n, _MISSING) for n in range(1, self.total + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A text put together; ``complete`` is False where parts are missing."""

    key: Key
    text: str
    complete: bool


class Reassembly:
    """Holds the parts of concatenated texts until all are there or their time is up."""

    def __init__(self) -> None:
        """Begin with nothing open."""
        self._open: dict[Key, _OpenText] = {}

    def add(
        self, sender: int | None, to: int | None, part: Part, text: str, now: MonoMs
    ) -> list[Joined]:
        """Take one part; returns the text it completes, and one pushed out if too many wait."""
        if part.total <= 1 or not 1 <= part.sequence <= part.total:
            return [Joined(key=(sender, to, part.reference), text=text, complete=part.total <= 1)]
        key = (sender, to, part.reference)
        done: list[Joined] = []
        entry = self._open.get(key)
        if entry is None or entry.total != part.total:
            if len(self._open) >= MAX_OPEN_TEXTS:
                done.append(self._close(next(iter(self._open))))
            entry = _OpenText(total=part.total, due=MonoMs(now + REASSEMBLY_MS))
            self._open[key] = entry
        entry.parts.setdefault(part.sequence, text)
        if len(entry.parts) == entry.total:
            done.append(self._close(key))
        return done

    def deadline(self) -> MonoMs | None:
        """When the next text's time is up."""
        return min((entry.due for entry in self._open.values()), default=None)

    def expire(self, now: MonoMs) -> list[Joined]:
        """Return what has waited too long, with its gaps marked."""
        late = [key for key, entry in self._open.items() if entry.due <= now]
        return [self._close(key) for key in late]

    def _close(self, key: Key) -> Joined:
        entry = self._open.pop(key)
        complete = len(entry.parts) == entry.total
        return Joined(key=key, text=entry.joined(), complete=complete)

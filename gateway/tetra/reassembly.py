"""Concatenated texts put together from their parts, in any order."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.model.ids import MonoMs
from gateway.tetra.text import Part

REASSEMBLY_MS = 60_000
"""How long parts wait for the next of them."""
MAX_OPEN_TEXTS = 64
"""Most texts that may wait at once; the oldest is shown as it is when one more comes."""

_MISSING = "[…]"

Key = tuple[int | None, int | None, int]
"""Sender, destination and the user data header's reference."""
Origin = TypeVar("Origin")
"""What each part came from; handed back with the joined text."""


@dataclass(slots=True)
class _OpenText(Generic[Origin]):
    total: int
    due: MonoMs
    parts: dict[int, str] = field(default_factory=dict)
    origins: dict[int, Origin] = field(default_factory=dict)

    def joined(self) -> str:
        """Return the text, with a mark where a part is missing."""
        return "".join(self.parts.get(n, _MISSING) for n in range(1, self.total + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Generic[Origin]):
    """A text put together; ``missing`` parts of ``total`` did not come. Origins in its order."""

    key: Key
    text: str
    origins: tuple[Origin, ...]
    total: int
    missing: int

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.missing == 0


class Reassembly(Generic[Origin]):
    """Holds the parts of concatenated texts until all are there or their time is up."""

    def __init__(self) -> None:
        """Begin with nothing open."""
        self._open: dict[Key, _OpenText[Origin]] = {}

    def add(
        self, key: Key, part: Part, text: str, origin: Origin, now: MonoMs
    ) -> list[Joined[Origin]]:
        """Take one part; returns the texts that it completes or puts an end to.

        A part that contradicts the open text of its key begins a new one: references are few and
        are used again.
        """
        if part.total <= 1 or not 1 <= part.sequence <= part.total:
            return [self._single(key, part, text, origin)]
        done: list[Joined[Origin]] = []
        entry = self._open.get(key)
        if entry is not None and _contradicts(entry, part, text):
            done.append(self._close(key))
            entry = None
        if entry is None:
            if len(self._open) >= MAX_OPEN_TEXTS:
                done.append(self._close(next(iter(self._open))))
            entry = _OpenText(total=part.total, due=now)
            self._open[key] = entry
        entry.due = MonoMs(now + REASSEMBLY_MS)
        if part.sequence not in entry.parts:
            entry.parts[part.sequence] = text
            entry.origins[part.sequence] = origin
        if len(entry.parts) == entry.total:
            done.append(self._close(key))
        return done

    def deadline(self) -> MonoMs | None:
        """When the next text's time is up."""
        return min((entry.due for entry in self._open.values()), default=None)

    def expire(self, now: MonoMs) -> list[Joined[Origin]]:
        """Return what has waited too long, with its gaps marked."""
        late = [key for key, entry in self._open.items() if entry.due <= now]
        return [self._close(key) for key in late]

    def _close(self, key: Key) -> Joined[Origin]:
        entry = self._open.pop(key)
        return Joined(
            key=key,
            text=entry.joined(),
            origins=tuple(entry.origins[number] for number in sorted(entry.origins)),
            total=entry.total,
            missing=entry.total - len(entry.parts),
        )

    @staticmethod
    def _single(key: Key, part: Part, text: str, origin: Origin) -> Joined[Origin]:
        """Return a part that has no place among others, as a text of its own."""
        missing = max(0, part.total - 1)
        return Joined(key=key, text=text, origins=(origin,), total=part.total, missing=missing)


def _contradicts(entry: _OpenText[Origin], part: Part, text: str) -> bool:
    if entry.total != part.total:
        return True
    return entry.parts.get(part.sequence, text) != text

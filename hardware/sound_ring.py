"""A ring of samples between the event loop (writes) and PortAudio's thread (reads).

One writer, one reader, no lock: each side moves only its own count, and a count is stored in one
step. The reader's counts are published as one tuple, so that the writer never sees half of a step.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Block = npt.NDArray[np.int16]
"""int16, (n,), mono, at the card's rate."""


class Reader(NamedTuple):
    """How far the reading side has come, in samples."""

    taken: int = 0
    """Samples taken out of the ring."""
    played: int = 0
    """Samples that were asked for, silence included."""
    starved: int = 0
    """How often fewer were there than asked for."""


class SampleRing:
    """Room for ``capacity`` samples."""

    def __init__(self, capacity: int) -> None:
        """Begin empty."""
        self._samples: Block = np.zeros(capacity, dtype=np.int16)
        self._capacity: Final = capacity
        self._written = 0
        self._drop_to = 0
        self.reader = Reader()

    @property
    def waiting(self) -> int:
        """Samples that are not taken yet."""
        return self._written - max(self.reader.taken, self._drop_to)

    def write(self, samples: Block) -> bool:
        """Add samples; False (and nothing is added) when there is no room."""
        if self._written - self.reader.taken + len(samples) > self._capacity:
            return False
        first = self._written % self._capacity
        head = min(len(samples), self._capacity - first)
        self._samples[first : first + head] = samples[:head]
        self._samples[: len(samples) - head] = samples[head:]
        self._written += len(samples)
        return True

    def drop(self) -> None:
        """Forget what waits."""
        self._drop_to = self._written

    def read(self, into: Block) -> None:
        """Fill ``into`` (int16, (n,)), with silence where nothing is left."""
        taken, played, starved = self.reader
        taken = max(taken, self._drop_to)
        count = min(len(into), self._written - taken)
        first = taken % self._capacity
        head = min(count, self._capacity - first)
        into[:head] = self._samples[first : first + head]
        into[head:count] = self._samples[: count - head]
        into[count:] = 0
        short = int(count < len(into))
        self.reader = Reader(taken + count, played + len(into), starved + short)

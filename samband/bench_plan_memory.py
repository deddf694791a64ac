"""The server's memory in ``samband bench plan``: how much it grows a cycle, and what of it.

``own`` is what no other process shares (``Anonymous``), of the server and its guards. Of the
server's own, glibc tells what libraries hold and what it keeps free for them; the rest is Python's.
"""

import ctypes
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.services.stream import RING_EVENTS
from samband.bench_cost import memory_mb, pss_mb
from samband.bench_desk import mono_ms

WARM_CYCLES = 3
WARM_SHARE = 0.4
"""What is made once is made by then, and heaps have been as large as they get: the growth is that
of the rest of the cycles, of a hundred the last 60."""
FEW_CYCLES = 2 * WARM_CYCLES
BYTES_PER_MB = 1e6


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc (malloc.h): sums over every heap, in bytes."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks"),
            *("uordblks", "fordblks", "keepcost"),
        )
    )


def heap_mb() -> tuple[float, float]:
    """Return what this process's libraries hold and what glibc keeps free for them, in MB.

    Without glibc 2.33 or newer, which tells it, both are 0.
    """
    try:
        tell = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return 0.0, 0.0
    tell.restype = _Mallinfo
    told = tell()
    return (told.uordblks + told.hblkhd) / BYTES_PER_MB, told.fordblks / BYTES_PER_MB


def memory_line(events_kept: int) -> str:
    """Return what a server writes of itself: CLOCK_MONOTONIC in ms, heap, Python, the stream."""
    held, free = heap_mb()
    words = (f"{mono_ms():.3f}", f"{held:.3f}", f"{free:.3f}", sys.getallocatedblocks())
    return " ".join(map(str, (*words, events_kept)))


@dataclass(slots=True)
class Memory:
    """Memory after each cycle."""

    own_mb: list[float] = field(default_factory=list)
    server_mb: list[float] = field(default_factory=list)
    at_ms: list[float] = field(default_factory=list)

    def note(self, pid: int) -> None:
        """Read what the server and its children use now."""
        self.own_mb.append(memory_mb(pid, "Anonymous:"))
        self.server_mb.append(pss_mb(pid, "Anonymous:"))
        self.at_ms.append(time.monotonic_ns() / 1e6)

    def figures(self, lines: list[list[str]]) -> dict[str, Any]:
        """Return memory in MB and its growth a cycle; ``lines`` are what the server wrote."""
        begin = warm_cycles(len(self.own_mb))
        counted = self.own_mb[begin:]
        found: dict[str, Any] = {
            "first_mb": self.own_mb[0],
            "after_warm_up_mb": counted[0],
            "last_mb": self.own_mb[-1],
            "cycles_counted": len(counted),
            "mb_per_cycle": slope(counted),
        }
        if not lines:
            return found
        parts = self._parts(np.asarray(lines, dtype=np.float64))[begin:]
        held, free, rest, blocks, events = parts.T
        grew = {
            "libraries_hold": slope(held),
            "glibc_keeps_free": slope(free),
            "python_and_stacks": slope(rest),
        }
        found |= {
            "grew_mb_per_cycle": grew,
            "python_objects_per_cycle": slope(blocks),
            "events_kept": {"from": int(events[0]), "to": int(events[-1]), "most": RING_EVENTS},
        }
        found["words"] = _words(found)
        return found

    def _parts(self, told: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (cycles, 5): held, free, the rest of the server's own, objects, events kept."""
        at = np.searchsorted(told[:, 0], self.at_ms, side="right") - 1
        rows = told[np.maximum(at, 0), 1:]
        rest = np.asarray(self.server_mb) - rows[:, 0] - rows[:, 1]
        return np.column_stack([rows[:, :2], rest, rows[:, 2:]])


def warm_cycles(cycles: int) -> int:
    """Return how many cycles at the beginning do not count."""
    return max(WARM_CYCLES, int(WARM_SHARE * cycles)) if cycles > FEW_CYCLES else 0


def slope(values: Any) -> float:  # a sequence of numbers
    """Return the growth from one value to the next: the median of that of every pair (Theil, Sen).

    A collector of garbage that comes by every few cycles makes teeth of the curve; a line through
    all values by least squares would follow the last tooth.
    """
    array = np.asarray(values, dtype=np.float64)
    first, second = np.triu_indices(len(array), k=1)
    if not len(first):
        return 0.0
    return float(np.median((array[second] - array[first]) / (second - first)))


def _words(found: dict[str, Any]) -> str:
    parts = found["grew_mb_per_cycle"]
    names = {
        "libraries_hold": "in what libraries hold",
        "glibc_keeps_free": "in what the C library keeps free for them",
        "python_and_stacks": "in Python's objects and stacks",
    }
    events = found["events_kept"]
    told = ", ".join(f"{parts[name]:+.3f} {words}" for name, words in names.items())
    return (
        f"Over the last {found['cycles_counted']} cycles {found['mb_per_cycle']:+.3f} MB a cycle: "
        f"{told}. Objects: {found['python_objects_per_cycle']:+.0f} a cycle. Events kept for pages "
        f"that come back: {events['from']} to {events['to']}, at most {events['most']}."
    )

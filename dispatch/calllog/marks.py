"""The marks of a posting: what every call has one of, packed into a whole number.

The low 16 bits are flags, what is above them is the duration in milliseconds.
"""

from collections.abc import Iterable

BITS = {
    "emergency": 1,
    "encrypted": 2,
    "in": 4,
    "out": 8,
    "held": 16,
    "interrupted": 32,
    "open": 64,
    "private": 128,
    "written": 256,
    "linked": 512,
}
"""Flags that a posting carries; ``written``: notes or texts hang on the call, ``linked``: incidents
do."""
DURATION_SHIFT = 16
MAX_DURATION_MS = (1 << 31) - 1
SHORT_LENGTHS = 4
"""Classes of duration below this one have no postings: too many calls are as short."""
PLAIN = frozenset({"in", "written", "linked"})
"""Flags without postings of their own: too many calls have them, or nobody asks for them."""


def pack(flags: Iterable[str], duration_ms: int) -> int:
    """Return the marks of a call."""
    bits = 0
    for flag in flags:
        bits |= BITS.get(flag, 0)
    return min(duration_ms, MAX_DURATION_MS) << DURATION_SHIFT | bits


def has(marks: int, flag: str) -> bool:
    """Whether marks have a flag."""
    return bool(marks & BITS[flag])


def sql_flag(flag: str, wanted: bool) -> str:
    """Return the test of a flag of ``p.marks``."""
    return f"(p.marks & {BITS[flag]}) {'<>' if wanted else '='} 0"


def sql_duration(least_ms: int, most_ms: int) -> str:
    """Return the test of the duration of ``p.marks``."""
    return f"(p.marks >> {DURATION_SHIFT}) BETWEEN {int(least_ms)} AND {int(most_ms)}"

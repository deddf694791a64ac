"""Few heaps of the C library for many threads: what one thread gave back the next one uses.

glibc gives each thread a heap of its own, up to eight for each core. Plans are made ready by
whichever thread of a pool is free, so that each heap grew to what the largest piece of work needs,
and most of it lay idle: 16 heaps kept 18 MB free after a hundred plans, two keep 5 MB.
"""

import ctypes
import os
from typing import Final

MOST: Final = 2
M_ARENA_MAX: Final = -8
"""mallopt's parameter (glibc, malloc.h)."""
ASKED_FOR: Final = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")
"""Whoever sets one of these has decided already."""


def few_arenas(most: int = MOST) -> bool:
    """Let threads that begin from now on share ``most`` heaps; returns whether it is so now.

    Another C library than glibc, which has no such thing, and a site's own choice are left alone.
    """
    if any(os.environ.get(name) for name in ASKED_FOR):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, most))

"""Garbage collection for a process that sends thousands of packets a second.

aiortc keeps the last 128 packets of every track; with the interpreter's defaults, its collector
would walk over them many times a second and find nothing. Call once, when everything is set up.
"""

import gc
from typing import Final

YOUNGEST: Final = 20_000
"""Objects made before the youngest are looked at (the interpreter's default is 700)."""
MIDDLE: Final = 20
OLDEST: Final = 50


def calm_collector() -> None:
    """Take what is there now for permanent, and look at new objects less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)

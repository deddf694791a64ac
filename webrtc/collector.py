"""Garbage collection and turns of the interpreter, for a process of thousands of packets a second.

aiortc keeps the last 128 packets of every track; with the interpreter's defaults, its collector
would walk over them many times a second and find nothing. Call once, when everything is set up.
"""

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNGEST: Final = 2_500
"""Objects made before the youngest are looked at (the interpreter's default is 700). Everybody
waits for a look, whichever thread looks: one at 20,000 objects of a plan took 11 ms."""
MIDDLE: Final = 40
OLDEST: Final = 200
"""Looks at what has survived are rarer: one in 100,000 objects, at everything one in 20 million."""
TURN_S: Final = 0.0005
"""How long a thread that computes keeps the interpreter while another waits for it (the default is
5 ms). The event loop asks for it after every wait: a press crosses the loop some ten times, and
with the default waited up to 50 ms behind a thread that writes camera events to the database."""


def calm_collector() -> None:
    """Take what is there now for permanent, and look at new objects less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)


def short_turns() -> None:
    """Let a thread that computes give the interpreter away after ``TURN_S``."""
    sys.setswitchinterval(TURN_S)


_lock = threading.Lock()
_inside = 0


@contextmanager
def set_apart() -> Iterator[None]:
    """Keep what is made inside away from the collector for good: a large thing without circles.

    A list of a hundred thousand rows is freed by counting when nobody has it any more; a collector
    that walks over it meanwhile finds nothing and holds up every packet for a tenth of a second.
    What others make at the same time is set apart with it, so this is for rare and large things.
    """
    global _inside  # noqa: PLW0603 - there is one collector in a process
    with _lock:
        _inside += 1
        if _inside == 1:
            gc.collect(0)
            gc.disable()
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                gc.freeze()
                gc.enable()

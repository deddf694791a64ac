"""Turns at writing one SQLite file: who asks first writes first.

SQLite lets one connection write at a time, and who finds it busy looks again after a while, up to a
tenth of a second later. A writer of many transactions one behind the other then leaves no gap that
another would find. Here the connections of one process queue; other processes still meet SQLite's
own lock.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary


class Turns:
    """The queue before one file."""

    def __init__(self) -> None:
        """Begin with nobody writing."""
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._taken = False

    def take(self, timeout_s: float) -> bool:
        """Wait for one's turn, at most ``timeout_s``; who got it gives it back with ``give``."""
        me = object()
        with self._changed:
            self._queue.append(me)
            mine = self._changed.wait_for(
                lambda: not self._taken and self._queue[0] is me, timeout_s
            )
            self._queue.remove(me)
            self._taken = self._taken or mine
            self._changed.notify_all()
            return mine

    def give(self) -> None:
        """End one's turn."""
        with self._changed:
            self._taken = False
            self._changed.notify_all()

    @contextmanager
    def turn(self, timeout_s: float) -> Iterator[bool]:
        """Take a turn for a while; tells whether it came in time."""
        mine = self.take(timeout_s)
        try:
            yield mine
        finally:
            if mine:
                self.give()


_KNOWN: "WeakValueDictionary[Path, Turns]" = WeakValueDictionary()
_LOCK = threading.Lock()


def turns_of(file: Path) -> Turns:
    """Return the one queue of a file: the same for each who asks in this process."""
    path = file.absolute()
    with _LOCK:
        found = _KNOWN.get(path)
        if found is None:
            found = _KNOWN[path] = Turns()
        return found

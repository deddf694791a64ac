"""Descriptors that no child of ours may hold.

Python's descriptors close themselves at exec, so a program that we start inherits none unless we
say so. A child made by a bare fork (multiprocessing) runs no exec: it would hold the guard's pipe
and the port's lock after the server's death. So they are closed there, right after the fork.
"""

import contextlib
import os

_private: set[int] = set()


def keep_private(descriptor: int) -> None:
    """Close ``descriptor`` in every child that is forked from now on."""
    _private.add(descriptor)


def forget(descriptor: int) -> None:
    """Call this right before ``descriptor`` is closed: its number will be used again."""
    _private.discard(descriptor)


def _close_in_child() -> None:
    for descriptor in _private:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _private.clear()


os.register_at_fork(after_in_child=_close_in_child)

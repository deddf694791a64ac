"""Kills the process with SIGKILL at its N-th write to disk; counts them when N is 0."""

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Steps:
    """Counts every call that opens, writes, syncs or renames a file, and every SQL statement."""

    def __init__(self, at: int) -> None:
        self.count = 0
        self._at = at
        for owner, name in (
            (os, "write"), (os, "fsync"), (os, "open"), (os, "rename"), (os, "unlink"),
            (Path, "open"), (Path, "rename"), (Path, "unlink"),
        ):  # fmt: skip
            setattr(owner, name, self._counted(getattr(owner, name)))
        connect: Callable[..., Any] = sqlite3.connect

        def traced(*args: Any, **kwargs: Any) -> Any:
            connection = connect(*args, **kwargs)
            connection.set_trace_callback(self.step)
            return connection

        setattr(sqlite3, "connect", traced)  # noqa: B010 - a name that mypy knows as a function

    def step(self, *_args: object) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _counted(self, call: Any) -> Any:
        def inner(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = call(*args, **kwargs)
            self.step()
            return result

        return inner

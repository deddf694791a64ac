"""Kills a forked process with SIGKILL at its N-th write to disk; counts them when N is 0.

Forked, not started: each kill begins in a process that has read all modules already.
"""

import os
import signal
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


def forked(work: Callable[[], None], out: Path) -> tuple[int, str]:
    """Do it in a process of its own; returns its status (negative: the signal) and its answers."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
            work()
            status = 0
        except BaseException:
            os.write(1, traceback.format_exc().encode())
        finally:
            os._exit(status)
    _, code = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(code), out.read_text("utf-8")


def told(text: str) -> None:
    """Answer, in one line that stays when the process is killed."""
    os.write(1, f"{text}\n".encode())


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

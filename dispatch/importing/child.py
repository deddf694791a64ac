"""An import in a process of its own: ``python -m dispatch.importing.child``.

A list of a hundred thousand rows is seconds of pure computing, which in the server's own process
would make sound wait; and a file from outside that wants too much memory or time ends this process
alone. Takes a task and its bytes on standard input, gives frames on standard output: a kind of one
byte, a length of four, and that many bytes.
"""

import gc
import json
import os
import resource
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

from dispatch.errors import NotFound, ServiceError, TooLarge
from dispatch.importing.progress import told_to
from dispatch.importing.work import Outcome, Task, do_task
from gateway.model.errors import RadioError

HEAD = struct.Struct(">cI")
PROGRESS, FAULT, TOLD, REPORT, PLAN, ROWS, SAID = b"p", b"f", b"t", b"r", b"b", b"w", b"s"
LOW_PRIORITY = 5
"""The server's own work goes first."""
MAX_MEMORY_BYTES = 3 << 30
MAX_SECONDS = 120
"""Of computing; the limits of the system end whatever wants more."""
FAULTS: dict[str, type[RadioError]] = {
    kind.__name__: kind for kind in (ServiceError, TooLarge, NotFound)
}
"""Errors that are told as what they are."""


def main(source: BinaryIO, target: BinaryIO) -> int:
    """Do one task; returns 0 also when the list was refused in words."""
    os.nice(LOW_PRIORITY)
    gc.disable()  # a process of one task: looking for cycles among its rows is a third of its time
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))

    def frame(kind: bytes, data: bytes) -> None:
        target.write(HEAD.pack(kind, len(data)) + data)
        target.flush()

    def progress(stage: str, done: int, total: int) -> None:
        frame(PROGRESS, json.dumps([stage, done, total]).encode())

    head = json.loads(source.readline())
    data, *texts = (source.read(length) for length in head["lengths"])
    try:
        with told_to(progress):
            task = Task.from_json(head["task"])
            outcome = do_task(task, data, *(text.decode() for text in texts))
    except MemoryError:
        frame(FAULT, json.dumps(["TooLarge", "file: it needs too much memory", ""]).encode())
    except RadioError as error:
        frame(FAULT, json.dumps([type(error).__name__, str(error), error.hint]).encode())
    else:
        _give(frame, outcome)
    return 0


def _give(frame: Callable[[bytes, bytes], None], outcome: Outcome) -> None:
    kept = outcome.kept
    told = {
        "told": outcome.told,
        "plan_sha256": outcome.plan_sha256,
        "source": outcome.source,
        "removed": outcome.removed,
        "kept": None if kept is None else [kept.head, kept.kept],
    }
    frame(TOLD, json.dumps(told).encode())
    frame(PLAN, outcome.plan.encode())
    if kept is not None:
        frame(ROWS, kept.rows)
        frame(SAID, kept.said)
    frame(REPORT, outcome.report)


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))

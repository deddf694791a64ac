"""Run by test_kill: writes entries and kills itself with SIGKILL at the N-th write to disk.

A write boundary is a statement that SQLite runs, or a call that opens, writes, syncs or renames a
file of the log. What was answered is printed, one seq a line, flushed before it goes on.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import State, act

ENTRIES = 3


def main(folder: str, at: int) -> None:
    steps = 0

    def step(*_args: object) -> None:
        nonlocal steps
        steps += 1
        if steps == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(call: Any) -> Any:
        def inner(*args: Any, **kwargs: Any) -> Any:
            step()
            result = call(*args, **kwargs)
            step()
            return result

        return inner

    for name in ("write", "fsync", "rename", "open"):
        setattr(os, name, counted(getattr(os, name)))
    state = State(Path(folder))
    log = state.log()
    connect = log._connect

    def traced() -> Any:
        connection = connect()
        connection.set_trace_callback(step)
        return connection

    log._connect = traced  # type: ignore[method-assign]  # the process is what is tested
    log.open()
    for number in range(ENTRIES):
        seq = log.append([entry(state, number), entry(state, number + 100)])
        log.write_head()
        sys.stdout.write(f"{seq + 1}\n")
        sys.stdout.flush()
        log.checkpoint(UtcUs(number))
    log.close()
    sys.stdout.write(f"steps {steps}\n")


def entry(state: State, number: int) -> bytes:
    from dispatch.audit.entry import entry_bytes, seal

    sealed = seal(
        act(number),
        state.keys,
        entry_id=f"id-{number}",
        now=UtcUs(1_764_000_000_000_000),
        prev_hint=number,
        nonce=number.to_bytes(12, "big"),
    )
    return entry_bytes(sealed)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

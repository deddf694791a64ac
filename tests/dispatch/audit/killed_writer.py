"""Run by test_kill in forked processes: writes entries, killed at the N-th write to disk.

What was answered is printed, one seq a line, before it goes on.
"""

from pathlib import Path

from dispatch.audit.entry import entry_bytes, seal
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import State, act
from tests.dispatch.audit.killing import Steps, told

ENTRIES = 3


def run(folder: Path, at: int) -> None:
    """Write, killed at a step (0: never); the number of steps is told last."""
    steps = Steps(at)
    state = State(folder)
    log = state.log()
    log.open()
    for number in range(ENTRIES):
        seq = log.append([entry(state, number), entry(state, number + 100)])
        log.write_head()
        told(str(seq + 1))
        log.checkpoint(UtcUs(number))
    log.close()
    told(f"steps {steps.count}")


def entry(state: State, number: int) -> bytes:
    sealed = seal(
        act(number),
        state.keys,
        entry_id=f"id-{number}",
        now=UtcUs(1_764_000_000_000_000),
        prev_hint=number,
        nonce=number.to_bytes(12, "big"),
    )
    return entry_bytes(sealed)

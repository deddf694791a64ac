"""Run by test_kill_others in forked processes: spool and witness, killed at the N-th write.

What was answered is printed, one line each, flushed before it goes on.
"""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatch.audit.checkpoint import Cosigner
from dispatch.audit.prover import Prover
from dispatch.audit.spool import Spool
from dispatch.audit.trust import TrustedKey
from dispatch.audit.witness import Witness
from tests.dispatch.audit.conftest import State
from tests.dispatch.audit.killed_writer import entry
from tests.dispatch.audit.killing import Steps, told

WAITING = 4
SEED = bytes(range(32))


def cosigner() -> Cosigner:
    return Cosigner("witness.test/w", Ed25519PrivateKey.from_private_bytes(SEED))


def spool_in(state: State) -> None:
    """Set live acts aside, as while the database is away."""
    spool = Spool(state.root / "spool")
    for number in range(WAITING):
        raw = entry(state, number)
        spool.put([raw])
        told(json.loads(raw)["id"])


def spool_out(state: State) -> None:
    """Take them into the log, as at the next start."""
    writer = state.writer()
    writer._open()
    told("opened" if writer.writable else "not writable")
    writer._log.close()


def witness(state: State) -> None:
    """Cosign each checkpoint of the log in turn."""
    key = TrustedKey((state.audit / "log.vkey").read_text("utf-8"))
    watching = Witness(state.root / "witness", cosigner(), [key])
    old = 0
    with Prover(state.database) as prover:
        for stored in prover.checkpoints():
            answer = watching.add(prover.extension(old, stored), 1_795_000_000)
            if answer.status != 200:
                raise AssertionError(f"refused: {answer}")
            told(str(stored.size))
            old = stored.size
    watching.close()


def run(what: str, folder: Path, at: int) -> None:
    """Do one of them, killed at a step (0: never); the number of steps is told last."""
    chosen = {"spool_in": spool_in, "spool_out": spool_out, "witness": witness}[what]
    room = State(folder)
    entry(room, 99)  # keys are made before: what is counted is what is tested
    steps = Steps(at)
    chosen(room)
    told(f"steps {steps.count}")

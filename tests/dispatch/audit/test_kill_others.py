"""Spool and witness killed with ``kill -9`` at every write: what was answered is kept."""

import json
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path

from dispatch.audit.spool import Spool
from dispatch.audit.trust import TrustedKey
from dispatch.audit.verify import verify_database
from dispatch.audit.witness import Witness
from gateway.model.ids import UtcUs
from tests.dispatch.audit import killed_others
from tests.dispatch.audit.conftest import ORIGIN, State
from tests.dispatch.audit.killed_others import WAITING, cosigner
from tests.dispatch.audit.killed_writer import entry
from tests.dispatch.audit.killing import forked

Check = Callable[[State, list[str], str], None]


def run(what: str, folder: Path, at: int) -> tuple[int, str]:
    return forked(lambda: killed_others.run(what, folder, at), folder.with_suffix(".out"))


def at_every_step(what: str, start: Path, work: Path, check: Check, least: int) -> None:
    shutil.copytree(start, work / "whole")
    status, answers = run(what, work / "whole", 0)
    assert status == 0
    steps = int(answers.split("steps ")[1])
    assert steps >= least
    for at in range(1, steps + 1):
        folder = work / f"kill-{at}"
        shutil.copytree(start, folder)
        status, answers = run(what, folder, at)
        assert status == -signal.SIGKILL, f"step {at}"
        check(State(folder), answers.split(), f"step {at}")
        shutil.rmtree(folder)


def ids_in_log(state: State) -> list[str]:
    with sqlite3.connect(state.database) as db:
        rows = db.execute("SELECT entry FROM audit_log ORDER BY seq").fetchall()
    db.close()
    return [json.loads(raw)["id"] for (raw,) in rows]


def test_what_the_spool_took_is_there(tmp_path: Path) -> None:
    start = State(tmp_path / "start")
    entry(start, 99)

    def check(state: State, answered: list[str], where: str) -> None:
        spool = Spool(state.root / "spool")
        kept = [one["id"] for one in spool.read()]
        wanted = [one for one in answered if one.startswith("id-")]
        assert kept[: len(wanted)] == wanted, where
        assert len(kept) <= len(wanted) + 1, where

    at_every_step("spool_in", start.root, tmp_path, check, 3 * WAITING)


def test_what_waits_in_the_spool_enters_once(tmp_path: Path) -> None:
    start = State(tmp_path / "start")
    log = start.log()
    log.open()
    log.append([entry(start, 50)])
    log.write_head()
    log.close()
    Spool(start.root / "spool").put([entry(start, number) for number in range(WAITING)])

    def check(state: State, answered: list[str], where: str) -> None:
        writer = state.writer()
        writer._open()
        assert writer.writable, where
        writer._log.close()
        ids = ids_in_log(state)
        waiting = [f"id-{number}" for number in range(WAITING)]
        assert [one for one in ids if one in waiting] == waiting, where
        assert not Spool(state.root / "spool").read(), where
        report = verify_database(state.database, state.audit)
        assert report.ok, f"{where}: {report.faults}"

    at_every_step("spool_out", start.root, tmp_path, check, 20)


def test_a_witness_never_forgets_what_it_cosigned(tmp_path: Path) -> None:
    start = State(tmp_path / "start")
    log = start.log()
    log.open()
    for number in range(3):
        log.append([entry(start, number)])
        log.checkpoint(UtcUs(number))
    log.write_head()
    log.close()
    (start.root / "witness").mkdir()
    Witness.create(start.root / "witness", cosigner())
    key = TrustedKey(log._signer.vkey)

    def check(state: State, answered: list[str], where: str) -> None:
        witness = Witness(state.root / "witness", cosigner(), [key])
        sizes = [int(one) for one in answered if one.isdigit()]
        note = witness.newest(ORIGIN)
        witness.close()
        if sizes:
            assert note is not None, where
            assert int(note.split("\n")[1]) in (sizes[-1], sizes[-1] + 1), where

    at_every_step("witness", start.root, tmp_path, check, 12)

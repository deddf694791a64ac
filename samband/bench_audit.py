"""``samband bench audit``: entries a second with group commit, size and check of proofs.

The writer is that of the server: sealing, tree, one transaction a group, head synced after it.
"""

import argparse
import asyncio
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.entry import Act, Actor, Obj, Purpose
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.log import Log
from dispatch.audit.log_index import LogIndex, TrailQuery
from dispatch.audit.proof_file import check_proof
from dispatch.audit.prover import Prover
from dispatch.audit.spool import Spool
from dispatch.audit.trust import TrustedKey
from dispatch.audit.verify import verify_database
from dispatch.audit.writer import AuditWriter
from dispatch.clock import SystemClock
from dispatch.reports.indexer import Indexer
from gateway.model.ids import UtcUs

ORIGIN = "audit.example.se/dispatch1"
WANTED_PER_S = 10_000
WANTED_PROOF_BYTES = 1200
FILL_GROUP = 10_000
CHECKS = 200
FINDS = 100
WAITERS = 500
"""People and services that wait for their entry at once."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "audit",
        help="entries a second, proofs",
        epilog="example: samband bench audit --size 1000000",
    )
    parser.add_argument("--entries", type=int, default=50_000, help="written through the writer")
    parser.add_argument("--size", type=int, default=1_000_000, help="of the log that is proved")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Write, then grow the log to ``size`` and prove entries of it."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("SAMBAND_BENCH_DIR")) as name:
        folder = Path(name)
        rates = asyncio.run(_write(folder, args.entries))
        proofs = _prove(folder, args.size)
    ok = (
        rates["noted_per_s"] >= WANTED_PER_S
        and rates["awaited_per_s"] >= WANTED_PER_S
        and proofs["inclusion_bytes_max"] <= WANTED_PROOF_BYTES
        and proofs["consistency_bytes_max"] <= WANTED_PROOF_BYTES
    )
    return {"ok": ok, "writing": rates, "proofs": proofs}


def _act(number: int) -> Act:
    return Act(
        op="consult",
        verb="recording.play",
        actor=Actor(id="u-104", role="dispatcher", unit="RLC Syd", auth="password"),
        obj=Obj(type="recording", id=f"t-{number}", cat="radio", subject="norrvik/1210204"),
        purpose=Purpose(code="incident", ref="INC-2026-000001", text="suspect vehicle"),
        detail={"from_ms": 0, "to_ms": 12400},
    )


def _log(folder: Path) -> Log:
    signer = NoteSigner(ORIGIN, log_signing_key(KeyFolder(folder / "keys")))
    return Log(folder / "samband.db", folder / "audit", signer)


async def _write(folder: Path, entries: int) -> dict[str, Any]:
    writer = AuditWriter(
        _log(folder),
        Spool(folder / "spool"),
        GroupKeys(KeyFolder(folder / "keys")),
        SystemClock(),
        secrets.token_bytes,
    )
    await writer.start()
    index = LogIndex(folder / "samband.db", folder / "audit" / "index.db")
    indexer = Indexer(index)
    indexer.start()  # as beside a server: the log must not suffer from it
    acts = [_act(number) for number in range(entries)]
    began, cpu = time.perf_counter(), time.process_time()
    target = writer.status.size + entries
    for act in acts:
        writer.note(act)
    while writer.status.size < target:  # noqa: ASYNC110 - the writer tells a size, no event
        await asyncio.sleep(0.005)
    noted_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()

    async def wait_for_each(mine: list[Act]) -> None:
        for act in mine:
            await writer.append(act)

    await asyncio.gather(*(wait_for_each(acts[one::WAITERS]) for one in range(WAITERS)))
    awaited_s = time.perf_counter() - began
    await indexer.close()
    await writer.close()
    began, before = time.perf_counter(), index.size
    index.catch_up()
    caught_up_s = time.perf_counter() - began
    return {
        "indexed_meanwhile": before,
        "indexed_per_s": round((index.size - before) / caught_up_s),
        "find_us": _find_us(index),
        "entries": entries,
        "noted_per_s": round(entries / noted_s),
        "awaited_per_s": round(entries / awaited_s),
        "processor_us_per_entry": round(cpu_s / entries * 1e6, 1),
    }


def _find_us(index: LogIndex) -> int:
    """Return how long a page of 50 about one object of many takes."""
    began = time.perf_counter()
    for number in range(FINDS):
        index.find(TrailQuery(objects=(f"t-{number}",)))
    return round((time.perf_counter() - began) / FINDS * 1e6)


def _prove(folder: Path, size: int) -> dict[str, Any]:
    log = _log(folder)
    log.open()
    raw = b'{"entry":%d}'
    began = time.perf_counter()
    first = log.size
    while log.size < size:
        count = min(FILL_GROUP, size - log.size)
        log.append([raw % (log.size + number) for number in range(count)])
    fill_s = time.perf_counter() - began
    log.write_head()
    log.checkpoint(UtcUs(0))
    log.close()
    key = TrustedKey((folder / "audit" / "log.vkey").read_text("utf-8"))
    figures = _proof_figures(folder / "samband.db", key)
    began = time.perf_counter()
    report = verify_database(folder / "samband.db", folder / "audit")
    return {
        "size": size,
        "filled_per_s": round((size - first) / fill_s) if size > first else 0,
        **figures,
        "verify_whole_log_s": round(time.perf_counter() - began, 2),
        "verified_entries": report.size,
    }


def _proof_figures(database: Path, key: TrustedKey) -> dict[str, Any]:
    with Prover(database) as prover:
        stored = prover.newest_checkpoint()
        if stored is None:
            raise AssertionError("the checkpoint was just signed")
        step = max(1, stored.size // CHECKS)
        entries = range(0, stored.size, step)
        began = time.perf_counter()
        proofs = [prover.inclusion_text(seq, stored.note) for seq in entries]
        made_s = time.perf_counter() - began
        raws = [prover.entry(seq) for seq in entries]
        began = time.perf_counter()
        for proof, raw in zip(proofs, raws, strict=True):
            check_proof(proof, [key], old_note=None, entry=raw)
        checked_s = time.perf_counter() - began
        growth = [len(prover.extension(old, stored)) for old in entries]
    return {
        "inclusion_bytes_max": max(len(proof.encode()) for proof in proofs),
        "consistency_bytes_max": max(growth),
        "make_us": round(made_s / len(proofs) * 1e6),
        "check_us": round(checked_s / len(proofs) * 1e6),
    }

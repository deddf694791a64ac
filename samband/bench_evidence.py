"""``samband bench evidence``: building a package, and verifying it in an empty Python.

The verifier is the one file that is given away, started as a program of its own each time.
"""

import argparse
import hashlib
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dispatch.audit.checkpoint import Cosigner, NoteSigner
from dispatch.audit.entry import Act, Actor, Obj, entry_bytes, seal
from dispatch.audit.keys import (
    GroupKeys,
    KeyFolder,
    exporter_signing_key,
    log_signing_key,
    witness_signing_key,
)
from dispatch.audit.log import Log
from dispatch.audit.prover import Prover
from dispatch.audit.trust import split_note
from dispatch.evidence.builder import Built, Keys, build
from dispatch.evidence.draft import Approver, Coverage, Draft, Item, Original, Recipient, Why
from dispatch.evidence.pyz import verifier_pyz
from gateway.model.ids import UtcUs

WANTED_S = 1.0
MEGABYTE = 1_000_000
OTHER_ENTRIES = 10_000
"""Entries of the log that are about something else."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "evidence",
        help="packages: building, verifying",
        epilog="example: samband bench evidence --megabytes 60",
    )
    parser.add_argument("--megabytes", type=int, default=60, help="of recordings, 1 MB each")
    parser.add_argument("--runs", type=int, default=7)


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Build one package and verify it several times."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("SAMBAND_BENCH_DIR")) as name:
        folder = Path(name)
        made = _Maker(folder)
        items = [made.recording(number) for number in range(args.megabytes)]
        began = time.perf_counter()
        built = made.build(items)
        build_s = time.perf_counter() - began
        took = [_verify(folder, built, made.trust) for _ in range(args.runs)]
    return {
        "ok": statistics.median(took) < WANTED_S,
        "package_bytes": built.size_bytes,
        "build_s": round(build_s, 3),
        "verify_s_median": round(statistics.median(took), 3),
        "verify_s_min": round(min(took), 3),
        "verify_s_max": round(max(took), 3),
        "runs": args.runs,
    }


class _Maker:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        keys = KeyFolder(folder / "keys")
        self._keys = GroupKeys(keys)
        self._log_key = NoteSigner("audit.example.se/dispatch1", log_signing_key(keys))
        self._exporter = NoteSigner("audit.example.se/exporter", exporter_signing_key(keys))
        self._witness = Cosigner("witness.example.org/w1", witness_signing_key(keys))
        self._log = Log(folder / "samband.db", folder / "audit", self._log_key)
        self._log.open()
        self._log.append([b'{"entry":%d}' % number for number in range(OTHER_ENTRIES)])

    @property
    def trust(self) -> str:
        return (
            f"log {self._log_key.vkey}\nexporter {self._exporter.vkey}\n"
            f"witness w {self._witness.vkey}\nquorum w\n"
        )

    def recording(self, number: int) -> Item:
        data = secrets.token_bytes(MEGABYTE)
        thing, sha256 = f"t-{number:026d}", hashlib.sha256(data).hexdigest()
        path = self._folder / sha256
        path.write_bytes(data)
        act = Act(
            op="collect",
            verb="recording.closed",
            actor=Actor(id="system"),
            obj=Obj(type="recording", id=thing),
            detail={"sha256": [sha256]},
        )
        entry = seal(
            act, self._keys, entry_id=f"ID{number}", now=UtcUs(0), prev_hint=0, nonce=bytes(12)
        )
        self._log.append([entry_bytes(entry)])
        original = Original(path=path, name=f"data/calls/{thing}.opus", sha256=sha256)
        return Item(type="recording", id=thing, originals=(original,))

    def build(self, items: list[Item]) -> Built:
        self._log.write_head()
        note = self._log.checkpoint(UtcUs(0)) or ""
        note += self._witness.line(split_note(note)[0], 0)
        now = datetime(2026, 11, 24, tzinfo=UTC)
        draft = Draft(
            id="EV-2026-000001",
            created=now,
            expires=date(2100, 1, 1),
            items=tuple(items),
            coverage=Coverage(start=now, end=now),
            requested_by="u-1",
            requested_unit="",
            approvers=(Approver(id="u-2"),),
            why=Why(code="incident", basis="law", ref="INC-1"),
            recipient=Recipient(name="court", country="SE", basis="law"),
        )
        keys = Keys(log=self._log_key.vkey, exporter=self._exporter.vkey)
        with Prover(self._folder / "samband.db") as prover:
            out = self._folder / "package.zip"
            built = build(draft, out, prover, note=note, exporter=self._exporter, keys=keys)
        self._log.close()
        return built


def _verify(folder: Path, built: Built, trust: str) -> float:
    pyz, keys = folder / "verify_evidence.pyz", folder / "keys.txt"
    pyz.write_bytes(verifier_pyz())
    keys.write_text(trust, encoding="utf-8")
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-S", pyz, built.path, "--trust", keys],
        capture_output=True, text=True, check=False, env={},
    )  # fmt: skip
    took_s = time.perf_counter() - began
    if done.returncode != 3 or "no approver key trusted" not in done.stdout:
        raise AssertionError(f"the package is not valid: {done.stdout}{done.stderr}")
    return took_s

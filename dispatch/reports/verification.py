"""The button "verify now": the whole log hashed again beside the server, with progress.

One verification at a time; whoever asks while one runs is given that one. It compares with the
head, with every checkpoint and with what each witness cosigned, and its result enters the log.
"""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

from dispatch.audit.entry import Obj
from dispatch.audit.prover import Prover
from dispatch.audit.trust import TrustedKey
from dispatch.audit.writer import AuditWriter
from dispatch.errors import NotFound
from dispatch.services.record import Asker, Record
from gateway.model.errors import LocalError, RemoteError
from gateway.ports import Clock

MAX_LINE_BYTES = 1 << 20


@dataclass(slots=True)
class Progress:
    """How far a verification is."""

    started_utc: int
    of: int
    done: int = 0


class Verification:
    """Runs verifications and keeps the last result."""

    def __init__(self, writer: AuditWriter, record: Record, clock: Clock) -> None:
        """Take the log."""
        self._writer = writer
        self._record = record
        self._clock = clock
        self._task: asyncio.Task[dict[str, Any]] | None = None
        self._progress: Progress | None = None
        self.last: dict[str, Any] | None = None

    @property
    def running(self) -> Progress | None:
        """How far the one that runs is, None when none does."""
        return self._progress

    def start(self, asker: Asker) -> "asyncio.Task[dict[str, Any]]":
        """Begin a verification, or return the one that runs."""
        if self._task is None or self._task.done():
            of = self._writer.status.size
            self._progress = Progress(started_utc=self._clock.utc_us(), of=of)
            self._task = asyncio.create_task(self._run(asker), name="audit-verify")
        return self._task

    async def run(self, asker: Asker) -> dict[str, Any]:
        """Verify and return the report; raises RemoteError when it could not be done."""
        return await asyncio.shield(self.start(asker))

    async def close(self) -> None:
        """End the one that runs; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, asker: Asker) -> dict[str, Any]:
        try:
            report = await self._verified()
        finally:
            self._progress = None
        self.last = {**report, "at_utc": self._clock.utc_us()}
        self._record.note_of(
            asker,
            "system",
            "audit.verify",
            Obj(type="audit_log", id=str(report["origin"])),
            result="ok" if report["ok"] else "failed",
            detail={"size": report["size"], "faults": len(report["faults"])},
        )
        return self.last

    async def _verified(self) -> dict[str, Any]:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dispatch.audit.verify_child",
            str(self._writer.database),
            str(self._writer.folder),
            stdout=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
        )
        try:
            return await self._listen(child)
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()

    async def _listen(self, child: asyncio.subprocess.Process) -> dict[str, Any]:
        if child.stdout is None:
            raise AssertionError("the child was started with a pipe")
        async for line in child.stdout:
            told = json.loads(line)
            if "done" in told and self._progress is not None:
                self._progress.done = told["done"]
            if "fault" in told:
                raise RemoteError(f"audit verify: {told['fault']}")
            if "report" in told:
                return dict(told["report"])
        raise RemoteError("audit verify: it ended without a report", hint="Is memory left?")


def proof_of(writer: AuditWriter, seq: int) -> dict[str, Any]:
    """Return an entry with its way to the newest checkpoint that covers it; raises NotFound.

    ``steps`` are the hashes from the entry up to the root; ``proof`` is the C2SP ``tlog-proof``
    file, which ``samband audit check-proof`` and other people's tools read.
    """
    with Prover(writer.database) as prover:
        newest = prover.newest_checkpoint()
        try:
            raw = prover.entry(seq)
        except LocalError as error:
            raise NotFound(str(error)) from error
        if newest is None or newest.size <= seq:
            return {"seq": seq, "entry": json.loads(raw), "covered": False}
        path = prover.inclusion(seq, newest.size)
        leaf = next(leaf for _, _, leaf in prover.entries(seq, seq + 1))
        return {
            "seq": seq,
            "entry": json.loads(raw),
            "covered": True,
            "leaf": leaf.hex(),
            "steps": [one.hex() for one in path],
            "size": newest.size,
            "root": newest.root.hex(),
            "at_utc": newest.at_utc,
            "checkpoint": newest.note,
            "proof": prover.inclusion_text(seq, newest.note),
        }


def own_key(writer: AuditWriter) -> str:
    """Return the log's verifier key as others keep it."""
    key = TrustedKey((writer.folder / "log.vkey").read_text("utf-8").strip())
    return key.vkey

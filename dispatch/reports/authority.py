"""A copy of the log for an authority: entries, tiles, checkpoint, cosignatures and a verifier.

Asked for with recipient and purpose; a second person agrees to exactly that size and root; made and
fetched only after the disclosure is in the log. What is asked stands in the approval, so that the
second person sees what will leave.
"""

import asyncio
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.cosigned import CosignedNotes
from dispatch.audit.entry import Act, Obj, Purpose, canonical
from dispatch.audit.log import HEAD_FILE
from dispatch.audit.outside import OutsideProof
from dispatch.audit.prover import Prover
from dispatch.audit.tiles import export_tiles
from dispatch.audit.writer import AuditWriter
from dispatch.errors import Conflict, Gone, NotFound, ServiceError
from dispatch.oversight.approvals import ApprovalRow, Approvals
from dispatch.reports.log_pyz import log_verifier_pyz
from dispatch.reports.tables import LogExport
from dispatch.reports.verification import own_key
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

KIND = "audit.export"
KEEP_DAYS = 7
US_PER_DAY = 86_400_000_000
COUNTRY_LETTERS = 2
MOST_CHARACTERS = 200
WITHIN = frozenset(
    {
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR",
        "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO",
        "SE", "SI", "SK",
    }
)  # fmt: skip
"""Countries that apply the directive (EU, Schengen); elsewhere a transfer needs a basis (35-39)."""
SAME_TIME = (2026, 1, 1, 0, 0, 0)
README = """\
A COPY OF AN AUDIT LOG

Log:        {origin}
Entries:    {size}
Root:       {root}
Made for:   {recipient}

What is here
  entries.jsonl   every entry, one JSON object a line, in order
  checkpoint      the log's signature over size and root, with the signatures of witnesses
  audit.head      the signed size of the log before this copy was made
  tile/           the same entries and all hashes (C2SP tlog-tiles)
  keys.txt        the log's key. For information: trust comes from outside. Compare it with the
                  key that you were given on another way.
  verify_log.pyz  checks everything, without a network: Python 3.11 or newer is enough
                    python3 verify_log.pyz . --trust keys-from-elsewhere.txt
                  where that file has the lines   log <key>   and   witness <name> <key>

What a sound log shows
  No entry was changed, put in or taken out since the checkpoint, and up to the size that a witness
  has signed nobody was shown another log.

What it does not show
  That everything that happened was logged; that the clock was right; that the person named sat at
  the keyboard. Table, head and checkpoints cut together are seen only by a witness, or by anybody
  who kept an older checkpoint.

How to read an entry
  op is the operation: collect, alter, consult, disclose, combine, erase; auth, admin and system
  besides. actor is an account's id and role. Texts (enc:) are encrypted and subjects (hmac:) are
  keyed, so that personal data can be erased without touching the log.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTools:
    """What copies are made with."""

    store: Store
    writer: AuditWriter
    record: Record
    clock: Clock
    randomness: Callable[[int], bytes]
    approvals: Approvals
    outside: Callable[[], OutsideProof | None]
    folder: Path


class LogExports:
    """Asks for, makes and hands out copies of the log."""

    def __init__(self, tools: ExportTools) -> None:
        """Register the kind of approval."""
        self._tools = tools
        self._busy = asyncio.Lock()
        tools.approvals.kind(
            KIND,
            words="a copy of the audit log leaves for an authority",
            ask="audit.export",
            approve="audit.export_approve",
        )

    async def ask(self, asker: Asker, recipient: dict[str, str], purpose: Purpose) -> Row:
        """Ask for a copy of the log as it is now; raises ServiceError, Conflict, LogNotWritable."""
        to = _recipient(recipient)
        tools, now = self._tools, self._tools.clock.utc_us()
        head = await asyncio.to_thread((tools.writer.folder / HEAD_FILE).read_text, "utf-8")
        size = await tools.writer.checkpoint()
        root = await asyncio.to_thread(self._root, size)
        what: dict[str, Any] = {
            "recipient": to,
            "purpose": {
                "code": purpose.code,
                "ref": purpose.ref,
                "text": purpose.text,
                "basis": purpose.basis,
            },
            "size": size,
            "root": root,
        }
        body = canonical(what)
        row = LogExport(
            id="x-" + ulid(now, tools.randomness(10)),
            digest=hashlib.sha256(body).hexdigest(),
            body=body.decode(),
            size=size,
            head=head,
            asked_by=asker.access.user.id,
            asked_utc=now,
        )
        words = f"A copy of the audit log, {size} entries, for {to['name']} ({to['country']})"
        row.approval = await tools.approvals.ask(
            asker, kind=KIND, subject=row.id, digest=row.digest, words=words, detail=what
        )
        await tools.store.write(lambda db: db.add(row))
        return self._shown(row)

    async def kept(self) -> list[Row]:
        """Return what was asked for, newest first."""
        rows = await self._tools.store.read(
            lambda db: db.exec(
                select(LogExport).order_by(col(LogExport.asked_utc).desc()).limit(100)
            ).all()
        )
        return [self._shown(row) for row in rows]

    async def make(self, asker: Asker, export: str) -> Row:
        """Make a copy that was agreed to; raises NotApproved, NotFound, Conflict."""
        async with self._busy:
            row = await self._row(export)
            if row.state != "asked":
                raise Conflict(f"{export} is {row.state} already")
            used = await self._tools.approvals.demand(KIND, row.id, row.digest)
            what = json.loads(row.body)
            await self._disclose(asker, row, what, used)
            path = self._path(row.id)
            row.file_sha256, row.size_bytes = await asyncio.to_thread(self._write, row, what, path)
            row.state, row.made_utc = "made", self._tools.clock.utc_us()
            await self._tools.store.write(lambda db: db.merge(row))
            return self._shown(row)

    async def file(self, asker: Asker, export: str) -> tuple[Path, str]:
        """Return the file and its name, after the hand-over is in the log; raises Gone."""
        row = await self._row(export)
        path = self._path(row.id)
        if row.state != "made" or not path.is_file():
            raise Gone("this copy is not there: it was not made yet, or its week is over")
        await self._disclose(asker, row, json.loads(row.body), None, verb="audit.fetched")
        return path, f"audit-log-{row.size}.zip"

    async def expire(self) -> int:
        """Delete copies whose week is over; returns how many."""
        edge = self._tools.clock.utc_us() - KEEP_DAYS * US_PER_DAY

        def work(db: Session) -> list[str]:
            old = db.exec(
                select(LogExport).where(LogExport.state == "made", col(LogExport.made_utc) < edge)
            ).all()
            for row in old:
                row.state = "expired"
                db.add(row)
            return [row.id for row in old]

        gone = await self._tools.store.write(work)
        for export in gone:
            self._path(export).unlink(missing_ok=True)
        return len(gone)

    # ---- inside --------------------------------------------------------------------------------

    def _path(self, export: str) -> Path:
        return self._tools.folder / f"{export}.zip"

    async def _row(self, export: str) -> LogExport:
        row = await self._tools.store.read(lambda db: db.get(LogExport, export))
        if row is None:
            raise NotFound(f"there is no copy {export}")
        return row

    def _root(self, size: int) -> str:
        with Prover(self._tools.writer.database) as prover:
            return prover.checkpoint(size).root.hex()

    async def _disclose(
        self,
        asker: Asker,
        row: LogExport,
        what: dict[str, Any],
        used: ApprovalRow | None,
        *,
        verb: str = "audit.exported",
    ) -> None:
        why = what["purpose"]
        await self._tools.record.append(
            Act(
                op="disclose",
                verb=verb,
                actor=asker.actor,
                via=asker.via,
                obj=Obj(type="audit_log", id=row.id),
                purpose=Purpose(
                    code=why["code"], ref=why["ref"], text=why["text"], basis=why["basis"]
                ),
                detail={"size": row.size, "root": what["root"], "sha256": row.file_sha256},
                recipient=what["recipient"],
                approval={
                    "id": used.id,
                    "by": [vote.user for vote in used.votes if vote.agree],
                    "digest": used.digest,
                }
                if used
                else None,
            )
        )

    def _write(self, row: LogExport, what: dict[str, Any], path: Path) -> tuple[str, int]:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        writer, outside = self._tools.writer, self._tools.outside()
        fresh = path.with_suffix(".part")
        with tempfile.TemporaryDirectory(dir=path.parent) as name:
            folder = Path(name) / "log"
            with Prover(writer.database) as prover:
                note = prover.checkpoint(row.size).note
                witnesses = outside.cosigning.witnesses if outside else ()
                lines = CosignedNotes(writer.folder).lines_for(note, [one.key for one in witnesses])
                signed = note + "".join(lines)
                export_tiles(prover, signed, row.size, folder, row.head.encode())
            words = README.format(
                origin=writer.status.origin,
                size=row.size,
                root=what["root"],
                recipient=f"{what['recipient']['name']}, {what['recipient']['country']}",
            )
            (folder / "README.txt").write_text(words, "utf-8")
            (folder / "keys.txt").write_text(f"log {own_key(writer)}\n", "utf-8")
            (folder / "verify_log.pyz").write_bytes(log_verifier_pyz())
            _zip(folder, fresh)
        fresh.replace(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size

    @staticmethod
    def _shown(row: LogExport) -> Row:
        what = json.loads(row.body)
        return {
            "id": row.id,
            "approval": row.approval,
            "state": row.state,
            "size": row.size,
            "root": what["root"],
            "recipient": what["recipient"],
            "purpose": what["purpose"],
            "digest": row.digest,
            "asked_utc": row.asked_utc,
            "made_utc": row.made_utc,
            "sha256": row.file_sha256,
            "size_bytes": row.size_bytes,
        }


def _recipient(given: dict[str, str]) -> dict[str, str]:
    found = {key: given.get(key, "").strip()[:MOST_CHARACTERS] for key in ("name", "country")}
    found["basis"] = given.get("basis", "").strip()[:MOST_CHARACTERS]
    country = found["country"].upper()
    if not found["name"]:
        raise ServiceError("a copy of the log leaves for somebody: name the authority")
    if len(country) != COUNTRY_LETTERS or not country.isascii() or not country.isalpha():
        raise ServiceError("recipient: expected the country as two letters, for instance SE")
    if country not in WITHIN and not found["basis"]:
        raise ServiceError(
            f"recipient: {country} is outside the EU, so the legal basis of the transfer is needed",
            hint="LED Art. 35 to 39: an adequacy decision, safeguards, or a derogation.",
        )
    return {**found, "country": country}


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(str(path.relative_to(folder)), SAME_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            with path.open("rb") as source, archive.open(info, "w") as out:
                shutil.copyfileobj(source, out)

"""Makes the archive of a package for the service: ties to the log, builds, stamps. Blocks."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.cosigned import CosignedNotes
from dispatch.audit.outside import OutsideProof
from dispatch.audit.prover import Prover
from dispatch.audit.stamp import stamp
from dispatch.audit.trust import TrustedKey
from dispatch.errors import NotFound
from dispatch.evidence.builder import Built, Keys, add_signatures, build, json_bytes, with_lines
from dispatch.evidence.case_summary import NAME as CASE_NAME
from dispatch.evidence.case_summary import case_summary
from dispatch.evidence.collecting import RAW_TYPE, RAW_VERB
from dispatch.evidence.draft import Approver, Draft, Item, Original, Recipient, Redacts, Why
from dispatch.evidence.gather import Gathered
from dispatch.evidence.incident_record import NAME as INCIDENT
from dispatch.evidence.incident_record import finished
from dispatch.evidence.sounds import listening_copies
from dispatch.evidence.verifier.bag import MANIFEST, TAG_MANIFEST
from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.main import verify
from dispatch.evidence.verifier.trust import read_trust
from dispatch.evidence.verifier.zip_reader import Archive, Octets
from gateway.model.errors import RadioError

UNBOUND = "the log has no entry of it: it came before messages were collected into the log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Everything a package says of itself."""

    id: str
    created: datetime
    expires: date
    requested_by: str
    requested_unit: str
    approvers: tuple[Approver, ...]
    why: Why
    recipient: Recipient
    listening_copies: bool = True
    case_summary: bool = False


class Making:
    """Knows where log, keys and files lie."""

    def __init__(
        self,
        *,
        database: Path,
        audit_folder: Path,
        log_vkey: str,
        exporter: NoteSigner,
        outside: OutsideProof | None,
        redacted_folder: Path,
    ) -> None:
        """Take what does not change while the server runs."""
        self._database = database
        self._notes = CosignedNotes(audit_folder)
        self._log_vkey = log_vkey
        self._exporter = exporter
        self._outside = outside
        self.redacted_folder = redacted_folder
        """Redacted files lie here until their package is built."""

    @property
    def witnesses(self) -> list[TrustedKey]:
        """Keys of the configured witnesses."""
        if self._outside is None:
            return []
        return [one.key for one in self._outside.cosigning.witnesses]

    def tie(self, gathered: Gathered) -> Gathered:
        """Return what was gathered with messages as objects of the log, and the incident's record.

        A message that the log does not name stays out, and the record says so.
        """
        messages = gathered.cameras.messages
        with Prover(self._database) as prover:
            hashes = {one.sha256 for one in messages}
            batches = prover.collected(RAW_VERB, hashes, prover.size) if hashes else {}
        unbound = {one.event: UNBOUND for one in messages if one.sha256 not in batches}
        objects: dict[str, list[Original]] = {}
        for one in messages:
            if one.event not in unbound:
                path = Path(one.name.rpartition("/")[2])
                original = Original(path=path, name=one.name, sha256=one.sha256, data=one.data)
                objects.setdefault(batches[one.sha256], []).append(original)
        items = [
            Item(type=RAW_TYPE, id=name, originals=tuple(originals))
            for name, originals in objects.items()
        ]
        records = dict(gathered.records)
        if gathered.incident is not None:
            records[INCIDENT] = json_bytes(finished(gathered.incident, gathered.cameras, unbound))
        return replace(gathered, items=(*gathered.items, *items), records=records)

    def make(
        self,
        order: Order,
        gathered: Gathered,
        out: Path,
        *,
        approver_keys: tuple[str, ...],
        redacts: Redacts | None = None,
    ) -> Built:
        """Build the package over the newest checkpoint, cosigned where witnesses answer."""
        if not gathered.items:
            raise NotFound("evidence: there is no recording, still or clip in what was asked for")
        if self._outside is not None:
            self._outside.cosigning.ask_all()
        draft = Draft(
            id=order.id,
            created=order.created,
            expires=order.expires,
            items=gathered.items,
            coverage=gathered.coverage,
            requested_by=order.requested_by,
            requested_unit=order.requested_unit,
            approvers=order.approvers,
            why=order.why,
            recipient=order.recipient,
            copies=tuple(listening_copies(gathered.items)) if order.listening_copies else (),
            records=gathered.records,
            redacts=redacts,
        )
        if order.case_summary:
            draft = replace(draft, tags={CASE_NAME: case_summary(draft)})
        keys = Keys(
            log=self._log_vkey,
            exporter=self._exporter.vkey,
            approvers=approver_keys,
            witnesses=tuple(key.vkey for key in self.witnesses),
        )
        with Prover(self._database) as prover:
            stored = prover.newest_checkpoint()
            if stored is None:
                raise NotFound("evidence: the log has no checkpoint yet")
            note = stored.note + "".join(self._notes.lines_for(stored.note, self.witnesses))
            return build(draft, out, prover, note=note, exporter=self._exporter, keys=keys)

    def forget_redacted(self, package: str) -> None:
        """Take away redacted files: once their package is built they stand in it."""
        shutil.rmtree(self.redacted_folder / package, ignore_errors=True)

    def finish(self, package: BinaryIO, lines: list[str], out: Path) -> bool:
        """Add approvers' signatures and, when there is an authority, a stamp over them all.

        Returns whether there is anything to add: ``out`` is then the new package.
        """
        with zipfile.ZipFile(package) as archive:
            name = next(one for one in archive.namelist() if one.endswith("/package.sig"))
            signature = with_lines(archive.read(name), lines)
        tsr = None
        if self._outside is not None and self._outside.tsa is not None:
            try:
                tsr = stamp(signature, self._outside.tsa)
            except (RadioError, OSError):
                tsr = None  # a package without a stamp is whole; the page shows that it has none
        if not lines and tsr is None:
            return False
        fresh = out.with_name(out.name + ".signed")
        fresh.unlink(missing_ok=True)
        add_signatures(package, lines, tsr, fresh)
        fresh.replace(out)
        return True

    def contents(self, package: Octets) -> dict[str, Any]:
        """Return what will leave, as an approver has to see it: record, coverage, files, README."""
        with Archive(package) as archive:
            names = set(archive.names)
            incident = json.loads(archive.read(INCIDENT)) if INCIDENT in names else None
            return {
                "record": json.loads(archive.read("meta/package.json")),
                "coverage": json.loads(archive.read("data/coverage.json")),
                "files": {name: archive.size(name) for name in archive.names},
                "readme": archive.read("README.txt").decode(),
                "messages_left_out": incident["messages_left_out"] if incident else [],
            }

    def files_of(self, package: Octets, package_hash: str) -> Mapping[str, str]:
        """Return the SHA-256 of the files under ``data/``; empty when it is another build."""
        with Archive(package) as archive:
            if hashlib.sha256(archive.read(TAG_MANIFEST)).hexdigest() != package_hash:
                return {}
            lines = archive.read(MANIFEST).decode("ascii").splitlines()
        return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}

    def check(self, package: Octets, approver_keys: tuple[str, ...]) -> Findings:
        """Verify a package as its receiver will, with our own keys."""
        lines = [f"log {self._log_vkey}", f"exporter {self._exporter.vkey}", "quorum none"]
        lines += [f"approver {key}" for key in approver_keys]
        return verify(package, read_trust("\n".join(lines)), today=datetime.now(UTC).date())

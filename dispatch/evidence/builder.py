"""Builds the package: archive, lists, proofs, signature. Files and the log in, one ZIP out.

Blocks; call it from a thread. What it writes passes the offline verifier, or it writes nothing.
"""

import base64
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from dispatch.audit.checkpoint import NoteSigner, TreeHead
from dispatch.audit.prover import Prover
from dispatch.audit.trust import split_note
from dispatch.evidence.draft import Draft
from dispatch.evidence.readme import readme
from dispatch.evidence.zip_writer import ZipWriter
from gateway.model.errors import LocalError

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SIGNED_HEADER = "dispatch-evidence/v1"
SIGNATURE, STAMP = "package.sig", "meta/tsr/package.tsr"
UNLISTED = (SIGNATURE, STAMP, "tagmanifest-sha256.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Verifier keys that the package names, for information."""

    log: str
    exporter: str
    approvers: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return ``meta/keys.json``."""
        return {
            "log": self.log,
            "exporter": self.exporter,
            "approvers": list(self.approvers),
            "witnesses": list(self.witnesses),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A package on disk. ``package_hash``: what an approval is bound to (hex)."""

    path: Path
    id: str
    package_hash: str
    size_bytes: int
    files: int = 0


def signed_text(package: str, package_hash: str) -> str:
    """Return the text that exporter and approvers sign."""
    encoded = base64.b64encode(bytes.fromhex(package_hash)).decode()
    return f"{SIGNED_HEADER}\n{package}\ntagmanifest-sha256 {encoded}\n"


def build(
    draft: Draft, out: Path, prover: Prover, *, note: str, exporter: NoteSigner, keys: Keys
) -> Built:
    """Write ``out``; ``note`` is the checkpoint, with cosignatures, that the proofs end in.

    Raises LocalError when an object has no entry below the checkpoint, FileChanged when a file is
    not what was collected, OSError.
    """
    draft.demand_four_eyes()
    size = TreeHead.from_note(note).size
    objects = {f"{item.type}/{item.id}" for item in draft.items}
    entries = prover.entries_about(objects | {f"package/{draft.id}"}, size)
    _demand_entries(draft, [raw for _, raw in entries])
    with ZipWriter(out, draft.id, draft.created) as archive:
        derived = _payload(draft, archive)
        payload = dict(archive.hashes)
        for seq, _ in entries:
            proof = prover.inclusion_text(seq, note)
            archive.put(f"meta/proofs/{seq}.tlog-proof", proof.encode())
        archive.put("meta/custody.jsonl", b"".join(raw + b"\n" for _, raw in entries))
        archive.put("meta/checkpoint", note.encode())
        archive.put("meta/keys.json", json_bytes(keys.to_json()))
        archive.put("meta/package.json", json_bytes(draft.record(derived)))
        for name, data in sorted(draft.tags.items()):
            archive.put(name, data)
        archive.put("README.txt", readme(draft).encode())
        package_hash = _lists(draft, archive, payload)
        text = signed_text(draft.id, package_hash)
        archive.put(SIGNATURE, f"{text}\n{exporter.line(text)}".encode())
        count = len(archive.hashes)
    return Built(
        path=out,
        id=draft.id,
        package_hash=package_hash,
        size_bytes=out.stat().st_size,
        files=count,
    )


def _demand_entries(draft: Draft, raws: Sequence[bytes]) -> None:
    known = set()
    for raw in raws:
        obj = json.loads(raw)["obj"]
        known.add((obj["type"], obj["id"]))
    for item in draft.items:
        if (item.type, item.id) not in known:
            raise LocalError(
                f"evidence: the log has no entry about {item.type} {item.id}",
                hint="What was never collected into the log cannot be evidence.",
            )


def _payload(draft: Draft, archive: ZipWriter) -> list[dict[str, str]]:
    """Write what lies under ``data/``; returns ``derived`` of the record."""
    written: set[str] = set()
    for item in draft.items:
        for original in item.originals:
            if original.name not in written:
                with original.open() as source:
                    archive.copy(original.name, source, original.sha256)
                written.add(original.name)
    derived = []
    for copy in draft.copies:
        sha256 = archive.put(copy.name, copy.data)
        derived.append({"path": copy.name, "sha256": sha256, "from": copy.source, "how": copy.how})
    for name, data in sorted(draft.records.items()):
        archive.put(name, data)
    recordings = sum(item.type == "recording" for item in draft.items)
    archive.put("data/coverage.json", json_bytes(draft.coverage.to_json(recordings)))
    return derived


def _lists(draft: Draft, archive: ZipWriter, payload: dict[str, str]) -> str:
    """Write the four BagIt files; returns the SHA-256 of the tag manifest."""
    total = sum(archive.sizes[name] for name in payload)
    info = (
        f"Bagging-Date: {draft.created:%Y-%m-%d}\n"
        f"External-Identifier: {draft.id}\n"
        f"Payload-Oxum: {total}.{len(payload)}\n"
        f"Source-Organization: {draft.requested_unit or 'not named'}\n"
    )
    archive.put("bagit.txt", BAGIT)
    archive.put("bag-info.txt", info.encode())
    archive.put("manifest-sha256.txt", _manifest(payload))
    tags = {name: sha256 for name, sha256 in archive.hashes.items() if name not in payload}
    return archive.put("tagmanifest-sha256.txt", _manifest(tags))


def _manifest(hashes: dict[str, str]) -> bytes:
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()


def json_bytes(value: Any) -> bytes:
    """Return JSON for people and machines: sorted, indented, UTF-8, one line feed at its end."""
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def add_signatures(
    package: Path | BinaryIO, lines: Sequence[str], tsr: bytes | None, out: Path
) -> None:
    """Write a copy of a package with further signature lines, and a time stamp of the result."""
    with zipfile.ZipFile(package) as old:
        infos = old.infolist()
        top = infos[0].filename.partition("/")[0]
        made = datetime(*infos[0].date_time, tzinfo=UTC)
        with ZipWriter(out, top, made) as archive:
            for info in infos:
                name = info.filename.partition("/")[2]
                if name in (SIGNATURE, STAMP):
                    continue
                with old.open(info) as source:
                    archive.pour(name, source, info.file_size)
            archive.put(SIGNATURE, with_lines(old.read(f"{top}/{SIGNATURE}"), lines))
            if tsr is not None:
                archive.put(STAMP, tsr)


def with_lines(signature: bytes, lines: Sequence[str]) -> bytes:
    """Return ``package.sig`` with further lines, each once."""
    note = signature.decode()
    _, known = split_note(note)
    new = dict.fromkeys(line for line in lines if line.rstrip("\n") not in known)
    return (note + "".join(new)).encode()

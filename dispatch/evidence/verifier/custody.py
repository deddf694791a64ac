"""The way back to the log: entries, their proofs, the checkpoint, and files bound by entries."""

import re
from dataclasses import dataclass
from typing import Any

from dispatch.audit.entry_check import look_at_entry
from dispatch.audit.proofs import MAX_PROOF_HASHES, leaf_hash, root_of_inclusion
from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.record import Record, Thing
from dispatch.evidence.verifier.trust import BadNote, Note, Trust, read_note, strict_base64
from dispatch.evidence.verifier.zip_reader import Archive

CUSTODY, CHECKPOINT, PROOFS = "meta/custody.jsonl", "meta/checkpoint", "meta/proofs/"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_PROOF_NAME = re.compile(r"meta/proofs/(0|[1-9][0-9]{0,15})\.tlog-proof")
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Head:
    """The checkpoint that all proofs end in."""

    origin: str
    size: int
    root: bytes
    note: Note
    raw: bytes


def check_checkpoint(raw: bytes, trust: Trust, found: Findings) -> Head:
    """Check the checkpoint's signature and its witnesses; raises Stop when it cannot be read."""
    try:
        note = read_note(raw)
        lines = note.text[:-1].split("\n")
        if len(lines) != 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
            raise BadNote("it is not origin, size and root")
        root = strict_base64(lines[2])
        if len(root) != 32:
            raise BadNote("its root is not 32 bytes long")
    except (BadNote, ValueError) as error:
        raise found.stop(f"{CHECKPOINT}: {error}") from error
    head = Head(lines[0], int(lines[1]), root, note, raw)
    try:
        if note.signed_by(key for key in trust.logs if key.name == head.origin):
            found.passed(f"log: {head.origin} signed {head.size} entries")
        else:
            found.fault(f"{CHECKPOINT}: no trusted key of the log {head.origin} signed it")
        _witnesses(head, trust, found)
    except BadNote as error:
        found.fault(f"{CHECKPOINT}: {error}")
    return head


def _witnesses(head: Head, trust: Trust, found: Findings) -> None:
    signed = head.note.signed_by(trust.witnesses.values())
    if trust.quorum == "none":
        found.warn("quorum none: no witness was asked for")
    elif trust.enough({key.public for key in signed}):
        names = ", ".join(sorted({key.name for key in signed}))
        found.passed(f"witnesses: {names} saw this log")
    else:
        found.fault(f"{CHECKPOINT}: too few trusted witnesses cosigned it")


def check_custody(archive: Archive, head: Head, found: Findings) -> list[dict[str, Any]]:
    """Check each entry against its proof; returns the entries."""
    before = len(found.faults)
    lines = _lines(archive.read(CUSTODY), found)
    proofs = _proof_names(archive, found)
    if len(lines) != len(proofs):
        found.fault(f"{CUSTODY}: {len(lines)} entries, but {len(proofs)} proofs")
    entries = []
    for line, (seq, name) in zip(lines, proofs, strict=False):
        looked = look_at_entry(line)
        for words in looked.faults:
            found.fault(f"{CUSTODY}: entry {seq}: {words}")
        for words in looked.warnings:
            found.warn(f"free text or subject in clear in the log: entry {seq}: {words}")
        words = wrong_proof(archive.read(name), line, seq, head)
        if words:
            found.fault(f"{name}: {words}")
        if looked.entry:
            entries.append(looked.entry)
    if len(found.faults) == before:
        found.passed(f"custody: {len(entries)} entries are in the log")
    return entries


def _lines(raw: bytes, found: Findings) -> list[bytes]:
    lines = raw.split(b"\n")
    if lines[-1] != b"" or b"" in lines[:-1] or len(lines) < 2:
        found.fault(f"{CUSTODY}: a line is empty, or the last one is cut")
    return [line for line in lines if line]


def _proof_names(archive: Archive, found: Findings) -> list[tuple[int, str]]:
    names = []
    for name in archive.names:
        if name.startswith(PROOFS):
            match = _PROOF_NAME.fullmatch(name)
            if match is None:
                found.fault(f"{name}: it is no proof of an entry")
            else:
                names.append((int(match[1]), name))
    if not names:
        found.fault("meta/proofs: there is no proof")
    return sorted(names)


def wrong_proof(raw: bytes, line: bytes, seq: int, head: Head) -> str:
    """Return what is wrong with the proof of an entry, empty when it holds."""
    begin, gap, note = raw.partition(b"\n\n")
    try:
        first, place, *hashes = begin.decode("ascii").split("\n")
        path = [strict_base64(one) for one in hashes]
    except ValueError:
        return f"it is not {PROOF_HEADER}, index, hashes, an empty line, a checkpoint"
    index = _INDEX.fullmatch(place)
    if first != PROOF_HEADER or not gap or index is None or len(path) > MAX_PROOF_HASHES:
        return f"it is not {PROOF_HEADER}, index, hashes, an empty line, a checkpoint"
    if int(index[1]) != seq:
        return f"it is the proof of entry {index[1]}"
    if note != head.raw:
        return f"it does not end in {CHECKPOINT}"
    if root_of_inclusion(leaf_hash(line), seq, head.size, path) != head.root:
        return f"the entry in {CUSTODY} is not entry {seq} of the log (changed, or another one)"
    return ""


# ---- files bound to the log --------------------------------------------------------------------


def check_binding(
    record: Record, payload: dict[str, str], entries: list[dict[str, Any]], found: Findings
) -> None:
    """Check that entries of each object carry the SHA-256 of each of its files."""
    before = len(found.faults)
    redacted = {span.file for span in record.redaction.spans} if record.redaction else set()
    for thing in record.things:
        lines = [entry for entry in entries if _about(entry, thing)]
        if not lines:
            found.fault(f"{thing.type} {thing.id}: no entry of the log is about it")
            continue
        hashes = _hashes(lines)
        if not hashes:
            if thing.files:
                found.warn(f"{thing.type} {thing.id}: bound by the exporter's signature only")
            continue
        made = {one for op, one in hashes if op == "alter"}
        known = {one for _, one in hashes}
        for name in thing.files:
            sha256 = payload.get(name, "")
            if sha256 not in known:
                found.fault(f"{name}: the log tells of other bytes for {thing.type} {thing.id}")
            elif ("collect", sha256) not in hashes and sha256 in made and name not in redacted:
                found.fault(f"{name}: it was altered, and the record does not say so")
    if len(found.faults) == before:
        found.passed("binding: the log names the bytes of the originals")


def _about(entry: dict[str, Any], thing: Thing) -> bool:
    obj = entry["obj"]
    return isinstance(obj, dict) and (obj.get("type"), obj.get("id")) == (thing.type, thing.id)


def _hashes(entries: list[dict[str, Any]]) -> set[tuple[str, str]]:
    found = set()
    for entry in entries:
        detail = entry["detail"] if isinstance(entry["detail"], dict) else {}
        named = detail.get("sha256")
        if isinstance(named, list):
            found |= {(str(entry["op"]), one) for one in named if isinstance(one, str)}
    return found

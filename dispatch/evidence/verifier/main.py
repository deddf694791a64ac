"""Verifies an evidence package, offline: ``verify_evidence.pyz FILE --trust KEYS``.

Order of the checks: the archive, its lists and bytes, the signature of the package, the record,
what the files are, the checkpoint and its witnesses, each entry with its proof, files bound to
the log.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from dispatch.evidence.verifier.bag import (
    MANIFEST,
    SIGNATURE,
    STAMP,
    TAG_MANIFEST,
    Bag,
    check_bag,
)
from dispatch.evidence.verifier.contents import COVERAGE, check_contents, check_coverage
from dispatch.evidence.verifier.custody import (
    CHECKPOINT,
    check_binding,
    check_checkpoint,
    check_custody,
)
from dispatch.evidence.verifier.findings import Findings, Stop, printable
from dispatch.evidence.verifier.names import BadZip
from dispatch.evidence.verifier.record import NAME, Record, Redaction, read_record
from dispatch.evidence.verifier.strict_json import BadForm, fields, listed, load
from dispatch.evidence.verifier.trust import (
    NOTE_KEY,
    WITNESS_KEY,
    BadNote,
    BadTrust,
    Key,
    Trust,
    read_key,
    read_note,
    read_trust,
)
from dispatch.evidence.verifier.zip_reader import Archive, Octets

KEYS = "meta/keys.json"
WRONG_USE = 2
SIGNED_HEADER = "dispatch-evidence/v1"


def signed_text(package: str, package_hash: str) -> str:
    """Return the text that exporter and approvers sign; ``package_hash`` in hex."""
    encoded = base64.b64encode(bytes.fromhex(package_hash)).decode()
    return f"{SIGNED_HEADER}\n{package}\ntagmanifest-sha256 {encoded}\n"


def verify(
    path: Path | Octets,
    trust: Trust | None,
    *,
    parent: Path | None = None,
    today: date | None = None,
) -> Findings:
    """Verify a package; ``trust`` None takes its own keys, which authenticates nothing.

    Raises OSError when a file cannot be opened.
    """
    found = Findings()
    try:
        with Archive(path) as archive:
            found.passed(f"archive: {archive.length} bytes, package {archive.package}")
            _verify(archive, trust, found, parent, today or datetime.now(UTC).date())
    except (BadZip, BadForm) as error:
        found.fault(str(error))
    except Stop:
        pass
    return found


def _verify(
    archive: Archive, trust: Trust | None, found: Findings, parent: Path | None, today: date
) -> None:
    bag = check_bag(archive, found)
    own = _own_keys(archive)
    if trust is None:
        found.authenticated = False
        trust = own
    record = read_record(load(archive.read(NAME), NAME), archive.package)
    _signatures(archive, bag, record, trust, found)
    found.passed(f"record: {len(record.things)} objects, {len(record.approvers)} approvers")
    if record.expires < today:
        found.warn(f"expires: the package was to be used until {record.expires}")
    check_contents(record, bag.payload, found)
    check_coverage(load(archive.read(COVERAGE), COVERAGE), record, found)
    head = check_checkpoint(archive.read(CHECKPOINT), trust, found)
    entries = check_custody(archive, head, found)
    check_binding(record, bag.payload, entries, found)
    if STAMP in archive.names:
        found.warn(f"{STAMP}: a time stamp is there, but not checked")
    if parent is not None:
        _compare_parent(parent, record, found)


def _own_keys(archive: Archive) -> Trust:
    """Read the keys that the package brings: for information, and for a check of nothing but it."""
    value = fields(
        load(archive.read(KEYS), KEYS), KEYS, "log exporter approvers witnesses", more=True
    )
    trust = Trust(quorum="none")
    try:
        trust.logs.append(read_key(str(value["log"]), NOTE_KEY))
        trust.exporters.append(read_key(str(value["exporter"]), NOTE_KEY))
        for one in listed(value["approvers"], KEYS):
            trust.approvers.append(read_key(str(one), NOTE_KEY))
        for number, one in enumerate(listed(value["witnesses"], KEYS)):
            trust.witnesses[str(number)] = read_key(str(one), WITNESS_KEY)
    except ValueError as error:
        raise BadForm(f"{KEYS}: {error}") from error
    return trust


def _signatures(archive: Archive, bag: Bag, record: Record, trust: Trust, found: Findings) -> None:
    try:
        note = read_note(archive.read(SIGNATURE))
        if note.text != signed_text(archive.package, bag.package_hash):
            raise BadNote(f"it signs another package than this one (id and {TAG_MANIFEST})")
        exporters = note.signed_by(trust.exporters)
        approvers = note.signed_by(trust.approvers)
    except BadNote as error:
        found.fault(f"{SIGNATURE}: {error}")
        return
    if exporters:
        found.passed(f"signature: exporter {exporters[0].name}")
    else:
        found.fault(f"{SIGNATURE}: no trusted exporter signed it")
    _approvals(record, trust, approvers, {name for name, _ in note.signatures}, found)


def _approvals(
    record: Record, trust: Trust, signed: list[Key], lines: set[str], found: Findings
) -> None:
    known = {key.name for key in trust.approvers}
    good = {key.name for key in signed}
    for person, key in record.approvers:
        if key is None or key in good:
            continue
        if key not in lines:
            found.fault(f"{SIGNATURE}: the approver {person} ({key}) did not sign it")
        elif key in known:
            found.fault(f"{SIGNATURE}: the trusted key of the approver {person} did not sign it")
        else:
            found.warn(f"the key of the approver {person} ({key}) is not trusted")
    named = {key for _, key in record.approvers if key is not None}
    if good & named:
        found.passed(f"approval: signed by {', '.join(sorted(good & named))}")
    else:
        found.warn("no approver key trusted: that somebody approved is the exporter's word")


def _compare_parent(path: Path, record: Record, found: Findings) -> None:
    if record.redaction is None:
        found.fault("redacts: this package names no parent")
        return
    try:
        with Archive(path) as parent:
            package_hash = hashlib.sha256(parent.read(TAG_MANIFEST)).hexdigest()
            package = parent.package
            listed_there = parent.read(MANIFEST).decode("ascii", "replace").splitlines()
    except (BadZip, KeyError) as error:
        found.fault(f"parent: {path.name} is no package ({error})")
        return
    if package != record.redaction.parent:
        found.fault(f"parent: {path.name} is {package}, expected {record.redaction.parent}")
    elif package_hash != record.redaction.parent_hash:
        found.fault(f"parent: {path.name} is another build of {package}")
    else:
        _compare_files(set(listed_there), record.redaction, found)
        found.passed(f"parent: {package}, the build that was redacted")


def _compare_files(listed_there: set[str], redaction: Redaction, found: Findings) -> None:
    for span in redaction.spans:
        if f"{span.before}  {span.file}" not in listed_there:
            found.fault(f"redacts: {span.file} is not what {redaction.parent} has under that name")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns 0 valid, 3 valid with warnings, 1 not valid, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="verify_evidence",
        description="Verifies an evidence package. Nothing is fetched, nothing is unpacked.",
        epilog="exit status: 0 valid, 3 valid with warnings, 1 not valid, 2 wrong use",
    )
    add_arguments(parser)
    args = parser.parse_args(argv)
    return run(args)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("file", type=Path, help="the package, EV-….zip")
    parser.add_argument(
        "--trust", type=Path, metavar="KEYS", help="keys that you got from elsewhere (tlog-policy)"
    )
    parser.add_argument("--parent", type=Path, metavar="FILE", help="the package it was made from")
    parser.add_argument("--json", action="store_true", help="machine-readable")


def run(args: argparse.Namespace) -> int:
    """Verify and print; returns the exit status."""
    try:
        trust = read_trust(args.trust.read_text("utf-8")) if args.trust else None
        found = verify(args.file, trust, parent=args.parent)
    except (OSError, BadTrust, UnicodeDecodeError) as error:
        where = f"{args.trust}: " if isinstance(error, BadTrust) else ""
        print(f"verify_evidence: {where}{printable(str(error))}", file=sys.stderr)  # noqa: T201
        return WRONG_USE
    print(json.dumps(found.to_json(), ensure_ascii=True) if args.json else found.text())  # noqa: T201
    return found.status

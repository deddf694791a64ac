"""The BagIt side of a package: which files there must be, and whose bytes they are."""

import re
from dataclasses import dataclass

from dispatch.evidence.verifier.findings import Findings
from dispatch.evidence.verifier.names import BadZip
from dispatch.evidence.verifier.zip_reader import Archive

BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
SIGNATURE, STAMP = "package.sig", "meta/tsr/package.tsr"
UNLISTED = frozenset({TAG_MANIFEST, SIGNATURE, STAMP})
NEEDED = (
    "bagit.txt", "bag-info.txt", MANIFEST, TAG_MANIFEST, "README.txt", SIGNATURE,
    "data/coverage.json", "meta/package.json", "meta/custody.jsonl", "meta/checkpoint",
    "meta/keys.json",
)  # fmt: skip
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")


@dataclass(frozen=True, slots=True)
class Bag:
    """Files and their hashes: ``payload`` under ``data/``, ``tags`` all others that are listed."""

    payload: dict[str, str]
    tags: dict[str, str]
    package_hash: str
    """SHA-256 of the tag manifest, hex: what an approval is bound to."""


def check_bag(archive: Archive, found: Findings) -> Bag:
    """Check a bag; raises Stop when its lists cannot be read."""
    missing = [name for name in NEEDED if name not in archive.names]
    for name in missing:
        found.fault(f"{name}: it is missing")
    if missing:
        raise found.stop("files that every package has are missing")
    if archive.read("bagit.txt") != BAGIT:
        found.fault("bagit.txt: it is not that of BagIt 1.0")
    for name in archive.names:
        other = re.fullmatch(r"(tag)?manifest-.*\.txt|fetch\.txt", name)
        if other and name not in (MANIFEST, TAG_MANIFEST):
            found.fault(f"{name}: a package has no such list")
    payload = _read_list(archive, MANIFEST, found)
    tags = _read_list(archive, TAG_MANIFEST, found)
    _compare(archive, payload, tags, found)
    _bytes(archive, payload | tags, found)
    _bag_info(archive, payload, found)
    return Bag(payload, tags, archive.sha256(TAG_MANIFEST))


def _read_list(archive: Archive, name: str, found: Findings) -> dict[str, str]:
    try:
        text = archive.read(name).decode("ascii")
    except UnicodeDecodeError as error:
        raise found.stop(f"{name}: it is not plain text") from error
    listed: dict[str, str] = {}
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise found.stop(f"{name}, line {number}: expected a SHA-256, two spaces, a path")
        if match[2] in listed:
            found.fault(f"{name}: {match[2]} is listed twice")
        listed[match[2]] = match[1]
    if not text.endswith("\n"):
        found.fault(f"{name}: its last line has no end")
    return listed


def _compare(
    archive: Archive, payload: dict[str, str], tags: dict[str, str], found: Findings
) -> None:
    names = set(archive.names)
    data = {name for name in names if name.startswith("data/")}
    before = len(found.faults)
    for name in sorted(data - payload.keys()):
        found.fault(f"{name}: the file is in no list (added)")
    for name in sorted(names - data - UNLISTED - tags.keys()):
        found.fault(f"{name}: the file is in no list (added)")
    for name in sorted((payload | tags).keys() - names):
        found.fault(f"{name}: the file is listed, but missing")
    for name in sorted(payload.keys() - data) + sorted(tags.keys() & (data | UNLISTED)):
        if name in names:
            found.fault(f"{name}: it stands in the wrong list")
    if len(found.faults) == before:
        found.passed(f"files: {len(names)}, all listed, none missing")


def _bytes(archive: Archive, listed: dict[str, str], found: Findings) -> None:
    names = set(archive.names)
    before = len(found.faults)
    for name, sha256 in listed.items():
        if name not in names:
            continue
        try:
            if archive.sha256(name) != sha256:
                found.fault(f"{name}: its bytes were changed (another SHA-256 than listed)")
        except BadZip as error:
            found.fault(str(error))
    if len(found.faults) == before:
        found.passed(f"bytes: SHA-256 of {len(listed)} files as listed")


def _bag_info(archive: Archive, payload: dict[str, str], found: Findings) -> None:
    try:
        text = archive.read("bag-info.txt").decode("utf-8")
    except UnicodeDecodeError:
        found.fault("bag-info.txt: it is not UTF-8")
        return
    values: dict[str, list[str]] = {}
    for line in text.split("\n"):
        label, colon, value = line.partition(":")
        if colon:
            values.setdefault(label.strip(), []).append(value.strip())
    names = set(archive.names)
    size = sum(archive.size(name) for name in payload if name in names)
    wanted = {
        "External-Identifier": archive.package,
        "Payload-Oxum": f"{size}.{len(payload)}",
    }
    for label, value in wanted.items():
        if values.get(label) != [value]:
            found.fault(f"bag-info.txt: expected {label}: {value}")
    if len(values.get("Bagging-Date", [])) != 1:
        found.fault("bag-info.txt: expected a Bagging-Date")

"""The folder of packages: their numbers, their files, and what was decided about each.

One JSON file a package beside its ZIP, replaced whole and synced. The audit log is the proof of who
did what; this is what the service has to know next. A ZIP lies there sealed with a key of its own
(``dispatch.retention.sealed``), from the moment it was built: what is erased elsewhere must not go
on in copies that were made of it. Everything blocks.
"""

import hashlib
import json
import logging
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dispatch.audit.files import replace_file
from dispatch.errors import NotFound
from dispatch.evidence.verifier.names import PACKAGE_ID
from dispatch.retention.sealed import PlainReader, SealedFiles
from gateway.model.errors import RadioError

logger = logging.getLogger(__name__)

WAITING, APPROVED, REFUSED, ERASED = "waiting", "approved", "refused", "erased"
_TUPLES = ("approvers", "recordings", "talkgroups", "gaps", "media", "left_words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """That one person approved a hash."""

    by: str
    package_hash: str
    t_utc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What is known of a package."""

    id: str
    package_hash: str
    size_bytes: int
    built_utc: int
    requested_by: str
    session: str
    address: str
    approvers: tuple[str, ...]
    approver_keys: dict[str, str] = field(default_factory=dict)
    """Verifier keys of approvers with a card, by account."""
    recordings: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    """Stills and clips."""
    files: int = 0
    talkgroups: tuple[str, ...] = ()
    start_utc: int = 0
    end_utc: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    gaps: tuple[str, ...] = ()
    """What could not be recorded, in words: approvers read it before they sign."""
    left_words: tuple[str, ...] = ()
    """What else stays out, in words: messages with claims that nobody confirmed."""
    recipient: dict[str, str] = field(default_factory=dict)
    recipient_key: str = ""
    """Key (age) that the file is encrypted to when it leaves; empty: as it is."""
    purpose: dict[str, str] = field(default_factory=dict)
    expires: str = ""
    """Day (UTC) after which the package is erased here."""
    selection: dict[str, Any] = field(default_factory=dict)
    """What was asked for, resolved."""
    incident: str = ""
    order: str = ""
    restricted_until_utc: int | None = None
    parent: str = ""
    approval: str = ""
    """Request of the second person, in ``approvals``."""
    state: str = WAITING
    approvals: tuple[Approval, ...] = ()
    signed: bool = False
    """Whether signatures and stamp are in the file."""
    released_utc: int | None = None
    """When the approval was used: the file may be fetched again until it is a day old."""
    refused_by: str = ""
    erased_utc: int | None = None
    certificate: dict[str, Any] = field(default_factory=dict)
    """Of the erasure."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


FOLDER = "evidence"


def file_of(package: str) -> str:
    """Return the name of a package's ZIP below the state folder."""
    return f"{FOLDER}/{package}.zip"


class SealedOctets:
    """The bytes of a package, opened in parts as the verifier asks for them."""

    def __init__(self, reader: PlainReader) -> None:
        """Take the open file."""
        self._reader = reader

    def __len__(self) -> int:
        return self._reader.size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._reader.size)
        return self._reader.read(start, max(0, stop - start))

    def release(self) -> None:
        """Close the file; safe twice."""
        self._reader.close()


class Shelf:
    """The folder ``evidence/`` of the state."""

    def __init__(self, state: Path, files: SealedFiles) -> None:
        """Use or make the folder; ``files`` seals below the same state folder."""
        self._folder = state / FOLDER
        self._files = files
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Mend at a start what an end in mid-work left.

        Halves, encrypted and redacted copies and packages that nobody knows of go; a package that
        lies there plain is sealed, as soon as the keys are there.
        """
        for pattern in ("EV-*.part", "EV-*.signed", "EV-*.age"):
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)
        shutil.rmtree(self._folder / "redacted", ignore_errors=True)
        known = {path.stem for path in self._folder.glob("EV-*.json")}
        there = {path.name.partition(".")[0] for path in self._folder.glob("EV-*.zip*")}
        try:
            self._files.destroy(map(file_of, sorted(there - known)))
            for name in self._files.mend_folder(FOLDER):
                if name.endswith(".zip"):
                    self.seal(Path(name).stem)
        except (RadioError, OSError) as error:
            logger.warning("evidence: packages stay as they are for now: %s", error)

    def next_id(self, year: int) -> str:
        """Return the next package id of a year; a number is never given twice."""
        path = self._folder / f"number-{year}"
        last = int(path.read_text("ascii")) if path.is_file() else 0
        replace_file(path, str(last + 1).encode(), mode=0o640)
        return f"EV-{year}-{last + 1:06d}"

    def archive(self, package: str) -> Path:
        """Return the path where a package's ZIP is built, before it is sealed."""
        if not PACKAGE_ID.fullmatch(package):
            raise NotFound(f"there is no package {package[:40]}")
        return self._folder / f"{package}.zip"

    def has_file(self, package: str) -> bool:
        """Whether a package's ZIP is still there."""
        return self._files.exists(self.archive(package))

    def open(self, package: str) -> PlainReader:
        """Open a package's ZIP; raises NotFound, Gone, KeyMissing, SealBroken, OSError."""
        return self._files.open(self.archive(package))

    def octets(self, package: str) -> SealedOctets:
        """Return a package's bytes for the verifier; raises as ``open`` does."""
        return SealedOctets(self.open(package))

    def seal(self, package: str) -> str:
        """Seal a ZIP that was just written; returns the SHA-256 of the plain file.

        While the keys are away it stays plain until the next start. Raises OSError.
        """
        path = self.archive(package)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            self._files.seal(path, sha256)
        except RadioError as error:
            logger.error("evidence: %s stays plain for now: %s", package, error)
        return sha256

    def discard(self, package: str) -> None:
        """Destroy a ZIP, its key first; raises StoreUnavailable, OSError."""
        self._files.destroy([file_of(package)])

    def keep(self, package: Package) -> Package:
        """Write what is known of a package."""
        path = self.archive(package.id).with_suffix(".json")
        data = json.dumps(package.to_json(), indent=1, sort_keys=True).encode()
        replace_file(path, data, mode=0o640)
        return package

    def find(self, package: str) -> Package:
        """Return what is known of a package; raises NotFound."""
        path = self.archive(package).with_suffix(".json")
        if not path.is_file():
            raise NotFound(f"there is no package {package}")
        return _read(path)

    def all(self) -> list[Package]:
        """Return all packages, newest first."""
        return [_read(path) for path in sorted(self._folder.glob("EV-*.json"), reverse=True)]

    def approve(self, package: Package, approval: Approval) -> Package:
        """Add an approval; the package is approved when all its approvers did."""
        approvals = (*package.approvals, approval)
        whole = {one.by for one in approvals} >= set(package.approvers)
        state = APPROVED if whole else WAITING
        return self.keep(replace(package, approvals=approvals, state=state, signed=whole))

    def refuse(self, package: Package, by: str) -> Package:
        """Mark a package as refused, and destroy its file: it never leaves."""
        self.discard(package.id)
        return self.keep(replace(package, state=REFUSED, refused_by=by))

    def erase(self, package: Package, now: int, certificate: dict[str, Any]) -> Package:
        """Destroy a package's file for good; what was decided about it stays."""
        self.discard(package.id)
        for path in self._folder.glob(f"{package.id}.*"):
            if path.suffix != ".json":
                path.unlink()
        return self.keep(
            replace(package, state=ERASED, erased_utc=now, certificate=certificate, selection={})
        )


def _read(path: Path) -> Package:
    value = json.loads(path.read_text("utf-8"))
    value["approvals"] = tuple(Approval(**one) for one in value["approvals"])
    for name in _TUPLES:
        value[name] = tuple(value.get(name, ()))
    value["left_out"] = tuple((one, why) for one, why in value["left_out"])
    return Package(**value)

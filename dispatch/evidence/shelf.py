"""The folder of packages: their numbers, their files, and what was decided about each.

One JSON file a package beside its ZIP, replaced whole and synced. The audit log is the proof of who
did what; this is what the service has to know next.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from dispatch.audit.files import replace_file
from dispatch.errors import NotFound
from dispatch.evidence.verifier.names import PACKAGE_ID

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


class Shelf:
    """The folder ``evidence/`` of the state."""

    def __init__(self, folder: Path) -> None:
        """Use or make the folder."""
        self._folder = folder
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Take away what an end in mid-work left: halves, tables, encrypted and redacted copies."""
        for pattern in ("EV-*.part", "EV-*.signed", "EV-*.age", "EV-*.csv"):
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)
        shutil.rmtree(self._folder / "redacted", ignore_errors=True)

    def next_id(self, year: int) -> str:
        """Return the next package id of a year; a number is never given twice."""
        path = self._folder / f"number-{year}"
        last = int(path.read_text("ascii")) if path.is_file() else 0
        replace_file(path, str(last + 1).encode(), mode=0o640)
        return f"EV-{year}-{last + 1:06d}"

    def archive(self, package: str) -> Path:
        """Return the path of a package's ZIP."""
        if not PACKAGE_ID.fullmatch(package):
            raise NotFound(f"there is no package {package[:40]}")
        return self._folder / f"{package}.zip"

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
        """Mark a package as refused, and take its file away: it never leaves."""
        self.archive(package.id).unlink(missing_ok=True)
        return self.keep(replace(package, state=REFUSED, refused_by=by))

    def erase(self, package: Package, now: int, certificate: dict[str, Any]) -> Package:
        """Take a package's file away for good; what was decided about it stays."""
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

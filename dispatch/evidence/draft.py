"""What goes into a package, before it is one."""

from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from dispatch.retention.sealed import SealedFiles
from gateway.model.errors import LocalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A file as it was collected: where it lies, its name in the package, the log's SHA-256."""

    path: Path
    name: str
    sha256: str
    files: SealedFiles | None = field(default=None, compare=False, repr=False)
    """Opens it where it may be sealed."""
    data: bytes | None = field(default=None, repr=False)
    """The bytes themselves, where they lie in the database."""
    cut: tuple[int, int | None] | None = None
    """Of a recording as another recorder uploaded it: where its object lies in it, ms."""

    def open(self) -> BinaryIO:
        """Open the plain file; raises NotFound, Gone, KeyMissing, SealBroken, OSError."""
        if self.data is not None:
            return BytesIO(self.data)
        if self.files is None:
            return self.path.open("rb")
        return self.files.open(self.path).stream()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An object of ``what`` with its files."""

    type: str
    id: str
    originals: tuple[Original, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningCopy:
    """A copy made at export; the log does not vouch for it."""

    name: str
    data: bytes
    source: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Who approves: an account, and the name of the key on their card (None without one)."""

    id: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who receives the package, and by what right."""

    name: str
    country: str
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The purpose, in clear: the recipient must be able to read it."""

    code: str
    basis: str
    ref: str | None = None
    text: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are there."""
        value = {"code": self.code, "ref": self.ref, "text": self.text, "basis": self.basis}
        return {name: one for name, one in value.items() if one is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time in which nothing could be recorded."""

    start: datetime
    end: datetime
    cause: str
    talkgroup: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was asked for, found, left out, and where nothing could be recorded."""

    start: datetime
    end: datetime
    talkgroups: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    gaps: tuple[Gap, ...] = ()

    def to_json(self, included: int) -> dict[str, Any]:
        """Return ``data/coverage.json``."""
        return {
            "from": utc_text(self.start),
            "to": utc_text(self.end),
            "talkgroups": list(self.talkgroups),
            "sites": list(self.sites),
            "matched": included + len(self.left_out),
            "included": included,
            "left_out": [{"id": one, "why": why} for one, why in self.left_out],
            "gaps": [
                {
                    "talkgroup": gap.talkgroup,
                    "site": gap.site,
                    "from": utc_text(gap.start),
                    "to": utc_text(gap.end),
                    "cause": gap.cause,
                }
                for gap in self.gaps
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedSpan:
    """A redacted part of a file; both times None: the whole file."""

    name: str
    from_ms: int | None
    to_ms: int | None
    before_sha256: str
    after_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacts:
    """That a package is a redacted copy, and of what."""

    parent: str
    parent_hash: str
    spans: tuple[RedactedSpan, ...]
    method: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return ``redacts`` of the record."""
        return {
            "parent": self.parent,
            "parent_tagmanifest_sha256": self.parent_hash,
            "spans": [
                {
                    "file": span.name,
                    "from_ms": span.from_ms,
                    "to_ms": span.to_ms,
                    "before_sha256": span.before_sha256,
                    "after_sha256": span.after_sha256,
                }
                for span in self.spans
            ],
            "method": self.method,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All of a package but what the builder makes itself."""

    id: str
    created: datetime
    expires: date
    items: tuple[Item, ...]
    coverage: Coverage
    requested_by: str
    requested_unit: str
    approvers: tuple[Approver, ...]
    why: Why
    recipient: Recipient
    copies: tuple[ListeningCopy, ...] = ()
    records: dict[str, bytes] = field(default_factory=dict)
    """Further files under ``data/`` that the export writes: call records, timeline, sources."""
    redacts: Redacts | None = None
    tags: dict[str, bytes] = field(default_factory=dict)
    """Further files under ``meta/``."""

    def demand_four_eyes(self) -> None:
        """Raise LocalError unless somebody else than the requester approves."""
        people = [one.id for one in self.approvers]
        if not people or self.requested_by in people or len(set(people)) != len(people):
            raise LocalError(
                "evidence: expected at least one approver, none twice, none who asks for it",
                hint="A second person approves what leaves.",
            )

    def record(self, derived: list[dict[str, str]]) -> dict[str, Any]:
        """Return ``meta/package.json``."""
        return {
            "v": 1,
            "id": self.id,
            "created": utc_text(self.created),
            "expires": self.expires.isoformat(),
            "what": [
                {
                    "type": item.type,
                    "id": item.id,
                    "files": [original.name for original in item.originals],
                }
                for item in self.items
            ],
            "derived": derived,
            "requested_by": {"id": self.requested_by, "unit": self.requested_unit},
            "approved_by": [{"id": one.id, "key": one.key} for one in self.approvers],
            "purpose": self.why.to_json(),
            "recipient": {
                "name": self.recipient.name,
                "country": self.recipient.country,
                "basis": self.recipient.basis,
            },
            "redacts": self.redacts.to_json() if self.redacts else None,
        }


def utc_text(moment: datetime) -> str:
    """Return a UTC time as packages write it."""
    text = f"{moment:%Y-%m-%dT%H:%M:%S}"
    return f"{text}.{moment.microsecond:06d}Z" if moment.microsecond else f"{text}Z"

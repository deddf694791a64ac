"""The last step: what was approved is verified, logged, and only then handed out.

One approval is one disclosure. Within its day the same file may be fetched again (a transfer breaks
off), each time with an entry of its own.
"""

import asyncio
import contextlib
import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.permissions import Action
from dispatch.errors import Conflict, ServiceError
from dispatch.evidence.deciding import Deciding, kind_of
from dispatch.evidence.draft import utc_text
from dispatch.evidence.events import EvidenceChanged
from dispatch.evidence.heard import moment
from dispatch.evidence.parts import Parts, purpose_of_package
from dispatch.evidence.shelf import APPROVED, Package, Shelf
from dispatch.evidence.tables import EvidenceDisclosure
from dispatch.evidence.verifier.zip_reader import Archive, Octets
from dispatch.services.record import Asker
from dispatch.services.rows import Row, as_row
from dispatch.store.engine import StoreUnavailable
from gateway.model.errors import RadioError

APPROVAL_HOURS = 24
US_PER_HOUR = 3_600_000_000
ZIP, AGE, CSV = "zip", "age", "csv"
MAX_DISCLOSURES = 500
READ_BYTES = 1 << 20
COLUMNS = (
    "transmission", "call", "talkgroup", "link", "talker", "alias", "position", "operator",
    "started", "ended", "duration_ms", "emergency", "encrypted", "readable", "cause",
    "exercise",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets run a cell that begins with one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Bytes on their way out."""

    name: str
    media_type: str
    size: int
    open: Callable[[], BinaryIO]
    """Blocks, as reading does."""
    temporary: Path | None = None
    """An encrypted copy, to be taken away afterwards."""


def check_key(key: str) -> None:
    """Raise ServiceError unless a recipient's key is empty or one of age."""
    if not key:
        return
    import pyrage  # type: ignore[import-untyped]  # noqa: PLC0415 - untyped; for exports alone

    try:
        _recipient(key)
    except (pyrage.RecipientError, ValueError) as error:
        raise ServiceError(
            "evidence: the recipient's key is no key of age",
            hint="It begins with age1, or is a line ssh-ed25519 or ssh-rsa.",
        ) from error


def _recipient(key: str) -> Any:  # a class of the library for each kind of key
    import pyrage  # noqa: PLC0415 - costs only who exports

    if key.startswith("ssh-"):
        return pyrage.ssh.Recipient.from_str(key)
    return pyrage.x25519.Recipient.from_str(key)


class Leaving:
    """Hands packages out."""

    def __init__(self, parts: Parts, deciding: Deciding) -> None:
        """Take the parts."""
        self._parts = parts
        self._deciding = deciding

    async def hand_out(self, asker: Asker, package_id: str) -> Leaves:
        """Log the disclosure and return the file; raises Conflict while it is not approved."""
        package = await self._ready(asker, package_id)
        shelf, form = self._parts.shelf, AGE if package.recipient_key else ZIP
        path = shelf.archive(package_id)
        if form == AGE:
            out = path.with_name(f"{path.name}.{asker.session.id[:8]}.age")
            await asyncio.to_thread(_encrypt, shelf, package, out)
            leaves = Leaves(
                name=f"{path.name}.age",
                media_type="application/octet-stream",
                size=out.stat().st_size,
                open=lambda: out.open("rb"),
                temporary=out,
            )
        else:
            with await asyncio.to_thread(shelf.open, package_id) as reader:
                size = reader.size
            leaves = Leaves(
                name=path.name,
                media_type="application/zip",
                size=size,
                open=lambda: shelf.open(package_id).stream(),
            )
        await self._disclose(asker, package, leaves, form)
        return leaves

    async def calls_csv(self, asker: Asker, package_id: str) -> Leaves:
        """Return the package's overs as a table, made from it; logged like the package itself.

        It lies outside the package: the layout has no place for it, and nothing signs it.
        """
        package = await self._ready(asker, package_id)
        octets = await asyncio.to_thread(self._parts.shelf.octets, package_id)
        table = await asyncio.to_thread(_table, octets)
        leaves = Leaves(
            name=f"{package_id}.calls.csv",
            media_type="text/csv",
            size=len(table),
            open=lambda: io.BytesIO(table),
        )
        await self._disclose(asker, package, leaves, CSV)
        return leaves

    async def _ready(self, asker: Asker, package_id: str) -> Package:
        """Return an approved package that verifies; uses the approval. Refusals are logged."""
        parts = self._parts
        package = await self._deciding.current(parts.shelf.find(package_id))
        for talkgroup in package.talkgroups:
            name = parts.plan.talkgroup_name(talkgroup)
            asker.access.demand_action(Action.EXPORT, talkgroup, name)
        oldest = min((one.t_utc for one in package.approvals), default=0)
        too_old = parts.now() - oldest > APPROVAL_HOURS * US_PER_HOUR
        if package.state != APPROVED or too_old:
            await parts.log(asker, "evidence.disclosed", package_id, result="denied")
            words = f"was approved more than {APPROVAL_HOURS} hours ago" if too_old else "waits"
            state = package.state if package.state != APPROVED else words
            raise Conflict(f"{package_id} may not leave: {state}")
        parts.record.demand_writable()
        if damage := await asyncio.to_thread(self._damage, package):
            await parts.log(asker, "evidence.disclosed", package_id, result="failed")
            raise ServiceError(f"{package_id} is damaged: {damage}")
        if package.released_utc is None and package.approval:
            await parts.approvals.demand(kind_of(package), package.id, package.package_hash)
        if package.released_utc is None or not package.signed:
            fresh = replace(package, released_utc=parts.now(), signed=True)
            package = await asyncio.to_thread(parts.shelf.keep, fresh)
        return package

    def _damage(self, package: Package) -> str:
        """Sign where that is still to do, verify; returns what is wrong, in words. Blocks."""
        parts = self._parts
        try:
            if not package.signed:
                parts.sign(package.id, [])
            octets = parts.shelf.octets(package.id)
            found = parts.making.check(octets, tuple(package.approver_keys.values()))
        except RadioError as error:  # the seal does not open, or its key is gone
            return str(error)
        return found.verdict if found.status == 1 else ""

    async def _disclose(self, asker: Asker, package: Package, leaves: Leaves, form: str) -> None:
        sha256 = await asyncio.to_thread(_digest, leaves)
        until = package.restricted_until_utc
        detail: dict[str, Any] = {"form": form, "sha256_left": sha256, "size_bytes": leaves.size}
        if until:
            detail["restricted_until"] = utc_text(moment(until))
        purpose = purpose_of_package(package)
        try:
            seq = await self._parts.log(
                asker,
                "evidence.disclosed",
                package.id,
                purpose=purpose,
                detail=detail,
                recipient=package.recipient,
                approval={
                    "by": [one.by for one in package.approvals],
                    "package_hash": package.package_hash,
                },
            )
        except BaseException:
            if leaves.temporary:
                leaves.temporary.unlink(missing_ok=True)
            raise
        objects = [Obj(type="recording", id=one, cat="radio") for one in package.recordings]
        objects += [Obj(type="media", id=one, cat="camera") for one in package.media]
        await self._parts.record.remember(asker, objects, "evidence.disclosed", purpose, seq)
        row = EvidenceDisclosure(
            package=package.id,
            form=form,
            t_utc=self._parts.now(),
            by=asker.access.user.id,
            by_name=asker.access.user.display_name,
            recipient=package.recipient["name"],
            country=package.recipient["country"],
            sha256=sha256,
            size_bytes=leaves.size,
            entry_seq=seq,
            restricted_until_utc=until,
        )
        with contextlib.suppress(StoreUnavailable):  # the log has the proof; the list lacks a line
            await self._parts.store.write(lambda db: db.add(row))
        self._parts.bus.publish(EvidenceChanged(package=package.id, state=package.state))

    async def disclosures(self) -> list[Row]:
        """Return what left, newest first."""

        def work(db: Session) -> list[Row]:
            query = select(EvidenceDisclosure).order_by(col(EvidenceDisclosure.t_utc).desc())
            return [as_row(row) for row in db.exec(query.limit(MAX_DISCLOSURES))]

        return await self._parts.store.read(work)


def _encrypt(shelf: Shelf, package: Package, out: Path) -> None:
    import pyrage  # noqa: PLC0415 - costs only who exports

    try:
        with shelf.open(package.id) as reader, out.open("wb") as file:
            out.chmod(0o640)
            pyrage.encrypt_io(reader.stream(), file, [_recipient(package.recipient_key)])
    except (pyrage.EncryptError, OSError) as error:
        out.unlink(missing_ok=True)
        raise ServiceError(f"evidence: {package.id} could not be encrypted: {error}") from error


def _digest(leaves: Leaves) -> str:
    digest = hashlib.sha256()
    with leaves.open() as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def _table(package: Octets) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    with Archive(package) as archive:
        for name in sorted(archive.names):
            if name.startswith("data/calls/t-") and name.endswith(".json"):
                writer.writerow(_line(json.loads(archive.read(name))))
    # With a byte order mark: Excel takes the file for UTF-8 only then.
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _line(row: dict[str, Any]) -> list[str]:
    value = {
        **row,
        "transmission": row["id"],
        "started": utc_text(moment(row["started_utc"])),
        "ended": utc_text(moment(row["ended_utc"])) if row.get("ended_utc") else "",
    }
    return [_cell(value.get(name)) for name in COLUMNS]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text

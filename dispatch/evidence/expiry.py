"""Erases packages whose day has passed, each with a certificate; the job of retention calls it.

A package is a copy: it is erased after its ``expires`` although the recordings in it may be kept
longer, and a hold keeps the recordings, not the copies that were made of them. When a recording,
still, clip or incident in it is erased, it is erased at once: its key goes in the same transaction,
and what is told of it (log, certificate, list) follows.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.evidence.draft import utc_text
from dispatch.evidence.events import EvidenceChanged
from dispatch.evidence.heard import moment
from dispatch.evidence.holding import packages_with
from dispatch.evidence.parts import PACKAGE, Parts
from dispatch.evidence.shelf import APPROVED, ERASED, WAITING, Package, file_of
from dispatch.retention.erasure import Erasure
from dispatch.retention.sealed import SealedFiles

logger = logging.getLogger(__name__)


EXPIRED, EMPTIED = "expired", "an object in it was erased"


class Expiry:
    """Finds and erases what is past its day, and what may not outlive what it was made of."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts."""
        self._parts = parts

    def forget(self, files: SealedFiles, db: Session, kind: str, ids: Sequence[str]) -> None:
        """Destroy the keys of packages that hold objects of an erasing transaction."""
        files.forget(db, map(file_of, sorted(packages_with(db, kind, ids))))

    async def follow(self) -> list[dict[str, Any]]:
        """Log and certify packages whose files went with an object; raises LogNotWritable."""
        found = await asyncio.to_thread(self._without_file)
        return [await self._erase(package, EMPTIED) for package in found]

    def _without_file(self) -> list[Package]:
        shelf = self._parts.shelf
        return [
            one
            for one in reversed(shelf.all())
            if one.state in (WAITING, APPROVED) and not shelf.has_file(one.id)
        ]

    async def due(self) -> list[Package]:
        """Return packages past their day that are still here, oldest first."""
        today = moment(self._parts.now()).date().isoformat()
        found = await asyncio.to_thread(self._parts.shelf.all)
        return [
            one
            for one in reversed(found)
            if one.state != ERASED and one.expires and one.expires < today
        ]

    async def erase_due(self) -> list[dict[str, Any]]:
        """Erase them; returns the certificates. Raises LogNotWritable, and erases nothing then."""
        certificates = await self.follow()
        for package in await self.due():
            certificates.append(await self._erase(package, EXPIRED))
        return certificates

    async def _erase(self, package: Package, cause: str) -> dict[str, Any]:
        parts = self._parts
        detail = {
            "package_hash": package.package_hash,
            "size_bytes": package.size_bytes,
            "files": package.files,
            "recordings": len(package.recordings),
            "media": len(package.media),
            "expires": package.expires,
            "cause": cause,
        }
        seq = await parts.writer.append(
            Act(
                op="erase",
                verb="evidence.erased",
                actor=SYSTEM,
                obj=Obj(type=PACKAGE, id=package.id),
                detail=detail,
            )
        )
        now = parts.now()
        certificate = {
            **detail,
            "package": package.id,
            "erased": utc_text(datetime.fromtimestamp(now / 1_000_000, UTC)),
            "log": parts.writer.status.origin,
            "entry": seq,
        }
        # Words about persons go with the copy they were about.
        bare = replace(
            package,
            purpose={name: one for name, one in package.purpose.items() if name != "text"},
            left_out=(),
        )
        await asyncio.to_thread(parts.shelf.erase, bare, now, certificate)
        parts.bus.publish(EvidenceChanged(package=package.id, state=ERASED))
        logger.info("evidence: %s is erased: %s", package.id, cause)
        return certificate


def follow_erasure(expiry: Expiry, erasure: Erasure, files: SealedFiles) -> None:
    """Let packages go with what they were made of."""
    erasure.on_erase(lambda db, kind, ids: expiry.forget(files, db, kind, ids))
    erasure.on_done(expiry.follow)

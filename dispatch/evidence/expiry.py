"""Erases packages whose day has passed, each with a certificate; the job of retention calls it.

A package is a copy: it is erased after its ``expires`` although the recordings in it may be kept
longer, and a hold keeps the recordings, not the copies that were made of them.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.evidence.draft import utc_text
from dispatch.evidence.events import EvidenceChanged
from dispatch.evidence.heard import moment
from dispatch.evidence.parts import PACKAGE, Parts
from dispatch.evidence.shelf import ERASED, Package

logger = logging.getLogger(__name__)


class Expiry:
    """Finds and erases what is past its day."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts."""
        self._parts = parts

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
        certificates = []
        for package in await self.due():
            certificates.append(await self._erase(package))
        return certificates

    async def _erase(self, package: Package) -> dict[str, Any]:
        parts = self._parts
        detail = {
            "package_hash": package.package_hash,
            "size_bytes": package.size_bytes,
            "files": package.files,
            "recordings": len(package.recordings),
            "media": len(package.media),
            "expires": package.expires,
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
        logger.info("evidence: %s is erased: its day was %s", package.id, package.expires)
        return certificate

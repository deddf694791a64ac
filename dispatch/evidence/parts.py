"""What every step of evidence stands on, and how each is logged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.audit.entry import Act, Obj, Purpose
from dispatch.audit.writer import AuditWriter
from dispatch.auth.people import People
from dispatch.evidence.draft import Why
from dispatch.evidence.gather import Folders
from dispatch.evidence.making import Making
from dispatch.evidence.outages import Outages
from dispatch.evidence.shelf import Package, Shelf
from dispatch.oversight.approvals import Approvals
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.ids import UtcUs
from gateway.ports import Clock

PACKAGE = "package"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of one state folder."""

    store: Store
    plan: LivePlan
    people: People
    writer: AuditWriter
    record: Record
    clock: Clock
    bus: Bus
    making: Making
    shelf: Shelf
    folders: Folders
    outages: Outages
    approvals: Approvals

    def now(self) -> UtcUs:
        """Return the time, UTC microseconds."""
        return self.clock.utc_us()

    def sign(self, package: str, lines: list[str]) -> str:
        """Add signatures and stamp to a package; returns the new SHA-256 of its ZIP, or nothing.

        Blocks. Raises NotFound, Gone, KeyMissing, SealBroken, OSError.
        """
        with self.shelf.open(package) as reader:
            fresh = self.making.finish(reader.stream(), lines, self.shelf.archive(package))
        return self.shelf.seal(package) if fresh else ""

    async def log(
        self,
        asker: Asker,
        verb: str,
        package: str,
        *,
        op: str = "disclose",
        purpose: Purpose | None = None,
        result: str = "ok",
        detail: Mapping[str, Any] | None = None,  # JSON values, checked by the log
        recipient: Mapping[str, str] | None = None,
        approval: Mapping[str, Any] | None = None,
    ) -> int:
        """Log ahead of a step; returns the entry's number. Raises LogNotWritable."""
        return await self.writer.append(
            Act(
                op=op,
                verb=verb,
                actor=asker.actor,
                via=asker.via,
                obj=Obj(type=PACKAGE, id=package),
                purpose=purpose,
                result=result,
                detail=detail or {},
                recipient=recipient,
                approval=approval,
            )
        )


def purpose_of_why(why: Why) -> Purpose:
    """Return a package's purpose as the log takes it."""
    return Purpose(code=why.code, ref=why.ref or "", text=why.text, basis=why.basis)


def purpose_of_package(package: Package) -> Purpose:
    """Return the purpose of a package that was built."""
    why = package.purpose
    return Purpose(
        code=why["code"], ref=why.get("ref", ""), text=why.get("text"), basis=why.get("basis", "")
    )

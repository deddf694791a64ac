"""The second person's part: who was named looks at a package and agrees to its hash, or refuses.

The request stands among all requests for a second person (``dispatch.oversight.approvals``), bound
to the package's hash, for a day. Only who is named in the package may answer it; an approver with a
card signs the package as well.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import Session

from dispatch.errors import Conflict, ServiceError
from dispatch.evidence.cards import signed_line
from dispatch.evidence.events import EvidenceChanged
from dispatch.evidence.parts import Parts
from dispatch.evidence.shelf import APPROVED, WAITING, Approval, Package
from dispatch.oversight import ballot
from dispatch.oversight.ballot import AGREED, ApprovalRow
from dispatch.oversight.tables import Approval as ApprovalTable
from dispatch.services.record import Asker
from gateway.model.errors import NotPermitted

KIND = "evidence.disclose"
ASK, APPROVE = "evidence.request", "evidence.approve"
MAX_APPROVERS = 5
NAMED = "only"
"""Key of a request's detail: the accounts that may answer it."""


class Deciding:
    """Asks for the second person of each package, and keeps what they said."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts; registers one kind of request for each number of approvers."""
        self._parts = parts
        for number in range(1, MAX_APPROVERS + 1):
            parts.approvals.kind(
                _kind(number),
                words="let an evidence package leave",
                ask=ASK,
                approve=APPROVE,
                needed=number,
            )

    async def ask(self, asker: Asker, package: Package) -> Package:
        """Ask the named persons; returns the package with the request's id."""
        recipient = package.recipient
        approval = await self._parts.approvals.ask(
            asker,
            kind=_kind(len(package.approvers)),
            subject=package.id,
            digest=package.package_hash,
            words=(
                f"{package.id} to {recipient['name']} ({recipient['country']}): "
                f"{len(package.recordings)} recordings, {len(package.media)} stills and clips"
            ),
            detail={
                NAMED: list(package.approvers),
                "package": package.id,
                "package_hash": package.package_hash,
                "recipient": recipient,
                "purpose": package.purpose,
                "size_bytes": package.size_bytes,
                "files": package.files,
                "left_out": len(package.left_out),
                "gaps": list(package.gaps[:50]),
                "parent": package.parent or None,
            },
        )
        return replace(package, approval=approval)

    async def ask_again(self, asker: Asker, package_id: str) -> Package:
        """Ask once more for a package whose request or approval is older than a day."""
        package = await self.current(self._parts.shelf.find(package_id))
        if package.requested_by != asker.access.user.id:
            raise NotPermitted("who asked for a package asks for its approval again")
        if package.state not in (WAITING, APPROVED):
            raise Conflict(f"{package_id} is {package.state}")
        row = await self._row(package)
        if (
            row is not None
            and row.expires_utc > self._parts.now()
            and row.state
            in (
                ballot.WAITING,
                AGREED,
            )
        ):
            raise Conflict(f"{package_id} has a request that stands", hint="It lasts 24 hours.")
        fresh = replace(package, state=WAITING, approvals=(), released_utc=None)
        return await self._keep(await self.ask(asker, fresh))

    # ---- what stands ---------------------------------------------------------------------------

    async def current(self, package: Package) -> Package:
        """Return a package with the answers that were given on another page."""
        return (await self.current_all([package]))[0]

    async def current_all(self, packages: Sequence[Package]) -> list[Package]:
        """Return packages as they stand; those that changed are kept."""
        asked = {one.approval for one in packages if one.state == WAITING and one.approval}
        if not asked:
            return list(packages)
        rows = await self._parts.store.read(lambda db: _rows(db, asked))
        fresh = []
        for one in packages:
            row = rows.get(one.approval)
            followed = one.state == WAITING and row is not None
            fresh.append(await self._follow(one, row) if followed and row else one)
        return fresh

    async def _follow(self, package: Package, row: ApprovalRow) -> Package:
        refusal = next((vote for vote in row.votes if not vote.agree), None)
        if refusal is not None:
            refused = await asyncio.to_thread(self._parts.shelf.refuse, package, refusal.user)
            return self._told(refused)
        approvals = tuple(
            Approval(by=vote.user, package_hash=row.digest, t_utc=vote.t_utc)
            for vote in row.votes
            if vote.user in package.approvers
        )
        if approvals == package.approvals:
            return package
        whole = {one.by for one in approvals} >= set(package.approvers)
        state = APPROVED if whole else WAITING
        return await self._keep(replace(package, approvals=approvals, state=state))

    async def _row(self, package: Package) -> ApprovalRow | None:
        if not package.approval:
            return None
        rows = await self._parts.store.read(lambda db: _rows(db, {package.approval}))
        return rows.get(package.approval)

    # ---- deciding ------------------------------------------------------------------------------

    async def approve(
        self, asker: Asker, package_id: str, package_hash: str, line: str = ""
    ) -> Package:
        """Approve a package's hash; ``line`` is the signature of an approver with a card.

        Raises NotPermitted (logged), Conflict, ServiceError, LogNotWritable.
        """
        parts, user = self._parts, asker.access.user.id
        package = await self.current(parts.shelf.find(package_id))
        await self._demand_second_person(asker, package)
        if package.state != WAITING:
            raise Conflict(f"{package_id} is {package.state} already")
        if package_hash != package.package_hash:
            raise Conflict(f"{package_id} was built anew", hint="Look at it again, then approve.")
        if not package.approval:
            raise Conflict(
                f"nobody was asked to approve {package_id}", hint="Who built it asks for it."
            )
        if any(one.by == user for one in package.approvals):
            raise Conflict(f"you approved {package_id} already")
        card = bool(line) or user in package.approver_keys
        lines = [signed_line(package, user, line)] if card else []
        parts.record.demand_writable()
        try:
            sha256 = await asyncio.to_thread(parts.sign, package_id, lines)
        except OSError as error:
            raise ServiceError(f"evidence: {package_id}: {error}") from error
        await parts.log(
            asker,
            "evidence.approved",
            package_id,
            detail={"zip_sha256": sha256} if sha256 else None,
            approval={"by": user, "package_hash": package_hash},
        )
        await parts.approvals.decide(asker, package.approval, agree=True, digest=package_hash)
        approval = Approval(by=user, package_hash=package_hash, t_utc=parts.now())
        return self._told(await asyncio.to_thread(parts.shelf.approve, package, approval))

    async def refuse(self, asker: Asker, package_id: str, reason: str) -> Package:
        """Refuse a package: it never leaves, and its file goes. The reason is logged, encrypted."""
        parts = self._parts
        package = await self.current(parts.shelf.find(package_id))
        await self._demand_second_person(asker, package)
        if package.state not in (WAITING, APPROVED):
            raise Conflict(f"{package_id} is {package.state} already")
        await parts.log(
            asker, "evidence.refused", package_id, result="denied", detail={"reason": reason}
        )
        row = await self._row(package)
        if row is not None and row.state == ballot.WAITING and row.expires_utc > parts.now():
            await parts.approvals.decide(
                asker, row.id, agree=False, digest=row.digest, reason=reason
            )
        refused = await asyncio.to_thread(parts.shelf.refuse, package, asker.access.user.id)
        return self._told(refused)

    async def _demand_second_person(self, asker: Asker, package: Package) -> None:
        try:
            if package.approval:
                name = package.approval
                await self._parts.store.read(lambda db: _demand_other(db, name, asker))
            if asker.access.user.id not in package.approvers:
                raise NotPermitted(
                    f"{package.id} names other approvers", hint="Another one: a new build."
                )
        except NotPermitted:
            await self._parts.log(asker, "evidence.approved", package.id, result="denied")
            raise

    async def _keep(self, package: Package) -> Package:
        return self._told(await asyncio.to_thread(self._parts.shelf.keep, package))

    def _told(self, package: Package) -> Package:
        self._parts.bus.publish(EvidenceChanged(package=package.id, state=package.state))
        return package


def _kind(approvers: int) -> str:
    return KIND if approvers == 1 else f"{KIND}.{approvers}"


def kind_of(package: Package) -> str:
    """Return the kind of request that a package needs."""
    return _kind(len(package.approvers))


def _rows(db: Session, approvals: set[str]) -> dict[str, ApprovalRow]:
    found = {one: db.get(ApprovalTable, one) for one in approvals}
    return {one: ballot.shown(db, row) for one, row in found.items() if row is not None}


def _demand_other(db: Session, approval: str, asker: Asker) -> None:
    row = ballot.load(db, approval)
    votes = [one for one in ballot.votes_of(db, approval) if one.user != asker.access.user.id]
    ballot.demand_other_person(row, votes, asker)

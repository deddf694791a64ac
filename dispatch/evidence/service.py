"""Evidence that leaves: asked for with a purpose, approved by a second person, logged beforehand.

Order of a disclosure: the request is in the log before anything is gathered; the package is built
over a checkpoint that contains it; the named approver sees what will leave and approves the
package's hash; the entry of the disclosure is durable before the first byte leaves. Every refusal
is logged.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from dispatch.audit.entry import Act, Obj, Purpose
from dispatch.audit.trust import LOG_KEY, TrustedKey, signature_of
from dispatch.audit.writer import AuditWriter
from dispatch.auth.people import People
from dispatch.auth.permissions import Action, permissions_of
from dispatch.errors import Conflict, ServiceError
from dispatch.evidence.builder import Built, signed_text
from dispatch.evidence.draft import Approver, Recipient, Why
from dispatch.evidence.gather import Gathered, Selection, gather, moment
from dispatch.evidence.making import Making, Order, Redacting, redacts_of, with_redacted
from dispatch.evidence.outages import Outages
from dispatch.evidence.readme import gaps_in_words
from dispatch.evidence.shelf import APPROVED, REFUSED, WAITING, Approval, Package, Shelf
from dispatch.retention.sealed import SealedFiles
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from dispatch.store.tables import Transmission, User
from gateway.model.errors import NotPermitted, RadioError
from gateway.ports import Clock

APPROVE = "evidence.approve"
APPROVAL_HOURS = 24
US_PER_HOUR = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What somebody asks for. ``approver_keys``: verifier keys of approvers with a card."""

    selection: Selection
    why: Why
    recipient: Recipient
    approvers: tuple[str, ...]
    expires: date
    approver_keys: Mapping[str, str] = field(default_factory=dict)
    listening_copies: bool = True


class Evidence:
    """Makes packages and lets them go."""

    def __init__(
        self,
        *,
        store: Store,
        plan: LivePlan,
        people: People,
        writer: AuditWriter,
        record: Record,
        clock: Clock,
        making: Making,
        shelf: Shelf,
        recordings: Path,
        outages: Outages,
        files: SealedFiles | None = None,
    ) -> None:
        """Take the parts of one state folder."""
        self._store = store
        self._plan = plan
        self._people = people
        self._writer = writer
        self._record = record
        self._clock = clock
        self._making = making
        self._shelf = shelf
        self._recordings = recordings
        self._outages = outages
        self._files = files
        self._numbering = asyncio.Lock()

    def packages(self) -> list[Package]:
        """Return all packages, newest first."""
        return self._shelf.all()

    def find(self, package: str) -> Package:
        """Return a package; raises NotFound."""
        return self._shelf.find(package)

    # ---- asking ------------------------------------------------------------------------------

    async def request(self, asker: Asker, ask: Ask) -> Package:
        """Log the request, gather and build; the package waits for its approvers.

        Raises NotPermitted, NotFound, ServiceError, LogNotWritable; a failed build is logged.
        """
        return await self._request(asker, ask, None)

    async def request_redacted(self, asker: Asker, ask: Ask, redacting: Redacting) -> Package:
        """Make a redacted copy of a package; ``ask.selection`` is the parent's."""
        return await self._request(asker, ask, redacting)

    async def _request(self, asker: Asker, ask: Ask, redacting: Redacting | None) -> Package:
        for talkgroup in ask.selection.talkgroups:
            name = self._plan.talkgroup_name(talkgroup)
            asker.access.demand_action(Action.EXPORT, talkgroup, name)
        approvers = await self._approvers(asker, ask)
        async with self._numbering:
            year = moment(self._clock.utc_us()).year
            package = await asyncio.to_thread(self._shelf.next_id, year)
        await self._log(
            asker,
            "evidence.requested",
            package,
            ask=ask,
            detail={
                "talkgroups": list(ask.selection.talkgroups),
                "from_utc": ask.selection.start_utc,
                "to_utc": ask.selection.end_utc,
                "approvers": list(ask.approvers),
                "parent": redacting.parent if redacting else None,
            },
        )
        try:
            built, gathered = await self._build(asker, package, ask, approvers, redacting)
        except (RadioError, OSError) as error:
            await self._log(asker, "evidence.built", package, result="failed")
            if isinstance(error, OSError):
                raise ServiceError(f"evidence: {error}") from error
            raise
        await self._log(
            asker, "evidence.built", package, detail={"package_hash": built.package_hash}
        )
        return await asyncio.to_thread(
            self._shelf.keep, self._package(asker, ask, built, gathered, redacting)
        )

    async def _approvers(self, asker: Asker, ask: Ask) -> tuple[Approver, ...]:
        people = {user.id: user for user in self._people.users()}
        persons = await self._store.read(_persons)
        for one in ask.approvers:
            user = people.get(one)
            if user is None or user.disabled or APPROVE not in permissions_of(user.role):
                raise ServiceError(f"evidence: {one} may not approve", hint="Name another person.")
            if persons.get(one) == persons.get(asker.access.user.id):
                raise ServiceError("evidence: nobody approves what they ask for themselves")
        if not ask.approvers or len(set(ask.approvers)) != len(ask.approvers):
            raise ServiceError("evidence: name at least one approver, none twice")
        names = {one: _card(ask.approver_keys[one]).name for one in ask.approver_keys}
        return tuple(Approver(id=one, key=names.get(one)) for one in ask.approvers)

    async def _build(
        self,
        asker: Asker,
        package: str,
        ask: Ask,
        approvers: tuple[Approver, ...],
        redacting: Redacting | None,
    ) -> tuple[Built, Gathered]:
        def may_export(row: Transmission) -> bool:
            return asker.access.can_on(Action.EXPORT, row.talkgroup, row.link)

        plan, wanted = self._plan.plan, ask.selection
        away = await asyncio.to_thread(self._outages.between, wanted.start_utc, wanted.end_utc)
        gathered = await self._store.read(
            lambda db: gather(
                db, wanted, self._recordings, plan, may_export, outages=away, files=self._files
            )
        )
        redacts = None
        if redacting is not None:
            done = await asyncio.to_thread(self._making.redact, gathered, redacting.parts)
            for one in done:
                await self._log_redaction(asker, package, one.transmission, one.original.sha256)
            gathered = with_redacted(gathered, done)
            redacts = redacts_of(redacting, done)
        await self._writer.checkpoint()
        order = Order(
            id=package,
            created=moment(self._clock.utc_us()).replace(microsecond=0),
            expires=ask.expires,
            requested_by=asker.access.user.id,
            requested_unit=asker.access.user.organisation,
            approvers=approvers,
            why=ask.why,
            recipient=ask.recipient,
            listening_copies=ask.listening_copies,
        )
        built = await asyncio.to_thread(
            self._making.make,
            order,
            gathered,
            self._shelf.archive(package),
            approver_keys=tuple(ask.approver_keys.values()),
            redacts=redacts,
        )
        return built, gathered

    def _package(
        self,
        asker: Asker,
        ask: Ask,
        built: Built,
        gathered: Gathered,
        redacting: Redacting | None,
    ) -> Package:
        return Package(
            id=built.id,
            package_hash=built.package_hash,
            size_bytes=built.size_bytes,
            built_utc=self._clock.utc_us(),
            requested_by=asker.access.user.id,
            session=asker.session.id,
            address=asker.address,
            approvers=ask.approvers,
            approver_keys=dict(ask.approver_keys),
            recordings=tuple(item.id for item in gathered.items),
            talkgroups=ask.selection.talkgroups,
            start_utc=ask.selection.start_utc,
            end_utc=ask.selection.end_utc,
            left_out=gathered.coverage.left_out,
            gaps=tuple(gaps_in_words(gathered.coverage)),
            recipient={
                "name": ask.recipient.name,
                "country": ask.recipient.country,
                "basis": ask.recipient.basis,
            },
            purpose={name: str(one) for name, one in ask.why.to_json().items()},
            parent=redacting.parent if redacting else "",
        )

    async def look(self, asker: Asker, package_id: str) -> dict[str, Any]:
        """Return what will leave, for who decides; that somebody looked is logged first."""
        self._shelf.find(package_id)
        obj = Obj(type="package", id=package_id)
        await self._record.before(asker, "consult", "evidence.looked", obj)
        return await asyncio.to_thread(self._making.contents, self._shelf.archive(package_id))

    # ---- deciding ----------------------------------------------------------------------------

    async def approve(
        self, asker: Asker, package_id: str, package_hash: str, line: str = ""
    ) -> Package:
        """Approve a package's hash; ``line`` is the signature of an approver with a card.

        Raises NotPermitted (logged), Conflict, ServiceError, LogNotWritable.
        """
        package = self._shelf.find(package_id)
        await self._demand_second_person(asker, package)
        if package.state != WAITING:
            raise Conflict(f"{package_id} is {package.state} already")
        if package_hash != package.package_hash:
            raise Conflict(f"{package_id} was built anew", hint="Look at it again, then approve.")
        if any(one.by == asker.access.user.id for one in package.approvals):
            raise Conflict(f"you approved {package_id} already")
        card = bool(line) or asker.access.user.id in package.approver_keys
        lines = [self._signed(asker, package, line)] if card else []
        await self._log(
            asker,
            "evidence.approved",
            package_id,
            approval={"by": asker.access.user.id, "package_hash": package_hash},
        )
        try:
            await asyncio.to_thread(self._making.finish, self._shelf.archive(package_id), lines)
        except OSError as error:
            raise ServiceError(f"evidence: {package_id}: {error}") from error
        approval = Approval(
            by=asker.access.user.id, package_hash=package_hash, t_utc=self._clock.utc_us()
        )
        return await asyncio.to_thread(self._shelf.approve, package, approval)

    async def refuse(self, asker: Asker, package_id: str, reason: str) -> Package:
        """Refuse a package: it never leaves. The reason is logged, encrypted."""
        package = self._shelf.find(package_id)
        await self._demand_second_person(asker, package)
        if package.state == REFUSED:
            raise Conflict(f"{package_id} is refused already")
        await self._log(
            asker, "evidence.refused", package_id, result="denied", detail={"reason": reason}
        )
        return await asyncio.to_thread(self._shelf.refuse, package, asker.access.user.id)

    async def _demand_second_person(self, asker: Asker, package: Package) -> None:
        persons = await self._store.read(_persons)
        user = asker.access.user.id
        same = persons.get(user) == persons.get(package.requested_by)
        desk = asker.session.id == package.session or (
            asker.address == package.address and not asker.address.startswith(("127.", "::1"))
        )
        if user in package.approvers and not same and not desk:
            return
        await self._log(asker, "evidence.approved", package.id, result="denied")
        if same:
            raise NotPermitted("nobody approves what they asked for themselves")
        if desk:
            raise NotPermitted("the second person decides at another desk than the first")
        raise NotPermitted(f"{package.id} names other approvers", hint="Another one: a new build.")

    def _signed(self, asker: Asker, package: Package, line: str) -> str:
        """Check the signature line of an approver with a card."""
        vkey = package.approver_keys.get(asker.access.user.id)
        text = signed_text(package.id, package.package_hash)
        if vkey is None:
            raise ServiceError("evidence: this package names no card of yours")
        key = _card(vkey)
        try:
            name, raw = signature_of(line.rstrip("\n"))
        except ValueError as error:
            raise ServiceError(f"evidence: sign it with your card: {error}") from error
        if name != key.name or raw[:4] != key.key_id or not key.signed(text.encode(), raw[4:]):
            raise ServiceError("evidence: that is not the signature of your card over this package")
        return line.rstrip("\n") + "\n"

    # ---- leaving -----------------------------------------------------------------------------

    async def hand_out(self, asker: Asker, package_id: str) -> Path:
        """Log the disclosure and return the file; raises Conflict while it is not approved."""
        package = self._shelf.find(package_id)
        for talkgroup in package.talkgroups:
            name = self._plan.talkgroup_name(talkgroup)
            asker.access.demand_action(Action.EXPORT, talkgroup, name)
        oldest = min((one.t_utc for one in package.approvals), default=0)
        too_old = self._clock.utc_us() - oldest > APPROVAL_HOURS * US_PER_HOUR
        if package.state != APPROVED or too_old:
            await self._log(asker, "evidence.disclosed", package_id, result="denied")
            words = f"was approved more than {APPROVAL_HOURS} hours ago" if too_old else "waits"
            state = package.state if package.state != APPROVED else words
            raise Conflict(f"{package_id} may not leave: {state}")
        path = self._shelf.archive(package_id)
        keys = tuple(package.approver_keys.values())
        found = await asyncio.to_thread(self._making.check, path, keys)
        if found.status == 1:
            await self._log(asker, "evidence.disclosed", package_id, result="failed")
            raise ServiceError(f"{package_id} is damaged: {found.verdict}")
        seq = await self._log(
            asker,
            "evidence.disclosed",
            package_id,
            recipient=package.recipient,
            approval={
                "by": [one.by for one in package.approvals],
                "package_hash": package.package_hash,
            },
        )
        objects = [Obj(type="recording", id=one, cat="radio") for one in package.recordings]
        purpose = Purpose(code=package.purpose["code"], ref=package.purpose.get("ref", ""))
        await self._record.remember(asker, objects, "evidence.disclosed", purpose, seq)
        return path

    # ---- the log -----------------------------------------------------------------------------

    async def _log(
        self,
        asker: Asker,
        verb: str,
        package: str,
        *,
        ask: Ask | None = None,
        result: str = "ok",
        detail: Mapping[str, Any] | None = None,
        recipient: Mapping[str, str] | None = None,
        approval: Mapping[str, Any] | None = None,
    ) -> int:
        purpose = None
        if ask is not None:
            why = ask.why
            purpose = _logged(why)
            recipient = {"name": ask.recipient.name, "country": ask.recipient.country}
        return await self._writer.append(
            Act(
                op="disclose",
                verb=verb,
                actor=asker.actor,
                via=asker.via,
                obj=Obj(type="package", id=package),
                purpose=purpose,
                result=result,
                detail=detail or {},
                recipient=recipient,
                approval=approval,
            )
        )

    async def _log_redaction(
        self, asker: Asker, package: str, transmission: str, sha256: str
    ) -> None:
        await self._writer.append(
            Act(
                op="alter",
                verb="recording.redacted",
                actor=asker.actor,
                via=asker.via,
                obj=Obj(type="recording", id=transmission, cat="radio"),
                detail={"sha256": [sha256], "package": package},
            )
        )


def _logged(why: Why) -> Purpose:
    return Purpose(code=why.code, ref=why.ref or "", text=why.text, basis=why.basis)


def _persons(db: Session) -> dict[str, str]:
    return {user: person or user for user, person in db.exec(select(User.id, User.person))}


def _card(vkey: str) -> TrustedKey:
    try:
        key = TrustedKey(vkey)
    except ValueError as error:
        raise ServiceError(f"evidence: {error}") from error
    if key.kind != LOG_KEY:
        raise ServiceError(f"evidence: the key {key.name} is not one of a person")
    return key

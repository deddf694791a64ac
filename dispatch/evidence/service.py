"""Evidence that leaves: asked for with a purpose, approved by a second person, logged beforehand.

Order of a disclosure: the request is in the log before anything is gathered; the package is built
over a checkpoint that contains it; the named approver sees what will leave and approves the
package's hash (``deciding``); the entry of the disclosure is durable before the first byte leaves
(``leaving``); when its day has passed it is erased (``expiry``). Every refusal is logged.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlmodel import Session, select

from dispatch.audit.entry import Obj
from dispatch.auth.permissions import Action, permissions_of
from dispatch.errors import Conflict, ServiceError
from dispatch.evidence.builder import Built
from dispatch.evidence.cards import card_of
from dispatch.evidence.deciding import APPROVE, Deciding
from dispatch.evidence.draft import Approver, Recipient, Why, utc_text
from dispatch.evidence.events import EvidenceChanged, EvidenceLarge
from dispatch.evidence.expiry import Expiry
from dispatch.evidence.gather import Gathered, gather
from dispatch.evidence.heard import moment
from dispatch.evidence.holding import held_in, remember
from dispatch.evidence.leaving import Leaving, check_key
from dispatch.evidence.making import Order
from dispatch.evidence.parts import PACKAGE, Parts, purpose_of_why
from dispatch.evidence.readme import gaps_in_words
from dispatch.evidence.redaction import Redacting, Redone, redact, redacts_of, with_redacted
from dispatch.evidence.selection import Selection, resolve
from dispatch.evidence.shelf import Package
from dispatch.retention.tables import LegalOrder
from dispatch.services.record import Asker
from dispatch.store.tables import User
from gateway.model.errors import RadioError

LARGE_BYTES = 500_000_000
"""A package above this is told to those who watch over look-ups."""


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
    case_summary: bool = False
    recipient_key: str = ""
    """Key (age) of the recipient: the file leaves encrypted to it."""
    ask: bool = True
    """Whether the approvers are asked at once."""


class Evidence:
    """Makes packages; its parts decide on them, let them go and erase them."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts of one state folder and register what needs a second person."""
        self._parts = parts
        self._numbering = asyncio.Lock()
        self.deciding = Deciding(parts)
        self.leaving = Leaving(parts, self.deciding)
        self.expiry = Expiry(parts)

    async def packages(self) -> list[Package]:
        """Return all packages, newest first."""
        found = await asyncio.to_thread(self._parts.shelf.all)
        return await self.deciding.current_all(found)

    async def find(self, package: str) -> Package:
        """Return a package; raises NotFound."""
        return await self.deciding.current(self._parts.shelf.find(package))

    # ---- asking ------------------------------------------------------------------------------

    async def request(self, asker: Asker, ask: Ask) -> Package:
        """Log the request, gather and build; the package waits for its approvers.

        Raises NotPermitted, NotFound, ServiceError, LogNotWritable; a failed build is logged.
        """
        self._parts.record.demand_writable()
        access = asker.access
        selection = await self._parts.store.read(lambda db: resolve(db, ask.selection, access))
        return await self._request(asker, replace(ask, selection=selection), None)

    async def request_redacted(
        self, asker: Asker, ask: Ask, parent: Package, redacting: Redacting
    ) -> Package:
        """Make a redacted copy of a package, of the very recordings that are in it."""
        if not parent.selection or parent.erased_utc is not None:
            raise Conflict(f"{parent.id} is not here any more: it cannot be redacted")
        shelf, making = self._parts.shelf, self._parts.making
        if not shelf.has_file(parent.id):
            raise Conflict(f"{parent.id} is {parent.state}: it cannot be redacted")
        octets = await asyncio.to_thread(shelf.octets, parent.id)
        files = await asyncio.to_thread(making.files_of, octets, parent.package_hash)
        chosen = replace(
            Selection.of_json(parent.selection), only=parent.recordings, left_out=parent.left_out
        )
        ask = replace(ask, selection=chosen)
        return await self._request(asker, ask, replace(redacting, parent_files=files))

    async def _request(self, asker: Asker, ask: Ask, redacting: Redacting | None) -> Package:
        parts = self._parts
        for talkgroup in ask.selection.talkgroups:
            name = parts.plan.talkgroup_name(talkgroup)
            asker.access.demand_action(Action.EXPORT, talkgroup, name)
        check_key(ask.recipient_key)
        approvers = await self._approvers(asker, ask)
        until = await self._restricted(ask)
        async with self._numbering:
            year = moment(parts.now()).year
            package = await asyncio.to_thread(parts.shelf.next_id, year)
        recipient = {"name": ask.recipient.name, "country": ask.recipient.country}
        await parts.log(
            asker,
            "evidence.requested",
            package,
            purpose=purpose_of_why(ask.why),
            recipient=recipient,
            detail=_asked(ask, redacting) | restriction(until),
        )
        try:
            built, gathered = await self._build(asker, package, ask, approvers, redacting)
            sha256 = await asyncio.to_thread(parts.shelf.seal, package)
            await self._remember(package, ask, gathered)
        except (RadioError, OSError) as error:
            await parts.log(asker, "evidence.built", package, result="failed")
            if isinstance(error, OSError):
                raise ServiceError(f"evidence: {error}") from error
            raise
        detail = {"package_hash": built.package_hash, "zip_sha256": sha256}
        await parts.log(asker, "evidence.built", package, detail=detail)
        made = self._package(asker, ask, built, gathered, redacting)
        made = replace(made, restricted_until_utc=until)
        if ask.ask:
            made = await self.deciding.ask(asker, made)
        return await self._keep(made)

    async def _remember(self, package: str, ask: Ask, gathered: Gathered) -> None:
        """Keep what lies in the package; raises Gone when some of it was erased meanwhile."""
        objects = held_in(gathered, ask.selection.incident)
        try:
            await self._parts.store.write(lambda db: remember(db, package, objects))
        except RadioError:
            await asyncio.to_thread(self._parts.shelf.discard, package)
            raise

    async def _keep(self, package: Package) -> Package:
        kept = await asyncio.to_thread(self._parts.shelf.keep, package)
        self._parts.bus.publish(EvidenceChanged(package=kept.id, state=kept.state))
        if kept.size_bytes > LARGE_BYTES:
            self._parts.bus.publish(
                EvidenceLarge(
                    package=kept.id, size_bytes=kept.size_bytes, asked_by=kept.requested_by
                )
            )
        return kept

    async def _approvers(self, asker: Asker, ask: Ask) -> tuple[Approver, ...]:
        people = {user.id: user for user in self._parts.people.users()}
        persons = await self._parts.store.read(_persons)
        for one in ask.approvers:
            user = people.get(one)
            if user is None or user.disabled or APPROVE not in permissions_of(user.role):
                raise ServiceError(f"evidence: {one} may not approve", hint="Name another person.")
            if persons.get(one) == persons.get(asker.access.user.id):
                raise ServiceError("evidence: nobody approves what they ask for themselves")
        if not ask.approvers or len(set(ask.approvers)) != len(ask.approvers):
            raise ServiceError("evidence: name at least one approver, none twice")
        names = {one: card_of(ask.approver_keys[one]).name for one in ask.approver_keys}
        return tuple(Approver(id=one, key=names.get(one)) for one in ask.approvers)

    async def _restricted(self, ask: Ask) -> int | None:
        """Return until when the persons may not be told, as the order says; None: they may."""
        order = ask.selection.order
        if not order:
            return None
        row = await self._parts.store.read(lambda db: db.get(LegalOrder, order))
        return row.restricted_until_utc if row is not None else None

    async def _build(
        self,
        asker: Asker,
        package: str,
        ask: Ask,
        approvers: tuple[Approver, ...],
        redacting: Redacting | None,
    ) -> tuple[Built, Gathered]:
        parts, wanted = self._parts, ask.selection
        plan, access = parts.plan.plan, asker.access
        away = await asyncio.to_thread(parts.outages.between, wanted.start_utc, wanted.end_utc)
        found = await parts.store.read(
            lambda db: gather(db, wanted, parts.folders, plan, access, outages=away)
        )
        gathered = await asyncio.to_thread(parts.making.tie, found)
        redacts = None
        if redacting is not None:
            folder = parts.making.redacted_folder / package
            done = await asyncio.to_thread(redact, gathered, redacting, folder)
            for one in done:
                await self._log_redaction(asker, package, one)
            aliases = {str(unit.id): unit.alias for unit in plan.units}
            gathered = with_redacted(gathered, done, redacting, aliases)
            redacts = redacts_of(redacting, done)
        await parts.writer.checkpoint()
        order = Order(
            id=package,
            created=moment(parts.now()).replace(microsecond=0),
            expires=ask.expires,
            requested_by=asker.access.user.id,
            requested_unit=asker.access.user.organisation,
            approvers=approvers,
            why=ask.why,
            recipient=ask.recipient,
            listening_copies=ask.listening_copies,
            case_summary=ask.case_summary,
        )
        try:
            built = await asyncio.to_thread(
                parts.making.make,
                order,
                gathered,
                parts.shelf.archive(package),
                approver_keys=tuple(ask.approver_keys.values()),
                redacts=redacts,
            )
        finally:
            if redacting is not None:
                await asyncio.to_thread(parts.making.forget_redacted, package)
        return built, gathered

    async def _log_redaction(self, asker: Asker, package: str, one: Redone) -> None:
        cat = "radio" if one.item.type == "recording" else "camera"
        await self._parts.record.before(
            asker,
            "alter",
            f"{one.item.type}.redacted",
            Obj(type=one.item.type, id=one.item.id, cat=cat),
            detail={"sha256": [one.original.sha256], "package": package},
        )

    def _package(
        self,
        asker: Asker,
        ask: Ask,
        built: Built,
        gathered: Gathered,
        redacting: Redacting | None,
    ) -> Package:
        kept_back = len(gathered.cameras.kept_back)
        count = "1 message of a camera stays" if kept_back == 1 else f"{kept_back} messages stay"
        words = f"{count} out: a face or plate is named there that nobody"
        return Package(
            id=built.id,
            package_hash=built.package_hash,
            size_bytes=built.size_bytes,
            files=built.files,
            built_utc=self._parts.now(),
            requested_by=asker.access.user.id,
            session=asker.session.id,
            address=asker.address,
            approvers=ask.approvers,
            approver_keys=dict(ask.approver_keys),
            recordings=gathered.recordings,
            media=tuple(item.id for item in gathered.items if item.type == "media"),
            talkgroups=ask.selection.talkgroups,
            start_utc=ask.selection.start_utc,
            end_utc=ask.selection.end_utc,
            left_out=gathered.coverage.left_out,
            gaps=tuple(gaps_in_words(gathered.coverage)),
            left_words=(f"{words} has confirmed.",) if kept_back else (),
            recipient={
                "name": ask.recipient.name,
                "country": ask.recipient.country,
                "basis": ask.recipient.basis,
            },
            recipient_key=ask.recipient_key,
            purpose={name: str(one) for name, one in ask.why.to_json().items()},
            expires=ask.expires.isoformat(),
            selection=ask.selection.to_json(),
            incident=ask.selection.incident,
            order=ask.selection.order,
            parent=redacting.parent if redacting else "",
        )

    async def look(self, asker: Asker, package_id: str) -> dict[str, Any]:
        """Return what will leave, for who decides; that somebody looked is logged first."""
        package = self._parts.shelf.find(package_id)
        shelf = self._parts.shelf
        if not shelf.has_file(package_id):
            raise Conflict(f"{package_id} is {package.state}: its file is not here any more")
        obj = Obj(type=PACKAGE, id=package_id)
        await self._parts.record.before(asker, "consult", "evidence.looked", obj)
        octets = await asyncio.to_thread(shelf.octets, package_id)
        return await asyncio.to_thread(self._parts.making.contents, octets)


def _asked(ask: Ask, redacting: Redacting | None) -> dict[str, Any]:
    """Return what was asked for as the log keeps it: ids and times, long lists counted."""
    wanted = ask.selection
    return {
        "talkgroups": list(wanted.talkgroups[:100]),
        "from_utc": wanted.start_utc,
        "to_utc": wanted.end_utc,
        "calls": len(wanted.calls),
        "cameras": list(wanted.cameras[:100]),
        "incident": wanted.incident or None,
        "order": wanted.order or None,
        "desk": wanted.desk,
        "approvers": list(ask.approvers),
        "parent": redacting.parent if redacting else None,
        "masked": redacting.mask_units if redacting else False,
        "encrypted": bool(ask.recipient_key),
    }


def restriction(until_utc: int | None) -> dict[str, str]:
    """Return the part of an entry's detail that keeps it out of extracts until then."""
    return {"restricted_until": utc_text(moment(until_utc))} if until_utc else {}


def _persons(db: Session) -> dict[str, str]:
    return {user: person or user for user, person in db.exec(select(User.id, User.person))}

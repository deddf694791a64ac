"""Requests and votes in the store: the rules of who may be the second person, and for how long."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import canonical
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.tables import Approval, ApprovalVote
from dispatch.services.record import Asker
from gateway.model.errors import NotPermitted
from gateway.model.ids import UtcUs

WAITING, AGREED, REFUSED = "waiting", "agreed", "refused"
WITHDRAWN, EXPIRED, USED = "withdrawn", "expired", "used"
VALID_US = 24 * 3_600_000_000
"""How long a request waits, and how long an approval can be used after its first vote."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class NotApproved(Conflict):
    """Nobody has agreed to exactly this, or the approval is used or too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Something that needs a second person."""

    name: str
    words: str
    ask: str
    approve: str
    needed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's answer."""

    user: str
    name: str
    agree: bool
    reason: str
    t_utc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow:
    """A request as the rooms see it. ``detail`` is exactly what will happen."""

    id: str
    kind: str
    subject: str
    digest: str
    words: str
    detail: Mapping[str, Any]  # a JSON object
    needed: int
    state: str
    asked_by: str
    asked_name: str
    asked_utc: int
    expires_utc: int
    decided_utc: int | None = None
    used_utc: int | None = None
    votes: tuple[Vote, ...] = field(default=())


def digest_of(what: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of the canonical JSON of what will happen."""
    return hashlib.sha256(canonical(dict(what))).hexdigest()


def check_digest(digest: str) -> str:
    """Return a digest; raises ServiceError unless it is 64 lower-case hex digits."""
    if not _DIGEST.fullmatch(digest):
        raise ServiceError("digest: expected 64 lower-case hex digits of a SHA-256")
    return digest


def load(db: Session, approval: str) -> Approval:
    """Return a request; raises NotFound."""
    row = db.get(Approval, approval)
    if row is None:
        raise NotFound(f"there is no request {approval}")
    return row


def lock(db: Session, approval: str) -> Approval:
    """Return a request that nobody else changes until the transaction ends."""
    row = db.exec(select(Approval).where(Approval.id == approval).with_for_update()).first()
    if row is None:
        raise NotFound(f"there is no request {approval}")
    return row


def same_question(db: Session, row: Approval, now: UtcUs) -> Approval | None:
    """Return the open request for exactly the same, None when there is none."""
    query = select(Approval).where(
        Approval.kind == row.kind,
        Approval.subject == row.subject,
        Approval.digest == row.digest,
        col(Approval.state).in_((WAITING, AGREED)),
        col(Approval.expires_utc) > now,
    )
    return db.exec(query).first()


def votes_of(db: Session, approval: str) -> list[ApprovalVote]:
    """Return the votes of a request, oldest first."""
    query = select(ApprovalVote).where(ApprovalVote.approval == approval)
    return list(db.exec(query.order_by(col(ApprovalVote.id))))


def shown(db: Session, row: Approval) -> ApprovalRow:
    """Return a request with its votes."""
    votes = tuple(
        Vote(user=one.user, name=one.name, agree=one.agree, reason=one.reason, t_utc=one.t_utc)
        for one in votes_of(db, row.id)
    )
    return ApprovalRow(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        digest=row.digest,
        words=row.words,
        detail=json.loads(row.detail),
        needed=row.needed,
        state=row.state,
        asked_by=row.asked_by,
        asked_name=row.asked_name,
        asked_utc=row.asked_utc,
        expires_utc=row.expires_utc,
        decided_utc=row.decided_utc,
        used_utc=row.used_utc,
        votes=votes,
    )


def demand_other_person(row: Approval, votes: Sequence[ApprovalVote], asker: Asker) -> None:
    """Raise NotPermitted unless this is another person, at another desk, than all before."""
    if asker.person == row.asked_person or asker.access.user.id == row.asked_by:
        raise NotPermitted("nobody approves what they asked for themselves")
    if any(asker.person == vote.person for vote in votes):
        raise NotPermitted("you have answered this already")
    desks = [(row.asked_session, row.asked_device, row.asked_address)]
    desks += [(vote.session, vote.device, vote.address) for vote in votes]
    if any(_same_desk(asker, *desk) for desk in desks):
        raise NotPermitted(
            "the second person decides at another desk than the first",
            hint="Sign in at your own desk; the same browser or address counts as one desk.",
        )
    named = json.loads(row.detail).get("only")
    if named and asker.access.user.id not in named:
        raise NotPermitted("this request names other persons", hint="One of them answers it.")


def _same_desk(asker: Asker, session: str, device: str, address: str) -> bool:
    if asker.session.id == session:
        return True
    if device and device == asker.session.device:
        return True
    return bool(address) and address == asker.address and not _is_loopback(address)


def _is_loopback(address: str) -> bool:
    """Whether an address is this machine's own: of a proxy on it, or of a test."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def demand_open(row: Approval, digest: str, now: UtcUs) -> None:
    """Raise Conflict unless the request waits and is for exactly this digest."""
    if row.state == WAITING and row.expires_utc <= now:
        raise Conflict(f"{row.id} has expired: nobody decided within 24 hours")
    if row.state != WAITING:
        raise Conflict(f"{row.id} is {row.state} already")
    if digest != row.digest:
        raise Conflict(
            f"{row.id} is about something else than what you looked at", hint="Look at it again."
        )


def vote(  # the columns of a vote
    db: Session,
    approval: str,
    asker: Asker,
    *,
    agree: bool,
    digest: str,
    reason: str,
    now: UtcUs,
) -> ApprovalRow:
    """Write a vote and what follows from it; the rules are checked again under the lock."""
    row = lock(db, approval)
    before = votes_of(db, approval)
    demand_other_person(row, before, asker)
    demand_open(row, digest, now)
    db.add(
        ApprovalVote(
            approval=approval,
            user=asker.access.user.id,
            person=asker.person,
            name=asker.access.user.display_name,
            session=asker.session.id,
            device=asker.session.device,
            address=asker.address,
            agree=agree,
            reason=reason,
            t_utc=now,
        )
    )
    if not agree:
        row.state, row.decided_utc = REFUSED, now
    else:
        if not before:
            row.expires_utc = now + VALID_US
        if len(before) + 1 >= row.needed:
            row.state, row.decided_utc = AGREED, now
    db.add(row)
    db.flush()
    return shown(db, row)


def use(db: Session, kind: Kind, subject: str, digest: str, now: UtcUs) -> ApprovalRow:
    """Mark the approval of exactly this as used; raises NotApproved, in words, when none stands."""
    query = select(Approval).where(
        Approval.kind == kind.name, Approval.subject == subject, Approval.digest == digest
    )
    rows = list(db.exec(query.order_by(col(Approval.asked_utc)).with_for_update()))
    for row in rows:
        if row.state == AGREED and row.expires_utc > now:
            row.state, row.used_utc = USED, now
            db.add(row)
            db.flush()
            return shown(db, row)
    raise NotApproved(_why_not(kind, rows, now), hint="Ask for it; another person agrees first.")


def _why_not(kind: Kind, rows: Sequence[Approval], now: UtcUs) -> str:
    if not rows:
        return f"to {kind.words} needs a second person, and nobody has agreed to exactly this"
    last = rows[-1]
    if last.state in (WAITING, AGREED) and last.expires_utc <= now:
        return f"the approval {last.id} is more than 24 hours old"
    words = {WAITING: "still waits for the second person", USED: "was used once already"}
    return f"{last.id} {words.get(last.state, 'is ' + last.state)}"


def expire(db: Session, now: UtcUs, limit: int) -> list[ApprovalRow]:
    """Let what is too old expire; returns those that did."""
    query = select(Approval).where(
        col(Approval.state).in_((WAITING, AGREED)), col(Approval.expires_utc) <= now
    )
    gone = []
    for row in db.exec(query.limit(limit)):
        row.state, row.decided_utc = EXPIRED, now
        db.add(row)
        db.flush()
        gone.append(shown(db, row))
    return gone

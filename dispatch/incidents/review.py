"""The review step: what a machine claims of identity stays with reviewers until it is confirmed.

A plate needs one confirmation; a face, or a name that may come from a face, needs two by different
people (AI Act, Art. 14(5)). One rejection is enough. What nobody answered within 30 minutes
expires. Until then others see that there is a candidate, not whom it names, and reviewers answer
before they see the score. Every look and every answer is logged (AI Act, Art. 12(3)).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.auth.access import Access
from dispatch.cameras.tables import CameraEvent, CameraMedia
from dispatch.errors import Conflict, NotFound
from dispatch.incidents.claims import (
    CONFIRMED,
    EXPIRED,
    NEEDED,
    REJECTED,
    UNREVIEWED,
    add_line,
    in_words,
)
from dispatch.incidents.service import Incidents
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.incidents.views import assigned_talkgroups, sees
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.model.ids import UtcUs
from gateway.ports import Clock

SWEEP_S = 10.0
MAX_ROWS = 200
Row = dict[str, Any]
"""A JSON object of the API."""


class Reviews:
    """Looks and answers of reviewers; ``run`` lets what nobody answered expire."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        incidents: Incidents,
        note: Callable[[Act], None],
        confirmed: Callable[[ClaimHit], Awaitable[None]] | None = None,
    ) -> None:
        """Take store and incidents; ``note`` logs answers and expiries without waiting.

        ``confirmed`` is told of each candidate that people have confirmed.
        """
        self._confirmed = confirmed
        self._store = store
        self._clock = clock
        self._incidents = incidents
        self._note = note
        self._closing = asyncio.Event()

    async def waiting(self, access: Access, user: str) -> list[Row]:
        """Return what waits for an answer, without what it names and without scores."""
        now = self._clock.utc_us()

        def work(db: Session) -> list[Row]:
            query = select(ClaimHit).where(
                ClaimHit.state == UNREVIEWED, col(ClaimHit.expires_utc) > now
            )
            found = db.exec(query.order_by(col(ClaimHit.made_utc)).limit(MAX_ROWS))
            return [_head(db, hit, user) for hit in found if _visible(db, access, hit)]

        return await self._store.read(work)

    async def look(self, asker: Asker, record: Record, hit_id: str) -> Row:
        """Return one candidate with what it names and its stills; logged before it is shown."""
        user = asker.actor.id

        def work(db: Session) -> Row:
            hit = _find(db, asker.access, hit_id)
            shown = {
                **_head(db, hit, user),
                "value": hit.value,
                "category": hit.category,
                "stills": _stills(db, hit),
            }
            if hit.state != UNREVIEWED or hit.first_by == user:
                shown |= {"score": hit.score, "state": hit.state, "by": _people(hit)}
            return shown

        row = await self._store.read(work)
        detail = {"incident": row["incident"], "type": row["type"]}
        await record.before(asker, "consult", "claim.look", _obj(hit_id), detail=detail)
        return row

    async def answer(
        self, asker: Asker, name: str, hit_id: str, verdict: str, category: str = ""
    ) -> Row:
        """Confirm or reject; ``category`` says of whom it is, where that is known.

        Returns the hit. Raises NotFound, or Conflict when it is decided.
        """
        user, now = asker.actor.id, self._clock.utc_us()
        hit = await self._store.read(lambda db: _find(db, asker.access, hit_id))
        told: Row = {}

        def work(db: Session, incident: Incident, _: UtcUs) -> None:
            fresh = db.get(ClaimHit, hit_id)
            if fresh is None:
                raise NotFound(f"there is no candidate {hit_id}")
            _decide(fresh, verdict, user, name, now)
            if category and verdict == CONFIRMED:
                fresh.category = category
            db.add(fresh)
            if fresh.state != UNREVIEWED:
                add_line(db, incident.id, now, name, in_words(fresh), fresh)
            told.update(_logged(db, fresh), state=fresh.state)

        row = await self._incidents.change(hit.incident, "claim", name, work, follow=True)
        if told["state"] == CONFIRMED:  # the desks are told apart: this one makes a noise
            self._incidents.tell(row, "claim_confirmed", name)
        verb = "claim.confirm" if verdict == CONFIRMED else "claim.reject"
        self._note(
            Act(op="alter", verb=verb, actor=asker.actor, via=asker.via, obj=_obj(hit_id),
                detail=told)
        )  # fmt: skip
        if told["state"] == CONFIRMED and self._confirmed is not None:
            decided = await self._store.read(lambda db: db.get(ClaimHit, hit_id))
            if decided is not None:
                await self._confirmed(decided)
        return {"id": hit_id, "state": told["state"]}

    async def rates(self, access: Access) -> list[Row]:
        """Return how many candidates of each source were confirmed, rejected or expired."""

        def work(db: Session) -> list[Row]:
            counted = db.exec(
                select(ClaimHit.source, ClaimHit.type, ClaimHit.state, func.count()).group_by(
                    ClaimHit.source, ClaimHit.type, ClaimHit.state
                )
            )
            rates: dict[tuple[str, str], Row] = {}
            for source, claim_type, state, number in counted:
                row = rates.setdefault((source, claim_type), {"source": source, "type": claim_type})
                row[state] = number
            for row in rates.values():
                judged = row.get(CONFIRMED, 0) + row.get(REJECTED, 0)
                row["false_positive_rate"] = row.get(REJECTED, 0) / judged if judged else None
            return [rates[key] for key in sorted(rates)]

        return await self._store.read(work)

    async def expire(self) -> int:
        """Let candidates expire that nobody answered in time; returns how many."""
        now = self._clock.utc_us()

        def overdue(db: Session) -> list[ClaimHit]:
            query = select(ClaimHit).where(
                ClaimHit.state == UNREVIEWED, col(ClaimHit.expires_utc) <= now
            )
            return list(db.exec(query.limit(MAX_ROWS)))

        found = await self._store.read(overdue)
        if not found:
            return 0

        def work(db: Session) -> list[tuple[str, Row]]:
            logged = []
            for one in found:
                hit = db.get(ClaimHit, one.id)
                if hit is None or hit.state != UNREVIEWED:
                    continue
                hit.state, hit.decided_utc = EXPIRED, now
                db.add(hit)
                add_line(db, hit.incident, now, "", in_words(hit), hit)
                logged.append((hit.id, {**_logged(db, hit), "state": EXPIRED}))
            return logged

        logged = await self._store.write(work)
        for hit_id, detail in logged:
            act = Act(
                op="alter", verb="claim.expire", actor=SYSTEM, obj=_obj(hit_id), detail=detail
            )
            self._note(act)
        return len(logged)

    async def run(self) -> None:
        """Sweep until ``close``."""
        while not self._closing.is_set():
            with contextlib.suppress(StoreUnavailable):  # tried again at the next sweep
                await self.expire()
            try:
                async with asyncio.timeout(SWEEP_S):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()


def _decide(hit: ClaimHit, verdict: str, user: str, name: str, now: UtcUs) -> None:
    if hit.state == UNREVIEWED and hit.expires_utc <= now:
        raise Conflict(f"{hit.id} has expired: nobody answered within 30 minutes")
    if hit.state != UNREVIEWED:
        raise Conflict(f"{hit.id} is {hit.state} already")
    if verdict == CONFIRMED and NEEDED[hit.type] > 1 and not hit.first_by:
        hit.first_by, hit.first_name, hit.first_utc = user, name, now
        return
    if verdict == CONFIRMED and hit.first_by == user:
        raise Conflict(
            "you confirmed this already",
            hint="A face needs a second person, who looks for themselves.",
        )
    hit.state = CONFIRMED if verdict == CONFIRMED else REJECTED
    hit.decided_by, hit.decided_name, hit.decided_utc = user, name, now


def _find(db: Session, access: Access, hit_id: str) -> ClaimHit:
    hit = db.get(ClaimHit, hit_id)
    if hit is None or not _visible(db, access, hit):
        raise NotFound(f"there is no candidate {hit_id}")
    return hit


def _visible(db: Session, access: Access, hit: ClaimHit) -> bool:
    incident = db.get(Incident, hit.incident)
    if incident is None:
        return False
    return sees(access, incident, assigned_talkgroups(db, hit.incident))


def _head(db: Session, hit: ClaimHit, user: str) -> Row:
    incident = db.get(Incident, hit.incident)
    return {
        "id": hit.id,
        "incident": hit.incident,
        "label": incident.label if incident else "",
        "place": incident.place if incident else "",
        "camera": hit.camera,
        "type": hit.type,
        "needed": NEEDED[hit.type],
        "answered": hit.first_by == user,
        "made_utc": hit.made_utc,
        "expires_utc": hit.expires_utc,
    }


def _stills(db: Session, hit: ClaimHit) -> list[Row]:
    query = select(CameraMedia).where(
        CameraMedia.source == hit.source,
        CameraMedia.object == hit.src_event_id,
        CameraMedia.kind == "still",
    )
    return [
        {"id": row.id, "state": row.state, "sha256": row.sha256, "reason": row.reason}
        for row in db.exec(query.limit(10))
    ]


def _people(hit: ClaimHit) -> list[str]:
    return [name for name in (hit.first_name, hit.decided_name) if name]


def _obj(hit_id: str) -> Obj:
    return Obj(type="claim", id=hit_id, cat="camera")


def _logged(db: Session, hit: ClaimHit) -> Row:
    """Return what the AI Act, Art. 12(3), asks to be logged; the name or plate is not in it."""
    event = db.get(CameraEvent, hit.event)
    stills = [still["sha256"] for still in _stills(db, hit) if still["sha256"]]
    permille = None if hit.score is None else round(hit.score * 1000)
    limit = None if hit.threshold is None else round(hit.threshold * 1000)
    return {
        "incident": hit.incident,
        "source": hit.source,
        "camera": hit.camera,
        "type": hit.type,
        "category": hit.category,
        "model": hit.model or "not told by the source",
        "reference_list": hit.reference_list or "not told by the source",
        "score_permille": permille,
        "threshold_permille": limit,
        "message_sha256": event.raw_sha256 if event else "",
        "probe_sha256": stills[0] if stills else "",
        "first": hit.first_by,
        "first_utc": hit.first_utc,
        "decided": hit.decided_by,
        "decided_utc": hit.decided_utc,
    }

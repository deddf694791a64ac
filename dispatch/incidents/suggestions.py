"""Keeps the suggestions of open incidents up to date; a person's answer is never overwritten."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from sqlmodel import Session, col, select

from dispatch.errors import NotFound, ServiceError
from dispatch.events import CallNoted
from dispatch.incidents.calls_heard import CallsHeard
from dispatch.incidents.calls_uploaded import any_uploaded, uploaded_near
from dispatch.incidents.claims import confirmed_plates
from dispatch.incidents.life import GOING_ON
from dispatch.incidents.service import Incidents, scope_of
from dispatch.incidents.suggest import (
    AFTER_US,
    BEFORE_US,
    FOLDED,
    SUGGEST,
    CallFacts,
    IncidentFacts,
    Score,
    score,
)
from dispatch.incidents.tables import (
    Incident,
    IncidentSuggestion,
    IncidentTalkgroup,
    IncidentTimeline,
)
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store, StoreUnavailable
from dispatch.store.tables import Call
from gateway.bus import Bus
from gateway.model.errors import RadioError
from gateway.model.ids import CallId, IncidentId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

SETTLE_MS = 250
"""What changes in this time is counted together."""
STATES = ("confirmed", "rejected")
RULE = "v1"


class Suggestions:
    """Listens on the bus, scores, stores, tells."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        plan: LivePlan,
        incidents: Incidents,
    ) -> None:
        """Subscribe at once, so that nothing before ``run`` is missed."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._incidents = incidents
        self._heard = CallsHeard(plan)
        self._dirty: set[IncidentId] = set()
        self._all_dirty = True
        self._uploads = False
        """Whether recorders upload calls here: where none does, none are looked for."""
        self._wake = asyncio.Event()
        self._closing = False
        self._subscription = bus.subscribe("suggestions", capacity=50_000)
        incidents.on_changed(self._touch)

    def _touch(self, incident: IncidentId) -> None:
        self._dirty.add(incident)
        self._wake.set()

    def uploaded(self) -> None:
        """Say that a recorder uploaded a call, or that more is known of one."""
        self._all_dirty = self._uploads = True
        self._wake.set()

    async def run(self) -> None:
        """Keep suggestions up to date until ``close``."""
        await self._store.read(lambda db: self._heard.load(db, self._clock.utc_us()))
        self._uploads = self._uploads or await self._store.read(any_uploaded)
        self._wake.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="suggestions-listen")
            group.create_task(self._work(), name="suggestions-work")

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing = True
        self._subscription.close()
        self._wake.set()

    async def _listen(self) -> None:
        async for envelope in self._subscription:
            if isinstance(envelope.event, CallNoted):
                self._heard.note(envelope.event.call, envelope.event.text)
                changed = "call"
            else:
                changed = self._heard.take(envelope)
            if changed:
                self._all_dirty = True
                self._wake.set()

    async def _work(self) -> None:
        while not self._closing:
            await self._wake.wait()
            await asyncio.sleep(SETTLE_MS / 1000)
            self._wake.clear()
            try:
                await self.recompute()
            except StoreUnavailable as error:
                logger.warning("suggestions wait for the database: %s", error)
                self._all_dirty = True
            except RadioError as error:
                logger.error("suggestions: %s", error)

    async def recompute(self) -> None:
        """Score every open incident that may have changed."""
        everything, dirty = self._all_dirty, frozenset(self._dirty)
        self._all_dirty, self._dirty = False, set()
        if not (everything or dirty):
            return
        now = self._clock.utc_us()
        self._heard.forget(now)
        only = None if everything else dirty
        calls = [*self._heard.facts(), *await self._uploaded(now, only)]
        if not calls:
            return
        changed = await self._store.write(lambda db: self._score_all(db, calls, now, only))
        for incident, suggested, groups in changed:
            self._incidents.tell(incident, "suggestion", suggested=suggested, groups=groups)

    async def _uploaded(self, now: UtcUs, only: frozenset[IncidentId] | None) -> list[CallFacts]:
        if not self._uploads:
            return []
        near = await self._store.read(lambda db: uploaded_near(db, _going_on(db, now, only)))
        return self._heard.uploaded(near)

    def _score_all(
        self, db: Session, calls: list[CallFacts], now: UtcUs, only: frozenset[IncidentId] | None
    ) -> list[tuple[Incident, int, tuple[TalkgroupId, ...]]]:
        near = [
            (incident, some)
            for incident in _going_on(db, now, only)
            if (some := [call for call in calls if _near(call, incident)])
        ]
        worth = [incident for incident, _ in near]
        facts, known = facts_of(db, worth), _known(db, worth)
        changed = [
            incident
            for incident, some in near
            if self._score_one(db, facts[incident.id], (incident.id, some), known, now)
        ]
        return [
            (incident, suggested_count(db, incident.id), scope_of(db, incident))
            for incident in changed
        ]

    def _score_one(
        self,
        db: Session,
        facts: IncidentFacts,
        near: tuple[str, list[CallFacts]],
        known: Mapping[tuple[str, str], IncidentSuggestion],
        now: UtcUs,
    ) -> bool:
        incident, changed = near[0], False
        for call in near[1]:
            scored = score(call, facts)
            if scored is not None:
                row = known.get((incident, call.call))
                changed |= self._put(db, incident, call, scored, row, now)
        return changed

    def _put(  # noqa: PLR0917  # one row and where it goes
        self,
        db: Session,
        incident: str,
        call: CallFacts,
        scored: Score,
        row: IncidentSuggestion | None,
        now: UtcUs,
    ) -> bool:
        if row is None and scored.points < FOLDED:
            return False
        if row is not None and (row.state != "suggested" or row.score == scored.points):
            return False
        if row is None:
            row = IncidentSuggestion(
                id="s-" + ulid(now, self._randomness(10)),
                incident=incident,
                call=call.call,
                score=scored.points,
                at_utc=now,
            )
        row.score, row.why, row.at_utc = scored.points, scored.why, now
        row.terms = [asdict(term) for term in scored.terms]
        db.add(row)
        return True

    # ---- people --------------------------------------------------------------------------------

    async def judge(self, incident_id: str, suggestion_id: str, state: str, who: str) -> str:
        """Confirm or reject a suggestion; returns the call's id."""
        if state not in STATES:
            raise ServiceError(f"state: expected confirmed or rejected, got {state!r}")
        call = ""

        def work(db: Session, incident: Incident, now: UtcUs) -> None:
            nonlocal call
            row = db.get(IncidentSuggestion, suggestion_id)
            if row is None or row.incident != incident.id:
                raise NotFound(f"there is no suggestion {suggestion_id}")
            row.state, row.by, row.at_utc = state, who, now
            db.add(row)
            call = row.call
            _judged(db, incident.id, now, who, call, state)

        await self._incidents.change(incident_id, "suggestion", who, work)
        return call

    async def attach(self, incident_id: str, call: str, who: str) -> None:
        """Attach a call that a person found: a link confirmed by that person."""

        def work(db: Session, incident: Incident, now: UtcUs) -> None:
            if db.get(Call, call) is None:
                raise NotFound(f"there is no call {call}")
            rows = select(IncidentSuggestion).where(
                IncidentSuggestion.incident == incident.id, IncidentSuggestion.call == call
            )
            row = db.exec(rows).first() or IncidentSuggestion(
                id="s-" + ulid(now, self._randomness(10)),
                incident=incident.id,
                call=call,
                score=0,
                rule="by hand",
                why="attached by a person",
                at_utc=now,
            )
            row.state, row.by, row.at_utc = "confirmed", who, now
            db.add(row)
            _judged(db, incident.id, now, who, call, "confirmed")

        await self._incidents.change(incident_id, "call", who, work)


def _judged(db: Session, incident: str, now: int, who: str, call: str, state: str) -> None:  # noqa: PLR0917  # the row's columns
    words = "belongs to this incident" if state == "confirmed" else "does not belong to it"
    db.add(
        IncidentTimeline(
            incident=incident,
            t_utc=now,
            kind="call",
            who=who,
            text=f"A call {words}",
            data={"call": CallId(call), "state": state},
        )
    )


def _going_on(db: Session, now: UtcUs, only: frozenset[IncidentId] | None) -> list[Incident]:
    """Return the incidents that calls are suggested to; of these alone, where some are named."""
    query = select(Incident).where(
        col(Incident.state).in_(GOING_ON),
        col(Incident.storm).is_(False),
        col(Incident.last_event_utc) >= now - AFTER_US - 30 * 60_000_000,
    )
    if only is not None:
        query = query.where(col(Incident.id).in_(only))
    return list(db.exec(query))


def _near(call: CallFacts, incident: Incident) -> bool:
    slack = abs(incident.skew_ms or 0) * 1000
    end = call.end_utc if call.end_utc is not None else incident.last_event_utc
    return (
        call.start_utc <= incident.last_event_utc + AFTER_US + slack
        and max(end, call.start_utc) >= incident.started_utc - BEFORE_US - slack
    )


def facts_of(db: Session, incidents: Sequence[Incident]) -> dict[str, IncidentFacts]:
    """Return incidents as the score needs them, by id; two statements however many there are."""
    ids = [incident.id for incident in incidents]
    talkgroups: dict[str, set[TalkgroupId]] = {}
    for row in db.exec(select(IncidentTalkgroup).where(col(IncidentTalkgroup.incident).in_(ids))):
        talkgroups.setdefault(row.incident, set()).add(TalkgroupId(row.talkgroup))
    words = {incident.id: [incident.place] if incident.place else [] for incident in incidents}
    for incident, plate in confirmed_plates(db, ids):
        words[incident].append(plate)
    return {
        incident.id: IncidentFacts(
            start_utc=UtcUs(incident.started_utc),
            end_utc=UtcUs(incident.last_event_utc),
            latitude_deg=incident.latitude_deg,
            longitude_deg=incident.longitude_deg,
            range_m=incident.range_m,
            talkgroups=frozenset(talkgroups.get(incident.id, ())),
            words=tuple(dict.fromkeys(words[incident.id])),
            skew_ms=incident.skew_ms,
        )
        for incident in incidents
    }


def _known(db: Session, incidents: Sequence[Incident]) -> dict[tuple[str, str], IncidentSuggestion]:
    """Return the suggestions there are by (incident, call)."""
    ids = [incident.id for incident in incidents]
    rows = db.exec(select(IncidentSuggestion).where(col(IncidentSuggestion.incident).in_(ids)))
    return {(row.incident, row.call): row for row in rows}


def suggested_count(db: Session, incident: str) -> int:
    """Return how many calls are suggested at the top and not judged."""
    rows = select(IncidentSuggestion.id).where(
        IncidentSuggestion.incident == incident,
        IncidentSuggestion.state == "suggested",
        col(IncidentSuggestion.score) >= SUGGEST,
    )
    return len(db.exec(rows).all())

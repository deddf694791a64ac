"""Keeps the index in step: whatever a transaction writes of calls is indexed before its commit.

It hangs on the store, not on the journal: a note, an erasure, a confirmed incident are caught the
same way, whoever writes them. Statements that pass the mapped classes by (``DELETE … WHERE``) are
not seen: who uses one calls ``CallIndex.reindex`` or ``forget`` itself.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dispatch.calllog.gathering import AROUND_US, CALL, NOT_HEARD, OVER
from dispatch.calllog.index import CallIndex
from dispatch.calllog.tables import UnitStatus
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.store.engine import Store, Touched
from dispatch.store.individual import IndividualCall
from dispatch.store.patches import PatchCall
from dispatch.store.retention import days_of
from dispatch.store.tables import US_PER_DAY, Call, Message, Note, Press, Transmission
from gateway.model.errors import RadioError
from gateway.ports import Clock

logger = logging.getLogger(__name__)

RUNS_US = 1800 * 1_000_000
"""A call that began this long before a text may still run when the text comes."""
MANY_OVERS = 200
"""Each over of a call reads all the others again. In a running call with more of them it waits."""
WAIT_MS_PER_OVER = 10
"""So long it waits for each over of its call: 2 s at 200, 15 s at 1,500."""
AT_ONCE = 50
"""Of one transaction: what the radio writes and the audit log have their turn in between."""
REST_S = 0.05
LOOK_S = 60.0
LATE_S = 1.0
MAX_TOUCHED = 400
NAMES = frozenset({"title", "label"})
"""Attributes of an incident that are searched."""


class CallLogKeeper:
    """Indexes what a transaction touched; in the background, what was never indexed."""

    def __init__(self, store: Store, index: CallIndex, clock: Clock) -> None:
        """Hang on a store."""
        self._clock = clock
        self._store = store
        self._index = index
        # Both are touched in transactions only, one at a time.
        self._due_ms: dict[str, int] = {}
        """When a call with many overs may be indexed again for an over."""
        self._waiting: set[str] = set()
        self._taken: set[str] = set()
        """Of those that waited: what the last step indexed, if its transaction came through."""
        store.before_commit(self.finish)

    def finish(self, db: Session, touched: list[Touched]) -> None:
        """Index the calls that these rows are of. A fault here loses an index row, not a call."""
        calls = self._at_once(db, [row for row, _ in touched])
        renamed = [row for row, changed in touched if isinstance(row, Incident) and changed & NAMES]
        if not calls and not renamed:
            return
        try:
            with db.begin_nested():
                self._bring(db, calls)
                for row in renamed:
                    self._index.rename(db, ("incident", row.id), f"{row.label} {row.title}")
        except OperationalError:
            raise
        except Exception:  # the journal must go on: these calls are indexed again later
            logger.exception("call log: %d calls are indexed later", len(calls))
            missed = update(CALL).where(CALL.c.id.in_(calls)).values(search_no=None)
            db.connection().execute(missed)

    def _at_once(self, db: Session, rows: list[Any]) -> set[str]:
        """Return the calls that these rows are of, but for those that wait with their overs."""
        others = _calls(db, [row for row in rows if not isinstance(row, Transmission)])
        overs = {row.call for row in rows if isinstance(row, Transmission)} - others
        now = self._clock.mono_ms()
        waits = {call for call in overs if self._due_ms.get(call, now) > now}
        self._waiting |= waits
        return others | overs - waits

    def _bring(self, db: Session, calls: Iterable[str]) -> None:
        """Index calls, and note which of them wait from now on."""
        wanted = set(calls)
        sizes = self._index.reindex(db, wanted)
        self._forget(wanted)
        now = self._clock.mono_ms()
        for call, overs in sizes.items():
            if overs > MANY_OVERS:
                self._due_ms[call] = now + overs * WAIT_MS_PER_OVER

    def _forget(self, calls: set[str]) -> None:
        self._waiting -= calls
        for call in calls:
            self._due_ms.pop(call, None)

    def _take_waiting(self, db: Session) -> None:
        """Index what has waited long enough; who waits for nothing is forgotten."""
        now = self._clock.mono_ms()
        over = {call for call, due in self._due_ms.items() if due <= now}
        self._taken = self._waiting & over
        self._forget(over)
        if self._taken:
            self._bring(db, self._taken)

    def _step(self, db: Session) -> int:
        """Index some calls; when none are left, forget places that are kept no longer."""
        self._take_waiting(db)
        done = self._index.catch_up(db, AT_ONCE)
        if done:
            return done
        kept = days_of("position") * US_PER_DAY
        return self._index.prune_places(db, self._clock.utc_us() - kept, AT_ONCE)

    async def run(self) -> None:
        """Index what is not in the index yet, newest first, in small steps; until cancelled."""
        while True:
            try:
                done = await self._store.write(self._step)
            except RadioError as error:
                logger.warning("call log: the index waits: %s", error)
                done = self._not_done()
            except Exception:  # one call that cannot be indexed may not end the task
                logger.exception("call log: indexing failed; tried again in %.0f s", LOOK_S)
                done = self._not_done()
            await self._rest(REST_S if done == AT_ONCE else LOOK_S)

    def _not_done(self) -> int:
        """Let those wait on that a step indexed in vain: their turn comes with the next step."""
        now = self._clock.mono_ms()
        self._waiting |= self._taken
        self._due_ms |= dict.fromkeys(self._taken, now)
        self._taken = set()
        return 0

    async def _rest(self, seconds: float) -> None:
        """Sleep, but look again soon while a call waits."""
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while (left := until - clock()) > 0:
            await asyncio.sleep(min(left, LATE_S))
            if self._waiting:
                return


def _calls(db: Session, touched: Iterable[Any]) -> set[str]:
    """Return the ids of the calls that these rows are of."""
    calls: set[str] = set()
    for row in touched:
        match row:
            case Call() | IndividualCall():
                calls.add(_key(row))
            case Transmission() | Note() | IncidentSuggestion() | PatchCall():
                calls.add(row.call)
            case Message():
                unit = row.sender or row.recipient
                calls |= _around(db, row.t_utc, row.talkgroup, unit)
            case UnitStatus():
                calls |= _around(db, row.t_utc, None, row.unit)
            case Press() if row.queued_utc is not None or row.outcome in NOT_HEARD:
                calls |= _around(db, row.requested_utc, row.talkgroup, None)
            case _:
                pass
    return calls


def _key(row: Call | IndividualCall) -> str:
    """Return a row's id, also of one that is deleted."""
    state = inspect(row)
    return str(state.identity[0]) if state.identity else row.id


def _around(db: Session, at: int, talkgroup: str | None, unit: str | None) -> set[str]:
    """Return the calls that something said or written at this time may hang on."""
    query = select(CALL.c.id).where(
        CALL.c.started_utc >= at - RUNS_US,
        CALL.c.started_utc <= at + AROUND_US,
        or_(CALL.c.ended_utc.is_(None), CALL.c.ended_utc >= at - AROUND_US),
    )
    if talkgroup is not None:
        query = query.where(CALL.c.talkgroup == talkgroup)
    elif unit is not None:
        query = query.join(OVER, OVER.c.call == CALL.c.id).where(
            OVER.c.talker == unit, OVER.c.started_utc >= at - RUNS_US - AROUND_US
        )
    else:
        return set()
    return {call for (call,) in db.connection().execute(query.limit(MAX_TOUCHED))}

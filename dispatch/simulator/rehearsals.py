"""A draft tried before it is activated: it runs in a sandbox, and the page tells what it does.

The sandbox is a process of its own with an engine of its own, simulated radios and a folder that
goes with it. No port of the plan is opened. It ends by itself after its time, with this server, and
when it crashes; then the page says so.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.audit.entry import Act as Entry
from dispatch.audit.entry import Actor, Obj
from dispatch.auth.access import Access, compute
from dispatch.auth.people import People
from dispatch.auth.permissions import Action
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.plans.drafts import Drafts
from dispatch.services.desk import Desk
from dispatch.services.record import Asker, Record
from dispatch.simulator.ports import Attempt, Sandbox, Simulators
from dispatch.simulator.told import EVERY, HEARS, SEES, TALKS, per_position
from gateway.model.ids import UtcUs, ulid
from gateway.model.plan import Plan
from gateway.ports import Clock

MAX_ROWS = 400
MAX_MINUTES = 60
LATE_S = 45
"""A sandbox that has not ended by itself this long after its time is ended."""
ACTIONS = {SEES: Action.SEE, HEARS: Action.HEAR, TALKS: Action.TALK}


@dataclass(slots=True, eq=False)
class Rehearsal:
    """One draft that is being tried."""

    id: str
    draft: str
    name: str
    sha256: str
    plan: Plan
    desks: Mapping[str, Mapping[str, object]]
    by: str
    began_utc: UtcUs
    ends_utc: UtcUs
    sandbox: Sandbox
    rows: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MAX_ROWS))
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    ready: bool = False
    ended: str = ""
    """Why it ended, in words; empty while it runs."""


class Rehearsals:
    """At most one at a time: it takes as much of the machine as a small server."""

    def __init__(
        self,
        *,
        drafts: Drafts,
        desk: Desk,
        people: People,
        clock: Clock,
        record: Record,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take the services; the wiring gives ``simulators``. ``randomness(n)`` gives n bytes."""
        self._drafts = drafts
        self._desk = desk
        self._people = people
        self._clock = clock
        self._record = record
        self._randomness = randomness
        self._turn = asyncio.Lock()
        self._now: Rehearsal | None = None
        self._reading: asyncio.Task[None] | None = None
        self.simulators: Simulators | None = None

    # ---- reading -------------------------------------------------------------------------------

    def state(self) -> dict[str, Any] | None:  # JSON values
        """Return the rehearsal that runs, or the last one; None when there was none."""
        one = self._now
        if one is None:
            return None
        rows = list(one.rows)
        positions = per_position(rows, one.plan.positions)
        for row in positions:
            rights = one.desks.get(row["position"], {})
            row["who"] = rights.get("who", "")
        return {
            "id": one.id,
            "draft": one.draft,
            "name": one.name,
            "sha256": one.sha256,
            "by": one.by,
            "began_utc": one.began_utc,
            "ends_utc": one.ends_utc,
            "ready": one.ready,
            "ended": one.ended,
            "links": list(one.links.values()),
            "positions": positions,
            "rows": rows[::-1],
        }

    def _running(self, rehearsal: str) -> Rehearsal:
        one = self._now
        if one is None or one.id != rehearsal:
            raise NotFound(f"there is no rehearsal {rehearsal}")
        if one.ended:
            raise Conflict(f"the rehearsal of {one.name} has ended: {one.ended}")
        return one

    # ---- starting and ending -------------------------------------------------------------------

    async def start(self, asker: Asker, draft: str, minutes: int) -> dict[str, Any] | None:
        """Try a draft; returns the state. Raises NotFound, Conflict, RadioError."""
        async with self._turn:
            if self.simulators is None:
                raise Conflict("this server runs without simulators")
            if self._now is not None and not self._now.ended:
                raise Conflict(
                    f"{self._now.by} is trying draft {self._now.name}",
                    hint="End it there, or wait: it ends by itself.",
                )
            found = await self._drafts.find(draft)
            if not found.plan.links:
                raise ServiceError("the draft has no links: there is nothing to try")
            detail = {"plan_sha256": found.sha256, "minutes": minutes}
            obj = Obj(type="draft", id=draft)
            await self._record.before(asker, "admin", "rehearsal.started", obj, detail=detail)
            now = self._clock.utc_us()
            desks = desks_of(found.plan, self._desk, self._people, now)
            attempt = Attempt(plan=found.plan, seconds=minutes * 60, desks=desks)
            sandbox = await self.simulators.sandbox(attempt)
            self._now = Rehearsal(
                id="r-" + ulid(now, self._randomness(10)),
                draft=draft,
                name=found.name,
                sha256=found.sha256,
                plan=found.plan,
                desks=desks,
                by=asker.access.user.display_name,
                began_utc=now,
                ends_utc=UtcUs(now + minutes * 60_000_000),
                sandbox=sandbox,
            )
            self._reading = asyncio.create_task(self._read(self._now), name="rehearsal")
            return self.state()

    async def _read(self, one: Rehearsal) -> None:
        left_s = (one.ends_utc - self._clock.utc_us()) / 1_000_000 + LATE_S
        try:
            async with asyncio.timeout(left_s):
                async for row in one.sandbox.rows():
                    self._take(one, row)
        except TimeoutError:
            one.ended = "its time was over"
        finally:
            one.ended = one.ended or "the sandbox crashed"
            await one.sandbox.close()
            self._note(one)

    def _take(self, one: Rehearsal, row: dict[str, Any]) -> None:
        match row.get("row"):
            case "told":
                one.rows.append({key: value for key, value in row.items() if key != "row"})
            case "link":
                one.links[row["id"]] = {key: v for key, v in row.items() if key != "row"}
            case "ready":
                one.ready = True
            case "end":
                one.ended = one.ended or str(row.get("words", "ended"))

    def _note(self, one: Rehearsal) -> None:
        entry = Entry(
            op="system",
            verb="rehearsal.ended",
            actor=Actor(id="simulator", role="system"),
            obj=Obj(type="draft", id=one.draft),
            detail={"why": one.ended},
        )
        self._record.note(entry)

    async def end(self, asker: Asker, rehearsal: str) -> None:
        """End it; raises NotFound, Conflict when it has ended."""
        one = self._running(rehearsal)
        self._record.note_of(asker, "admin", "rehearsal.stopped", Obj(type="draft", id=one.draft))
        one.ended = f"ended by {asker.access.user.display_name}"
        await one.sandbox.close()

    async def close(self) -> None:
        """End what runs; safe twice."""
        if self._now is not None and not self._now.ended:
            self._now.ended = "the server stopped"
            await self._now.sandbox.close()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    # ---- acting --------------------------------------------------------------------------------

    async def act(self, asker: Asker, rehearsal: str, request: Mapping[str, object]) -> str:
        """Have something done in the sandbox; returns what came of it, in words.

        Raises NotFound, Conflict, ServiceError with the reason, LinkError when it is gone.
        """
        one = self._running(rehearsal)
        self._record.note_of(
            asker,
            "admin",
            "rehearsal.acted",
            Obj(type="draft", id=one.draft),
            detail={"do": request.get("do"), "talkgroup": request.get("talkgroup", "")},
        )
        answer = await one.sandbox.ask(request)
        if not answer.get("ok"):
            raise ServiceError(str(answer.get("words", "refused")))
        return str(answer.get("words", ""))


def desks_of(plan: Plan, desk: Desk, people: People, now: UtcUs) -> dict[str, dict[str, object]]:
    """Return what each position of a draft may do, by the rights of who sits there now.

    A position that nobody has taken is tried with every right; ``who`` says whose rights they are.
    """
    found: dict[str, dict[str, object]] = {}
    for position in plan.positions:
        seat = desk.seat(position)
        if seat is None:
            found[position] = {"who": "", **dict.fromkeys(ACTIONS, EVERY)}
            continue
        access = compute(seat.user, people.grants(), plan, now)
        found[position] = {"who": seat.user.display_name, **rights_of(access)}
    return found


def rights_of(access: Access) -> dict[str, object]:
    """Return the talkgroups that somebody sees, hears and may talk on."""
    return {
        SEES: sorted(access.talkgroups(Action.SEE)),
        HEARS: sorted(access.talkgroups(Action.HEAR)),
        TALKS: sorted(access.talkgroups(Action.TALK)),
    }

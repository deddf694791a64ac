"""Kills of a real server while a plan becomes live, for ``samband bench plan`` and the tests.

The process is ended with SIGKILL at some moment of an activation or of a way back, and started on
the same state. Then exactly one plan is live and it is whole: the store's, the one that the engine
opens links by, and the one that the audit log names.
"""

import contextlib
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

from gateway.model.errors import LinkError
from gateway.model.plan import Plan
from gateway.model.wire import to_json
from samband.bench_desk import Desk, mono_ms
from samband.bench_plan_acts import BACK, Office
from samband.bench_plan_room import Room
from samband.bench_plan_world import FIRST_UNIT, edits, group_of

UP_S = 30.0
POLL_S = 0.05
TRIAL_US = 600_000_000
SPAN_S, LIKELY_S = 0.5, 0.06
"""A kill comes at most so long after the request, most likely when it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """One kill: when, what was asked, and which plan was live afterwards."""

    after_ms: float
    what: str
    before: int
    live: int


class Kills:
    """Activates, rolls back, and kills the server meanwhile."""

    def __init__(self, room: Room, seed: int = 1) -> None:
        """Take a running room."""
        self._room = room
        self._rng = random.Random(seed)  # noqa: S311 - moments of kills, not a secret
        self._changes = edits(room.before, room.after)
        self._plans: dict[int, Plan] = {1: room.before}
        self.done: list[Killed] = []
        self.faults: list[str] = []

    def once(self, after_s: float | None = None) -> Killed:
        """Kill once at a random moment, or ``after_s`` after the request; looks what is left."""
        office = Office(self._room)
        live = office.live()
        what, ask = self._asking(office, live)
        wait = self._rng.triangular(0, SPAN_S, LIKELY_S) if after_s is None else after_s
        asked = threading.Thread(target=_quietly, args=(ask,), daemon=True)
        asked.start()
        time.sleep(wait)
        self._room.restart(kill=True)
        asked.join(UP_S)
        found = Killed(after_ms=wait * 1000, what=what, before=live, live=self.look())
        self.done.append(found)
        return found

    def _asking(self, office: Office, live: int) -> tuple[str, Any]:
        """Return what is asked and what asks: an activation, or the way back from one."""
        if self._plans[live] != self._room.before:
            body = {"number": 1, "reason": BACK}
            return "rollback", lambda: office.engineer.call("POST", "/plan/rollback", body)
        draft = office.ready(self._changes, live)
        self._plans[self._next(office)] = self._room.after
        path = f"/plan/drafts/{draft['id']}/activate"
        asked = {"sha256": draft["sha256"]}
        return "activate", lambda: office.engineer.call("POST", path, asked)

    @staticmethod
    def _next(office: Office) -> int:
        plans = office.engineer.call("GET", "/plans")["plans"]
        return 1 + max(int(plan["number"]) for plan in plans)

    # ---- what is left --------------------------------------------------------------------------

    def look(self) -> int:
        """Note everything that does not fit together; returns the number of the live plan."""
        office = Office(self._room)
        state = office.engineer.call("GET", "/plans")
        live = int(state["number"])
        plan = self._plans.get(live)
        if plan is None:
            self.faults.append(f"plan {live} is live, and nobody made it")
            return live
        if office.engineer.call("GET", f"/plans/{live}")["plan"] != to_json(plan):
            self.faults.append(f"plan {live} is not whole")
        self._trial(state, live)
        self._drafts(office, state)
        self._links(office, plan)
        self._engine(live)
        self._log(live, state)
        return live

    def _trial(self, state: dict[str, Any], live: int) -> None:
        trial = state["trial"]
        if trial is None:
            return
        left = trial["keep_until_utc"] - time.time_ns() // 1000
        if trial["number"] != live or not 0 < left <= TRIAL_US:
            self.faults.append(f"plan {live} is live, the trial is {trial}")

    def _drafts(self, office: Office, state: dict[str, Any]) -> None:
        made = {row["draft"]: row["state"] for row in state["history"] if row["draft"]}
        for draft in office.engineer.call("GET", "/plan/drafts"):
            if draft["state"] == "open" and made.get(draft["id"], "cancelled") != "cancelled":
                self.faults.append(f"draft {draft['id']} is open, and was {made[draft['id']]}")

    def _links(self, office: Office, plan: Plan) -> None:
        """Note when not every link of the live plan comes up, or another one is there."""
        wanted = {str(link.id): link.name for link in plan.links}
        deadline = time.monotonic() + UP_S
        while True:
            rows = office.engineer.call("GET", "/links")
            if {row["id"]: row["name"] for row in rows if row["state"] == "up"} == wanted:
                return
            if time.monotonic() > deadline:
                told = [(row["id"], row["name"], row["state"]) for row in rows]
                self.faults.append(f"expected the links {wanted} up, they are {told}")
                return
            time.sleep(POLL_S)

    def _engine(self, live: int) -> None:
        """Note when a call that begins now does not run under the live plan."""
        desk = self._room.sign_in("supervisor")
        stream = desk.stream()
        try:
            control = self._room.control()
            said = {"tone_hz": 700.0, "for_s": 0.4}
            control.ask(do="talk", radio="radio-0", group=group_of(0), unit=FIRST_UNIT, **said)
            call = stream.event("call.started", seconds=UP_S)
            if call["plan"] != live:
                self.faults.append(f"plan {live} is live, the engine is on {call['plan']}")
            stream.event("call.ended", seconds=UP_S, call=call["call"])
        finally:
            stream.close()

    def _log(self, live: int, state: dict[str, Any]) -> None:
        """Note when the audit log does not name the plan that the server found."""
        auditor: Desk = self._room.sign_in("auditor")
        deadline = mono_ms() + UP_S * 1000
        named: list[Any] = []
        while mono_ms() < deadline:
            page = auditor.call("GET", "/audit/entries?op=admin&actor=system&limit=100")
            rows = [row for row in page["entries"] if row["verb"] == "plan.live"]
            named = [(row["obj"]["id"], row["detail"]["plan_sha256"]) for row in rows[:1]]
            if named == [(str(live), state["sha256"])]:
                return
            time.sleep(POLL_S)
        self.faults.append(f"plan {live} is live, the audit log names {named}")


def _quietly(ask: Any) -> None:
    """Ask; the server is killed meanwhile, so any end is right."""
    with contextlib.suppress(LinkError, OSError, ValueError):
        ask()

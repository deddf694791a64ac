"""What people do with plans in ``samband bench plan``: the engineer's and supervisor's clicks."""

from dataclasses import dataclass
from typing import Any

from dispatch.plans.edit import MAX_EDITS
from gateway.model.errors import LinkError
from samband.bench_desk import Desk, mono_ms
from samband.bench_plan_room import Room

BACK = "back to what was there before the load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """One way of a plan into life, in ms: until the answer, the engine and links, every desk."""

    number: int
    began_ms: float
    answer_ms: float
    engine_ms: float
    desks_ms: float

    @property
    def total_ms(self) -> float:
        """From the request until all have the new plan."""
        return max(self.answer_ms, self.engine_ms, self.desks_ms)


class Office:
    """An engineer and a supervisor with a running server."""

    def __init__(self, room: Room) -> None:
        """Sign both in."""
        self.room = room
        self.engineer = room.sign_in("engineer")
        self.supervisor = room.sign_in("supervisor")

    def live(self) -> int:
        """Return the number of the live plan."""
        return int(self.engineer.call("GET", "/plans")["number"])

    def draft(self, changes: list[dict[str, Any]], base: int) -> dict[str, Any]:
        """Begin a draft and change it; returns its row."""
        draft: dict[str, Any] = self.engineer.call(
            "POST", "/plan/drafts", {"name": "under load", "base": base}
        )
        for start in range(0, len(changes), MAX_EDITS):
            body = {"revision": draft["revision"], "edits": changes[start : start + MAX_EDITS]}
            draft = self.engineer.call("PATCH", f"/plan/drafts/{draft['id']}", body)
        return draft

    def ready(self, changes: list[dict[str, Any]], base: int) -> dict[str, Any]:
        """Take a draft all the way to the second person's yes; returns its row."""
        draft = self.draft(changes, base)
        where = f"/plan/drafts/{draft['id']}"
        report = self.engineer.call("POST", f"{where}/check")
        if not report["ok"]:
            raise LinkError(f"the draft has errors: {report['findings'][:3]}")
        self.engineer.call("POST", f"{where}/compare")
        asked = self.engineer.call("POST", f"{where}/ask", {"sha256": draft["sha256"]})["approval"]
        digest = self.supervisor.call("GET", f"/approvals/{asked}")["digest"]
        self.supervisor.call("POST", f"/approvals/{asked}", {"agree": True, "digest": digest})
        return draft

    def activate(self, draft: dict[str, Any], **more: Any) -> Went:
        """Activate a draft and wait until all have it."""
        began = mono_ms()
        body = {"sha256": draft["sha256"], **more}
        row = self.engineer.call("POST", f"/plan/drafts/{draft['id']}/activate", body)
        return self._went(int(row["number"]), began)

    def roll_back(self, number: int, *, keeping: int = 0) -> Went:
        """Roll back to an earlier plan and wait until all have it; ``keeping`` is kept before."""
        if keeping:
            self.engineer.call("POST", "/plan/keep", {"number": keeping})
        began = mono_ms()
        body = {"number": number, "reason": BACK}
        self.engineer.call("POST", "/plan/rollback", body)
        return self._went(number, began)

    def give_back(self) -> Went:
        """Let the supervisor return to the plan before the one on trial."""
        began = mono_ms()
        number = self.supervisor.call("POST", "/plan/return", {"reason": BACK})["number"]
        return self._went(int(number), began)

    def _went(self, number: int, began: float) -> Went:
        answered = mono_ms()
        desks = [desk.wait(number, began) for desk in self.room.desks]
        engine = self.room.engine_ms(number, began)
        return Went(
            number=number,
            began_ms=began,
            answer_ms=answered - began,
            engine_ms=engine - began,
            desks_ms=max(desks, default=answered) - began,
        )


def sessions(room: Room, count: int) -> list[Desk]:
    """Return the sessions of this many dispatchers, each at a position of its own."""
    found = []
    for n in range(count):
        desk = room.dispatcher(n)
        desk.take(str(n + 1))
        found.append(desk)
    return found

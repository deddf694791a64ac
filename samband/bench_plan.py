"""``samband bench plan``: plans activated and rolled back while calls run.

A real server, real (simulated) radios, browsers and desks, each a process of its own; those give
way to the server, as they are other machines in truth. On every cycle an engineer's draft with many
changes goes the whole way (edit, check, compare, the second person's yes), is activated, and goes
back: by a roll-back on trial, by the supervisor's return, or by a roll-back after *Keep*, in turn.
All the while calls run, received and sent, on radios whose links the plan changes without a gap,
and somebody presses and lets go. Looked at: each packet at a listener, each key in the radios' own
record, memory, the event loop's turns, and the time from the request until engine, links and every
desk have the new plan.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from gateway.model.errors import LinkError
from samband.bench_plan_acts import Office, Went, sessions
from samband.bench_plan_kills import Kills
from samband.bench_plan_memory import Memory
from samband.bench_plan_room import GIVES_WAY, Room, running_room
from samband.bench_plan_voice import SETTLE_S, Calls, Presses
from samband.bench_plan_world import Size, edits
from samband.bench_signal import percentiles

LIMITS = {
    "activate_p95_ms": 1000.0,
    "longest_pause_ms": 200.0,
    "press_to_wire_p99_ms": 50.0,
    "memory_mb_per_cycle": 0.25,
}
DESKS = 4
"""Desks that only watch, besides those that speak: each has to get the new plan."""
ROUND_LEFT_S = 25.0
"""With less of the round left, everybody stops and begins anew."""
SHOWN = 20
MACHINE_LOOPS = 300_000
MOST_FAILED = 5
"""After so many cycles that could not be finished it is no use to go on."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "plan",
        help="plans activated and rolled back under load",
        epilog="example: samband bench plan --times 20 --talkgroups 10000 --units 100000",
    )
    parser.add_argument("--times", type=int, default=100, help="activations, each rolled back")
    parser.add_argument("--received", type=int, default=16, help="calls that are received")
    parser.add_argument("--sent", type=int, default=4, help="calls in which a desk talks")
    parser.add_argument("--talkgroups", type=int, default=500)
    parser.add_argument("--units", type=int, default=5_000)
    parser.add_argument("--changes", type=int, default=500)
    parser.add_argument(
        "--who",
        action="store_true",
        help="tell whose work holds up the event loop; this takes a tenth of its time",
    )
    parser.add_argument("--kills", type=int, default=5, help="kills of the server meanwhile")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Run all cycles; returns percentiles in ms and every fault; ``ok`` when all limits hold."""
    size = Size(
        received=args.received,
        sent=args.sent,
        talkgroups=args.talkgroups,
        units=args.units,
        changes=args.changes,
    )
    words = ("--who",) if args.who else ()
    with (
        tempfile.TemporaryDirectory() as name,
        running_room(Path(name), size, GIVES_WAY, words) as room,
    ):
        load = Load(room)
        load.go(args.times)
        figures = load.figures()
    figures["kills"] = killed(args.kills)
    figures["ok"] = figures["ok"] and not figures["kills"]["faults"]
    return figures


def killed(times: int) -> dict[str, Any]:
    """Kill the server at random moments of activations; returns what was left each time."""
    size = Size(received=1, sent=0, talkgroups=200, units=2_000, changes=200)
    with tempfile.TemporaryDirectory() as name, running_room(Path(name), size) as room:
        kills = Kills(room)
        for _ in range(times):
            kills.once()
    before = [one.after_ms for one in kills.done if one.live == one.before]
    after = [one.after_ms for one in kills.done if one.live != one.before]
    return {
        "times": times,
        "left_the_plan_before": len(before),
        "left_the_new_plan": len(after),
        "latest_kill_with_the_plan_before_ms": max(before, default=0.0),
        "earliest_kill_with_the_new_plan_ms": min(after, default=0.0),
        "faults": kills.faults[:SHOWN],
    }


class Load:
    """A room with calls, desks and somebody who presses; ``go`` lets plans come and go."""

    def __init__(self, room: Room, watching: int = DESKS, settle_s: float = SETTLE_S) -> None:
        """Sign everybody in and let them talk."""
        self.room = room
        self.office = Office(room)
        self.first = self.office.live()
        desks = sessions(room, room.size.sent + 1)
        for desk in desks:
            room.follow(desk)
        for _ in range(watching):
            room.follow(room.sign_in("dispatcher"))
        self.calls = Calls(room, desks[:-1], settle_s)
        self.presses = Presses(room, desks[-1])
        self.changes = edits(room.before, room.after)
        self.went: dict[str, list[Went]] = {"activate": [], "back": []}
        self.memory = Memory()
        self.failed: list[str] = []
        self.steps_ms: dict[str, list[float]] = {"draft_to_agreed": [], "machine": []}

    def go(self, times: int) -> None:
        """Activate and roll back this many times."""
        self.calls.begin()
        self.presses.start()
        for cycle in range(times):
            try:
                self._be_ready(f"round before cycle {cycle}")
                self._cycle(cycle)
            except LinkError as error:
                self.failed.append(f"cycle {cycle}: {error}")
                if len(self.failed) > MOST_FAILED:
                    break
        self.presses.stop()
        self.calls.end("end")

    def _be_ready(self, when: str) -> None:
        """Begin a round when this one ends soon; after a cycle that failed begin all anew."""
        failed = self.office.live() != self.first
        if failed:
            self.office.roll_back(self.first)
        if failed or self.calls.left_s < ROUND_LEFT_S:
            with self.presses.at_rest:
                self.calls.end(when)
            self.calls.begin()

    def _cycle(self, cycle: int) -> None:
        began, base = time.monotonic(), self.first
        machine = machine_ms()
        draft = self.office.ready(self.changes, base)
        self.steps_ms["draft_to_agreed"].append((time.monotonic() - began) * 1000)
        self.calls.press_anew()
        went = self.office.activate(draft)
        self.went["activate"].append(went)
        self.steps_ms["machine"].append(machine)
        self.calls.look(f"activation {cycle}")
        self.went["back"].append(self._back(cycle, went.number, base))
        self.calls.look(f"way back {cycle}")
        self.memory.note(self.room.process.pid)

    def _back(self, cycle: int, number: int, base: int) -> Went:
        ways: tuple[Callable[[], Went], ...] = (
            lambda: self.office.roll_back(base),
            self.office.give_back,
            lambda: self.office.roll_back(base, keeping=number),
        )
        return ways[cycle % len(ways)]()

    # ---- what came of it -----------------------------------------------------------------------

    def faults(self) -> list[str]:
        """Return everything that must not be, whatever the machine's speed."""
        found = [*self.failed, *self.calls.faults, *self.presses.faults]
        found += [f"the radios do not allow: {one}" for one in self.calls.violations()]
        return found

    def figures(self) -> dict[str, Any]:
        """Return what was measured against the limits."""
        faults, size = self.faults(), self.room.size
        figures: dict[str, Any] = {
            "times": len(self.went["activate"]),
            "calls_in_progress": {"received": size.received, "sent": size.sent},
            "plan": {
                "talkgroups": size.talkgroups,
                "units": size.units,
                "changes": size.changes,
                "edits": len(self.changes),
            },
            "desks": len(self.room.desks),
            "activate_ms": _times(self.went["activate"]) | {"trend": self._trend()},
            "back_ms": _times(self.went["back"]),
            "draft_to_agreed_ms": percentiles(self.steps_ms["draft_to_agreed"]),
            "cycles": [
                {"activate_ms": round(went.total_ms), "machine_ms": round(machine, 1)}
                for went, machine in zip(
                    self.went["activate"], self.steps_ms["machine"], strict=True
                )
            ],
            "machine_ms": percentiles(self.steps_ms["machine"]),
            "packets_heard": self.calls.packets,
            "packets_late": self.calls.late,
            "longest_pause_ms": percentiles(self.calls.longest_ms),
            "press_to_wire_ms": self._presses(self.presses.up),
            "release_to_unkey_ms": self._presses(self.presses.down),
            "memory": self.memory.figures(self.room.lines("memory")),
            "event_loop": self._turns() | self._work(),
            "faults": faults[:SHOWN],
            "faults_count": len(faults),
            "limits": LIMITS,
        }
        figures["ok"] = (
            not faults
            and figures["activate_ms"]["total"]["p95"] <= LIMITS["activate_p95_ms"]
            and figures["longest_pause_ms"]["max"] <= LIMITS["longest_pause_ms"]
            and figures["press_to_wire_ms"]["all"]["p99"] <= LIMITS["press_to_wire_p99_ms"]
            and figures["memory"]["mb_per_cycle"] <= LIMITS["memory_mb_per_cycle"]
        )
        return figures

    def _trend(self) -> dict[str, float]:
        """Return the usual time of the first and of the last fifth: what a long history costs."""
        totals = [one.total_ms for one in self.went["activate"]]
        part = max(1, len(totals) // 5)
        first, last = float(median(totals[:part])), float(median(totals[-part:]))
        return {"first_fifth_p50": first, "last_fifth_p50": last}

    def _spans(self) -> list[tuple[float, float]]:
        all_of_them = (*self.went["activate"], *self.went["back"])
        return [(one.began_ms, one.began_ms + one.total_ms) for one in all_of_them]

    def _during(self, at_ms: float) -> bool:
        return any(began <= at_ms <= ended for began, ended in self._spans())

    def _presses(self, measured: list[tuple[float, float]]) -> dict[str, Any]:
        during = [ms for at, ms in measured if self._during(at)]
        return {
            "all": percentiles([ms for _, ms in measured]),
            **({"while_a_plan_becomes_live": percentiles(during)} if during else {}),
        }

    def _turns(self) -> dict[str, Any]:
        """Return how long the event loop was away at a time while a plan became live."""
        turns = [
            float(took)
            for at, took in self.room.lines("turns")
            if self._during(float(at) - float(took))
        ]
        return {"turns_over_10_ms": len(turns), "longest_turn_ms": max(turns, default=0.0)}

    def _work(self) -> dict[str, Any]:
        """Return pieces of work that took over 2 ms of computing, by who took them."""
        found: dict[str, list[float]] = {}
        walls = []
        for at, took, computed, who in self.room.lines("blocks"):
            if self._during(float(at) - float(took)):
                walls.append(float(took))
                if float(computed) > 2.0:
                    found.setdefault(who, []).append(float(computed))
        if not walls:
            return {}
        worst = sorted(found.items(), key=lambda one: -max(one[1]))[:SHOWN]
        return {
            "work_over_2_ms_by_the_wall": len(walls),
            "longest_work_by_the_wall_ms": max(walls, default=0.0),
            "work_over_2_ms_of_computing": sum(map(len, found.values())),
            "by_task": {who: {"n": len(ms), "max_ms": max(ms)} for who, ms in worst},
        }


def machine_ms() -> float:
    """Return how long always the same computing takes now, beside the same load: the machine."""
    began = time.perf_counter()
    sum(n * n for n in range(MACHINE_LOOPS))
    return (time.perf_counter() - began) * 1000


def _times(went: list[Went]) -> dict[str, Any]:
    return {
        "total": percentiles([one.total_ms for one in went]),
        "answer": percentiles([one.answer_ms for one in went]),
        "engine_and_links": percentiles([one.engine_ms for one in went]),
        "desks": percentiles([one.desks_ms for one in went]),
    }

"""``samband bench suggestions``: which calls belong to an incident, on invented truth.

The world is made first, without looking at the score: for each incident it is decided who was
really there (true calls), and who only seems to be (decoys): a unit whose last position is old, a
unit whose radio stamps its positions with a wrong clock, a unit of a neighbouring group that drives
past, other work elsewhere. Then the score sees what a control room would see: reported positions
with their errors, ages and clocks, calls with their times, areas of groups; never the truth.
"""

import argparse
import math
import random
import time
from dataclasses import dataclass, field
from typing import Any

from dispatch.incidents.suggest import (
    SUGGEST,
    CallFacts,
    Fix,
    IncidentFacts,
    UnitFacts,
    score,
)
from gateway.model.ids import CallId, TalkgroupId, UnitId, UtcUs

S = 1_000_000
START_UTC = 1_764_000_000 * S
METRES_A_DEGREE = 111_195.0
CENTRE = (59.33, 18.06)
TOWN_M = 12_000
FIX_EVERY_S = (5, 25)
ERROR_M = (5, 60)
CALL_S = (3, 25)
PRECISION, RECALL = 0.9, 0.8
LATE_SHARE, SILENT_SHARE = 0.15, 0.08
"""Of the true calls: made minutes after the event; by a unit that sends no position at all."""

Place = tuple[float, float]
"""Metres east and north of the town's centre."""
Path = tuple[Place, Place]
"""Where somebody is at the start, and metres a second east and north."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "suggestions",
        help="which calls belong to an incident",
        epilog="example: samband bench suggestions --incidents 500 --seed 1",
    )
    parser.add_argument("--incidents", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A call as the room sees it, and whether it belonged to the incident (the truth)."""

    call: CallFacts
    true: bool
    kind: str


@dataclass(slots=True)
class Tally:
    """Calls of one kind: how many there were and how many were suggested at the top."""

    calls: int = 0
    suggested: int = 0


@dataclass(slots=True)
class Result:
    """Sums over all incidents."""

    true_suggested: int = 0
    true_calls: int = 0
    suggested: int = 0
    kinds: dict[str, Tally] = field(default_factory=dict)
    took_s: float = 0.0


class World:
    """One incident and everything that was on the air round it."""

    def __init__(self, rng: random.Random, number: int) -> None:
        """Decide what happens, where and who is there."""
        self._rng = rng
        self._number = number
        self._calls = 0
        self.at = START_UTC + number * 3600 * S
        self.length_s = rng.uniform(5, 90)
        self.place = (rng.uniform(-TOWN_M, TOWN_M), rng.uniform(-TOWN_M, TOWN_M))
        self.range_m = rng.choice((30, 50, 80))
        self.home = self._square(self.place, rng.uniform(2500, 5000))
        away = self._near(rng.uniform(3000, 5000))
        self.next_door = self._square(away, rng.uniform(2500, 4500))

    def incident(self) -> IncidentFacts:
        """Return the incident as the room sees it."""
        lat, lon = degrees(self.place)
        return IncidentFacts(
            start_utc=UtcUs(self.at),
            end_utc=UtcUs(self.at + round(self.length_s * S)),
            latitude_deg=lat,
            longitude_deg=lon,
            range_m=self.range_m,
        )

    def calls(self) -> list[Seen]:
        """Return every call on the air, true ones and decoys."""
        rng = self._rng
        seen = [self._true() for _ in range(rng.randint(1, 3))]
        makers = (self._stale, self._wrong_clock, self._neighbour, self._elsewhere)
        for maker in makers:
            seen += [maker() for _ in range(rng.randint(1, 2))]
        rng.shuffle(seen)
        return seen

    # ---- who is where --------------------------------------------------------------------------

    def _true(self) -> Seen:
        """Make a unit that was sent there or saw it: there, or on its last 400 m."""
        begins = self._rng.uniform(0, self.length_s + 45)
        if self._rng.random() < LATE_SHARE:
            begins = self.length_s + self._rng.uniform(60, 200)
        there = self._near(self._rng.uniform(0, self.range_m + 40))
        if self._rng.random() < 0.25:
            there = self._near(self._rng.uniform(60, 400))
        fixes = self._fixes((there, (0.0, 0.0)), begins, age_s=self._rng.uniform(1, 25))
        if self._rng.random() < SILENT_SHARE:
            return self._call("true, sends no position", begins, self.home, (), true=True)
        return self._call("true", begins, self.home, fixes, true=True)

    def _stale(self) -> Seen:
        """Make a unit that was there long ago and sent no position since. It is far away."""
        begins = self._rng.uniform(-30, self.length_s + 60)
        there = self._near(self._rng.uniform(0, 150))
        fixes = self._fixes((there, (0.0, 0.0)), begins, age_s=self._rng.uniform(320, 1500))
        return self._call("stale fix", begins, self.home, fixes)

    def _wrong_clock(self) -> Seen:
        """Make a unit that was there minutes ago; its clock is ahead, so the fix looks new.

        The room knows how far ahead: it saw when each position arrived.
        """
        begins = self._rng.uniform(-30, self.length_s + 60)
        there = self._near(self._rng.uniform(0, 150))
        ahead_s = self._rng.uniform(330, 3600)
        age_s = ahead_s + self._rng.uniform(0, 20)
        fixes = self._fixes((there, (0.0, 0.0)), begins, age_s=age_s, ahead_s=ahead_s)
        return self._call("wrong clock", begins, self.home, fixes, skew_ms=round(ahead_s * 1000))

    def _neighbour(self) -> Seen:
        """Make a unit of the next group at its own work, some streets away."""
        begins = self._rng.uniform(-30, self.length_s + 60)
        there = self._near(self._rng.uniform(350, 1400))
        speed = (self._rng.uniform(-12, 12), self._rng.uniform(-12, 12))
        fixes = self._fixes((there, speed), begins, age_s=self._rng.uniform(1, 25))
        return self._call("neighbouring group", begins, self.next_door, fixes)

    def _elsewhere(self) -> Seen:
        """Make a unit of the same group at other work, kilometres away."""
        begins = self._rng.uniform(-100, self.length_s + 280)
        there = self._near(self._rng.uniform(1700, 4000))
        fixes = self._fixes((there, (0.0, 0.0)), begins, age_s=self._rng.uniform(1, 60))
        return self._call("elsewhere", begins, self.home, fixes)

    # ---- what the room sees of it --------------------------------------------------------------

    def _fixes(
        self, path: Path, begins_s: float, *, age_s: float, ahead_s: float = 0.0
    ) -> tuple[Fix, ...]:
        """Return reported positions up to ``age_s`` before the call, each with a real error."""
        rng = self._rng
        (east, north), (to_east, to_north) = path
        fixes = []
        at = begins_s - age_s
        for _ in range(rng.randint(2, 6)):
            error_m = rng.uniform(*ERROR_M)
            off, bearing = abs(rng.gauss(0, error_m / 2)), rng.uniform(0, math.tau)
            passed = at - begins_s
            where = (
                east + to_east * passed + off * math.sin(bearing),
                north + to_north * passed + off * math.cos(bearing),
            )
            lat, lon = degrees(where)
            stamp = self.at + round((at + ahead_s) * S)
            fixes.append(
                Fix(t_utc=UtcUs(stamp), latitude_deg=lat, longitude_deg=lon, error_m=error_m)
            )
            at -= rng.uniform(*FIX_EVERY_S)
        return tuple(sorted(fixes, key=lambda fix: fix.t_utc))

    def _call(
        self,
        kind: str,
        begins_s: float,
        area: tuple[tuple[float, ...], ...],
        fixes: tuple[Fix, ...],
        *,
        true: bool = False,
        skew_ms: int | None = None,
    ) -> Seen:
        self._calls += 1
        name = f"u{self._calls}"
        begin = self.at + round(begins_s * S)
        home = area == self.home
        facts = CallFacts(
            call=CallId(f"c-{self._number}-{self._calls}"),
            talkgroup=TalkgroupId("town/1" if home else "town/2"),
            talkgroup_name="HOME" if home else "NEXT",
            start_utc=UtcUs(begin),
            end_utc=UtcUs(begin + round(self._rng.uniform(*CALL_S) * S)),
            units=(UnitFacts(unit=UnitId(name), name=name, fixes=fixes, clock_skew_ms=skew_ms),),
            area=area,
        )
        return Seen(facts, true, kind)

    def _near(self, metres: float) -> Place:
        bearing = self._rng.uniform(0, math.tau)
        east, north = self.place
        return (east + metres * math.sin(bearing), north + metres * math.cos(bearing))

    def _square(self, middle: Place, half_m: float) -> tuple[tuple[float, ...], ...]:
        east, north = middle
        corners = ((-1, -1), (-1, 1), (1, 1), (1, -1))
        return tuple(degrees((east + x * half_m, north + y * half_m)) for x, y in corners)


def degrees(place: Place) -> tuple[float, float]:
    """Return latitude and longitude of a place in metres from the centre (flat map)."""
    narrow = math.cos(math.radians(CENTRE[0]))
    return (
        CENTRE[0] + place[1] / METRES_A_DEGREE,
        CENTRE[1] + place[0] / (METRES_A_DEGREE * narrow),
    )


def evaluate(incidents: int, seed: int) -> Result:
    """Make the worlds and score every call."""
    rng = random.Random(seed)  # noqa: S311  # an invented world, no secret
    result = Result()
    for number in range(incidents):
        world = World(rng, number)
        facts, calls = world.incident(), world.calls()
        began = time.perf_counter()
        scores = [score(seen.call, facts) for seen in calls]
        result.took_s += time.perf_counter() - began
        for seen, scored in zip(calls, scores, strict=True):
            top = scored is not None and scored.points >= SUGGEST
            tally = result.kinds.setdefault(seen.kind, Tally())
            tally.calls += 1
            tally.suggested += top
            result.suggested += top
            result.true_calls += seen.true
            result.true_suggested += top and seen.true
    return result


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return precision and recall at the threshold, and each kind's share."""
    result = evaluate(args.incidents, args.seed)
    calls = sum(tally.calls for tally in result.kinds.values())
    precision = result.true_suggested / max(1, result.suggested)
    recall = result.true_suggested / max(1, result.true_calls)
    return {
        "incidents": args.incidents,
        "seed": args.seed,
        "calls": calls,
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "kinds": {
            kind: {"calls": tally.calls, "suggested": tally.suggested}
            for kind, tally in sorted(result.kinds.items())
        },
        "us_per_call": round(result.took_s / calls * 1e6, 1),
        "limits": {"precision": PRECISION, "recall": RECALL},
        "ok": precision >= PRECISION and recall >= RECALL,
    }

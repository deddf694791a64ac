"""A lifelike call log of any size, made in columns: who talks where, when, and what is noted.

Everything follows from the number of a call and a seed, so the same size gives the same world.
Talkgroups are used as unevenly as in the field (one over rank), a day has its busy hours, a
talkgroup its own dozen units, a shift its own operators.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
FIRST_UTC = 1_650_000_000_000_000
DAYS = 1000
DAY_US = 86_400_000_000
TALKGROUPS = 2000
UNITS = 5000
UNITS_OF_GROUP = 12
LINKS, SITES = 20, 10
POSITIONS, OPERATORS = 12, 60
WORDS = 4000
STREETS = 400
FIX_DAYS = 30
"""Places are kept this long."""
CALLS_OF_INCIDENT = 6
KINDS_OF_GROUP = ("BRAND", "PATRULL", "AMBULANS", "TRAFIK", "HAMN", "LEDNING", "SPANING", "DRIFT")
HOURS = np.array(
    [3, 2, 2, 1, 1, 2, 4, 6, 8, 9, 9, 9, 8, 8, 8, 9, 9, 8, 7, 7, 6, 5, 5, 4], dtype=np.float64
)
"""Traffic of each hour of the day, relative."""
CAUSES = ("ended", "timeout", "preempted", "link lost")
_SYLLABLES = ("ka", "jg", "ro", "vi", "sta", "len", "mar", "to", "bru", "nor", "hag", "sel", "und")


def talkgroup(number: int) -> str:
    """Return the id of a talkgroup by its rank in use."""
    return f"net/{100_000 + number}"


def talkgroup_name(number: int) -> str:
    """Return its name."""
    kind = KINDS_OF_GROUP[number % len(KINDS_OF_GROUP)]
    return f"{kind} {number // len(KINDS_OF_GROUP) + 1}"


def unit(number: int) -> str:
    """Return the id of a unit."""
    return f"net/{1_200_000 + number}"


def alias(number: int) -> str:
    """Return its alias."""
    return f"{'ABPR'[number % 4]} {number // 4 + 100}"


def operator(number: int) -> str:
    """Return an operator's name."""
    return f"{_word(number * 7 + 11).title()} {_word(number * 13 + 5).title()}"


def street(number: int) -> str:
    """Return a street's name."""
    return f"{_word(number * 31 + 3)}gatan"


def word(number: int) -> str:
    """Return a word of the notes by its rank."""
    return _word(number * 17 + 29)


def _word(number: int) -> str:
    letters = []
    for _ in range(3):
        number, rest = divmod(number, len(_SYLLABLES))
        letters.append(_SYLLABLES[rest])
    return "".join(letters) + ("" if number == 0 else str(number))


def unit_place(number: Ints) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return where a unit stands, degrees: within some 40 km of a town."""
    mixed = (number * 2_654_435_761) % 1_000_003
    latitude = 57.5 + (mixed % 1009) / 1009 * 0.4
    longitude = 11.6 + (mixed % 769) / 769 * 0.8
    return latitude, longitude


@dataclass(slots=True)
class Part:
    """Some consecutive calls in columns; overs and texts point to them by position."""

    first: int
    no: Ints
    group: Ints
    emergency: npt.NDArray[np.bool_]
    encrypted: npt.NDArray[np.bool_]
    cause: Ints
    plan: Ints
    ended: Ints
    duration_ms: Ints
    overs: "Overs"
    notes: list[tuple[int, str]] = field(default_factory=list)
    texts: list[tuple[int, int, str]] = field(default_factory=list)
    """Call, microseconds after its start, words."""

    @property
    def count(self) -> int:
        """How many calls."""
        return len(self.no)


@dataclass(slots=True)
class Overs:
    """Overs in columns; ``unit`` is -1 for a desk."""

    call: Ints
    started: Ints
    duration_ms: Ints
    unit: Ints
    position: Ints
    operator: Ints


class World:
    """Makes the parts of a log of ``rows`` calls."""

    def __init__(self, rows: int, seed: int = 7) -> None:
        """Prepare the uneven choices."""
        self.rows = rows
        self._seed = seed
        rank = np.arange(1, TALKGROUPS + 1, dtype=np.float64)
        self._groups = np.cumsum(1 / rank) / np.sum(1 / rank)
        rank = np.arange(1, WORDS + 1, dtype=np.float64)
        self._words = np.cumsum(1 / rank) / np.sum(1 / rank)
        day = np.concatenate([[0.0], np.cumsum(HOURS) / np.sum(HOURS)])
        self._day = day
        self._names = [word(number) for number in range(WORDS)]
        self._streets = [street(number) for number in range(STREETS)]

    @property
    def last_utc(self) -> int:
        """The end of the whole time."""
        return FIRST_UTC + DAYS * DAY_US

    def part(self, first: int, count: int) -> Part:
        """Return the calls from ``first`` on."""
        rng = np.random.default_rng((self._seed, first))
        index = np.arange(first, first + count, dtype=np.int64)
        share = index / self.rows * DAYS
        day = np.floor(share)
        within = np.interp(share - day, self._day, np.arange(25) / 24)
        no = FIRST_UTC + ((day + within) * DAY_US).astype(np.int64) + index
        group = np.searchsorted(self._groups, rng.random(count)).astype(np.int64)
        overs = self._overs(rng, no, group)
        duration = np.zeros(count, dtype=np.int64)
        np.add.at(duration, overs.call, overs.duration_ms)
        last = np.zeros(count, dtype=np.int64)
        np.maximum.at(last, overs.call, overs.started + overs.duration_ms * 1000)
        made = Part(
            first=first,
            no=no,
            group=group,
            emergency=rng.random(count) < 0.002,
            encrypted=rng.random(count) < 0.08,
            cause=np.searchsorted(np.array([0.93, 0.97, 0.995, 1.0]), rng.random(count)),
            plan=(day.astype(np.int64) // 30) + 1,
            ended=last + 400_000,
            duration_ms=duration,
            overs=overs,
        )
        self._write(rng, made)
        return made

    def _overs(self, rng: np.random.Generator, no: Ints, group: Ints) -> Overs:
        many = 1 + np.minimum(rng.geometric(0.6, len(no)) - 1, 3)
        call = np.repeat(np.arange(len(no), dtype=np.int64), many)
        place = np.arange(len(call), dtype=np.int64) - np.repeat(np.cumsum(many) - many, many)
        length = (rng.gamma(2.0, 2200, len(call)) + 800).astype(np.int64)
        long = rng.random(len(call)) < 0.004
        length[long] = rng.integers(20_000, 120_000, int(long.sum()))
        ends = np.cumsum(length)
        before = ends - length
        start = before - before[np.searchsorted(call, call)]
        started = no[call] + (start + place * 600) * 1000
        member = rng.integers(0, UNITS_OF_GROUP, len(call))
        talker = (group[call] * 37 + member * member) % UNITS
        desk = (rng.random(len(call)) < 0.12) & (place > 0)
        talker[desk] = -1
        position = np.where(desk, rng.integers(0, POSITIONS, len(call)), -1)
        shift = (started // (8 * 3_600_000_000)) % 5
        staff = (shift * POSITIONS + position) % OPERATORS
        return Overs(call, started, length, talker, position, np.where(desk, staff, -1))

    def _write(self, rng: np.random.Generator, part: Part) -> None:
        """Write notes on three calls of a hundred and texts in two; none near the part's ends."""
        count = part.count
        inside = (part.no > part.no[0] + 2_000_000_000) & (part.no < part.no[-1] - 2_000_000_000)
        for call in np.flatnonzero(inside & (rng.random(count) < 0.03)):
            part.notes.append((int(call), self._sentence(rng)))
        for call in np.flatnonzero(inside & (rng.random(count) < 0.02)):
            part.texts.append((int(call), 1_000_000, self._sentence(rng)))

    def _sentence(self, rng: np.random.Generator) -> str:
        picked = np.searchsorted(self._words, rng.random(int(rng.integers(3, 8))))
        words = [self._names[number] for number in picked]
        if rng.random() < 0.5:
            words.append(f"{self._streets[int(rng.integers(0, STREETS))]} {rng.integers(1, 90)}")
        return " ".join(words)


def label(number: int) -> str:
    """Return an incident's label."""
    return f"INC-2026-{number:06d}"


def incident_title(number: int) -> str:
    """Return an incident's title: a street."""
    return f"Rok {street(number % STREETS)} {number % 90 + 1}"


Columns = dict[str, Any]
"""A column's name to one value for all rows, or to a sequence of one each."""

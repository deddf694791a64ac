"""Fills the real tables and the real index of a call log, fast: columns in, one statement a table.

The index is made here in columns as well, not by ``CallIndex``: that one is made for some calls at
a time. A test compares what both make of the same calls.
"""

from itertools import pairwise

import numpy as np
from sqlalchemy import Table

from dispatch.calllog.index import length_of
from dispatch.calllog.marks import BITS, DURATION_SHIFT, SHORT_LENGTHS
from dispatch.calllog.tables import call_key, call_place, call_posting
from dispatch.calllog.words import words_of
from dispatch.cameras.tables import Camera
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.store import metadata
from dispatch.store.tables import (
    Call,
    Message,
    Note,
    Press,
    RecordingFileRow,
    Transmission,
    UnitPosition,
    cell_of,
)
from samband import bench_calllog_world as world
from samband.bench_calllog_facets import (
    FacetNumbers,
    call_id,
    camera_id,
    incident_id,
    link_id,
    over_id,
)
from samband.bench_calllog_sink import Sink, columns_of, rows_of, table_of
from samband.bench_calllog_world import Columns, Ints, Part, World

PART = 100_000
AROUND_US = 120_000_000
FIX_US = 60_000_000
FIX_AGE_US = 300_000_000
EVERY_US = 300_000_000
"""In the last two hours every unit tells its place this often."""
LAST_US = 2 * 3_600_000_000
_ = metadata  # the tables are known


class Filler:
    """Writes a world into a database."""

    def __init__(self, made: World, sink: Sink) -> None:
        """Take what is written and where to."""
        self._world = made
        self._sink = sink
        self._facets = FacetNumbers(made.rows)
        self._postings: list[tuple[Ints, Ints, Ints, Ints]] = []
        self._written: list[int] = []

    def fill(self, cameras: int) -> None:
        """Write everything."""
        self._sink.begin()
        self._people_and_places(cameras)
        for first in range(0, self._world.rows, PART):
            part = self._world.part(first, min(PART, self._world.rows - first))
            self._calls(part)
            self._overs(part)
            self._texts(part)
            self._index(part)
        self._write_postings()
        self._sink.finish()

    # ---- base tables ---------------------------------------------------------------------------

    def _put(self, table: Table, count: int, given: Columns) -> None:
        if count:
            names, values = columns_of(table, given)
            self._sink.put(table.name, names, rows_of(values, count), count)

    def _people_and_places(self, cameras: int) -> None:
        rng = np.random.default_rng(3)
        ids = [camera_id(n) for n in range(cameras)]
        self._put(
            table_of(Camera),
            cameras,
            {
                "id": ids,
                "source": "frigate:bench",
                "name_at_source": ids,
                "group": "",
                "latitude_deg": (57.5 + rng.random(cameras) * 0.4).tolist(),
                "longitude_deg": (11.6 + rng.random(cameras) * 0.8).tolist(),
                "range_m": 60.0,
            },
        )
        numbers = range(self._facets.incidents)
        at = [
            world.FIRST_UTC + n * world.DAYS * world.DAY_US // self._facets.incidents
            for n in numbers
        ]
        self._put(
            table_of(Incident),
            self._facets.incidents,
            {
                "id": [incident_id(n) for n in numbers],
                "label": [world.label(n) for n in numbers],
                "title": [world.incident_title(n) for n in numbers],
                "kind": "motion",
                "severity": "alert",
                "state": "closed",
                "opened_utc": at,
                "started_utc": at,
                "last_event_utc": at,
                "camera": [ids[n * 7919 % cameras] if cameras else None for n in numbers],
                "zones": "[]",
            },
        )

    def _calls(self, part: Part) -> None:
        started = part.no.tolist()
        self._put(
            table_of(Call),
            part.count,
            {
                "id": [call_id(n) for n in range(part.first, part.first + part.count)],
                "gateway": "gw-1",
                "call_seq": list(range(part.first + 1, part.first + part.count + 1)),
                "talkgroup": [world.talkgroup(n) for n in part.group.tolist()],
                "link": [link_id(n % world.LINKS) for n in part.group.tolist()],
                "started_utc": started,
                "ended_utc": part.ended.tolist(),
                "emergency": part.emergency.tolist(),
                "encrypted": part.encrypted.tolist(),
                "cause": [world.CAUSES[n] for n in part.cause.tolist()],
                "interrupted": (part.cause == 3).tolist(),
                "plan": part.plan.tolist(),
                "retention_class": "call",
                "expires_utc": (part.no + 90 * world.DAY_US).tolist(),
                "search_no": started,
            },
        )

    def _overs(self, part: Part) -> None:
        overs = part.overs
        calls = overs.call.tolist()
        ids = [over_id(part.first, n) for n in range(len(calls))]
        groups = [world.talkgroup(n) for n in part.group[overs.call].tolist()]
        started = overs.started.tolist()
        talkers, desks = overs.unit.tolist(), overs.position.tolist()
        staff = [world.operator(n) if n >= 0 else "" for n in overs.operator.tolist()]
        lengths = overs.duration_ms.tolist()
        ended = (overs.started + overs.duration_ms * 1000).tolist()
        expires = (overs.started + 90 * world.DAY_US).tolist()
        self._put(
            table_of(Transmission),
            len(ids),
            {
                "id": ids,
                "call": [call_id(part.first + n) for n in calls],
                "talkgroup": groups,
                "link": [link_id(n % world.LINKS) for n in part.group[overs.call].tolist()],
                "talker": [world.unit(n) if n >= 0 else None for n in talkers],
                "alias": [world.alias(n) if n >= 0 else "" for n in talkers],
                "position": [f"P{n + 1}" if n >= 0 else None for n in desks],
                "operator": staff,
                "started_utc": started,
                "ended_utc": ended,
                "duration_ms": lengths,
                "cause": "ended",
                "readable": True,
                "retention_class": "call",
                "expires_utc": expires,
            },
        )
        self._put(
            table_of(RecordingFileRow),
            len(ids),
            {
                "transmission": ids,
                "kind": "opus",
                "sha256": [f"{hash(one) & (1 << 63) - 1:064x}" for one in ids],
                "size_bytes": [n * 3 for n in lengths],
                "name": [f"{one}.opus" for one in ids],
                "duration_ms": lengths,
                "closed_utc": ended,
            },
        )
        pressed = np.flatnonzero(overs.position >= 0).tolist()
        self._put(
            table_of(Press),
            len(pressed),
            {
                "request": [f"r-{ids[n][2:]}" for n in pressed],
                "position": [f"P{desks[n] + 1}" for n in pressed],
                "operator": [staff[n] for n in pressed],
                "talkgroup": [groups[n] for n in pressed],
                "requested_utc": [started[n] - 120_000 for n in pressed],
                "granted_utc": [started[n] for n in pressed],
                "transmission": [ids[n] for n in pressed],
                "outcome": "released",
                "wait_ms": 120,
            },
        )

    def _texts(self, part: Part) -> None:
        calls = [call for call, _ in part.notes]
        self._put(
            table_of(Note),
            len(calls),
            {
                "id": [f"n-{part.first + call:026d}" for call in calls],
                "call": [call_id(part.first + call) for call in calls],
                "text": [text for _, text in part.notes],
                "operator": "S. Holm",
                "t_utc": (part.no[calls] + 2_000_000).tolist() if calls else [],
            },
        )
        calls = [call for call, _, _ in part.texts]
        self._put(
            table_of(Message),
            len(calls),
            {
                "id": [f"m-{part.first + call:026d}" for call in calls],
                "incoming": True,
                "link": "l-0",
                "talkgroup": [world.talkgroup(n) for n in part.group[calls].tolist()],
                "text": [text for _, _, text in part.texts],
                "state": "received",
                "t_utc": [int(part.no[call]) + after for call, after, _ in part.texts],
                "expires_utc": part.no[calls].tolist(),
            },
        )

    # ---- index ---------------------------------------------------------------------------------

    def _index(self, part: Part) -> None:
        calls, found = self._facets_of(part)
        pairs = np.unique(np.concatenate(calls) << 24 | np.concatenate(found))
        call, facet = pairs >> 24, pairs & 0xFFFFFF
        scope = self._facets.scope[part.group]
        marks = self._marks_of(part, call, facet)
        self._postings.append((facet, part.no[call], scope[call], marks[call]))
        ends = np.searchsorted(call, np.arange(part.count + 1)).tolist()
        words = list(map(str, facet.tolist()))
        self._put(
            call_key,
            part.count,
            {
                "no": part.no.tolist(),
                "call": [call_id(n) for n in range(part.first, part.first + part.count)],
                "scope": scope.tolist(),
                "marks": marks.tolist(),
                "facets": [" ".join(words[a:b]) for a, b in pairwise(ends)],
            },
        )

    def _marks_of(self, part: Part, call: Ints, facet: Ints) -> Ints:
        """Return the marks of each call; ``call`` and ``facet`` are its postings."""
        made = part.duration_ms << DURATION_SHIFT
        made |= np.where(part.emergency, BITS["emergency"], 0)
        made |= np.where(part.encrypted, BITS["encrypted"], 0)
        made |= np.where(part.cause == 3, BITS["interrupted"], 0)
        desk = part.overs.unit < 0
        written = [call for call, _ in part.notes] + self._written
        linked = call[np.isin(facet, self._facets.incident)]
        for name, where in (
            ("out", part.overs.call[desk]),
            ("in", part.overs.call[~desk]),
            ("written", np.array(written, dtype=np.int64)),
            ("linked", linked),
        ):
            there = np.zeros(part.count, dtype=np.bool_)
            there[where] = True
            made |= np.where(there, BITS[name], 0)
        return made

    def _facets_of(self, part: Part) -> tuple[list[Ints], list[Ints]]:
        """Return calls (by position) and their facets, with repetitions."""
        every, overs = np.arange(part.count, dtype=np.int64), part.overs
        lengths = np.array([length_of(n) for n in part.duration_ms.tolist()])
        calls: list[Ints] = []
        found: list[Ints] = []

        def add(where: Ints, facets: Ints) -> None:
            calls.append(where.astype(np.int64))
            found.append(np.broadcast_to(facets, where.shape).astype(np.int64))

        add(every, self._facets.scope[part.group])
        add(every, self._facets.plan[part.plan])
        add(every, np.array(self._facets.system))
        add(every, self._facets.site[part.group % world.LINKS % world.SITES])
        add(every, self._facets.cause[part.cause])
        long = lengths >= SHORT_LENGTHS
        add(every[long], self._facets.length[lengths[long]])
        urgent = every[part.emergency]
        add(urgent, self._facets.urgent[part.group[urgent] % world.LINKS % world.SITES])
        for name, chosen in (
            ("emergency", part.emergency),
            ("encrypted", part.encrypted),
            ("interrupted", part.cause == 3),
        ):
            add(every[chosen], np.array(self._facets.flag[name]))
        desk = overs.unit < 0
        add(overs.call[desk], np.array(self._facets.flag["out"]))
        add(overs.call[~desk], self._facets.unit[overs.unit[~desk]])
        add(overs.call[desk], self._facets.position[overs.position[desk]])
        add(overs.call[desk], self._facets.operator[overs.operator[desk]])
        for where, facets in (self._incident_calls(part), self._words(part), self._places(part)):
            add(where, facets)
        return calls, found

    def _incident_calls(self, part: Part) -> tuple[Ints, Ints]:
        index = np.arange(part.first, part.first + part.count, dtype=np.int64)
        within = index % 2000
        chosen = (within % 7 == 0) & (within < 7 * world.CALLS_OF_INCIDENT)
        chosen &= index // 2000 < self._facets.incidents
        where = np.flatnonzero(chosen)
        numbers = (index[where] // 2000).tolist()
        self._put(
            table_of(IncidentSuggestion),
            len(numbers),
            {
                "id": [f"s-{part.first + n:026d}" for n in where.tolist()],
                "incident": [incident_id(n) for n in numbers],
                "call": [call_id(part.first + n) for n in where.tolist()],
                "score": 80,
                "state": "confirmed",
                "terms": "[]",
                "at_utc": part.no[where].tolist(),
            },
        )
        return where, self._facets.incident[numbers] if numbers else np.empty(0, dtype=np.int64)

    def _words(self, part: Part) -> tuple[Ints, Ints]:
        calls: list[int] = []
        facets: list[int] = []
        by_group: dict[int, Ints] = {}
        self._written = []
        for call, text in part.notes:
            for one in words_of(text):
                calls.append(call)
                facets.append(self._facets.facet("word", one))
        for call, after, text in part.texts:
            group, at = int(part.group[call]), int(part.no[call]) + after
            if group not in by_group:
                by_group[group] = np.flatnonzero(part.group == group)
            same = by_group[group]
            near = same[(part.no[same] - AROUND_US <= at) & (at <= part.ended[same] + AROUND_US)]
            self._written += near.tolist()
            for one in words_of(text):
                number = self._facets.facet("word", one)
                calls += near.tolist()
                facets += [number] * len(near)
        return np.array(calls, dtype=np.int64), np.array(facets, dtype=np.int64)

    def _places(self, part: Part) -> tuple[Ints, Ints]:
        """Let units tell their place before six calls of ten, as far as places are kept."""
        end = self._world.last_utc
        overs = part.overs
        recent = (overs.started > end - world.FIX_DAYS * world.DAY_US) & (overs.unit >= 0)
        if not recent.any():
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        rng = np.random.default_rng(part.first)
        chosen = np.flatnonzero(recent & (rng.random(len(recent)) < 0.6))
        units = overs.unit[chosen]
        times = part.no[overs.call[chosen]] - FIX_US
        if part.no[-1] > end - LAST_US and part.first + part.count >= self._world.rows:
            every = np.arange(end - LAST_US, end, EVERY_US, dtype=np.int64)
            units = np.concatenate([units, np.tile(np.arange(world.UNITS), len(every))])
            times = np.concatenate([times, np.repeat(every, world.UNITS)])
        order = np.lexsort((times, units))
        units, times = units[order], times[order]
        self._fixes(units, times)
        key = units * (1 << 47) + (times - world.FIRST_UTC)
        talked = np.flatnonzero(recent)
        starts = part.no[overs.call[talked]]
        before = (
            np.searchsorted(
                key, overs.unit[talked] * (1 << 47) + (starts - world.FIRST_UTC), side="right"
            )
            - 1
        )
        known = before >= 0
        known &= (units[before] == overs.unit[talked]) & (starts - times[before] <= FIX_AGE_US)
        talked = talked[known]
        pairs = np.unique(overs.call[talked] * world.UNITS + overs.unit[talked])
        where, who = pairs // world.UNITS, pairs % world.UNITS
        self._put(
            call_place,
            len(where),
            {
                "no": part.no[where].tolist(),
                "unit": [world.unit(n) for n in who.tolist()],
                "latitude_deg": self._facets.latitude[who].tolist(),
                "longitude_deg": self._facets.longitude[who].tolist(),
            },
        )
        return where, self._facets.cell[who]

    def _fixes(self, units: Ints, times: Ints) -> None:
        latitude, longitude = (
            self._facets.latitude[units].tolist(),
            self._facets.longitude[units].tolist(),
        )
        self._put(
            table_of(UnitPosition),
            len(units),
            {
                "unit": [world.unit(n) for n in units.tolist()],
                "t_utc": times.tolist(),
                "latitude_deg": latitude,
                "longitude_deg": longitude,
                "error_m": 20.0,
                "age_s": 0,
                "cell": [cell_of(a, b) for a, b in zip(latitude, longitude, strict=True)],
                "expires_utc": (times + world.FIX_DAYS * world.DAY_US).tolist(),
            },
        )

    def _write_postings(self) -> None:
        facet = np.concatenate([one[0] for one in self._postings]).astype(np.uint32)
        number = np.concatenate([one[1] for one in self._postings])
        scope = np.concatenate([one[2] for one in self._postings]).astype(np.int32)
        marks = np.concatenate([one[3] for one in self._postings])
        self._postings.clear()
        order = np.argsort(
            facet.astype(np.uint16) if facet.max() < 65_536 else facet, kind="stable"
        )
        used = set(np.unique(facet).tolist())
        for start in range(0, len(order), 1_000_000):
            some = order[start : start + 1_000_000]
            values = {
                "facet": facet[some].tolist(),
                "no": number[some].tolist(),
                "scope": scope[some].tolist(),
                "marks": marks[some].tolist(),
            }
            self._put(call_posting, len(some), values)
        known = [(number, kind, value) for (kind, value), number in self._facets.ids.items()]
        known = sorted(one for one in known if one[0] in used)
        self._sink.put("call_facet", ["id", "kind", "value"], iter(known), len(known))
        names = sorted({one for one in self._facets.names if one[1] in used})
        self._sink.put("call_name", ["word", "facet"], iter(names), len(names))

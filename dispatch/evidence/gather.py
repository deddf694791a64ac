"""Takes from the call table what a package needs: recordings, records, coverage.

Runs inside a read of the store. Only overs whose talkgroup the asker may export from are seen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.errors import NotFound
from dispatch.evidence.builder import json_bytes
from dispatch.evidence.draft import Coverage, Gap, Item, Original
from dispatch.evidence.outages import Outage
from dispatch.evidence.verifier.contents import CALLS, file_id
from dispatch.retention.sealed import SealedFiles
from dispatch.services.rows import as_row
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from gateway.model.ids import UtcUs
from gateway.model.plan import Plan

ENDINGS = {"opus": "opus", "gain": "gain", "raw": "raw.opus", "frames": "frames"}
"""Kind of a recording's file and the ending of its name in the package."""
INTERRUPTED = "interrupted"
MAX_RECORDINGS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked for: talkgroups and a time, less what is left out and why."""

    talkgroups: tuple[str, ...]
    start_utc: UtcUs
    end_utc: UtcUs
    only: tuple[str, ...] = ()
    """Transmissions; empty: all of the talkgroups in the time."""
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found."""

    items: tuple[Item, ...]
    records: dict[str, bytes]
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class _Heard:
    """All overs of the talkgroups in the time, recorded or not."""

    rows: list[Transmission]
    calls: dict[str, Call | None]
    files: dict[str, list[RecordingFileRow]]


def gather(
    db: Session,
    selection: Selection,
    folder: Path,
    plan: Plan,
    may_export: Callable[[Transmission], bool],
    *,
    outages: Sequence[Outage] = (),
    files: SealedFiles | None = None,
) -> Gathered:
    """Return the recordings of a selection with their records; raises NotFound when none is."""
    rows = [row for row in _transmissions(db, selection) if may_export(row)]
    calls = {row.call: db.get(Call, row.call) for row in rows}
    kept = _files(db, [row.id for row in rows])
    heard = _Heard(rows, calls, kept)
    excluded = dict(selection.left_out)
    wanted = [row for row in rows if row.id in kept and row.erased_utc is None]
    known = {row.id for row in wanted}
    inside = [
        row
        for row in wanted
        if row.id not in excluded and (not selection.only or row.id in selection.only)
    ]
    if not inside:
        raise NotFound("evidence: there is no recording in what was asked for")
    left_out = {one: why for one, why in excluded.items() if one in known}
    for row in wanted:
        if row not in inside:
            left_out.setdefault(row.id, "not chosen")
    coverage = Coverage(
        start=moment(selection.start_utc),
        end=moment(selection.end_utc),
        talkgroups=selection.talkgroups,
        sites=_sites(plan, selection.talkgroups, rows),
        left_out=tuple(sorted(left_out.items())),
        gaps=tuple(
            sorted(
                [*_gaps(db, heard, selection, plan), *_outage_gaps(outages, selection, plan)],
                key=lambda gap: gap.start,
            )
        ),
    )
    return Gathered(
        items=tuple(_item(row, kept[row.id], folder, files) for row in inside),
        records=_records(inside, calls),
        coverage=coverage,
    )


def moment(utc_us: int) -> datetime:
    """Return UTC microseconds as a time."""
    return datetime.fromtimestamp(utc_us / 1_000_000, UTC)


def _transmissions(db: Session, selection: Selection) -> list[Transmission]:
    query = (
        select(Transmission)
        .where(
            col(Transmission.talkgroup).in_(selection.talkgroups),
            Transmission.started_utc >= selection.start_utc,
            Transmission.started_utc < selection.end_utc,
        )
        .order_by(col(Transmission.started_utc), col(Transmission.id))
        .limit(MAX_RECORDINGS)
    )
    return list(db.exec(query))


def _files(db: Session, ids: Iterable[str]) -> dict[str, list[RecordingFileRow]]:
    found: dict[str, list[RecordingFileRow]] = {}
    wanted = set(ids)
    for start in range(0, len(wanted), 500):
        part = sorted(wanted)[start : start + 500]
        query = select(RecordingFileRow).where(col(RecordingFileRow.transmission).in_(part))
        for row in db.exec(query):
            if row.kind in ENDINGS:
                found.setdefault(row.transmission, []).append(row)
    return found


def _item(
    row: Transmission, kept: list[RecordingFileRow], folder: Path, files: SealedFiles | None
) -> Item:
    originals = [
        Original(
            path=folder / file.name,
            name=f"{CALLS}{file_id(row.id)}.{ENDINGS[file.kind]}",
            sha256=file.sha256,
            files=files,
        )
        for file in kept
    ]
    # The sound first: it is what the others belong to.
    originals.sort(key=lambda one: not one.name.endswith(f"{file_id(row.id)}.opus"))
    return Item(type="recording", id=row.id, originals=tuple(originals))


def _records(rows: list[Transmission], calls: dict[str, Call | None]) -> dict[str, bytes]:
    records = {}
    for row in rows:
        records[f"{CALLS}{file_id(row.id)}.json"] = json_bytes(as_row(row))
    for call_id, call in calls.items():
        overs = [row.id for row in rows if row.call == call_id]
        if call is not None and overs:
            record = {**as_row(call), "transmissions": overs}
            records[f"{CALLS}{file_id(call_id)}.json"] = json_bytes(record)
    return records


def _sites(plan: Plan, talkgroups: tuple[str, ...], rows: list[Transmission]) -> tuple[str, ...]:
    links = {row.link for row in rows}
    numbers = {(group.system, group.number) for group in plan.talkgroups
               if group.id in talkgroups}  # fmt: skip
    sites = {
        str(link.site)
        for link in plan.links
        if link.id in links or any((link.system, number) in numbers for number in link.talkgroups)
    }
    return tuple(sorted(sites))


def _gaps(db: Session, heard: "_Heard", selection: Selection, plan: Plan) -> list[Gap]:
    sites = {link.id: str(link.site) for link in plan.links}
    gaps = []
    for row in heard.rows:
        cause = _cause(db, row, heard.files)
        if cause is None:
            continue
        start = row.ended_utc or row.started_utc if cause == INTERRUPTED else row.started_utc
        end = _known_end(row, heard.calls.get(row.call))
        gaps.append(
            Gap(
                start=moment(_inside(start, selection)),
                end=moment(_inside(max(start, end), selection)),
                cause=cause,
                talkgroup=row.talkgroup,
                site=sites.get(row.link),  # type: ignore[call-overload]  # a link's id is its text
            )
        )
    return gaps


def _outage_gaps(outages: Sequence[Outage], selection: Selection, plan: Plan) -> list[Gap]:
    """Return when links of the talkgroups, or the whole recorder, were away."""
    gaps = []
    links = {str(link.id): link for link in plan.links}
    for outage in outages:
        start, end = moment(outage.start_utc), moment(outage.end_utc)
        if outage.link is None:
            gaps.append(Gap(start=start, end=end, cause="recorder"))
            continue
        link = links.get(outage.link)
        if link is None:
            continue
        for group in plan.talkgroups:
            on_it = group.system == link.system and group.number in link.talkgroups
            if on_it and group.id in selection.talkgroups:
                site = str(link.site)
                gaps.append(
                    Gap(start=start, end=end, cause="link", talkgroup=str(group.id), site=site)
                )
    return gaps


def _known_end(row: Transmission, call: Call | None) -> int:
    ends = [row.started_utc + row.duration_ms * 1000, row.ended_utc or 0]
    if row.cause == INTERRUPTED and call is not None:
        ends.append(call.ended_utc or 0)
    return max(ends)


def _inside(utc_us: int, selection: Selection) -> int:
    return min(max(utc_us, selection.start_utc), selection.end_utc)


def _cause(db: Session, row: Transmission, files: dict[str, list[RecordingFileRow]]) -> str | None:
    """Return why an over has no sound here, None when it has."""
    if row.erased_utc is not None:
        return "erased"
    if row.cause == INTERRUPTED:
        return INTERRUPTED
    if row.id in files:
        return None
    private = db.get(IndividualCall, row.call)
    if private is not None and not private.recorded:
        return "not_recorded_by_rule"
    if row.encrypted and not row.readable:
        return "no_key"
    return "recorder"

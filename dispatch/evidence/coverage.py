"""Where nothing could be recorded in what was asked for, and why, as far as the store knows."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, select

from dispatch.evidence.draft import Gap
from dispatch.evidence.heard import Heard, moment
from dispatch.evidence.outages import CLOCK, Outage
from dispatch.evidence.selection import Selection
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from gateway.model.plan import Plan

INTERRUPTED = "interrupted"
MAX_CALLS = 100_000


def sites_of(plan: Plan, selection: Selection, rows: Iterable[Transmission]) -> tuple[str, ...]:
    """Return the sites that carry the talkgroups, or that an over was received at."""
    links = {row.link for row in rows}
    numbers = {(group.system, group.number) for group in plan.talkgroups
               if group.id in selection.talkgroups}  # fmt: skip
    sites = {
        str(link.site)
        for link in plan.links
        if link.id in links or any((link.system, number) in numbers for number in link.talkgroups)
    }
    return tuple(sorted(sites & set(selection.sites) if selection.sites else sites))


def gaps_of(
    db: Session,
    heard: Heard,
    selection: Selection,
    plan: Plan,
    *,
    outages: Sequence[Outage],
    sites: tuple[str, ...],
) -> tuple[Gap, ...]:
    """Return all gaps, by their beginning; each lies inside what was asked for."""
    gaps = [*_silent(db, heard, selection, plan), *_lost_numbers(db, heard, selection)]
    gaps += [
        gap
        for gap in outage_gaps(outages, selection, plan)
        if gap.site is None or gap.site in sites
    ]
    once = dict.fromkeys(gaps)
    return tuple(sorted(once, key=lambda gap: (gap.start, gap.end, gap.cause)))


def _silent(db: Session, heard: Heard, selection: Selection, plan: Plan) -> list[Gap]:
    """Return a gap for each over that was heard and has no sound here."""
    sites = {str(link.id): str(link.site) for link in plan.links}
    forbidden = {str(group.id) for group in plan.talkgroups if not group.recorded}
    gaps = []
    for row in heard.rows:
        cause = _cause(db, row, heard.files, forbidden)
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
                site=sites.get(row.link),
            )
        )
    return gaps


def _lost_numbers(db: Session, heard: Heard, selection: Selection) -> list[Gap]:
    """Return a gap for each run of numbers that a recorder gave to calls which are not stored.

    A recorder numbers calls without a gap (``call_seq``), so a number that no call has is a call
    whose record was lost: between the calls before and after it.
    """
    if not selection.sound or not selection.talkgroups:
        return []
    gaps = []
    gateways = {call.gateway for call in heard.calls.values() if call is not None}
    for gateway in sorted(gateways):
        query = select(Call.call_seq, Call.started_utc).where(
            Call.gateway == gateway,
            col(Call.call_seq).is_not(None),
            Call.started_utc >= selection.start_utc,
            Call.started_utc < selection.end_utc,
        )
        before: tuple[int, int] | None = None
        for number, started in db.exec(query.order_by(col(Call.call_seq)).limit(MAX_CALLS)):
            if number is None:
                continue
            if before is not None and number > before[0] + 1:
                first, last = sorted((before[1], started))
                gaps.append(Gap(start=moment(first), end=moment(last), cause=INTERRUPTED))
            before = (number, started)
    return gaps


def outage_gaps(outages: Sequence[Outage], selection: Selection, plan: Plan) -> list[Gap]:
    """Return when links of the talkgroups, the whole recorder, or its clock were away."""
    gaps = []
    links = {str(link.id): link for link in plan.links}
    for outage in outages:
        start, end = moment(outage.start_utc), moment(outage.end_utc)
        if outage.link is None:
            cause = CLOCK if outage.clock else "recorder"
            gaps.append(Gap(start=start, end=end, cause=cause))
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


def _cause(
    db: Session, row: Transmission, files: dict[str, list[RecordingFileRow]], forbidden: set[str]
) -> str | None:
    """Return why an over has no sound here, None when it has."""
    if row.erased_utc is not None:
        return "erased"
    if row.cause == INTERRUPTED:
        return INTERRUPTED
    if row.id in files:
        # Of an encrypted over without a key the received frames are kept, and silence for sound.
        return "no_key" if row.encrypted and not row.readable else None
    private = db.get(IndividualCall, row.call)
    if (private is not None and not private.recorded) or row.talkgroup in forbidden:
        return "not_recorded_by_rule"
    if row.encrypted and not row.readable:
        return "no_key"
    return "recorder"

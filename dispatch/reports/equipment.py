"""The reports on equipment: links and camera sources. They stand for no one's work."""

from collections.abc import Iterable

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.evidence.outages import Outage
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.reports.figures import US_PER_MS, filled, within
from dispatch.reports.grouping import Frame, Row, Tallies, Tally
from dispatch.reports.table import Column, Table, percent


def links(frame: Frame, outages: Iterable[Outage]) -> Table:
    """Return how long each group's links were there."""
    table = Table(
        id="links",
        title="Link availability",
        words="How long the links of radios and sites were there. A time in which this server "
        "itself was off is not counted as up.",
        by=frame.by,
        columns=(
            Column("links", "Links"),
            Column("available_percent", "Available", "percent"),
            Column("outages", "Times away"),
            Column("away_ms", "Away", "ms"),
            Column("longest_ms", "Longest", "ms"),
            Column("server_ms", "Server off", "ms"),
        ),
    )
    tallies = Tallies(frame)
    gone = list(outages)
    parts = frame.shifts.spans(frame.span) if frame.by == "shift" else [("", frame.span)]
    for link in frame.plan.links:
        for talkgroup in _talkgroups_of(frame, link.system, link.talkgroups):
            for _, part in parts:
                tally = tallies.at(talkgroup, link.id, part.from_utc)
                tally.people.add(link.id)
                tally.add("whole_ms", (part.to_utc - part.from_utc) // US_PER_MS)
                for outage in gone:
                    begin = max(outage.start_utc, part.from_utc)
                    away_ms = (min(outage.end_utc, part.to_utc) - begin) // US_PER_MS
                    if away_ms > 0 and outage.link in (None, link.id):
                        kind = "server_ms" if outage.link is None else "away_ms"
                        tally.add(kind, away_ms)
                        if outage.link is not None:
                            tally.value("away", away_ms)

    def row(_: str, tally: Tally) -> Row:
        away = tally.values.get("away", [])
        gone_ms = min(tally.of("away_ms") + tally.of("server_ms"), tally.of("whole_ms"))
        return {
            "links": len(tally.people),
            "available_percent": percent(tally.of("whole_ms") - gone_ms, tally.of("whole_ms")),
            "outages": len(away),
            "away_ms": tally.of("away_ms"),
            "longest_ms": max(away, default=0),
            "server_ms": tally.of("server_ms"),
        }

    return filled(table, frame, tallies.whole(), row)


def cameras(db: Session, frame: Frame) -> Table:
    """Return how often each camera source was right."""
    table = Table(
        id="cameras",
        title="Camera sources",
        words="Face and plate hits of each source and what the people who looked at them found. "
        "The rate is of those that were looked at.",
        by="source",
        columns=(
            Column("hits", "Hits"),
            Column("confirmed", "Confirmed"),
            Column("rejected", "Rejected"),
            Column("expired", "Not looked at in time"),
            Column("unreviewed", "Waiting"),
            Column("false_percent", "Wrong hits", "percent"),
            Column("incidents", "Incidents opened"),
            Column("false_alarms", "Closed as false alarm"),
        ),
    )
    sources: dict[str, Tally] = {}
    for source, kind, state, number in db.exec(
        select(ClaimHit.source, ClaimHit.type, ClaimHit.state, func.count())
        .where(*within(ClaimHit.made_utc, frame))
        .group_by(col(ClaimHit.source), col(ClaimHit.type), col(ClaimHit.state))
    ):
        sources.setdefault(f"{source}, {kind}", Tally()).add(state, number)
    for source, reason, number in db.exec(
        select(Incident.source, Incident.close_reason, func.count())
        .where(*within(Incident.opened_utc, frame), Incident.source != "")
        .group_by(col(Incident.source), col(Incident.close_reason))
    ):
        tally = sources.setdefault(f"{source}, all events", Tally())
        tally.add("incidents", number)
        tally.add("false_alarms", number if reason == "false_alarm" else 0)
    for source in sorted(sources):
        tally = sources[source]
        states = ("confirmed", "rejected", "expired", "unreviewed")
        judged = tally.of("confirmed") + tally.of("rejected")
        table.rows.append(
            {
                "group": source,
                "hits": sum(tally.of(state) for state in states),
                **{state: tally.of(state) for state in states},
                "false_percent": percent(tally.of("rejected"), judged),
                "incidents": tally.of("incidents"),
                "false_alarms": tally.of("false_alarms"),
            }
        )
    return table


def _talkgroups_of(frame: Frame, system: str, numbers: tuple[int, ...]) -> list[str | None]:
    if frame.by != "talkgroup":
        return [None]
    return [f"{system}/{number}" for number in numbers]

"""The reports on calls: channel load, refused presses, emergencies, unheard calls.

Each is a definition in words, columns, and a function over the store. None has a person, a position
or a radio in it: see ``dispatch.reports.grouping`` for the only dimensions there are.
"""

from collections.abc import Callable

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, literal_column
from sqlalchemy import select as statement
from sqlmodel import Session, col, select

from dispatch.reports.grouping import Frame, Row, Tallies, Tally, rows
from dispatch.reports.shifts import QUARTER_US
from dispatch.reports.table import Column, Table, percent, quantile
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Alarm, Call, Message, PositionLog, Press, Transmission

US_PER_MS = 1000
MS_PER_HOUR = 3_600_000
WITHIN_MS = 30_000
"""An emergency is to be acknowledged within this time (the share of those that were is shown)."""
TOO_FEW = (
    "Not shown: fewer than three people worked in this time, so the figures would point at "
    "somebody. Choose more days."
)
FOLDED = "Groups of fewer than three people stand together; nobody is measured."


def channel_load(db: Session, frame: Frame) -> Table:
    """Return how much each group talked."""
    table = Table(
        id="channel_load",
        title="Channel load",
        words="Time on air of everybody, radios and desks. One Erlang is a channel that is busy "
        "all the time.",
        by=frame.by,
        columns=(
            Column("calls", "Calls"),
            Column("overs", "Transmissions"),
            Column("air_ms", "Time on air", "ms"),
            Column("erlang", "Mean load, Erlang", "number"),
            Column("busiest_erlang", "Busiest hour, Erlang", "number"),
            Column("emergency", "Emergency transmissions"),
            Column("encrypted", "Encrypted transmissions"),
        ),
    )
    tallies = Tallies(frame)
    # A literal: to PostgreSQL two parameters of the same value are two different expressions.
    quarter = col(Transmission.started_utc) // literal_column(str(QUARTER_US), BigInteger)
    talker = func.coalesce(Transmission.talker, Transmission.operator)
    apart = (col(Transmission.talkgroup), col(Transmission.link), quarter, talker)
    found = db.connection().execute(
        statement(
            *apart,
            func.count(),
            func.sum(Transmission.duration_ms),
            func.sum(cast(Transmission.emergency, Integer)),
            func.sum(cast(Transmission.encrypted, Integer)),
        )
        .where(*within(Transmission.started_utc, frame), col(Transmission.copy_of).is_(None))
        .group_by(*apart)
    )
    for talkgroup, link, at, who, overs, air_ms, emergency, encrypted in found:
        tally = tallies.at(talkgroup, link, int(at) * QUARTER_US)
        tally.people.add(who)
        tally.add("overs", overs)
        tally.add("air_ms", air_ms)
        tally.add("emergency", emergency)
        tally.add("encrypted", encrypted)
        tally.hourly[int(at) // 4] = tally.hourly.get(int(at) // 4, 0) + air_ms
    calls = db.exec(
        select(Call.talkgroup, Call.link, Call.started_utc).where(*within(Call.started_utc, frame))
    )
    for talkgroup, link, started in calls:
        tallies.at(talkgroup, link, started).add("calls")

    def row(group: str, tally: Tally) -> Row:
        hours = frame.hours(group)
        return {
            "calls": tally.of("calls"),
            "overs": tally.of("overs"),
            "air_ms": tally.of("air_ms"),
            "erlang": round(tally.of("air_ms") / MS_PER_HOUR / hours, 3) if hours else None,
            "busiest_erlang": round(max(tally.hourly.values(), default=0) / MS_PER_HOUR, 3),
            "emergency": tally.of("emergency"),
            "encrypted": tally.of("encrypted"),
        }

    return filled(table, frame, tallies.folded(), row)


def refused(db: Session, frame: Frame) -> Table:
    """Return how often a desk asked for the channel and did not get it."""
    table = Table(
        id="refused",
        title="Refused push-to-talk",
        words="Presses of the talk key at all desks, and what became of them. Waiting is from the "
        "press to the channel.",
        by=frame.by,
        columns=(
            Column("presses", "Presses"),
            Column("granted", "Granted"),
            Column("queued", "Had to queue"),
            Column("refused", "Refused"),
            Column("not_sent", "Not sent"),
            Column("lost", "Cut off"),
            Column("refused_percent", "Refused or not sent", "percent"),
            Column("wait_p50_ms", "Waiting, half of them", "ms"),
            Column("wait_p95_ms", "Waiting, 95 of 100", "ms"),
            Column("reasons", "Reasons", "words"),
        ),
    )
    tallies = Tallies(frame)
    for press in db.exec(select(Press).where(*within(Press.requested_utc, frame))):
        tally = tallies.at(press.talkgroup, None, press.requested_utc)
        tally.people.add(press.operator or press.position)
        tally.add("presses")
        tally.add("granted", press.granted_utc is not None)
        tally.add("queued", press.queued_utc is not None)
        tally.add(press.outcome)
        tally.value("wait", press.wait_ms)
        if press.outcome in ("refused", "not_sent", "lost"):
            tally.say(press.reason or press.cause)

    def row(_: str, tally: Tally) -> Row:
        away = tally.of("refused") + tally.of("not_sent")
        most = sorted(tally.words.items(), key=lambda one: (-one[1], one[0]))[:3]
        return {
            "presses": tally.of("presses"),
            "granted": tally.of("granted"),
            "queued": tally.of("queued"),
            "refused": tally.of("refused"),
            "not_sent": tally.of("not_sent"),
            "lost": tally.of("lost"),
            "refused_percent": percent(away, tally.of("presses")),
            "wait_p50_ms": quantile(tally.values.get("wait", []), 0.5),
            "wait_p95_ms": quantile(tally.values.get("wait", []), 0.95),
            "reasons": ", ".join(f"{words} ({count})" for words, count in most),
        }

    return filled(table, frame, tallies.folded(), row)


def emergencies(db: Session, frame: Frame) -> Table:
    """Return how soon emergencies were acknowledged."""
    table = Table(
        id="emergencies",
        title="Emergency response",
        words="Emergencies from radios, and the time from the alarm to its acknowledgement at a "
        "desk. Exercises are counted apart.",
        by=frame.by,
        columns=(
            Column("alarms", "Emergencies"),
            Column("acknowledged", "Acknowledged"),
            Column("within_percent", "Within 30 s", "percent"),
            Column("ack_p50_ms", "Half of them within", "ms"),
            Column("ack_p95_ms", "95 of 100 within", "ms"),
            Column("ack_max_ms", "Longest", "ms"),
            Column("accidental", "Accidental presses"),
            Column("late", "Came late from a site"),
            Column("exercises", "Exercises"),
        ),
    )
    tallies = Tallies(frame)
    for alarm in db.exec(select(Alarm).where(*within(Alarm.raised_utc, frame))):
        tally = tallies.at(alarm.talkgroup, alarm.link, alarm.raised_utc)
        if alarm.exercise:
            tally.add("exercises")
            continue
        tally.add("alarms")
        tally.add("late", alarm.late)
        tally.add("accidental", alarm.end_reason == "accidental_press")
        if alarm.ack_utc is None:
            continue
        took_ms = max(0, alarm.ack_utc - alarm.raised_utc) // US_PER_MS
        tally.people.add(alarm.ack_by)
        tally.add("acknowledged")
        if not alarm.late:
            tally.value("ack", took_ms)
            tally.add("within", took_ms <= WITHIN_MS)

    def row(_: str, tally: Tally) -> Row:
        took = tally.values.get("ack", [])
        return {
            "alarms": tally.of("alarms"),
            "acknowledged": tally.of("acknowledged"),
            "within_percent": percent(tally.of("within"), len(took)),
            "ack_p50_ms": quantile(took, 0.5),
            "ack_p95_ms": quantile(took, 0.95),
            "ack_max_ms": max(took, default=None),
            "accidental": tally.of("accidental"),
            "late": tally.of("late"),
            "exercises": tally.of("exercises"),
        }

    return filled(table, frame, tallies.folded(), row)


def unheard(db: Session, frame: Frame) -> Table:
    """Return what nobody can have heard or read."""
    table = Table(
        id="unheard",
        title="Unheard calls",
        words="Calls from radios while no desk was taken; transmissions for which there is no key; "
        "private calls that nobody answered; texts that nobody has opened.",
        by=frame.by,
        columns=(
            Column("calls", "Calls from radios"),
            Column("no_desk", "While no desk was taken"),
            Column("no_key", "Transmissions without a key"),
            Column("unanswered", "Private calls not answered"),
            Column("unopened", "Texts not opened"),
        ),
    )
    tallies = Tallies(frame)
    taken = _taken(db, frame)
    calls = db.exec(
        select(Call.talkgroup, Call.link, Call.started_utc, Call.caller).where(
            *within(Call.started_utc, frame)
        )
    )
    for talkgroup, link, started, caller in calls:
        if caller is not None:
            tally = tallies.at(talkgroup, link, started)
            tally.add("calls")
            tally.add("no_desk", not any(begin <= started < end for begin, end in taken))
    for talkgroup, link, started in db.exec(
        select(Transmission.talkgroup, Transmission.link, Transmission.started_utc).where(
            *within(Transmission.started_utc, frame),
            col(Transmission.copy_of).is_(None),
            col(Transmission.readable).is_(False),
        )
    ):
        tallies.at(talkgroup, link, started).add("no_key")
    for talkgroup, link, started in db.exec(
        select(Call.talkgroup, Call.link, Call.started_utc)
        .join(IndividualCall, col(IndividualCall.id) == col(Call.id))
        .where(
            *within(Call.started_utc, frame),
            col(IndividualCall.incoming).is_(True),
            col(IndividualCall.answered_utc).is_(None),
            IndividualCall.outcome != "open",
        )
    ):
        tallies.at(talkgroup, link, started).add("unanswered")
    for group, link, at in db.exec(
        select(Message.talkgroup, Message.link, Message.t_utc).where(
            *within(Message.t_utc, frame),
            col(Message.incoming).is_(True),
            col(Message.opened_utc).is_(None),
            Message.kind == "text",
        )
    ):
        tallies.at(group, link, at).add("unopened")

    def row(_: str, tally: Tally) -> Row:
        keys = ("calls", "no_desk", "no_key", "unanswered", "unopened")
        return {key: tally.of(key) for key in keys}

    return filled(table, frame, tallies.whole(), row)


def filled(
    table: Table, frame: Frame, groups: dict[str, Tally] | None, row: Callable[[str, Tally], Row]
) -> Table:
    """Fill a table with the rows of its groups, or say that too few people worked."""
    if groups is None:
        table.withheld = True
        table.notes.append(TOO_FEW)
        return table
    table.rows = rows(frame, groups, row)
    table.notes.append(FOLDED)
    return table


def within(column: int, frame: Frame) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the clauses of the frame's time for a column of times."""
    return col(column) >= frame.span.from_utc, col(column) < frame.span.to_utc


def _taken(db: Session, frame: Frame) -> list[tuple[int, int]]:
    """Return when any desk was taken."""
    found = db.exec(
        select(PositionLog.taken_utc, PositionLog.left_utc).where(
            PositionLog.taken_utc < frame.span.to_utc
        )
    )
    spans: list[tuple[int, int]] = []
    for begin, end in sorted((a, frame.span.to_utc if b is None else b) for a, b in found):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((begin, end))
    return spans

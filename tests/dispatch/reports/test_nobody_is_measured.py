"""No report, day sheet or metric has a person, a position or a radio in it; small groups fold."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, SQLModel

import dispatch.store.metadata
from dispatch.evidence.outages import Outage
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.reports import equipment
from dispatch.reports.day_figures import Entry, counted
from dispatch.reports.grouping import DIMENSIONS, Frame
from dispatch.reports.service import OF_CALLS
from dispatch.reports.shifts import Span, shifts_of
from dispatch.reports.staffing import staffing
from dispatch.reports.table import Table
from dispatch.store.engine import Store
from dispatch.store.tables import Alarm, Call, Message, PositionLog, Press, Transmission, User
from tests.dispatch.room import small_plan

ROOT = Path(__file__).resolve().parents[3]
SHIFTS = shifts_of(("07:00", "15:00", "23:00"), "UTC")
SPAN = SHIFTS.days("2026-11-24", "2026-11-24")
HOUR_US = 3_600_000_000
PEOPLE = ("zofia", "yngve", "xenia", "wilma")
SECRETS = ("zofia", "yngve", "xenia", "wilma", "pos-nine", "net/1001", "1001", "Patrol 1")
"""What must come out nowhere: people, their position, radios by number and name."""


def at(hour: int, minute: int = 0) -> int:
    return SPAN.from_utc + hour * HOUR_US + minute * 60_000_000


def duty(user: str, start: int, end: int) -> PositionLog:
    return PositionLog(
        position="pos-nine", user=user, operator=user, taken_utc=at(start), left_utc=at(end)
    )


def work_of(user: str, hour: int) -> list[SQLModel]:
    key = f"{user}-{hour}"
    return [
        Press(
            request=f"r-{key}", position="pos-nine", operator=user, talkgroup="net/100",
            requested_utc=at(hour), granted_utc=at(hour), wait_ms=120, outcome="released",
        ),
        Press(
            request=f"q-{key}", position="pos-nine", operator=user, talkgroup="net/100",
            requested_utc=at(hour), outcome="refused", reason="the channel is taken",
        ),
        Alarm(
            id=f"a-{key}", unit="net/1001", alias="Patrol 1", talkgroup="net/100", link="north",
            sign="status", raised_utc=at(hour), ack_utc=at(hour) + 9_000_000, ack_by=user,
        ),
        Transmission(
            id=f"t-{key}", call=f"c-{key}", talkgroup="net/100", link="north",
            position="pos-nine", operator=user, started_utc=at(hour), ended_utc=at(hour) + 1,
            duration_ms=30_000, retention_class="call", expires_utc=at(999),
        ),
        Call(
            id=f"c-{key}", gateway="gw-1", talkgroup="net/100", link="north", caller="net/1001",
            started_utc=at(hour), retention_class="call", expires_utc=at(999),
        ),
        Message(
            id=f"m-{key}", incoming=True, link="north", sender="net/1001", text="Patrol 1 here",
            t_utc=at(hour), expires_utc=at(999),
        ),
    ]  # fmt: skip


def hits() -> list[SQLModel]:
    return [
        ClaimHit(
            id=f"h-{n}", source="frigate:x", src_event_id=str(n), type="plate", value="NRV 482",
            state=state, decided_by="zofia", decided_name="zofia", incident="i-1",
            event="v", camera="cam", made_utc=at(9), expires_utc=at(99),
        )
        for n, state in enumerate(("confirmed", "rejected", "rejected", "expired"))
    ] + [
        Incident(
            id="i-1", label="INC-1", title="x", kind="camera", severity="alert", source="frigate:x",
            opened_utc=at(9), started_utc=at(9), last_event_utc=at(9), close_reason="false_alarm",
        )
    ]  # fmt: skip


@pytest.fixture
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """Three people by day, one in the evening; each pressed, was refused, acknowledged."""
    assert dispatch.store.metadata is not None
    url = f"sqlite:///{tmp_path / 'reports.db'}"
    if getattr(request, "param", "") == "postgresql":
        url = request.getfixturevalue("postgres").new(empty=True)
    store = Store(url)
    SQLModel.metadata.create_all(store.engine)
    with Session(store.engine) as session:
        for name in PEOPLE:
            session.add(
                User(
                    id=name, name=name, display_name=name, person=name, organisation="o",
                    role="dispatcher", created_utc=0,
                )
            )  # fmt: skip
        for name in PEOPLE[:3]:
            session.add(duty(name, 7, 15))
            session.add_all(work_of(name, 9))
        session.add(duty("wilma", 15, 23))
        session.add_all(work_of("wilma", 20))
        session.add_all(hits())
        session.commit()
        yield session
    store.close()


def frame(db: Session, by: str, span: Span = SPAN) -> Frame:
    return Frame(
        span=span, shifts=SHIFTS, by=by, plan=small_plan(), staffing=staffing(db, span, SHIFTS)
    )


def every_table(db: Session, by: str) -> list[Table]:
    here = frame(db, by)
    gone = [Outage(link="north", start_utc=at(9), end_utc=at(10))]
    return [make(db, here) for make in OF_CALLS.values()] + [equipment.links(here, gone)]


@pytest.mark.parametrize("by", DIMENSIONS)
def test_no_report_names_a_person_a_position_or_a_radio(db: Session, by: str) -> None:
    tables = every_table(db, by)
    assert len(tables) == 6
    for table in tables:
        told = json.dumps(table.to_json()) + table.to_csv({"report": table.id})
        assert [one for one in SECRETS if one in told] == [], table.id
        assert table.rows, table.id


def test_the_evening_of_one_person_stands_with_the_others(db: Session) -> None:
    by_id = {table.id: table for table in every_table(db, "shift")}
    assert [row["group"] for row in by_id["refused"].rows] == ["Shifts together"]
    assert by_id["refused"].rows[0]["presses"] == 8
    assert by_id["emergencies"].rows[0]["ack_p50_ms"] == 9000


def test_figures_of_too_few_people_are_withheld(db: Session) -> None:
    evening = Span(at(15), at(23))
    for kind in ("refused", "emergencies"):
        for by in DIMENSIONS:
            table = OF_CALLS[kind](db, frame(db, by, evening))
            assert (table.withheld, table.rows) == (True, []), (kind, by)


@pytest.mark.parametrize("db", ["sqlite", "postgresql"], indirect=True)
def test_the_figures_are_right(db: Session) -> None:
    by_id = {table.id: table for table in every_table(db, "talkgroup")}
    (row,) = by_id["refused"].rows
    assert (row["group"], row["refused_percent"], row["wait_p95_ms"]) == ("NORTH 1", 50.0, 120)
    assert row["reasons"] == "the channel is taken (4)"
    (row,) = by_id["channel_load"].rows
    assert (row["overs"], row["air_ms"], row["erlang"]) == (4, 120_000, round(120 / 86_400, 3))
    assert row["busiest_erlang"] == 0.025
    rows = {row["group"]: row for row in by_id["cameras"].rows}
    assert rows["frigate:x, plate"]["false_percent"] == 66.7
    assert rows["frigate:x, all events"]["false_alarms"] == 1
    rows = {row["group"]: row for row in by_id["links"].rows}
    assert rows["NORTH 1"]["available_percent"] == 95.8
    assert rows["HIDDEN 9"]["available_percent"] == 100.0
    rows = {row["group"]: row for row in by_id["unheard"].rows}
    assert (rows["NORTH 1"]["calls"], rows["NORTH 1"]["no_desk"]) == (4, 0)
    assert rows["no talkgroup"]["unopened"] == 4


def test_a_day_sheet_counts_no_person(db: Session) -> None:
    entries = [
        Entry(
            at(9),
            "consult",
            "call.open",
            "ok",
            user,
            "dispatcher",
            "c-zofia-9",
            "other",
            "",
            True,
            False,
        )
        for user in PEOPLE
    ]
    told = counted(db, entries, SPAN, shifts=SHIFTS, plan=small_plan(), centre="Centre")
    assert [one for one in SECRETS if one in json.dumps(told)] == []
    assert told["by_site"] == [{"group": "Hill", "total": 4, "ops": {"consult": 4}}]
    assert [one["typed_percent"] for one in told["reasons"]] == [100.0]


def test_there_is_no_column_or_dimension_of_a_person(db: Session) -> None:
    personal = re.compile(r"person|operator|position|user|actor|unit|talker|desk_id|who|name")
    assert [one for one in DIMENSIONS if personal.search(one)] == []
    for table in every_table(db, "site"):
        assert [one.key for one in table.columns if personal.search(one.key)] == []


def test_no_metric_has_a_person_s_label() -> None:
    source = (ROOT / "dispatch/metrics.py").read_text(encoding="utf-8")
    labels = set(re.findall(r'\{\{?(\w+)="', source)) | set(
        re.findall(r'_labelled\(.*?"(\w+)"\)', source)
    )
    assert labels & {"user", "operator", "position", "person", "unit", "talker", "actor"} == set()
    assert labels


def test_reports_never_read_desk_telemetry() -> None:
    """What people set on their desks has a class of its own and feeds no figure."""
    private = {"DeskState", "DeskTelemetry", "desk_state", "desk_telemetry"}
    read: dict[str, set[str]] = {}
    for folder in ("dispatch/reports", "dispatch/extracts"):
        for path in (ROOT / folder).glob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            names: set[Any] = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            names |= {
                one.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
                for one in node.names
            }
            names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            if found := names & private:
                read[path.name] = found
    assert read == {}

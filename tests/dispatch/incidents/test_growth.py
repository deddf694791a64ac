"""A batch of a storm costs a fixed number of statements, however many incidents it touches."""

from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from dispatch.cameras.ingest import Growth
from dispatch.incidents.growth import count_storms, grow_all
from dispatch.incidents.tables import Incident, IncidentStorm, IncidentTimeline
from dispatch.store.engine import Store
from dispatch.store.metadata import metadata


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(f"sqlite:///{tmp_path / 's.db'}")
    metadata.create_all(made.engine)
    return made


def incident(number: int) -> Incident:
    return Incident(
        id=f"i-{number}", label=f"L{number}", title="t", kind="object", severity="info",
        opened_utc=0, started_utc=0, last_event_utc=5, source="s", storm=number == 0,
    )  # fmt: skip


def statements(store: Store, incidents: int) -> int:
    seen: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    growth = {f"i-{n}": Growth(events=2, last_event_utc=9) for n in range(incidents)}

    def work(db: Session) -> None:
        grow_all(db, growth, 7)
        count_storms(db, {(f"i-{n}", "c", "camera limit"): 3 for n in range(incidents)})

    store.write_now(work)
    return len(seen)


def test_the_number_of_statements_does_not_grow(store: Store) -> None:
    store.write_now(lambda db: db.add_all([incident(n) for n in range(300)]))
    few = statements(store, 2)
    assert few <= 5
    assert statements(store, 300) == few


def test_what_grows_is_added_up(store: Store) -> None:
    store.write_now(lambda db: db.add_all([incident(0), incident(1)]))
    for _ in range(2):
        growth = {
            "i-0": Growth(storm_events=4, last_event_utc=3_000_000),
            "i-1": Growth(events=1, last_event_utc=4, severity="alert"),
            "i-none": Growth(events=1),
        }

        def work(db: Session, growth: dict[str, Growth] = growth) -> list[tuple[str, str]]:
            count_storms(db, {("i-0", "c", "camera limit"): 4})
            return [(one.id, before) for one, before in grow_all(db, growth, 7)]

        told = store.write_now(work)
    assert dict(told) == {"i-0": "info", "i-1": "alert"}

    def rows(db: Session) -> tuple[list[Incident], list[IncidentStorm], list[IncidentTimeline]]:
        return (
            list(db.exec(select(Incident).order_by(Incident.id))),
            list(db.exec(select(IncidentStorm))),
            list(db.exec(select(IncidentTimeline))),
        )

    (storm, other), counted, lines = store.read_now(rows)
    assert (storm.storm_events, storm.title) == (8, "Storm: source s, 8 events in 3 s")
    assert (other.event_count, other.severity, other.last_event_utc) == (2, "alert", 5)
    assert [row.events for row in counted] == [8]
    assert [line.text for line in lines] == ["Now alert"]
    store.close()

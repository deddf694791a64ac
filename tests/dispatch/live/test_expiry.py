"""Camera data whose time is over: events, messages not understood, stills and clips; never held."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, select

from dispatch.cameras.expiry import DAY_US, erase, expired
from dispatch.cameras.expiry_run import CameraExpiry
from dispatch.cameras.tables import CameraEvent, CameraMedia, CameraUnread
from dispatch.incidents.tables import ClaimHit, Incident
from dispatch.retention.tables import Hold, HoldMember
from dispatch.store.engine import Store
from dispatch.store.metadata import metadata

NOW = 1_764_000_000_000_000


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    store = Store(f"sqlite:///{tmp_path / 's.db'}")
    metadata.create_all(store.engine)
    with Session(store.engine) as session:
        yield session
    store.close()


def incident(name: str, state: str, **changes: Any) -> Incident:
    return Incident(
        id=name, label=name, title=name, kind="object", severity="alert", state=state,
        opened_utc=0, started_utc=0, last_event_utc=0, **changes,
    )  # fmt: skip


def event(name: str, of: str, age_us: int) -> CameraEvent:
    return CameraEvent(
        id=name, source="s", src_event_id=name, kind="object", phase="new", camera="c",
        t_event_utc=NOW - age_us, t_recv_utc=NOW - age_us, severity="alert", raw_sha256=name,
        raw=b"", incident=of,
    )  # fmt: skip


def media(name: str, of: str, age_us: int, file: str = "f", **changes: Any) -> CameraMedia:
    values: dict[str, Any] = {"state": "fetched", "next_utc": 0} | changes
    return CameraMedia(
        id=name, incident=of, source="s", camera="c", object=name, kind="clip", path="",
        made_utc=NOW - age_us, file=file, sha256=file, **values,
    )  # fmt: skip


def ids(db: Session, **periods: Any) -> set[str]:
    return {one.id for one in expired(db, NOW, **periods)}


def put(db: Session, *rows: SQLModel) -> None:
    db.add_all(rows)
    db.commit()


def test_events_of_incidents_that_nobody_took_up(db: Session) -> None:
    put(
        db,
        incident("new", "new"),
        incident("active", "active"),
        incident("closed", "closed"),
        incident("over", "closed", expires_utc=NOW - 1),
        *(event(f"{of}-old", of, 3 * DAY_US) for of in ("new", "active", "closed", "over", "none")),
        event("young", "new", 3 * DAY_US - 1),
    )
    assert ids(db) == {"new-old", "over-old", "none-old"}


def test_stills_and_clips(db: Session) -> None:
    put(
        db,
        incident("new", "new"),
        incident("active", "active"),
        media("loose", "", 30 * DAY_US),
        media("new-old", "new", 30 * DAY_US),
        media("kept", "active", 400 * DAY_US),
        media("young", "", 30 * DAY_US - 1),
        media("wanted", "", 40 * DAY_US, state="wanted", next_utc=NOW),
        media("by policy", "", DAY_US, expires_utc=NOW),
        media("longer", "", 40 * DAY_US, expires_utc=NOW + 1),
        media("before", "", 40 * DAY_US, erased_utc=1),
    )
    assert ids(db) == {"loose", "new-old", "by policy"}


def test_what_is_held_does_not_expire(db: Session) -> None:
    put(
        db,
        Hold(id="h", reason="r", basis="b", by="u", by_name="U", set_utc=0, review_utc=0),
        Hold(id="l", reason="r", basis="b", by="u", by_name="U", set_utc=0, review_utc=0,
             lifted_utc=1),
        HoldMember(hold="h", type="camera_event", object="e1", t_utc=0),
        HoldMember(hold="h", type="media", object="m1", t_utc=0),
        HoldMember(hold="l", type="media", object="m2", t_utc=0),
        event("e1", "none", 9 * DAY_US),
        event("e2", "none", 9 * DAY_US),
        media("m1", "", 99 * DAY_US),
        media("m2", "", 99 * DAY_US),
    )  # fmt: skip
    assert ids(db) == {"e2", "m2"}


def test_erasing_takes_candidates_along_and_keeps_a_file_that_is_still_named(db: Session) -> None:
    def hit(name: str, state: str) -> ClaimHit:
        return ClaimHit(
            id=name, incident="none", event="e1", source="s", src_event_id="e1", camera="c",
            type=name, value="NRV 482", state=state, made_utc=0, expires_utc=0,
        )  # fmt: skip

    put(
        db,
        event("e1", "none", 9 * DAY_US),
        hit("plate", "rejected"),
        hit("face", "confirmed"),
        media("m1", "", 99 * DAY_US, "shared"),
        media("m2", "", DAY_US, "shared"),
        media("m3", "", 99 * DAY_US, "alone"),
        CameraUnread(id="u", source="s", topic="t", reason="r", t_recv_utc=0, size_bytes=1,
                     raw_sha256="x", raw=b""),
    )  # fmt: skip
    files = erase(db, expired(db, NOW), NOW)
    db.commit()
    assert [one.file for one in files] == ["alone"]
    assert [row.id for row in db.exec(select(ClaimHit))] == ["face"]
    assert not db.exec(select(CameraEvent)).all()
    assert not db.exec(select(CameraUnread)).all()
    left = {row.id: row.erased_utc for row in db.exec(select(CameraMedia))}
    assert left == {"m1": NOW, "m2": None, "m3": NOW}, "that it was there stays known"
    assert not expired(db, NOW)


class Log:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.acts: list[Any] = []

    def note(self, act: Any) -> None:
        self.acts.append(act)


class Fixed:
    def utc_us(self) -> Any:
        return NOW

    def mono_ms(self) -> Any:
        return 0


async def test_the_daily_run_erases_all_in_batches_and_logs_each(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 's.db'}")
    metadata.create_all(store.engine)
    rows = [event(f"e{n}", "none", 9 * DAY_US) for n in range(450)]
    store.write_now(lambda db: db.add_all([*rows, media("m", "", 99 * DAY_US, "gone.mp4")]))
    (tmp_path / "gone.mp4").write_bytes(os.urandom(8))
    log = Log()
    run = CameraExpiry(
        store=store,
        clock=Fixed(),
        record=log,  # type: ignore[arg-type]  # only ``note`` is used
        destroy=lambda file: (tmp_path / file).unlink(),
    )
    assert await run.once() == 451
    assert not (tmp_path / "gone.mp4").exists()
    assert sum(act.detail["count"] for act in log.acts) == 451
    assert {act.op for act in log.acts} == {"erase"}
    assert await run.once() == 0
    store.close()

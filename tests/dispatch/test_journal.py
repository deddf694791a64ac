"""The journal: in order, each once, through a slow database, a crash and a spool."""

import asyncio
import threading
from pathlib import Path

from sqlmodel import Session, select

from dispatch.services.journal import Journal, first_numbers, recover
from dispatch.services.spool import JournalSpool
from dispatch.store.tables import (
    Alarm,
    AlarmStep,
    Call,
    Message,
    Press,
    RecordingFileRow,
    Transmission,
    UnitState,
)
from gateway.model import events as ev
from gateway.model.ids import AlarmId, MessageId, PositionId, RequestId
from tests.dispatch.opus import spoken
from tests.dispatch.room import GATEWAY, LINK, NORTH, PATROL, Room, until


async def test_a_call_is_stored_whole_with_retention_from_its_first_row(room: Room) -> None:
    call, transmission = room.begin()
    await room.journaled()

    def first(db: Session) -> Call | None:
        return db.get(Call, call)

    row = await room.store.read(first)
    assert row is not None
    assert row.ended_utc is None
    assert (row.retention_class, row.expires_utc - row.started_utc) == ("call", 90 * 86_400_000_000)
    room.record(call, transmission, spoken())
    room.end(call, transmission)
    await room.journaled()
    done = await room.store.read(first)
    assert done is not None
    assert done.ended_utc is not None
    sound = await room.store.read(lambda db: db.exec(select(RecordingFileRow)).all())
    assert [file.transmission for file in sound] == [transmission]


async def test_an_emergency_in_mid_call_marks_call_and_transmission(room: Room) -> None:
    call, transmission = room.begin()
    room.bus.publish(
        ev.TransmissionUpdated(
            transmission=transmission,
            call=call,
            talkgroup=NORTH,
            talker=PATROL,
            alias="Patrol 1",
            emergency=True,
        )
    )
    await room.journaled()
    row = await room.store.read(lambda db: db.get(Call, call))
    over = await room.store.read(lambda db: db.get(Transmission, transmission))
    assert row is not None
    assert over is not None
    assert row.emergency
    assert over.emergency
    assert row.retention_class == over.retention_class == "emergency_call"


async def test_presses_texts_units_and_alarms_are_kept_with_their_steps(room: Room) -> None:
    request, message = RequestId("r-1"), MessageId(room.thing("m"))
    alarm, position = AlarmId(room.thing("a")), PositionId("1")
    publish = room.bus.publish
    publish(ev.FloorRequested(request=request, position=position, operator="Sara", talkgroup=NORTH))
    publish(
        ev.FloorRefused(
            request=request, position=position, talkgroup=NORTH, reason="busy", discarded_ms=240
        )
    )
    publish(
        ev.MessageQueued(
            message=message, link=LINK, to=PATROL, talkgroup=NORTH, text="hello", operator="Sara"
        )
    )
    publish(ev.MessageProgressed(message=message, state="delivered"))
    publish(ev.UnitStatusSet(unit=PATROL, link=LINK, value=2, digit="2", words="Arrived"))
    publish(
        ev.AlarmRaised(
            alarm=alarm, unit=PATROL, alias="P", talkgroup=NORTH, link=LINK, sign="status"
        )
    )
    publish(ev.AlarmShown(alarm=alarm, position=position))
    publish(
        ev.AlarmAcknowledged(alarm=alarm, operator="Sara", position=position, way="not_possible")
    )
    publish(ev.AlarmEnded(alarm=alarm, operator="Sara", reason="handled"))
    await room.journaled()

    def work(db: Session) -> tuple[object, ...]:
        press, text = db.get(Press, request), db.get(Message, message)
        unit, row = db.get(UnitState, PATROL), db.get(Alarm, alarm)
        assert press is not None
        assert text is not None
        assert unit is not None
        assert row is not None
        steps = [s.step for s in db.exec(select(AlarmStep).where(AlarmStep.alarm == alarm))]
        return press.outcome, press.discarded_ms, text.state, unit.status_words, row.way, steps

    assert await room.store.read(work) == (
        "refused",
        240,
        "delivered",
        "Arrived",
        "not_possible",
        ["raised", "shown", "acknowledged", "ended"],
    )


async def test_live_acts_go_on_while_the_database_is_held_and_come_late_in_order_once(
    room: Room,
) -> None:
    journal = room.services.use(Journal)
    states: list[bool] = []
    journal.on_state(states.append)
    held, release = threading.Event(), threading.Event()

    def hold(db: Session) -> None:
        held.set()
        release.wait(20)

    holding = asyncio.create_task(room.store.write(hold))
    await until(held.is_set)
    calls = []
    for seq in range(1, 31):
        call, transmission = room.begin(seq=seq)
        room.end(call, transmission)
        calls.append(call)
    await until(lambda: journal.behind and journal.spooled >= 120)
    more, _ = room.begin(seq=31)
    spool = JournalSpool(room.state / "spool")
    await until(lambda: journal.spooled >= 122)
    assert spool, "what waits is on disk"
    release.set()
    await holding
    await until(lambda: not journal.behind)
    await room.journaled()
    rows = await room.store.read(lambda db: db.exec(select(Call).order_by(Call.call_seq)).all())  # type: ignore[arg-type]  # SQLModel column
    assert [row.id for row in rows] == [*calls, more]
    assert any(row.late for row in rows)
    assert all(row.ended_utc is not None for row in rows[:-1])
    assert states == [False, True]
    assert not spool


async def test_what_was_spooled_before_a_crash_is_delivered_once_at_the_next_start(
    room: Room, tmp_path: Path
) -> None:
    call, _ = room.begin()
    await room.journaled()
    envelopes = []
    subscription = room.bus.subscribe("copy")
    other, transmission = room.begin(seq=2)
    room.end(other, transmission)
    envelopes = subscription.drain()
    await room.journaled()
    await room.close()
    JournalSpool(tmp_path / "spool").append(envelopes)
    with (tmp_path / "spool" / "journal.jsonl").open("a") as file:
        file.write('{"v":1,"id":"cut')
    again = Room(tmp_path)
    await again.start()
    try:
        await until(lambda: not again.services.use(Journal).behind)
        rows = await again.store.read(lambda db: db.exec(select(Call)).all())
        assert sorted(row.id for row in rows) == sorted([call, other]), "not twice"
    finally:
        await again.close()
        room._clients.clear()


async def test_a_call_cut_by_a_crash_is_closed_as_interrupted_and_takes_its_late_sound(
    room: Room,
) -> None:
    call, transmission = room.begin()
    await room.journaled()
    assert recover(room.store, GATEWAY) == [call]
    room.bus.publish(
        ev.RecordingClosed(
            transmission=transmission,
            call=call,
            talkgroup=NORTH,
            files=(ev.RecordingFile(kind="opus", sha256="ab" * 32, size_bytes=9, name="x.opus"),),
            duration_ms=3400,
            started_utc=room.clock.utc_us(),
            late=True,
            interrupted=True,
        )
    )
    await room.journaled()
    row = await room.store.read(lambda db: db.get(Call, call))
    over = await room.store.read(lambda db: db.get(Transmission, transmission))
    assert row is not None
    assert over is not None
    assert (row.interrupted, row.cause) == (True, "interrupted")
    assert (over.duration_ms, over.cause) == (3400, "interrupted")
    assert row.ended_utc == over.ended_utc


async def test_sound_of_a_call_that_was_never_stored_still_finds_a_place(room: Room) -> None:
    call, transmission = room.thing("c"), room.thing("t")
    room.record(call, transmission, spoken())  # type: ignore[arg-type]  # ids are texts
    await room.journaled()
    row = await room.store.read(lambda db: db.get(Call, call))
    assert row is not None
    assert row.late
    assert row.call_seq is None


async def test_an_event_the_schema_refuses_is_set_aside_and_holds_up_nothing(room: Room) -> None:
    room.begin(seq=7)
    room.begin(seq=7)
    last, _ = room.begin(seq=8)
    await room.journaled()
    rows = await room.store.read(lambda db: db.exec(select(Call)).all())
    assert last in [row.id for row in rows]
    assert (room.state / "spool" / "refused.jsonl").read_text().count("call.started") == 1


async def test_numbers_go_on_after_a_restart(room: Room) -> None:
    room.begin(seq=41)
    await room.journaled()
    seq, call_seq = first_numbers(room.store, GATEWAY)
    assert call_seq == 42
    assert seq > 2


async def test_numbers_of_pages_from_before_a_crash_are_not_given_again(room: Room) -> None:
    room.begin()
    await room.journaled()
    seen_by_pages = room.services.use(Journal).seen + 5000  # the database had not got these
    seq, _ = first_numbers(room.store, GATEWAY)
    assert seq > seen_by_pages


async def test_a_listener_that_fails_ends_no_journal(room: Room) -> None:
    def fails(envelope: object) -> None:
        raise KeyError(str(envelope))

    room.services.use(Journal).on_event(fails)
    call, _ = room.begin(seq=3)
    await room.journaled()
    assert await room.store.read(lambda db: db.get(Call, call)) is not None


async def test_a_text_that_no_database_takes_is_set_aside_and_the_rest_written(room: Room) -> None:
    room.bus.publish(
        ev.MessageQueued(
            message=MessageId(room.thing("m")),
            link=LINK,
            to=PATROL,
            talkgroup=NORTH,
            text="half a pair \ud800",
            operator="Sara",
        )
    )
    call, _ = room.begin(seq=4)
    await room.journaled()
    assert await room.store.read(lambda db: db.get(Call, call)) is not None
    assert "half a pair" in (room.state / "spool" / "refused.jsonl").read_text()


async def test_a_journal_that_lagged_goes_on_with_what_comes_next(room: Room) -> None:
    journal = room.services.use(Journal)
    journal._subscription._capacity = 10
    for number in range(12):
        room.bus.publish(ev.LinkLineSeen(link=LINK, outgoing=False, raw=str(number), words=""))
    assert journal._subscription.lagged
    await until(lambda: not journal._subscription.lagged)
    call, _ = room.begin(seq=9)
    await room.journaled()
    assert await room.store.read(lambda db: db.get(Call, call)) is not None

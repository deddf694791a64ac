"""Merge, its undoing and split: what moves, what stays, what follows, on one database."""

import asyncio

import pytest
from sqlmodel import Session

from dispatch.cameras.tables import CameraEvent
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.incidents.following import open_groups
from dispatch.incidents.splitting import Parts
from dispatch.incidents.tables import IncidentPossiblySame, IncidentTalkgroup, IncidentTimeline
from dispatch.incidents.timeline import lines_of, resolve
from dispatch.incidents.work import Change
from gateway.model.ids import UtcUs
from tests.dispatch.incidents.desk import SOURCE, Desk

SARA = ("u-sara", "Sara Holm")


async def two(desk: Desk) -> tuple[str, str]:
    """Two incidents of neighbouring cameras."""
    return await desk.sees("cam-1", "a-1"), await desk.sees("cam-2", "b-1")


async def test_a_merge_moves_everything_and_new_events_follow(desk: Desk) -> None:
    one, other = await two(desk)
    await desk.incidents.assign_talkgroup(one, "net/1", "Anna")
    await desk.incidents.assign_talkgroup(other, "net/2", "Anna")
    await desk.work.assign_unit(other, "net/7", "Anna", "B 101, 60 m away")
    await desk.incidents.note(other, "two persons on the quay", "Bo")
    desk.judge(one, "c-both", "rejected")
    for call, state in (("c-both", "confirmed"), ("c-no", "rejected"), ("c-open", "suggested")):
        desk.judge(other, call, state)
    await desk.joining.merge(other, one, "Sara", "same car")
    source, target = desk.row(other), desk.row(one)
    assert (source.state, source.merged_into, source.label[-1]) == ("merged", one, "2")
    assert (target.event_count, target.state) == (2, "active")
    assert desk.events_of(one) == ["a-1", "b-1"]
    assert desk.calls(one) == {"c-both": "confirmed", "c-no": "rejected"}
    groups = {row.talkgroup for row in desk.rows(IncidentTalkgroup) if row.incident == one}
    assert groups == {"net/1", "net/2"}
    assert "two persons on the quay" in desk.texts(one)
    assert any(
        "merged into this, with 1 camera event, 1 call, 1 unit" in t for t in desk.texts(one)
    )
    assert await desk.sees("cam-2", "b-2") == one
    assert await desk.sees("cam-2", "b-1", phase="end") == one
    assert desk.row(one).event_count == 4
    (told,) = desk.told("incident.merged")
    assert (told.incident, told.into, told.by) == (other, one, "Sara")
    adopted = {row["incident"] for row in await open_groups(desk.store, SOURCE, UtcUs(0))}
    assert adopted == {one, other}, "after a restart the source's groups go on"


async def test_merges_of_merges_are_followed_and_circles_refused(desk: Desk) -> None:
    one, other = await two(desk)
    third = await desk.incidents.open("Third", "Anna")
    with pytest.raises(ServiceError, match="into itself"):
        await desk.joining.merge(one, one, "Sara")
    with pytest.raises(NotFound):
        await desk.joining.merge(one, "i-none", "Sara")
    await desk.joining.merge(other, one, "Sara")
    with pytest.raises(Conflict, match="was merged into INC-"):
        await desk.joining.merge(one, other, "Sara")
    with pytest.raises(Conflict, match="already"):
        await desk.joining.merge(other, third, "Sara")
    await desk.joining.merge(one, third, "Sara")
    assert desk.store.read_now(lambda db: resolve(db, other)) == third
    assert await desk.sees("cam-2", "b-2") == third
    assert {"Opened", "Person"} & {text.split(",")[0] for text in desk.texts(third)}
    with pytest.raises(Conflict, match="merged into"):
        await desk.incidents.note(other, "too late", "Bo")
    with pytest.raises(Conflict, match="is merged itself"):
        await desk.joining.undo(other, "Sara", "not the same")


async def test_what_may_not_be_merged(desk: Desk) -> None:
    one, other = await two(desk)
    await desk.incidents.close(other, "handled", "Bo")
    with pytest.raises(Conflict, match="is closed; reopen it first"):
        await desk.joining.merge(other, one, "Sara")
    drill = await desk.incidents.open("Drill", "Bo", exercise=True)
    with pytest.raises(Conflict, match="never one"):
        await desk.joining.merge(drill, one, "Sara")
    for number in range(8):
        await desk.incidents.apply(desk.batch("cam-2", f"x-{number}", zone=f"z{number}"))
    storm = next(row for row in desk.rows(type(desk.row(one))) if row.storm)
    with pytest.raises(Conflict, match="counts a storm"):
        await desk.joining.merge(storm.id, one, "Sara")


async def test_undoing_gives_back_what_was_moved_and_no_more(desk: Desk) -> None:
    one, other = await two(desk)
    await desk.incidents.assign_talkgroup(other, "net/2", "Anna")
    desk.judge(one, "c-1", "suggested")
    desk.judge(other, "c-1", "confirmed")
    desk.judge(other, "c-2", "confirmed")
    await desk.work.change(one, Change(priority=4), "Anna")
    await desk.joining.merge(other, one, "Sara")
    assert desk.row(one).priority == 3
    await desk.incidents.note(one, "written after the merge", "Bo")
    with pytest.raises(ServiceError, match="needs a reason"):
        await desk.joining.undo(other, "Sara", " ")
    assert await desk.joining.undo(other, "Sara", "two different cars") == one
    source, target = desk.row(other), desk.row(one)
    assert (source.state, source.merged_into, target.priority) == ("new", None, 4)
    assert (target.event_count, source.event_count) == (1, 1)
    assert (desk.events_of(one), desk.events_of(other)) == (["a-1"], ["b-1"])
    assert desk.calls(other) == {"c-1": "confirmed", "c-2": "confirmed"}
    assert desk.calls(one) == {"c-1": "suggested"}
    assert "written after the merge" not in desk.texts(other)
    assert await desk.sees("cam-2", "b-3") == other
    with pytest.raises(Conflict, match="is not merged"):
        await desk.joining.undo(other, "Sara", "again")
    await desk.joining.merge(other, one, "Sara")
    desk.clock.offset_us = 25 * 3_600_000_000
    with pytest.raises(Conflict, match="more than a day ago"):
        await desk.joining.undo(other, "Sara", "much later")


async def test_a_split_takes_chosen_parts_and_later_events_go_with_them(desk: Desk) -> None:
    one, other = await two(desk)
    await desk.joining.merge(other, one, "Sara")
    await desk.sees("cam-1", "a-2")
    await desk.incidents.note(one, "belongs to the other car", "Bo")
    await desk.incidents.note(one, "stays", "Bo")
    await desk.work.assign_unit(one, "net/7", "Anna")
    desk.judge(one, "c-1", "confirmed")
    lines = desk.store.read_now(lambda db: _notes(db, one))
    chosen = next(row.id or 0 for row in lines if row.text.startswith("belongs"))
    event = next(row.id for row in desk.rows(CameraEvent) if row.src_event_id == "a-2")
    with pytest.raises(ServiceError, match="at least one"):
        await desk.splitting.split(one, Parts(), "Nothing", owner=SARA)
    for wrong in (Parts(events=("e-none",)), Parts(calls=("c-9",)), Parts(notes=(999,))):
        with pytest.raises(NotFound):
            await desk.splitting.split(one, wrong, "Wrong", owner=SARA)
    parts = Parts(
        events=(event,), cameras=("cam-2",), calls=("c-1",), notes=(chosen,), units=("net/7",)
    )
    made = await desk.splitting.split(one, parts, "Second car", owner=SARA, reason="two cars")
    row = desk.row(made)
    assert (row.state, row.owner_name, row.split_from) == ("active", "Sara Holm", one)
    assert (row.place, row.event_count, desk.row(one).event_count) == ("Kajgatan 9", 2, 1)
    assert (desk.events_of(one), desk.events_of(made)) == (["a-1"], ["a-2", "b-1"])
    assert (desk.calls(one), desk.calls(made)) == ({}, {"c-1": "confirmed"})
    assert "belongs to the other car" in desk.texts(made)
    assert "belongs to the other car" not in desk.texts(one)
    assert "stays" in desk.texts(one)
    assert await desk.sees("cam-2", "b-9") == made, "the camera went with it"
    assert await desk.sees("cam-1", "a-2", phase="end") == made, "the object went with it"
    assert await desk.sees("cam-1", "a-1", phase="end") == one
    counts = desk.row(one).event_count, desk.row(made).event_count
    assert counts == (len(desk.events_of(one)), len(desk.events_of(made)))
    assert [one.into for one in desk.told("incident.split")] == [made]
    await desk.joining.merge(made, one, "Sara", "one car after all")
    assert "belongs to the other car" in desk.texts(one)
    assert await desk.sees("cam-2", "b-10") == one


async def test_merges_and_growth_at_the_same_time_lose_no_event(desk: Desk, other: Desk) -> None:
    first = [await desk.sees("cam-1", "a-1"), await desk.sees("cam-2", "b-1")]
    batches = [desk.batch("cam-2", f"b-{number}", f"c-{number}") for number in range(20)]

    async def grow() -> None:
        for batch in batches:
            await desk.incidents.apply(batch)

    async def there_and_back() -> None:
        for _ in range(4):
            await other.joining.merge(first[1], first[0], "Sara")
            await other.joining.undo(first[1], "Sara", "not the same")
        await other.joining.merge(first[1], first[0], "Sara")

    await asyncio.gather(grow(), there_and_back())
    stored = {one: len(desk.events_of(one)) for one in first}
    assert sum(stored.values()) == 42
    assert stored[first[1]] == 0, "after the last merge nothing is left behind"
    assert desk.row(first[0]).event_count == 42


async def test_two_merges_of_the_same_pair_at_once(desk: Desk, other: Desk) -> None:
    one, two_ = await two(desk)
    done = await asyncio.gather(
        desk.joining.merge(one, two_, "Sara"),
        other.joining.merge(two_, one, "Erik"),
        return_exceptions=True,
    )
    assert [isinstance(what, Conflict) for what in done].count(True) == 1
    ends = desk.store.read_now(lambda db: {resolve(db, one), resolve(db, two_)})
    assert len(ends) == 1


async def test_neighbours_are_offered_and_a_person_may_say_no(desk: Desk) -> None:
    one, other = await two(desk)
    pairs = {(row.incident, row.other) for row in desk.rows(IncidentPossiblySame)}
    assert pairs == {(one, other), (other, one)}
    await desk.work.not_the_same(one, other, "Bo")
    assert {row.rejected_by for row in desk.rows(IncidentPossiblySame)} == {"Bo"}
    with pytest.raises(NotFound):
        await desk.work.not_the_same(one, "i-none", "Bo")


def _notes(db: Session, incident: str) -> list[IncidentTimeline]:
    return [row for row in lines_of(db, incident) if row.kind == "note"]

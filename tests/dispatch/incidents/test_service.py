"""Webhook to incident to suggestion, over bus and store; people's answers stay."""

import asyncio
from typing import Any

import pytest

from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.incidents.suggestions import Suggestions
from dispatch.incidents.tables import IncidentSuggestion, IncidentTimeline
from dispatch.services.plans import LivePlan
from dispatch.store.tables import Call
from gateway.model import events as ev
from gateway.model.ids import CallId, LinkId, SystemId, TalkgroupId, UnitId
from gateway.model.plan import Plan, System, Talkgroup, Unit
from tests.dispatch.cameras.conftest import room  # noqa: F401  # a fixture
from tests.dispatch.cameras.test_webhook import body, send

GROUP = TalkgroupId("norrvik/310201")
NORRVIK = SystemId("norrvik")
UNIT = UnitId("norrvik/1210207")
LINK = LinkId("l")
CALL = CallId("c-01kb1c8fn0000000000000000a")
PLAN = Plan(
    name="test",
    systems=(System(id=NORRVIK, name="N", technology="tetra", handle=1),),
    talkgroups=(
        Talkgroup(
            system=NORRVIK,
            number=310201,
            name="PATRULL 1",
            folder="N",
            area=((59.3, 18.0), (59.3, 18.1), (59.36, 18.1), (59.36, 18.0)),
        ),
    ),
    units=(Unit(system=NORRVIK, number=1210207, alias="3120", talkgroup=GROUP),),
)


@pytest.fixture
async def suggestions(room: Any) -> Any:  # noqa: F811
    plan = LivePlan(room.store, room.bus, room.clock)
    plan.load(PLAN)
    made = Suggestions(
        store=room.store,
        bus=room.bus,
        clock=room.clock,
        randomness=bytes,
        plan=plan,
        incidents=room.incidents,
    )
    running = asyncio.create_task(made.run())
    yield made
    await made.close()
    await asyncio.wait_for(running, 10)


def call_happens(room: Any, call: CallId = CALL) -> Any:  # noqa: F811
    room.bus.publish(
        ev.UnitPositioned(
            unit=UNIT,
            link=LINK,
            latitude_deg=59.3305,
            longitude_deg=18.0603,
            error_m=20.0,
            age_s=3,
        )
    )
    started = ev.CallStarted(call=call, call_seq=1, talkgroup=GROUP, link=LINK, caller=UNIT)
    room.bus.publish(started)
    room.bus.publish(ev.CallEnded(call=call, talkgroup=GROUP, cause="ended"))
    room.store.write_now(
        lambda db: db.add(
            Call(
                id=call,
                gateway="g",
                call_seq=1,
                talkgroup=GROUP,
                link="l",
                started_utc=room.clock.utc_us(),
                retention_class="call",
                expires_utc=2**60,
            )
        )
    )
    return call


async def suggested(room: Any) -> Any:  # noqa: F811
    async with asyncio.timeout(10):
        while not room.rows(IncidentSuggestion):
            await asyncio.sleep(0.02)
    return room.rows(IncidentSuggestion)


async def test_a_call_near_the_camera_is_suggested_with_its_reason(
    room: Any,  # noqa: F811
    suggestions: Any,
) -> None:
    received = await send(room, body())
    call = call_happens(room)
    (row,) = await suggested(room)
    assert (row.incident, row.call, row.state) == (received.incident, call, "suggested")
    assert row.score >= 60
    assert "unit 3120 (member" in row.why or "unit 3120, " in row.why
    async with asyncio.timeout(10):  # told after the row is there
        while not (updates := [e for e in room.told("incident.updated") if e.what == "suggestion"]):
            await asyncio.sleep(0.02)
    assert updates[-1].suggested == 1
    await suggestions.judge(row.incident, row.id, "rejected", "Anna")
    room.bus.publish(
        ev.UnitPositioned(unit=UNIT, link=LINK, latitude_deg=59.3302, longitude_deg=18.0601)
    )
    await suggestions.recompute()
    (row,) = room.rows(IncidentSuggestion)
    assert (row.state, row.by) == ("rejected", "Anna")
    lines = [line.text for line in room.rows(IncidentTimeline)]
    assert "A call does not belong to it" in lines
    with pytest.raises(NotFound):
        await suggestions.judge(row.incident, "s-other", "confirmed", "Anna")
    with pytest.raises(ServiceError):
        await suggestions.judge(row.incident, row.id, "maybe", "Anna")


async def test_a_person_attaches_a_call(room: Any, suggestions: Any) -> None:  # noqa: F811
    incident = await room.incidents.open("Something else", "Anna", GROUP)
    with pytest.raises(NotFound, match="no call"):
        await suggestions.attach(incident, "c-none", "Anna")
    call = call_happens(room)
    await suggestions.attach(incident, call, "Anna")
    (row,) = room.rows(IncidentSuggestion)
    assert (row.state, row.rule, row.by) == ("confirmed", "by hand", "Anna")


async def test_notes_talkgroups_and_closing(room: Any) -> None:  # noqa: F811
    incident = await room.incidents.open("  By hand ", "Anna")
    await room.incidents.note(incident, "two persons", "Bo")
    await room.incidents.assign_talkgroup(incident, GROUP, "Bo")
    await room.incidents.assign_talkgroup(incident, GROUP, "Bo")
    with pytest.raises(ServiceError, match="expected one of handled"):
        await room.incidents.close(incident, "bored", "Bo")
    await room.incidents.close(incident, "handled", "Bo")
    with pytest.raises(Conflict):
        await room.incidents.close(incident, "handled", "Bo")
    with pytest.raises(NotFound):
        await room.incidents.note("i-none", "x", "Bo")
    with pytest.raises(ServiceError):
        await room.incidents.note(incident, " ", "Bo")
    with pytest.raises(ServiceError):
        await room.incidents.open("", "Bo")
    lines = [(line.kind, line.who) for line in room.rows(IncidentTimeline)]
    assert lines == [("opened", "Anna"), ("note", "Bo"), ("talkgroup", "Bo"), ("closed", "Bo")]
    (row,) = room.all_incidents()
    assert (row.title, row.state, row.close_reason) == ("By hand", "closed", "handled")
    assert [e.what for e in room.told("incident.updated")] == [
        "note",
        "talkgroup",
        "talkgroup",
        "closed",
    ]


async def test_labels_count_without_gaps(room: Any) -> None:  # noqa: F811
    for number in range(3):
        await room.incidents.open(f"n{number}", "Anna")
    labels = [row.label[-6:] for row in sorted(room.all_incidents(), key=lambda row: row.label)]
    assert labels == ["000001", "000002", "000003"]

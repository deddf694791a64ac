"""The ordered stream: snapshot, resume, gap, beats, deaf desks, shown alarms."""

import asyncio
import json
from dataclasses import replace
from typing import Any

from dispatch.services.snapshot import Snapshots
from dispatch.services.stream import CLIENT_QUEUE, EventStream
from gateway.model import events as ev
from gateway.model.commands import AlarmShow
from gateway.model.ids import AlarmId
from gateway.model.plan import Plan, Unit
from tests.dispatch.room import LINK, NORTH, PATROL, Room, until


async def test_snapshot_then_events_in_order(room: Room) -> None:
    browser = await room.browser("dispatcher")
    room.link_up()
    async with browser.stream() as reader:
        snapshot = await reader.next("snapshot")
        call, transmission = room.begin()
        started = await reader.event("transmission.started")
        room.end(call, transmission)
        ended = await reader.event("call.ended")
    assert snapshot["seq"] < started["seq"] < ended["seq"]
    seqs = [m["seq"] for m in reader.seen if m["kind"] == "event"]
    assert seqs == sorted(set(seqs))
    tile = snapshot["data"]["talkgroups"][0]
    assert (tile["state"]["rx"], tile["actions"]) == (
        "quiet",
        ["see", "hear", "talk", "replay", "search"],
    )


async def test_the_picture_while_somebody_talks_and_after(room: Room) -> None:
    browser = await room.browser("dispatcher")
    room.link_up()
    call, transmission = room.begin()
    async with browser.stream() as reader:
        tile = (await reader.next("snapshot"))["data"]["talkgroups"][0]["state"]
    assert (tile["rx"], tile["alias"], tile["call"]) == ("receiving", "Patrol 1", call)
    room.end(call, transmission)
    async with browser.stream() as reader:
        data = (await reader.next("snapshot"))["data"]
    state = data["talkgroups"][0]["state"]
    assert (state["rx"], state["last"]["alias"]) == ("quiet", "Patrol 1")
    assert state["heard_last_hour"] == 1
    assert data["transmissions"][0]["id"] == transmission


async def test_resume_brings_exactly_what_was_missed(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        seq = (await reader.next("snapshot"))["seq"]
    call, transmission = room.begin()
    room.end(call, transmission)
    await until(lambda: room.services.use(EventStream).seq >= seq + 4)
    async with browser.stream(resume=seq) as reader:
        first = await reader.next()
        await reader.event("call.ended")
    assert (first["kind"], first["type"]) == ("event", "call.started")
    assert [m for m in reader.seen if m["kind"] in ("snapshot", "gap")] == []


async def test_a_number_too_old_or_of_another_life_is_a_gap_and_a_snapshot(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream(resume=10_000_000) as reader:
        assert (await reader.next())["kind"] == "gap"
        assert (await reader.next())["kind"] == "snapshot"


async def test_beats_come_when_nothing_happens(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        await reader.next("snapshot")
        beat = await reader.next("beat", timeout_s=3)
    assert beat["t_utc"] > 0


async def test_a_client_that_does_not_read_gets_a_gap_not_silence(room: Room) -> None:
    stream = room.services.use(EventStream)
    browser = await room.browser("dispatcher")
    session = await room.services.sessions.find(browser.http.cookies["samband_session"])
    assert session is not None
    client = stream.open(session, session.user, None)
    client.needs_snapshot = False
    for _ in range(CLIENT_QUEUE + 10):
        room.bus.publish(ev.CallEnded(call=room.thing("c"), talkgroup=NORTH, cause="x"))  # type: ignore[arg-type]  # ids are texts
    await until(lambda: client.gap)
    texts = [json.loads(text)["kind"] for text in await stream.messages(client)]
    assert texts == ["gap", "snapshot"]
    stream.close(client)


async def test_protocol_lines_go_to_engineers_only(room: Room) -> None:
    engineer, dispatcher = await room.browser("engineer"), await room.browser("dispatcher")
    async with engineer.stream() as seen, dispatcher.stream() as unseen:
        await seen.next("snapshot")
        await unseen.next("snapshot")
        room.bus.publish(ev.LinkLineSeen(link=LINK, outgoing=True, raw="AT", words="attention"))
        line = await seen.event("link.line_seen")
        room.begin()
        await unseen.event("call.started")
    assert line["data"]["raw"] == "AT"
    assert [m for m in unseen.seen if m.get("type") == "link.line_seen"] == []
    kept = (await engineer.get(f"/links/{LINK}/lines")).json()
    assert [item["words"] for item in kept] == ["attention"]


async def test_only_a_desk_with_sound_counts_as_listening_and_shows_alarms(room: Room) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/1/take")
    alarm = AlarmId(room.thing("a"))
    async with browser.stream() as reader:
        await reader.next("snapshot")
        room.bus.publish(
            ev.AlarmRaised(
                alarm=alarm, unit=PATROL, alias="P", talkgroup=NORTH, link=LINK, sign="status"
            )
        )
        await reader.event("alarm.raised")
        await reader.report(sound=False, shown=[alarm])
        await reader.next("beat", timeout_s=3)
        assert room.gateway.of(AlarmShow) == []
        await reader.report(sound=True, shown=[alarm, "a-unknown"])
        listening = await reader.event("position.listening")
        await until(lambda: bool(room.gateway.of(AlarmShow)))
    assert listening["data"] == {"position": "1", "listening": True}
    assert room.gateway.of(AlarmShow) == [AlarmShow(alarm=alarm, position="1")]  # type: ignore[arg-type]  # ids are texts


async def test_a_second_window_that_says_nothing_of_sound_takes_none_from_its_desk(
    room: Room,
) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/1/take")
    async with browser.stream() as first, browser.stream() as second:
        await first.next("snapshot")
        await first.report(sound=True, shown=[])
        await first.event("position.listening")
        await second.next("snapshot")
        await second.socket.send(json.dumps({"kind": "report"}))
        await second.report(sound=True, shown=[])
        await first.next("beat")
        told = [m for m in first.seen if m.get("type") == "position.listening"]
        assert [m["data"]["listening"] for m in told] == [True]


async def test_a_bad_first_message_closes_the_stream(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.socket("/stream") as socket:
        await socket.send("not json")
        await socket.wait_closed()
    assert socket.close_code == 4400


async def test_every_event_type_has_a_rule_of_sight(room: Room) -> None:
    import dispatch.events
    from dispatch.services.sight import Sight
    from gateway.model.events import EVENT_TYPES

    assert dispatch.events is not None
    rules = room.services.use(Sight)
    assert [kind for kind in EVENT_TYPES if not rules.has_rule(kind)] == []


async def test_a_picture_that_does_not_take_an_event_keeps_no_emergency_from_the_pages(
    room: Room,
) -> None:
    browser = await room.browser("dispatcher")
    stream = room.services.use(EventStream)

    def fails(event: object) -> None:
        raise KeyError(str(event))

    async with browser.stream() as reader:
        await reader.next("snapshot")
        stream.on_event(fails)
        alarm = AlarmId(room.thing("a"))
        room.bus.publish(
            ev.AlarmRaised(
                alarm=alarm, unit=PATROL, alias="P", talkgroup=NORTH, link=LINK, sign="status"
            )
        )
        assert (await reader.event("alarm.raised"))["data"]["alarm"] == alarm


async def test_a_number_of_a_stream_that_told_nothing_yet_is_of_another_life(room: Room) -> None:
    stream = room.services.use(EventStream)
    browser = await room.browser("dispatcher")
    session = await room.services.sessions.find(browser.http.cookies["samband_session"])
    assert session is not None
    stream._ring.clear()
    client = stream.open(session, session.user, stream.seq)
    assert client.gap
    assert client.needs_snapshot


def long_plan(plan: Plan, units: int) -> Plan:
    homes = tuple(group.id for group in plan.talkgroups)
    more = tuple(
        Unit(system=plan.systems[0].id, number=5000 + n, alias=f"U {n}", talkgroup=homes[n % 2])
        for n in range(units)
    )
    return replace(plan, units=(*plan.units, *more))


async def test_long_tables_follow_in_parts_and_no_event_waits_for_them(room: Room) -> None:
    plan = room.services.plan
    plan.use(long_plan(plan.plan, 20_000), plan.number)
    room.begin()  # PATROL is heard: more is known of it than the plan says
    browser = await room.browser("dispatcher")
    stream, shown = room.services.use(EventStream), room.services.use(Snapshots)
    session = await room.services.sessions.find(browser.http.cookies["samband_session"])
    assert session is not None
    access = room.services.access.of(session.user)
    client = stream.open(session, session.user, None)
    found: list[dict[str, Any]] = [json.loads(text) for text in await stream.messages(client)]
    assert (found[-1]["kind"], found[-1]["more"]) == ("snapshot", True)
    assert found[-1]["data"]["units"] == found[-1]["data"]["talkgroups"] == []
    alarm(room)
    while found[-1].get("more") is not False:
        found += [json.loads(text) for text in await stream.messages(client)]
    rows: dict[str, list[Any]] = {"talkgroups": [], "units": []}
    for message in found:
        for table, part in message["data"].items() if message["kind"] == "rows" else ():
            rows[table] += part
    heard = [row for row in shown.units(access) if row["last_heard_utc"] is not None]
    assert (rows["units"], [row["id"] for row in heard]) == (heard, [PATROL])
    assert found[0]["data"]["planned_units"] is True
    assert rows["talkgroups"] == shown.talkgroups(access)
    kinds = [message["kind"] for message in found]
    assert kinds.index("event") < len(kinds) - 1
    stream.close(client)
    listed = (await browser.get("/units")).json()
    assert (len(listed), listed) == (10_001, shown.units(access))
    assert (await browser.get("/talkgroups")).json() == shown.talkgroups(access)


async def test_the_plans_units_are_asked_for_apart_and_made_once_for_the_same_rights(
    room: Room,
) -> None:
    plan = room.services.plan
    plan.use(long_plan(plan.plan, 1_000), plan.number)
    browser, other = await room.browser("dispatcher"), await room.browser("dispatcher")
    answers = await asyncio.gather(*(one.get("/units/planned") for one in (browser, other)))
    told = answers[0].json()
    assert answers[1].json() == told
    columns = [table["columns"] for table in told["tables"]]
    ids = [unit for column in columns for unit in values(column["id"])]
    homes = {home for column in columns for home in values(column["talkgroup"])}
    assert (len(ids), len(set(ids)), homes) == (501, 501, {NORTH})  # none of the hidden folder
    aliases = dict(zip(ids, (a for c in columns for a in values(c["alias"])), strict=True))
    assert (aliases[PATROL], aliases["net/5000"]) == ("Patrol 1", "U 0")
    plain = await browser.get("/units/planned", headers={"Accept-Encoding": "identity"})
    assert plain.json() == told
    again = await other.get("/units/planned", params={"known": told["mark"]})
    assert (again.status_code, again.content) == (204, b"")
    kept = room.services.use(Snapshots).planned_units._kept
    assert len(kept) == 1
    fewer = replace(plan.plan, units=plan.plan.units[:-2])
    plan.use(fewer, plan.number + 1)
    changed = await other.get("/units/planned", params={"known": told["mark"]})
    assert (changed.status_code, changed.json()["mark"] != told["mark"]) == (200, True)


def values(column: Any) -> list[Any]:
    """Return a packed column's values."""
    if isinstance(column, list):
        return column
    return [column["words"][at] for at in column["at"]]


def alarm(room: Room) -> None:
    room.bus.publish(
        ev.AlarmRaised(
            alarm=AlarmId(room.thing("a")),
            unit=PATROL,
            alias="Patrol 1",
            talkgroup=NORTH,
            link=LINK,
            sign="status",
        )
    )

"""Who has no grant learns nowhere that a talkgroup exists; revoking works within a second."""

import asyncio
import json
import time
from dataclasses import replace

import pytest
from sqlmodel import Session

from dispatch.auth.permissions import Role
from dispatch.services.sight import Sight
from dispatch.services.snapshot import Snapshots
from gateway.model import events as ev
from gateway.model.commands import FloorRelease, FloorRequest
from gateway.model.ids import AlarmId, MessageId, PositionId, RequestId, SiteId, TalkgroupId, UnitId
from tests.dispatch.opus import spoken
from tests.dispatch.room import (
    GHOST,
    LINK,
    NORTH,
    PATROL,
    SECRET,
    SECRET_LINK,
    Room,
    until,
)

HIDDEN_WORDS = ("net/200", "HIDDEN 9", "Ghost 7", "net/2001", "Hidden", "secret words")


async def busy_hidden_talkgroup(room: Room) -> str:
    """Let everything happen on the hidden talkgroup that can happen; returns a transmission."""
    room.link_up(SECRET_LINK, 200)
    call, transmission = room.begin(SECRET, GHOST)
    room.bus.publish(
        ev.UnitPositioned(unit=GHOST, link=SECRET_LINK, latitude_deg=59.0, longitude_deg=18.0)
    )
    room.bus.publish(ev.UnitStatusSet(unit=GHOST, link=SECRET_LINK, value=1, words="On way"))
    room.bus.publish(
        ev.MessageReceived(
            message=MessageId(room.thing("m")),
            link=SECRET_LINK,
            sender=GHOST,
            to=200,
            talkgroup=SECRET,
            text="secret words",
        )
    )
    room.bus.publish(
        ev.AlarmRaised(
            alarm=AlarmId(room.thing("a")),
            unit=GHOST,
            alias="Ghost 7",
            talkgroup=SECRET,
            link=SECRET_LINK,
            sign="status",
        )
    )
    room.bus.publish(
        ev.LinkGroupChanged(link=LINK, number=200, talkgroup=SECRET, scanned=(100, 200))
    )
    room.record(call, transmission, spoken(), SECRET)
    room.end(call, transmission, SECRET)
    await room.journaled()
    return transmission


async def test_nothing_of_a_hidden_talkgroup_is_in_snapshot_or_stream(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        await reader.next("snapshot")
        await busy_hidden_talkgroup(room)
        room.begin(NORTH, PATROL, seq=2)
        await reader.event("transmission.started")
        async with browser.stream() as fresh:
            snapshot = await fresh.next("snapshot")
        text = json.dumps([*reader.seen, snapshot], ensure_ascii=False)
    assert [word for word in HIDDEN_WORDS if word in text] == []
    assert "NORTH 1" in text


async def test_nothing_of_it_is_in_search_counts_recordings_or_lists(room: Room) -> None:
    transmission = await busy_hidden_talkgroup(room)
    for role in ("dispatcher", "auditor"):
        browser = await room.browser(role)
        found = (await browser.get("/calls")).json()
        assert found["total"] == found["transmissions_total"] == found["duration_total_ms"] == 0
        named = (await browser.get("/calls", params={"talkgroup": "net/200"})).json()
        assert named["calls"] == []
        missing = await browser.get("/recordings/t-unknown")
        hidden = await browser.get(f"/recordings/{transmission}")
        assert hidden.status_code == missing.status_code == 404
        same = hidden.json()["error"]["message"].replace(transmission, "t-unknown")
        assert same == missing.json()["error"]["message"]
    dispatcher = await room.browser("dispatcher")
    for path in ("/talkgroups", "/units", "/messages", "/links", "/positions"):
        text = (await dispatcher.get(path)).text
        assert [word for word in HIDDEN_WORDS if word in text] == [], path
    await dispatcher.post("/positions/1/take")
    selected = await dispatcher.post("/select", {"talkgroup": "net/200"})
    unknown = await dispatcher.post("/select", {"talkgroup": "net/999"})
    assert selected.status_code == unknown.status_code == 404
    sent = await dispatcher.post(
        "/messages", {"to": "net/200", "to_talkgroup": True, "text": "hello"}
    )
    assert sent.status_code == 404


async def test_with_a_grant_it_is_all_there(room: Room) -> None:
    room.grant(Role.DISPATCHER, "Hidden")
    browser = await room.browser("dispatcher")
    transmission = await busy_hidden_talkgroup(room)
    async with browser.stream() as reader:
        text = json.dumps((await reader.next("snapshot"))["data"], ensure_ascii=False)
    assert [word for word in HIDDEN_WORDS if word not in text] == []
    assert (await browser.get("/calls")).json()["total"] == 1
    assert (await browser.get(f"/recordings/{transmission}")).status_code == 200


async def test_the_administrator_hears_and_sees_no_traffic(room: Room) -> None:
    call, transmission = room.begin()
    room.record(call, transmission, spoken())
    await room.journaled()
    browser = await room.browser("administrator")
    assert (await browser.get(f"/recordings/{transmission}")).status_code == 403
    assert (await browser.get("/calls")).status_code == 403
    async with browser.stream() as reader:
        data = (await reader.next("snapshot"))["data"]
    assert data["talkgroups"] == data["transmissions"] == data["units"] == []


async def test_revoking_takes_effect_within_a_second(room: Room) -> None:
    grant = room.grant(Role.DISPATCHER, "Hidden")
    call, transmission = room.begin(SECRET, GHOST)
    room.record(call, transmission, spoken(), SECRET)
    await room.journaled()
    browser = await room.browser("dispatcher")
    admin = await room.browser("administrator")
    await browser.post("/positions/1/take")
    request = RequestId("r-1")
    room.bus.publish(
        ev.FloorRequested(
            request=request, position=PositionId("1"), operator="Dispatcher", talkgroup=SECRET
        )
    )
    async with browser.stream() as reader:
        first = await reader.next("snapshot")
        assert "net/200" in json.dumps(first)
        started = time.monotonic()
        assert (await admin.send("DELETE", f"/grants/{grant}")).status_code == 200
        await reader.event("access.changed")
        second = await reader.next("snapshot")
        assert time.monotonic() - started < 1.0
        assert "net/200" not in json.dumps(second["data"])
    await until(lambda: bool(room.gateway.of(FloorRelease)))
    release = room.gateway.of(FloorRelease)[0]
    assert isinstance(release, FloorRelease)
    assert (release.request, release.normal, release.cause) == (request, False, "revoked")
    assert time.monotonic() - started < 1.0
    assert (await browser.get(f"/recordings/{transmission}")).status_code == 404
    assert (await browser.get("/calls")).json()["total"] == 0


async def test_an_expired_grant_is_gone_within_a_second(room: Room) -> None:
    room.grant(Role.DISPATCHER, "Hidden", expires_utc=room.clock.utc_us() + 1_000_000)
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        assert "net/200" in json.dumps(await reader.next("snapshot"))
        changed = await reader.event("access.changed")
        assert changed["data"]["reason"] == "a grant expired"
        assert "net/200" not in json.dumps((await reader.next("snapshot"))["data"])


async def test_a_disabled_user_loses_session_and_stream_at_once(room: Room) -> None:
    browser = await room.browser("dispatcher")
    admin = await room.browser("administrator")
    user = browser.me["user"]["id"]
    async with browser.stream() as reader:
        await reader.next("snapshot")
        await admin.post(f"/users/{user}/disable", {"disabled": True})
        async with asyncio.timeout(2):
            await reader.socket.wait_closed()
    assert reader.socket.close_code == 4401
    assert (await browser.get("/session")).status_code == 401


async def test_a_refusal_explains_itself(room: Room) -> None:
    call, transmission = room.begin()
    room.record(call, transmission, spoken())
    await room.journaled()
    for grant in room.services.people.grants():
        if grant.role is Role.SUPERVISOR:
            await room.services.people.take(grant.id)
    room.grant(Role.SUPERVISOR, "North", "see search")
    browser = await room.browser("supervisor")
    answer = await browser.get(f"/recordings/{transmission}")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == (
        "no grant to replay on NORTH 1 for the role supervisor of Police"
    )


async def test_administrator_and_auditor_on_one_person_is_refused(room: Room) -> None:
    admin = await room.browser("administrator")
    body = {
        "name": "anna-admin",
        "display_name": "Anna",
        "role": "administrator",
        "organisation": "Police",
        "person": "staff-7",
    }
    assert (await admin.post("/users", body)).status_code == 200
    second = await admin.post("/users", {**body, "name": "anna-audit", "role": "auditor"})
    assert second.status_code == 409
    assert "on one person is refused" in second.json()["error"]["message"]
    auditor = next(u for u in (await admin.get("/users")).json() if u["name"] == "auditor")
    changed = await admin.post(f"/users/{auditor['id']}/role", {"role": "administrator"})
    assert changed.status_code == 409


async def test_a_grant_carries_no_more_than_its_role(room: Room) -> None:
    admin = await room.browser("administrator")
    body = {
        "role": "auditor",
        "organisation": "*",
        "scope_kind": "folder",
        "scope": "North",
        "actions": ["see", "talk"],
    }
    answer = await admin.post("/grants", body)
    assert answer.status_code == 400
    assert "can't carry: talk" in answer.json()["error"]["message"]


async def test_a_running_room_takes_over_what_a_command_changed(room: Room) -> None:
    from dispatch.auth.people import People
    from samband.place import touch_people

    browser = await room.browser("dispatcher")
    aside = People(room.store, room.clock, lambda n: b"x" * n)
    aside.load()
    async with browser.stream() as reader:
        await reader.next("snapshot")
        aside.change_now(browser.me["user"]["id"], disabled=True)
        touch_people(room.state)
        async with asyncio.timeout(3):
            await reader.socket.wait_closed()
    assert (await browser.get("/session")).status_code == 401


async def test_cameras_follow_the_grant_of_their_group(room: Room) -> None:
    from dispatch.auth.access import GrantInfo
    from dispatch.auth.people import parse_actions
    from dispatch.cameras.tables import Camera

    def add(db: Session) -> None:
        for name, group in (("cam-a", ""), ("cam-b", "harbour"), ("cam-c", "prison")):
            db.add(Camera(id=name, source="s", name_at_source=name, group=group))

    await room.store.write(add)
    browser = await room.browser("dispatcher")
    assert [c["id"] for c in (await browser.get("/cameras")).json()] == ["cam-a"]
    await room.services.people.give(
        GrantInfo(
            id=0,
            role=Role.DISPATCHER,
            organisation="*",
            scope_kind="camera_group",
            scope="harbour",
            actions=parse_actions(["see"]),
        ),
        "test",
    )
    room.services.access.refresh("test")
    assert [c["id"] for c in (await browser.get("/cameras")).json()] == ["cam-a", "cam-b"]


async def test_an_emergency_on_a_group_the_plan_does_not_have_is_hidden_from_nobody(
    room: Room,
) -> None:
    unplanned = TalkgroupId("net/777")
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        await reader.next("snapshot")
        for unit in (None, UnitId("net/5555")):
            alarm = AlarmId(room.thing("a"))
            room.bus.publish(
                ev.AlarmRaised(
                    alarm=alarm,
                    unit=unit,
                    alias="",
                    talkgroup=unplanned,
                    link=LINK,
                    sign="call_priority",
                )
            )
            assert (await reader.event("alarm.raised"))["data"]["alarm"] == alarm
    async with browser.stream() as fresh:
        snapshot = await fresh.next("snapshot")
    assert len(snapshot["data"]["alarms"]) == 2


async def test_a_text_from_a_radio_nobody_knows_is_shown_by_its_link(room: Room) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        await reader.next("snapshot")
        for link, text in ((SECRET_LINK, "not for you"), (LINK, "for you")):
            room.bus.publish(
                ev.MessageReceived(
                    message=MessageId(room.thing("m")),
                    link=link,
                    sender=UnitId("net/5555"),
                    to=9,
                    talkgroup=None,
                    text=text,
                )
            )
        assert (await reader.event("message.received"))["data"]["text"] == "for you"


@pytest.mark.parametrize("kind", ["refused", "lost"])
async def test_words_about_the_radio_do_not_name_a_hidden_talkgroup(room: Room, kind: str) -> None:
    browser = await room.browser("dispatcher")
    await browser.post("/positions/1/take")
    async with browser.stream() as reader, browser.socket("/ptt") as socket:
        await reader.next("snapshot")
        await socket.send(json.dumps({"op": "press", "request": "r-1", "talkgroup": NORTH}))
        await until(lambda: bool(room.gateway.of(FloorRequest)))
        where = {"request": RequestId("r-1"), "position": PositionId("1"), "talkgroup": NORTH}
        words = "radio is on HIDDEN 9"
        room.bus.publish(
            ev.FloorRefused(**where, reason=words, not_sent=True)  # type: ignore[arg-type]
            if kind == "refused"
            else ev.FloorLost(**where, cause="moved", reason=words, on_air_ms=2000)  # type: ignore[arg-type]
        )
        event = await reader.event(f"floor.{kind}")
        state = {"words": ""}
        async with asyncio.timeout(5):
            while "radio is on" not in state["words"]:
                state = json.loads(await socket.recv())
        async with browser.stream() as fresh:
            snapshot = await fresh.next("snapshot")
    assert event["data"]["reason"] == "radio is on another talkgroup"
    assert state["words"].endswith("radio is on another talkgroup")
    text = json.dumps([event, state, snapshot])
    assert [word for word in HIDDEN_WORDS if word in text] == []


async def test_words_about_the_radio_name_what_this_person_may_know(room: Room) -> None:
    sight = room.services.use(Sight)
    user = room.services.people.by_name("dispatcher")
    assert user is not None
    rights = room.services.access.of(user.id)
    for words in ("radio is on NORTH 1", "radio is on no group", "link lost", ""):
        assert sight.words(rights, words) == words
    assert (
        sight.words(rights, "radio is on HIDDEN 9, Position 3 uses it")
        == "radio is on another talkgroup, Position 3 uses it"
    )
    assert sight.words(rights, "radio is on 200") == "radio is on another talkgroup"


async def test_the_plan_is_whole_for_its_editors_and_cut_for_all_others(room: Room) -> None:
    supervisor, engineer = await room.browser("supervisor"), await room.browser("engineer")
    answer = await supervisor.get("/plan")
    assert "NORTH 1" in answer.text
    assert [word for word in HIDDEN_WORDS if word in answer.text] == []
    plan = answer.json()["plan"]
    assert 200 not in [number for link in plan["links"] for number in link["talkgroups"]]
    assert 200 not in [talkgroup["number"] for talkgroup in plan["talkgroups"]]
    assert plan["never_recorded"] == plan["individual_rules"] == []
    assert "HIDDEN 9" in (await engineer.get("/plan")).text


async def test_a_site_whose_links_are_all_hidden_is_not_named(room: Room) -> None:
    user = room.services.people.by_name("dispatcher")
    assert user is not None
    plan = room.services.plan
    north, hidden = plan.plan.links
    valley = replace(plan.plan.sites[0], id=SiteId("valley"), name="Secret valley")
    links = (north, replace(hidden, site=valley.id))
    plan.use(replace(plan.plan, sites=(*plan.plan.sites, valley), links=links), 2)
    rights = room.services.access.of(user.id)
    snapshots = room.services.use(Snapshots)
    sites = snapshots.sites(rights, {link["site"] for link in snapshots.links(rights)})
    assert [site["id"] for site in sites] == ["hill"]

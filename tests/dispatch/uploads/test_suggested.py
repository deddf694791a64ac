"""Uploaded calls are suggested to incidents, and never as if our own radio had heard them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from dispatch.cameras.demo_source import secret_text
from dispatch.incidents.calls_heard import CallsHeard
from dispatch.incidents.calls_uploaded import UploadedCall, site_of
from dispatch.incidents.suggest import CallFacts, IncidentFacts, SiteFacts, score
from dispatch.services.plans import LivePlan
from dispatch.uploads.tables import UploadKey
from gateway.model import events as ev
from gateway.model.ids import CallId, SiteId, SystemId, UtcUs
from gateway.model.plan import Plan, Site, System
from samband.camera_side import CameraSide
from samband.config_cameras import Camera, Cameras, Webhook
from tests.dispatch.incidents.test_api import SECRET_BYTES, body, post
from tests.dispatch.room import LINK, NORTH, PATROL, Browser, Room
from tests.dispatch.uploads.sending import make_key, send, tone
from tests.dispatch.uploads.test_taking import rows

PLACE = (59.3302, 18.0601)
T = UtcUs(1_764_000_000_000_000)
S = 1_000_000


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET_BYTES))
    kajen = Camera(
        id="cam-0412", name="Kajgatan 4", latitude_deg=PLACE[0], longitude_deg=PLACE[1], range_m=60
    )
    hook = Webhook(id="test", secret_file=secret)
    made = CameraSide(Cameras(camera=(kajen,), webhook=(hook,)), room.services)
    await made.start()
    yield made
    await made.close()


async def suggestions(browser: Browser, incident: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            sheet = (await browser.get(f"/incidents/{incident}")).json()
            if len(sheet["suggestions"]) >= count:
                return list(sheet["suggestions"])
            await asyncio.sleep(0.05)


def patrol_is_near(room: Room) -> None:
    room.bus.publish(
        ev.UnitPositioned(
            unit=PATROL,
            link=LINK,
            latitude_deg=59.3305,
            longitude_deg=18.0603,
            error_m=20.0,
            age_s=20,
        )
    )


async def test_a_recorder_s_call_near_an_incident(room: Room, side: CameraSide) -> None:
    key, browser = await make_key(room, "Hill recorder"), await room.browser("dispatcher")
    answer = await post(room, body(id="ev-1", claims=[]), "m-1")
    incident = answer.json()["incident"]
    patrol_is_near(room)
    await room.journaled()
    now = int(datetime.now(UTC).timestamp())
    assert (await send(room, key, tone(), source=1001, dateTime=now)).status_code == 200
    (one,) = await suggestions(browser, incident, 1)
    assert one["uploaded"] == "Hill recorder"
    assert one["why"].startswith("uploaded by Hill recorder, not heard by our own radio; ")
    assert "unit Patrol 1 (as Hill recorder tells), " in one["why"]
    assert "± 20 m, fix " in one["why"], "where the unit was is what our own radio knows"
    assert one["score"] >= 60
    assert {"name": "uploaded", "points": 0}.items() <= one["terms"][-1].items()

    wrong = -40_000

    def slow(db: Any) -> None:
        (row,) = db.exec(select(UploadKey))
        row.offset_ms = wrong
        db.add(row)

    room.store.write_now(slow)
    late = await send(room, key, tone(), source=1001, dateTime=now - 40)
    assert late.status_code == 200
    both = await suggestions(browser, incident, 2)
    shifted = next(row for row in both if row["call"] != one["call"])
    assert "recorder clock 40 s behind; time not reliable; its times are shifted" in shifted["why"]
    confirmed = await browser.post(
        f"/incidents/{incident}/suggestions/{one['id']}", {"state": "confirmed"}
    )
    assert confirmed.status_code == 200, confirmed.text


async def test_after_a_restart_it_is_still_no_call_of_ours(room: Room) -> None:
    key = await make_key(room, "Hill recorder")
    await send(room, key, tone(), source=1001)
    heard = CallsHeard(room.services.plan)
    room.store.read_now(lambda db: heard.load(db, room.clock.utc_us()))
    assert rows(room, UploadKey)
    assert heard.facts() == []


def uploaded(**changes: Any) -> UploadedCall:
    values: dict[str, Any] = {
        "call": CallId("c-1"),
        "talkgroup": NORTH,
        "start_utc": T,
        "end_utc": UtcUs(T + 5 * S),
        "recorder": "Hill recorder",
        "clock_ms": None,
    }
    return UploadedCall(**(values | changes))


def site(name: str, number: int, *frequencies: int) -> Site:
    return Site(
        id=SiteId(name.lower()),
        name=name,
        system=SystemId("net"),
        number=number,
        latitude=PLACE[0] + 0.02,
        longitude=PLACE[1],
        frequencies_hz=frequencies,
    )


PLAN = Plan(
    name="sites",
    systems=(System(id=SystemId("net"), name="Net", technology="p25", handle=1),),
    sites=(site("Hill", 1, 851_012_500), site("Town", 2, 851_012_500, 852_000_000)),
)


def test_the_site_is_told_by_its_number_or_by_a_frequency_of_it_alone() -> None:
    def name(**told: int) -> str:
        found = site_of(PLAN, uploaded(**told))
        return found.name if found else ""

    assert name(site_number=1) == "Hill"
    assert name(frequency_hz=852_000_000) == "Town"
    assert name(frequency_hz=851_012_500) == "", "two sites send on it"
    assert name(frequency_hz=851_012_500, site_number=2) == "Town"
    assert name(frequency_hz=400_000_000, site_number=9) == ""
    assert name() == ""


def test_the_words_of_a_site_and_of_an_emergency() -> None:
    place = SiteFacts(
        name="Hill", latitude_deg=59.35, longitude_deg=18.06, frequency_hz=851_012_500
    )
    call = CallFacts(
        call=CallId("c-1"),
        talkgroup=NORTH,
        talkgroup_name="NORTH 1",
        start_utc=T,
        end_utc=UtcUs(T + S),
        recorder="Hill recorder",
        site=place,
    )
    incident = IncidentFacts(start_utc=T, end_utc=T, latitude_deg=PLACE[0], longitude_deg=PLACE[1])
    scored = score(call, incident)
    assert scored is not None
    assert {term.name: term.points for term in scored.terms}["site"] == 10
    assert "the recorder heard it from 851.0125 MHz of the site Hill, 2.2 km away" in scored.why
    assert scored.points < 35, "time and site alone suggest nothing"


def test_what_the_plan_does_not_know_is_not_suggested(room_plan: LivePlan) -> None:
    heard = CallsHeard(room_plan)
    known, unknown = uploaded(), uploaded(talkgroup="net/999")
    assert [one.talkgroup for one in heard.uploaded([known, unknown])] == [NORTH]


@pytest.fixture
def room_plan(room: Room) -> LivePlan:
    return room.services.plan

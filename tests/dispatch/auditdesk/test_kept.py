"""What the auditor's desk keeps: saved searches, marks, and the facts of a call sheet."""

import json
import sqlite3
from typing import Any

from sqlmodel import Session, select

from dispatch.auditdesk.call_lines import forget_lines, short
from dispatch.auditdesk.tables import CallLine
from gateway.model import events as ev
from gateway.model.ids import AlarmId, UtcUs
from tests.dispatch.opus import spoken
from tests.dispatch.room import LINK, NORTH, SECRET, Room, until

MOMENT = 1_790_000_000_000_000


def logged(room: Room, verb: str) -> list[dict[str, Any]]:
    with sqlite3.connect(room.state / "samband.db") as db:
        entries = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
    return [entry for entry in entries if entry["verb"] == verb]


async def test_a_search_is_kept_under_its_name_for_its_owner_alone(room: Room) -> None:
    mine, other = await room.browser("auditor"), await room.browser("dispatcher")
    await mine.post("/searches", {"name": " Quay ", "query": "q=quay"})
    again = await mine.post("/searches", {"name": "Quay", "query": "q=quay&emergency=true"})
    assert again.status_code == 201
    kept = (await mine.get("/searches")).json()
    assert [(one["name"], one["query"]) for one in kept] == [("Quay", "q=quay&emergency=true")]
    assert (await other.get("/searches")).json() == []
    assert (await other.send("DELETE", f"/searches/{kept[0]['id']}")).status_code == 404
    assert (await mine.send("DELETE", f"/searches/{kept[0]['id']}")).status_code == 204
    assert (await mine.get("/searches")).json() == []
    assert all("quay" not in json.dumps(entry).lower() for entry in logged(room, "search.save"))


async def test_what_a_search_must_have(room: Room) -> None:
    browser = await room.browser("auditor")
    assert (await browser.post("/searches", {"name": "", "query": ""})).status_code == 422
    assert (await browser.post("/searches", {"name": "   ", "query": ""})).status_code == 400
    engineer = await room.browser("engineer")
    assert (await engineer.get("/searches")).status_code == 403


async def test_a_mark_is_set_seen_within_the_grants_and_taken_back_by_its_owner(room: Room) -> None:
    auditor, supervisor = await room.browser("auditor"), await room.browser("supervisor")
    window = {"from_utc": MOMENT - 10, "to_utc": MOMENT + 10}
    body = {"t_utc": MOMENT, "text": "Second voice in the background", "talkgroups": [NORTH]}
    made = await auditor.post("/marks", body)
    assert made.status_code == 201
    seen = (await supervisor.get("/marks", params=window)).json()
    assert [(one["text"], one["mine"]) for one in seen] == [(body["text"], False)]
    mark = made.json()["id"]
    assert (await supervisor.send("DELETE", f"/marks/{mark}")).status_code == 404
    assert (await auditor.send("DELETE", f"/marks/{mark}")).status_code == 204
    assert (await auditor.get("/marks", params=window)).json() == []
    assert len(logged(room, "mark.set")) == len(logged(room, "mark.withdraw")) == 1
    assert "background" not in json.dumps(logged(room, "mark.set"))


async def test_a_mark_needs_the_grants_of_its_talkgroups_and_a_dispatcher_sets_none(
    room: Room,
) -> None:
    auditor, dispatcher = await room.browser("auditor"), await room.browser("dispatcher")
    hidden = {"t_utc": MOMENT, "text": "Something", "talkgroups": [SECRET]}
    assert (await auditor.post("/marks", hidden)).status_code == 404
    assert (await dispatcher.post("/marks", hidden | {"talkgroups": []})).status_code == 403
    own = hidden | {"talkgroups": []}
    await auditor.post("/marks", own)
    window = {"from_utc": MOMENT, "to_utc": MOMENT}
    assert len((await auditor.get("/marks", params=window)).json()) == 1
    assert (await dispatcher.get("/marks", params=window)).json() == []


async def test_the_sheet_tells_way_alarm_and_what_stands_outside(room: Room) -> None:
    call, transmission = room.begin()
    room.record(call, transmission, spoken())
    room.bus.publish(
        ev.AlarmRaised(
            alarm=AlarmId("al-1"),
            unit=None,
            alias="Patrol 1",
            talkgroup=NORTH,
            link=LINK,
            sign="emergency_call",
            call=call,
            t_sign_utc=UtcUs(MOMENT),
        )
    )
    room.end(call, transmission)
    await room.journaled()
    browser = await room.browser("auditor")
    sheet = (await browser.get(f"/calls/{call}")).json()
    assert (sheet["way"]["site"], sheet["way"]["link_name"]) == ("Hill", "North radio")
    assert (sheet["way"]["technology"], sheet["way"]["group"]) == ("tetra", 100)
    assert [one["alias"] for one in sheet["alarms"]] == ["Patrol 1"]
    assert sheet["presses"] == {}
    assert sheet["integrity"]["ok"]
    assert (sheet["integrity"]["witnesses"], sheet["integrity"]["stamp"]) == ([], None)


async def test_the_sheet_shows_the_lines_that_controlled_the_call_and_no_text(room: Room) -> None:
    def line(raw: str, *, outgoing: bool = False) -> None:
        room.bus.publish(ev.LinkLineSeen(link=LINK, outgoing=outgoing, raw=raw, words=""))

    line("+CTICN: 4,0,0,0,1220101,1,1,0,1,1,0,310201,0")
    call, transmission = room.begin()
    line("+CTXG: 4,3,0,0,0,1220101")
    line("+CTSDSR: 12,1220101,0,310201,0,64 / 8200010048454A21")
    line("+CTSDSR: 13,1220101,0,310201,0,16 / 0000")
    line("AT+CMGS=1220101,64", outgoing=True)
    room.record(call, transmission, spoken())
    room.end(call, transmission)
    await room.journaled()
    browser = await room.browser("auditor")

    async def written() -> bool:
        return bool((await browser.get(f"/calls/{call}")).json()["lines"])

    await until(written)
    sheet = (await browser.get(f"/calls/{call}")).json()
    assert [one["raw"].split(":")[0] for one in sheet["lines"]] == ["+CTICN", "+CTXG", "+CTSDSR"]
    assert sheet["lines"][2]["raw"].startswith("+CTSDSR: 13,")


def test_a_long_call_keeps_its_first_and_last_lines() -> None:
    lines = [
        CallLine(call="c", t_utc=n, link="l", outgoing=False, raw=str(n), words="")
        for n in range(200)
    ]
    kept = [int(one.raw) for one in short(lines)]
    assert kept == [*range(40), *range(180, 200)]


async def test_erasing_a_call_erases_its_lines(room: Room) -> None:
    def work(db: Session) -> list[str]:
        rows = [
            CallLine(call=call, t_utc=1, link="l", outgoing=False, raw="+CTXG", words="")
            for call in ("c-1", "c-2")
        ]
        db.add_all(rows)
        db.flush()
        forget_lines(db, ["c-1"])
        return [row.call for row in db.exec(select(CallLine))]

    assert await room.services.store.write(work) == ["c-2"]

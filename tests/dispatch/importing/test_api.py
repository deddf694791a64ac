"""Lists through the server: their size, progress, an end before the end, packed answers."""

import asyncio
import json
from typing import Any

import pytest

from dispatch.errors import TooLarge
from dispatch.importing import jobs
from dispatch.importing.jobs import Job, Jobs
from dispatch.importing.progress import ROWS as ROWS_STAGE
from dispatch.importing.progress import STAGES, Cancelled
from dispatch.importing.recognise import Wish
from dispatch.importing.work import Task
from dispatch.plans.canonical import plan_of, plan_text
from dispatch.plans.packed import MIN_ROWS_FOR_WORDS, pack_rows, unpack
from gateway.model.ids import SystemId
from gateway.model.plan import Plan, System, Unit
from tests.dispatch.room import Browser, Room

NET = SystemId("net")
PLAN = Plan(name="p", systems=(System(id=NET, name="N", technology="tetra", handle=1),))
ROWS = 20_000
TIMEOUT_S = 120
"""Of the test's own client: a long list is read in a process of low priority."""


def units(rows: int, first: int = 70_000) -> bytes:
    lines = (f"{n},NV {n},Police {n % 7},car" for n in range(first, first + rows))
    return "\n".join(("Radio ID,Call sign,Owner,Type", *lines)).encode()


async def begun(browser: Browser) -> Any:
    return (await browser.post("/plan/drafts", {"name": "lists"})).json()


async def send(browser: Browser, draft: str, data: bytes, **form: str) -> Any:
    return await browser.http.post(
        f"/api/v1/plan/drafts/{draft}/import",
        files={"file": ("list", data)},
        data={"system": "net", "kind": "units", **form},
        headers={"X-Samband-Csrf": browser.csrf},
        timeout=TIMEOUT_S,
    )


async def test_a_list_beyond_a_megabyte_is_read_apart_and_put_in(room: Room) -> None:
    engineer = await room.browser("engineer")
    draft = await begun(engineer)
    data = units(ROWS) + b"\n" + b"x" * 900_000
    looked = await send(engineer, draft["id"], data, packed="true")
    assert looked.status_code == 200, looked.text
    assert looked.headers["content-encoding"] == "gzip"
    told = looked.json()
    assert told["counts"] == {
        "read": ROWS + 1,
        "ok": ROWS,
        "repaired": 0,
        "skipped": 1,
        "duplicate": 0,
    }
    rows = unpack(told["rows"])
    assert len(rows) == ROWS + 1
    assert rows[-1]["line"] == ROWS + 2
    assert "longer than 65536" in rows[-1]["reason"]
    changes = unpack(told["changes"])
    assert told["sums"]["added"] == len(changes) == ROWS
    assert changes[0]["name"] == "NV 70000"
    assert changes[0]["words"] == "owner Police 0, kind car"
    old = await send(engineer, draft["id"], data, apply="true", revision="9")
    assert old.status_code == 409
    put = await send(
        engineer, draft["id"], data, apply="true", packed="true", revision=str(draft["revision"])
    )
    assert put.json()["revision"] == draft["revision"] + 1
    found = (await engineer.get(f"/plan/drafts/{draft['id']}")).json()
    assert found["sha256"] == put.json()["sha256"]
    assert len(found["plan"]["units"]) > ROWS - 1
    counts = (await engineer.get(f"/plan/drafts/{draft['id']}/counts")).json()
    assert counts == {"added": ROWS, "changed": 0, "removed": 0}
    again = (await send(engineer, draft["id"], data, packed="true", policy="update")).json()
    assert again["sums"]["file_added"] == again["sums"]["file_changed"] == 0


async def test_a_list_beyond_the_limit_is_refused_in_words(room: Room) -> None:
    engineer = await room.browser("engineer")
    draft = await begun(engineer)
    answer = await send(engineer, draft["id"], b"x" * (52 << 20))
    assert answer.status_code == 413
    assert "larger than" in answer.json()["error"]["message"]
    many = await send(engineer, draft["id"], units(100_001))
    assert many.status_code == 413
    assert many.json()["error"]["message"] == "file: more than 100000 rows"


async def test_only_its_own_asker_sees_and_ends_an_import(room: Room) -> None:
    engineer = await room.browser("engineer")
    told = (await engineer.get("/plan/imports/job-1234")).json()
    assert told == {"stage": "", "done": 0, "total": 0}
    assert (await engineer.send("DELETE", "/plan/imports/job-1234")).status_code == 404


async def test_an_import_tells_how_far_it_is_and_can_be_ended() -> None:
    ours = Jobs()
    job = Job("j", "engineer")
    seen: set[tuple[str, int]] = set()
    task = Task(system="net", wish=Wish(kind="units"))
    work = asyncio.create_task(ours.run(job, task, units(ROWS), plan_text(PLAN)))
    while not work.done():
        await asyncio.sleep(0)
        seen.add((job.stage, job.done))
    assert work.result().told["added"] == ROWS
    assert {stage for stage, _ in seen} - {jobs.WAITING} <= set(STAGES)
    assert len({done for stage, done in seen if stage == ROWS_STAGE}) > 1
    ended = Job("k", "engineer")
    work = asyncio.create_task(ours.run(ended, task, units(ROWS), plan_text(PLAN)))
    while ended.process is None:
        await asyncio.sleep(0)
    ours.cancel("k", "engineer")
    with pytest.raises(Cancelled, match="nothing was changed"):
        await work
    assert ended.process.returncode is not None


async def test_a_short_list_is_ended_too_and_a_third_waits() -> None:
    ours = Jobs()
    task = Task(system="net", wish=Wish(kind="units"))
    job = Job("k", "engineer", cancelled=True)
    with pytest.raises(Cancelled):
        await ours.run(job, task, units(3), plan_text(PLAN))
    many = [Job(str(n), "e") for n in range(jobs.MAX_AT_ONCE + jobs.MAX_WAITING)]
    work = [asyncio.create_task(ours.run(j, task, units(3), plan_text(PLAN))) for j in many]
    await asyncio.sleep(0)
    with pytest.raises(Exception, match="other imports run"):
        await ours.run(Job("more", "e"), task, units(3), plan_text(PLAN))
    assert [outcome.told["added"] for outcome in await asyncio.gather(*work)] == [3] * len(many)


async def test_a_process_that_ends_early_is_told_as_a_list_too_large() -> None:
    ours, job = Jobs(), Job("k", "engineer")
    task = Task(system="net", wish=Wish(kind="units"))
    work = asyncio.create_task(ours.run(job, task, units(ROWS), plan_text(PLAN)))
    while job.process is None:
        await asyncio.sleep(0)
    job.process.kill()
    with pytest.raises(TooLarge, match="more memory or time"):
        await work


async def test_a_plan_comes_without_its_long_tables_and_they_packed(room: Room) -> None:
    engineer = await room.browser("engineer")
    draft = await begun(engineer)
    where = f"/plan/drafts/{draft['id']}"
    whole = (await engineer.get(where)).json()
    light = (await engineer.get(f"{where}/tables")).json()
    assert light["revision"] == whole["revision"]
    assert unpack(light["talkgroups"]) == whole["plan"]["talkgroups"]
    assert light["units"] == {"net": len(whole["plan"]["units"])}
    rows = unpack((await engineer.get(f"{where}/units")).json())
    assert rows == whole["plan"]["units"]
    assert {**whole["plan"], "talkgroups": [], "units": []} == light["plan"]
    which = {"system": "net", "kind": "units", "format": "dvm-rid-acl"}
    listed = [(await engineer.get(f"{p}/list", params=which)) for p in (where, "/plans/1")]
    assert listed[0].content == listed[1].content
    assert "draft" in listed[0].headers["content-disposition"]
    live = (await engineer.get("/plans/1/tables")).json()
    assert live["number"] == 1
    assert unpack((await engineer.get("/plans/1/units")).json()) == rows
    big = {"revision": draft["revision"], "name": "b" * 90, "file": "x" * (2 << 20)}
    assert (await engineer.send("PATCH", where, big)).status_code == 400


def test_a_packed_table_comes_back_whole() -> None:
    rows = [
        Unit(system=NET, number=n, alias=f"A {n}", owner=f"O {n % 3}", talkgroup=None)
        for n in range(MIN_ROWS_FOR_WORDS * 4)
    ]
    packed = json.loads(pack_rows(Unit, rows))
    assert packed["columns"]["owner"]["words"] == ["O 0", "O 1", "O 2"]
    assert [Unit(**row) for row in unpack(packed)] == rows
    assert unpack(json.loads(pack_rows(Unit, []))) == []


async def test_both_ways_of_working_give_the_same() -> None:
    task = Task(system="net", wish=Wish(kind="units"), apply=True)
    data, body = units(ROWS), plan_text(PLAN)
    apart = await jobs._apart(Job("a", "e"), task, data, body, "")
    here = await jobs._here(Job("b", "e"), task, data, body, "")
    assert apart == here
    assert len(plan_of(apart.plan).units) == ROWS

"""Exercises over HTTP, with real simulators: what is refused, logged, and ended."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from dispatch.simulator.exercises import Exercises
from dispatch.simulator.rehearsals import Rehearsals
from samband.simulator_side import HouseSimulators, add_simulators
from tests.dispatch.room import LINK, NORTH, Browser, Room, until

SCENARIO = """title = "two calls"
[[step]]
at_s = 0
do = "talk"
unit = 1210207
group = 310201
say = "en-test-count"
[[step]]
at_s = 0.05
do = "status"
unit = 1210204
value = 3
"""


async def ready(room: Room) -> tuple[Browser, HouseSimulators]:
    """Return an engineer in a room whose talkgroup NORTH 1 is for tests."""
    plan = room.services.plan.plan
    groups = (replace(plan.talkgroups[0], test=True), *plan.talkgroups[1:])
    links = tuple(replace(link, kind="tetra-pei") for link in plan.links)
    wanted = replace(plan, talkgroups=groups, links=links)
    await room.services.plan.activate(wanted, author="t", note="")
    simulators = add_simulators(room.services)
    return await room.browser("engineer"), simulators


async def started(engineer: Browser, **more: Any) -> dict[str, Any]:
    body = {"kind": "tetra-pei", "talkgroup": "net/100", "minutes": 5} | more
    answer = await engineer.post("/simulator/terminals", body)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    return row


async def test_an_exercise_from_start_to_end(room: Room) -> None:
    engineer, _ = await ready(room)
    row = await started(engineer)
    assert row["name"] == "EXERCISE terminal 1"
    assert [link.id for link in room.services.plan.links_of[NORTH]] == ["exercise-1"]
    acts = f"/simulator/terminals/{row['id']}/acts"
    told = (await engineer.post(acts, {"do": "talk", "unit": 1, "tone_hz": 440})).json()["told"]
    assert (told[0]["do"], told[0]["unit"]) == ("talk", "EXERCISE 1")
    for wrong in (
        {"do": "talk", "unit": 1001},
        {"do": "talk", "unit": 1, "group": 200},
        {"do": "talk", "unit": 1, "say": "no-such-clip"},
    ):
        assert (await engineer.post(acts, wrong)).status_code == 400, wrong
    assert (await engineer.post(acts, {"do": "explode"})).status_code == 422
    scenario = f"/simulator/terminals/{row['id']}/scenario"
    assert (await engineer.post(scenario, {"file": SCENARIO})).json()["scenario"]
    bad = await engineer.post(scenario, {"file": "[[step]]\nat_s = 1\ndo = 'fly'"})
    assert bad.status_code == 400
    assert "step[1].do: expected one of talk" in bad.json()["error"]["message"]
    state = (await engineer.get("/simulator")).json()
    assert [one["id"] for one in state["terminals"]] == ["exercise-1"]
    assert (await engineer.send("DELETE", f"/simulator/terminals/{row['id']}")).status_code == 200
    assert [link.id for link in room.services.plan.links_of[NORTH]] == [LINK]
    assert (await engineer.post(acts, {"do": "talk", "unit": 1})).status_code == 404


async def test_what_may_not_be_started(room: Room) -> None:
    engineer, _ = await ready(room)
    for body, status in (
        ({"kind": "tetra-pei", "talkgroup": "net/200"}, 409),
        ({"kind": "tetra-pei", "talkgroup": "net/999"}, 404),
        ({"kind": "p25-dfsi", "talkgroup": "net/100"}, 400),
        ({"kind": "tetra-pei", "talkgroup": "net/100", "minutes": 0}, 422),
    ):
        assert (await engineer.post("/simulator/terminals", body)).status_code == status, body
    for role in ("dispatcher", "auditor"):
        assert (await (await room.browser(role)).get("/simulator")).status_code == 403


async def test_a_simulator_that_dies_takes_its_link_along(room: Room) -> None:
    engineer, _ = await ready(room)
    row = await started(engineer)
    far: Any = room.services.use(Exercises).find(row["id"]).far  # its inside is looked at
    os.kill(far._peer.child._process.pid, signal.SIGKILL)
    await until(lambda: not room.services.plan.guests, 30)
    assert (await engineer.get("/simulator")).json()["terminals"] == []


async def test_a_plan_without_the_test_mark_ends_the_exercise(room: Room) -> None:
    engineer, _ = await ready(room)
    row = await started(engineer)
    far: Any = room.services.use(Exercises).find(row["id"]).far  # its inside is looked at
    folder: Path = far._folder
    plan = room.services.plan.plan
    groups = (replace(plan.talkgroups[0], test=False), *plan.talkgroups[1:])
    await room.services.plan.activate(replace(plan, talkgroups=groups), author="t", note="")
    await until(lambda: not room.services.plan.guests, 30)
    await room.dispatch.close()  # in the midst of ending it
    assert not folder.exists()
    assert not far.alive


async def test_a_draft_is_tried_and_ends_with_its_sandbox(room: Room) -> None:
    engineer, _ = await ready(room)
    draft = (await engineer.post("/plan/drafts", {"name": "winter"})).json()["id"]
    answer = await engineer.post("/simulator/rehearsals", {"draft": draft, "minutes": 1})
    assert answer.status_code == 200, answer.text
    rehearsal = answer.json()["rehearsal"]["id"]
    second = await engineer.post("/simulator/rehearsals", {"draft": draft})
    assert second.status_code == 409

    async def now() -> dict[str, Any]:
        found: dict[str, Any] = (await engineer.get("/simulator")).json()["rehearsal"]
        return found

    async def is_ready() -> bool:
        state = await now()
        assert not state["ended"], state
        return bool(state["ready"])

    await until(is_ready, 60)
    acts = f"/simulator/rehearsals/{rehearsal}/acts"
    emergency = {"do": "emergency", "talkgroup": "net/100", "unit": 1001, "seconds": 1}
    assert (await engineer.post(acts, emergency)).json()["words"] == "heard by North radio"
    nobody = await engineer.post(acts, emergency | {"talkgroup": "net/300"})
    assert nobody.status_code == 400
    press = {"do": "press", "position": "2", "talkgroup": "net/300", "seconds": 0.3}
    await engineer.post(acts, press)

    async def told(kind: str) -> bool:
        return any(row["kind"] == kind for row in (await now())["rows"])

    await until(lambda: told("alarm"), 30)
    await until(lambda: told("press"), 30)
    rows = (await now())["rows"]
    (alarm,) = [row for row in rows if row["kind"] == "alarm"]
    assert alarm["seen"] == ["1", "2", "3", "4", "5"]
    pressed = [row for row in rows if row["kind"] == "press"]
    assert all(row["refused"] for row in pressed)
    assert any("no radio carries net/300" in row["words"] for row in pressed), pressed
    rehearsals: Any = room.services.use(Rehearsals)  # its inside is looked at
    sandbox = rehearsals._now.sandbox
    folder: Path = sandbox._folder
    os.kill(sandbox._process.pid, signal.SIGKILL)

    async def ended() -> bool:
        return bool((await now())["ended"] == "the sandbox crashed")

    await until(ended, 30)
    await until(lambda: not folder.exists(), 30)
    assert (await engineer.post(acts, press)).status_code == 409

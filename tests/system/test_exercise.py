"""An exercise on a whole server: a simulated terminal on its own pseudo-terminal, and desks."""

from typing import Any

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, PttSocket, StreamSocket
from tests.system.story import radio_state, wait_for

OVNING = "norrvik/310999"


def _terminal(engineer: Desk, name: str) -> dict[str, Any]:
    rows = engineer.call("GET", "/simulator")["terminals"]
    found: dict[str, Any] = next(row for row in rows if row["id"] == name)
    return found


def test_an_exercise_never_leaves_its_talkgroup(
    demo: RunningDemo, control: Control, desk: Desk, ptt: PttSocket, stream: StreamSocket
) -> None:
    engineer = Desk(demo.url, **demo.users["engineer"])
    body = {"kind": "tetra-pei", "talkgroup": OVNING, "minutes": 5}
    name = engineer.call("POST", "/simulator/terminals", body)["id"]
    acts = f"/simulator/terminals/{name}/acts"
    wait_for(lambda: _terminal(engineer, name)["state"] == "up", seconds=15, words="link up")
    # A unit of the exercise talks, and calls for help: both say what they are.
    engineer.call("POST", acts, {"do": "talk", "unit": 1, "say": "en-test-count"})
    over = stream.wait(lambda item: item.get("type") == "transmission.started")["data"]
    assert (over["talkgroup"], over["alias"], over["exercise"]) == (OVNING, "EXERCISE 1", True)
    engineer.call("POST", acts, {"do": "emergency", "unit": 2, "seconds": 1})
    alarm = stream.wait(lambda item: item.get("type") == "alarm.raised")["data"]
    assert (alarm["alias"], alarm["exercise"]) == ("EXERCISE 2", True)
    engineer.call("POST", acts, {"do": "text", "unit": 2, "text": "come to the quay"})
    text = stream.wait(lambda item: item.get("type") == "message.received")["data"]
    assert text["text"] == "EXERCISE: come to the quay"
    # What a desk says there goes to the simulated terminal, and not to the one of the plan.
    control.ask(do="clear", radio="hamnen")
    wait_for(lambda: engineer.call("POST", acts, {"do": "cut"}), words="cut")
    request, _ = ptt.press(OVNING)
    ptt.wait(request, "on_air", seconds=10)
    assert not radio_state(control, "hamnen")["keyed"]
    ptt.release(request)
    ptt.wait(request, "idle", "released", "ended", "done", seconds=10)
    # The link is cut and comes back; then the terminal goes, and the plan is as it was.
    engineer.call("POST", acts, {"do": "outage"})
    wait_for(lambda: _terminal(engineer, name)["state"] == "down", words="link down")
    engineer.call("POST", acts, {"do": "restore"})
    wait_for(lambda: _terminal(engineer, name)["state"] == "up", seconds=15, words="up again")
    engineer.call("DELETE", f"/simulator/terminals/{name}")
    after = StreamSocket(desk.socket("/stream")).snapshot
    group = next(row for row in after["talkgroups"] if row["id"] == OVNING)
    assert group["links"] == ["hamnen"]


def test_a_demos_own_radios_are_driven_from_the_page(
    demo: RunningDemo, stream: StreamSocket
) -> None:
    supervisor = Desk(demo.url, **demo.users["supervisor"])
    act = {"do": "talk", "group": 310301, "unit": 1220101, "say": "sv-b101-out"}
    row = supervisor.call("POST", "/simulator/terminals/hamnen/acts", act)
    assert row["resident"]
    assert row["told"][0]["words"] == ""
    over = stream.wait(lambda item: item.get("type") == "transmission.started")["data"]
    assert over["alias"] == "B 101 Styrka"

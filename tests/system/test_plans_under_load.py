"""Plans come and go while calls run, and while the server is killed; nothing here is timed.

The same room as ``samband bench plan``: a server, radios and browsers, each a process of its own.
"""

from pathlib import Path

from samband.bench_plan import Load
from samband.bench_plan_kills import Kills
from samband.bench_plan_room import running_room
from samband.bench_plan_world import Size

ACTS = ("plan.activated", "plan.kept", "plan.returned", "plan.rolled_back")


def test_calls_go_on_while_plans_come_and_go(tmp_path: Path) -> None:
    size = Size(received=18, sent=2)
    with running_room(tmp_path, size) as room:
        load = Load(room, watching=1, settle_s=0.5)
        load.go(5)
        assert load.faults() == []
        assert len(load.went["activate"]) == len(load.went["back"]) == 5
        assert load.presses.up
        state = load.office.engineer.call("GET", "/plans")
        assert (state["number"], state["trial"], state["waits"]) == (1, None, [])
        links = {row["id"]: row["name"] for row in load.office.engineer.call("GET", "/links")}
        assert links == {str(link.id): link.name for link in room.before.links}
        auditor = room.sign_in("auditor")
        entries = auditor.call("GET", "/audit/entries?op=admin&limit=500")["entries"]
        told = [entry["verb"] for entry in entries]
        assert [told.count(verb) for verb in ACTS] == [5, 1, 2, 3]


def test_after_a_kill_one_plan_is_live_and_whole(tmp_path: Path) -> None:
    size = Size(received=1, sent=0, talkgroups=120, units=600, changes=120)
    with running_room(tmp_path, size) as room:
        kills = Kills(room)
        found = [kills.once(after_s) for after_s in (0.03, 0.15)]
        assert kills.faults == []
        assert {one.live for one in found} <= {1, 2, 3}

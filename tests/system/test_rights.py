"""Who has no grant for a talkgroup learns nowhere that it exists; revoking works within 1 s."""

import contextlib
import json
import time
import urllib.request

import pytest

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk
from tests.system.story import BRAND_1, PATRULL_1, silence_on_air, wait_for

NEW_PASSWORD = "a long enough secret"
HIDDEN = ("310301", "BRAND 1", "B 101")


@pytest.fixture(scope="module")
def administrator(demo: RunningDemo) -> Desk:
    return Desk(demo.url, **demo.users["administrator"])


def use_invitation(url: str, token: str, name: str) -> None:
    """Set the password behind a one-time link, as the person does in a browser."""
    body = {"name": name, "display_name": name.title(), "password": NEW_PASSWORD}
    request = urllib.request.Request(
        f"{url}/api/v1/invitation/{token}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def make_person(administrator: Desk, name: str, talkgroup: str, actions: list[str]) -> Desk:
    """A dispatcher of another organisation who may do this with one talkgroup and nothing else."""
    person = administrator.call(
        "POST",
        "/users",
        {
            "name": name,
            "display_name": name.title(),
            "role": "dispatcher",
            "organisation": name,
        },
    )
    administrator.call(
        "POST",
        "/grants",
        {
            "role": "dispatcher",
            "organisation": name,
            "scope_kind": "talkgroup",
            "scope": talkgroup,
            "actions": actions,
        },
    )
    use_invitation(administrator.url, person["invitation"], name)
    return Desk(administrator.url, name, NEW_PASSWORD)


ALL = ["see", "hear", "talk", "replay", "search"]


def test_a_hidden_talkgroup_shows_nowhere(
    demo: RunningDemo, administrator: Desk, control: Control
) -> None:
    guest = make_person(administrator, "guest1", PATRULL_1, ALL)
    owner = Desk(demo.url, **demo.users["dispatcher"])
    with contextlib.closing(owner.stream()) as theirs, contextlib.closing(guest.stream()) as mine:
        assert [t["id"] for t in mine.snapshot["talkgroups"]] == [PATRULL_1]
        silence_on_air(control, "hamnen")
        seen = len(theirs.items)
        control.ask(do="talk", radio="hamnen", group=310301, unit=1220101, tone_hz=500, for_s=1)
        control.ask(do="text", radio="hamnen", unit=1220101, to=310301, text="B 101 here")
        ended = theirs.event("transmission.ended", talkgroup=BRAND_1, since=seen)
        theirs.event("recording.closed", transmission=ended["transmission"], since=seen)
        time.sleep(0.5)
        text = json.dumps([item for _, item in mine.items])
        assert [word for word in HIDDEN if word in text] == []
    found = wait_for(
        lambda: owner.call("GET", f"/calls?talkgroup={BRAND_1}")["total"], words="call in the log"
    )
    assert found >= 1
    answer = guest.call("GET", f"/calls?talkgroup={BRAND_1}")
    assert (answer["total"], answer["calls"]) == (0, [])
    assert guest.call("GET", "/calls?q=B%20101")["total"] == 0
    for path in ("/talkgroups", "/units", "/messages", "/calls"):
        status, body = guest.raw("GET", path)
        assert status in (200, 403)
        assert [word for word in HIDDEN if word in body.decode()] == [], path
    status, _ = guest.raw("GET", f"/recordings/{ended['transmission']}")
    assert status == 404
    status, _ = guest.raw("GET", f"/calls/{ended['call']}")
    assert status == 404


def test_revoking_takes_effect_within_a_second(administrator: Desk, control: Control) -> None:
    guest = make_person(administrator, "guest2", PATRULL_1, ALL)
    with contextlib.closing(guest.stream()) as mine:
        grants = administrator.call("GET", "/grants")
        grant = next(g for g in grants if g["organisation"] == "guest2")
        seen, began = len(mine.items), time.monotonic()
        administrator.call("DELETE", f"/grants/{grant['id']}")
        snapshot = mine.wait(lambda item: item["kind"] == "snapshot", since=seen, seconds=2)
        assert time.monotonic() - began < 1
        assert snapshot["data"]["talkgroups"] == []
        silence_on_air(control, "norrvik-c")
        control.ask(do="talk", radio="norrvik-c", group=310201, unit=1210207, tone_hz=500, for_s=1)
        time.sleep(1.0)
        later = json.dumps([item for _, item in mine.items[seen:]])
        assert "310201" not in later


def test_a_press_without_the_grant_is_refused_and_keys_nothing(
    administrator: Desk, control: Control
) -> None:
    guest = make_person(administrator, "guest3", PATRULL_1, ["see", "hear"])
    guest.take("5")
    with contextlib.closing(guest.ptt()) as ptt:
        request, pressed = ptt.press(PATRULL_1)
        assert ptt.wait(request, "denied", "fault")["words"].startswith(("Refused", "Not sent"))
        log = control.ask(do="log", radio="norrvik-c", kinds=["keyed"], since_ms=pressed)
        assert log["entries"] == []

"""An emergency: raised, shown, acknowledged, raised anew, kept when the link dies, ended."""

import contextlib
from collections.abc import Iterator

import pytest

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, StreamSocket
from tests.system.story import BRAND_1, silence_on_air

RADIO = "hamnen"
GROUP = 310301
UNIT = 1220101


@pytest.fixture(scope="module")
def desk(demo: RunningDemo) -> Desk:
    signed_in = Desk(demo.url, **demo.users["dispatcher"])
    signed_in.take("1")
    return signed_in


@pytest.fixture(scope="module")
def stream(desk: Desk) -> Iterator[StreamSocket]:
    with contextlib.closing(desk.stream()) as opened:
        yield opened


def test_life_of_an_alarm(desk: Desk, stream: StreamSocket, control: Control) -> None:
    silence_on_air(control, RADIO)
    seen = len(stream.items)
    control.ask(do="emergency", radio=RADIO, unit=UNIT, group=GROUP, tone_hz=500, for_s=1)
    raised = stream.event("alarm.raised", since=seen)
    assert raised["unit"] == "norrvik/1220101"
    assert raised["alias"] == "B 101 Styrka"
    alarm = raised["alarm"]
    stream.event("call.started", talkgroup=BRAND_1, emergency=True, since=seen)

    # three signs (call priority, status 0, position reason 2) are one alarm
    stream.event("unit.positioned", unit="norrvik/1220101", since=seen)
    alarms = {i["data"]["alarm"] for _, i in stream.items[seen:] if i.get("type") == "alarm.raised"}
    assert alarms == {alarm}

    too_soon = desk.call("POST", f"/alarms/{alarm}/end", {"reason": "handled"})
    assert too_soon["ok"] is False
    assert "acknowledge" in too_soon["reason"]
    desk.call("POST", f"/alarms/{alarm}/acknowledge", {})
    acknowledged = stream.event("alarm.acknowledged", alarm=alarm, since=seen)
    assert acknowledged["operator"] == "Sara Holm"
    assert acknowledged["way"] == "not_possible"

    seen = len(stream.items)
    control.ask(do="status", radio=RADIO, unit=UNIT, value=0)
    again = stream.event("alarm.raised", since=seen)
    assert again["again"] is True

    desk.call("POST", f"/alarms/{again['alarm']}/acknowledge", {})
    seen = len(stream.items)
    control.ask(do="power", radio=RADIO, off_ms=4000)
    lost = stream.event(
        "alarm.link_changed", alarm=again["alarm"], lost=True, since=seen, seconds=15
    )
    assert lost["last_heard_utc"] > 0
    stream.event("alarm.link_changed", alarm=again["alarm"], lost=False, since=seen, seconds=60)
    desk.call("POST", f"/alarms/{again['alarm']}/end", {"reason": "handled"})
    stream.event("alarm.ended", alarm=again["alarm"], reason="handled")


def test_in_mid_call_marks_the_transmission(
    desk: Desk, stream: StreamSocket, control: Control
) -> None:
    silence_on_air(control, RADIO)
    seen = len(stream.items)
    control.ask(do="talk", radio=RADIO, group=GROUP, unit=1220104, tone_hz=500, for_s=4)
    started = stream.event("transmission.started", talkgroup=BRAND_1, since=seen)
    assert started["emergency"] is False
    control.ask(do="status", radio=RADIO, unit=1220104, value=0)
    updated = stream.event("transmission.updated", transmission=started["transmission"], since=seen)
    assert updated["emergency"] is True
    stream.event("call.updated", call=started["call"], emergency=True, since=seen)


def test_not_acknowledged_goes_up(stream: StreamSocket, control: Control) -> None:
    seen = len(stream.items)
    control.ask(do="status", radio="fyrberget", unit=1230911, value=0)
    alarm = stream.event("alarm.raised", since=seen, unit="norrvik/1230911")["alarm"]
    stream.event("alarm.escalated", alarm=alarm, since=seen, seconds=15)

"""What a draft does, in words, and which positions it reaches."""

from dataclasses import replace
from typing import Any

from dispatch.simulator.told import ALARM, Desks, Teller, per_position
from gateway.model import events as ev
from gateway.model.ids import (
    AlarmId,
    CallId,
    LinkId,
    PositionId,
    RequestId,
    TalkgroupId,
    TransmissionId,
    UnitId,
)
from gateway.model.layouts import Cell, Layout, LayoutId, LayoutPage
from gateway.model.message_events import UnitStatusSet
from tests.dispatch.plans.plans import FIRE, PATROL, PLAN

EVERY = {"sees": "*", "hears": "*", "talks": "*"}
DESKS = Desks({"1": EVERY, "2": {"sees": [FIRE], "hears": [FIRE], "talks": []}})


def over(talkgroup: TalkgroupId = PATROL, **more: Any) -> ev.TransmissionStarted:
    values: dict[str, Any] = {"talker": UnitId("norrvik/1210207"), "alias": "3120"}
    return ev.TransmissionStarted(
        transmission=TransmissionId("t-1"),
        call=CallId("c-1"),
        talkgroup=talkgroup,
        link=LinkId("pei-1"),
        **(values | more),
    )


def alarm(talkgroup: TalkgroupId | None) -> ev.AlarmRaised:
    return ev.AlarmRaised(
        alarm=AlarmId("a-1"),
        unit=UnitId("norrvik/1210207"),
        alias="",
        talkgroup=talkgroup,
        link=LinkId("pei-1"),
        sign="status",
    )


def test_an_over_reaches_who_may_hear_it() -> None:
    told = Teller(PLAN, DESKS).tell(over())
    assert told is not None
    assert told.words == "3120 talks on NORRVIK PATRULL 1, comes over Terminal 1"
    assert (told.seen, told.heard) == (("1",), ("1",))
    own = Teller(PLAN, DESKS).tell(over(FIRE, position=PositionId("1")))
    assert own is not None
    assert own.heard == ("2",)
    secret = Teller(PLAN, DESKS).tell(over(readable=False))
    assert secret is not None
    assert secret.heard == ()
    assert "not readable here" in secret.words


def test_a_layout_hides_and_mutes() -> None:
    cells = (Cell(place=1, talkgroup=FIRE, muted=True),)
    layout = Layout(
        id=LayoutId("fire"),
        name="Fire",
        positions=("1",),
        others="",
        pages=(LayoutPage(name="Fire", cells=cells),),
    )
    teller = Teller(replace(PLAN, layouts=(layout,)), DESKS)
    hidden, muted = teller.tell(over()), teller.tell(over(FIRE))
    assert hidden is not None
    assert muted is not None
    assert (hidden.seen, hidden.heard) == ((), ())
    assert (muted.seen, muted.heard) == (("1", "2"), ("2",))


def test_an_alarm_that_reaches_nobody_is_said_so() -> None:
    reached = Teller(PLAN, DESKS).tell(alarm(PATROL))
    assert reached is not None
    assert (reached.words, reached.seen) == ("emergency of 3120 on NORRVIK PATRULL 1", ("1",))
    lost = Teller(PLAN, Desks({"2": DESKS.rights["2"]})).tell(alarm(PATROL))
    assert lost is not None
    assert lost.refused
    assert lost.words.endswith("it reaches NO position")


def test_a_refused_press_has_its_reason() -> None:
    event = ev.FloorRefused(
        request=RequestId("r-1"),
        position=PositionId("2"),
        talkgroup=PATROL,
        reason="radio is on BRAND 1",
        not_sent=True,
    )
    told = Teller(PLAN, DESKS).tell(event)
    assert told is not None
    assert told.words == "Position 2 on NORRVIK PATRULL 1: Not sent: radio is on BRAND 1"
    row = told.row(1)
    assert [one["refused"] for one in per_position([row], ["1", "2"])] == [0, 1]


def test_links_are_told_when_their_state_changes() -> None:
    teller = Teller(PLAN, DESKS)
    up = ev.LinkChanged(link=LinkId("pei-1"), state="up")
    first = teller.tell(up)
    assert first is not None
    assert first.words == "Terminal 1 is up"
    assert teller.tell(replace(up, signal_dbm=-70)) is None
    down = teller.tell(ev.LinkChanged(link=LinkId("pei-1"), state="down", reason="hung up"))
    assert down is not None
    assert (down.words, down.refused) == ("Terminal 1 is down: hung up", True)


def test_statuses_go_by_the_units_home() -> None:
    event = UnitStatusSet(
        unit=UnitId("norrvik/1210207"), link=LinkId("pei-1"), value=3, words="On scene"
    )
    told = Teller(PLAN, DESKS).tell(event)
    assert told is not None
    assert (told.words, told.seen) == ("3120: status On scene", ("1",))
    counts = per_position([told.row(1)], ["1", "2"])
    assert [one["seen"] for one in counts] == [1, 0]
    assert all(one["alarms"] == 0 for one in counts if one["position"] != ALARM)

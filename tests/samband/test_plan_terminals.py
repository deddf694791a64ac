"""What a plan says of a terminal is checked before anything is opened."""

import pytest

from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.plan import Link, Plan, Site, System
from samband.plan_file import plan_faults


def _faults(profile: str, mode: str, kind: str = "tetra-pei") -> list[str]:
    link = Link(
        id=LinkId("north"),
        name="North",
        kind=kind,
        system=SystemId("sweden"),
        site=SiteId("hill"),
        port="/dev/ttyUSB0",
        sound="udp:127.0.0.1:5004",
        talkgroups=(),
        profile=profile,
        mode=mode,
    )
    system = System(id=SystemId("sweden"), name="Sweden", technology="tetra", handle=1)
    site = Site(id=SiteId("hill"), name="Hill")
    return plan_faults(Plan(name="test", systems=(system,), sites=(site,), links=(link,)))


@pytest.mark.parametrize("mode", ["", "tmo", "dmo", "gateway", "repeater"])
@pytest.mark.parametrize("profile", ["auto", "generic", "motorola", "sepura"])
def test_what_may_be_said(profile: str, mode: str) -> None:
    assert _faults(profile, mode) == []


def test_what_does_not_exist_is_named_with_what_does() -> None:
    assert _faults("nokia", "") == [
        "link north: profile: expected auto or one of generic, motorola, sepura, got 'nokia'"
    ]
    (fault,) = _faults("auto", "V+D")
    assert fault.startswith("link north: mode: expected one of tmo, dmo,")
    assert fault.endswith("got 'V+D'")

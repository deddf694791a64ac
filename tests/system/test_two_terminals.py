"""Two terminals on one talkgroup: one call for the desks, two recordings in the log."""

import contextlib
from collections.abc import Iterator

import pytest

from samband.bench_demo import Control, RunningDemo
from samband.bench_desk import Desk, StreamSocket
from tests.system.story import BRAND_1, radio_state, silence_on_air, wait_for

FIRST, SECOND = "hamnen", "fyrberget"
GROUP, OTHER_GROUP = 310301, 310401


@pytest.fixture(scope="module")
def desk(demo: RunningDemo) -> Desk:
    signed_in = Desk(demo.url, **demo.users["dispatcher"])
    signed_in.take("1")
    return signed_in


@pytest.fixture
def stream(desk: Desk) -> Iterator[StreamSocket]:
    with contextlib.closing(desk.stream()) as opened:
        yield opened


@pytest.fixture
def both(control: Control, stream: StreamSocket) -> Iterator[None]:
    """Turn the second radio to the first one's group, and back afterwards."""
    silence_on_air(control, FIRST)
    control.ask(do="knob", radio=SECOND, group=GROUP)
    stream.event("link.group_changed", link=SECOND, number=GROUP)
    yield
    control.ask(do="release")
    control.ask(do="knob", radio=SECOND, group=OTHER_GROUP)
    wait_for(lambda: radio_state(control, SECOND)["group"] == OTHER_GROUP)


@pytest.mark.usefixtures("both")
def test_one_over_heard_twice_is_one_row_with_two_sounds(
    desk: Desk, stream: StreamSocket, control: Control
) -> None:
    since = len(stream.items)
    control.ask(do="talk", group=GROUP, unit=1220101, tone_hz=500, for_s=2)
    over = stream.event("transmission.started", talkgroup=BRAND_1, since=since)
    stream.event("transmission.ended", transmission=over["transmission"], since=since)
    stream.event("call.ended", call=over["call"], since=since, seconds=15)
    kinds = [item.get("type") for _, item in stream.items[since:]]
    assert kinds.count("call.started") == 1
    assert kinds.count("transmission.started") == 1

    def kept() -> dict[str, object] | None:
        row = desk.call("GET", f"/calls/{over['call']}")
        first = row["transmissions"][0]
        return first if first["has_sound"] and first["copies"] else None

    first = wait_for(kept, words="both recordings in the log")
    (copy,) = first["copies"]
    assert {first["link"], copy["link"]} == {FIRST, SECOND}
    assert copy["has_sound"]
    purpose = "purpose_code=case&purpose_ref=1&purpose_text=test"
    sounds = [desk.raw("GET", f"/recordings/{row['id']}?{purpose}")[1] for row in (first, copy)]
    assert all(sound.startswith(b"OggS") for sound in sounds)
    assert all(len(sound) > 3000 for sound in sounds)


@pytest.mark.usefixtures("both")
def test_a_pulled_cable_in_mid_over_does_not_end_it(
    desk: Desk, stream: StreamSocket, control: Control
) -> None:
    since = len(stream.items)
    control.ask(do="talk", group=GROUP, unit=1220101, tone_hz=500, for_s=5)
    over = stream.event("transmission.started", talkgroup=BRAND_1, since=since)
    wait_for(lambda: radio_state(control, SECOND)["call"] is not None, words="both in the call")
    control.ask(do="unplug", radio=over["link"], for_ms=1500)
    stream.event("link.changed", link=over["link"], state="down", since=since)
    ended = stream.event(
        "transmission.ended", transmission=over["transmission"], since=since, seconds=15
    )
    assert ended["cause"] == "ended"
    assert ended["duration_ms"] > 4_000
    stream.event("link.changed", link=over["link"], state="up", since=since, seconds=20)

"""When links and the server were away, over restarts and a crash, and as gaps of a package."""

from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.files import replace_file
from dispatch.evidence.coverage import outage_gaps
from dispatch.evidence.outages import ALIVE_FILE, LINES_FILE, Outage, Outages
from dispatch.evidence.selection import Selection
from gateway.bus import InProcessBus
from gateway.model.events import LinkChanged
from gateway.model.ids import GatewayId, LinkId, UtcUs
from tests.dispatch.room import LINK, NORTH, SECRET_LINK, small_plan, until

NORTH_LINK, HIDDEN = str(LINK), str(SECRET_LINK)


class Clock:
    """A clock that a test sets."""

    now = 1000
    step = 0
    """By how much somebody has set it."""

    def mono_ms(self) -> Any:
        return self.now // 1000

    def utc_us(self) -> Any:
        return UtcUs(self.now + self.step)


class Watched:
    """A bus with what listens to it."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.folder = folder
        self.begin()

    def begin(self) -> None:
        self.bus = InProcessBus(GatewayId("gw-1"), self.clock, bytes)
        self.outages = Outages(self.folder, self.bus, self.clock)

    def lines(self) -> int:
        path = self.folder / LINES_FILE
        return len(path.read_bytes().splitlines()) if path.is_file() else 0

    async def link(self, name: str, state: str, at: int, *, lines: int) -> None:
        self.clock.now = at
        self.bus.publish(LinkChanged(link=LinkId(name), state=state))
        await until(lambda: self.lines() >= lines)


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "evidence")


async def test_a_link_that_was_away(watched: Watched) -> None:
    watched.outages.start()
    await watched.link(NORTH_LINK, "up", 1100, lines=2)
    await watched.link(NORTH_LINK, "down", 2000, lines=3)
    watched.bus.publish(LinkChanged(link=LINK, state="connecting"))
    await watched.link(HIDDEN, "down", 2500, lines=4)
    await watched.link(NORTH_LINK, "up", 3000, lines=5)
    assert watched.outages.between(0, 9000) == [
        Outage(link=NORTH_LINK, start_utc=2000, end_utc=3000),
        Outage(link=HIDDEN, start_utc=2500, end_utc=9000),
    ]
    assert watched.outages.between(2200, 2400) == [
        Outage(link=NORTH_LINK, start_utc=2200, end_utc=2400)
    ]
    assert watched.outages.between(0, 1500) == []
    await watched.outages.close()
    await watched.outages.close()


async def test_a_server_that_was_not_running(watched: Watched) -> None:
    watched.outages.start()
    await watched.link(NORTH_LINK, "up", 1100, lines=2)
    watched.clock.now = 5000
    await watched.outages.close()
    watched.begin()
    watched.clock.now = 8000
    watched.outages.start()
    assert watched.outages.between(0, 9000) == [Outage(link=None, start_utc=5000, end_utc=8000)]
    await watched.outages.close()


async def test_a_crash_leaves_the_last_sign_of_life_and_a_halved_line_is_skipped(
    watched: Watched,
) -> None:
    watched.outages.start()
    await watched.link(NORTH_LINK, "down", 2000, lines=2)
    replace_file(watched.folder / ALIVE_FILE, b"4000")
    await watched.outages.close()
    replace_file(watched.folder / ALIVE_FILE, b"4000")
    with (watched.folder / LINES_FILE).open("ab") as file:
        file.write(b'{"t": 41')
        file.write(b"\n")
    watched.begin()
    watched.clock.now = 6000
    watched.outages.start()
    assert watched.outages.between(0, 9000) == [
        Outage(link=NORTH_LINK, start_utc=2000, end_utc=9000),
        Outage(link=None, start_utc=4000, end_utc=6000),
    ]
    await watched.outages.close()
    replace_file(watched.folder / ALIVE_FILE, b"rubbish")
    assert watched.outages._alive() == 0


async def test_a_clock_that_was_set_is_a_gap_of_sound_time(watched: Watched) -> None:
    clock = watched.clock
    before = clock.utc_us(), clock.mono_ms()
    clock.now += 60_000_000
    assert (await watched.outages.look_at_clock(*before))[0] == clock.now
    assert watched.lines() == 0, "a minute is a minute"
    before, clock.step = (clock.utc_us(), clock.mono_ms()), 5_000_000
    clock.now += 60_000_000
    await watched.outages.look_at_clock(*before)
    (outage,) = watched.outages.between(0, 10**12)
    assert (outage.link, outage.clock) == (None, True)
    assert outage.end_utc - outage.start_utc == 65_000_000
    selection = Selection(talkgroups=(str(NORTH),), start_utc=UtcUs(0), end_utc=UtcUs(9))
    (gap,) = outage_gaps([outage], selection, small_plan())
    assert (gap.cause, gap.talkgroup) == ("clock", None)


def test_outages_become_gaps_of_the_talkgroups_that_were_asked_for() -> None:
    outages = [
        Outage(link=None, start_utc=1, end_utc=2),
        Outage(link=NORTH_LINK, start_utc=3, end_utc=4),
        Outage(link=HIDDEN, start_utc=3, end_utc=4),
        Outage(link="gone", start_utc=3, end_utc=4),
    ]
    selection = Selection(talkgroups=(str(NORTH),), start_utc=UtcUs(0), end_utc=UtcUs(9))
    gaps = outage_gaps(outages, selection, small_plan())
    assert [(gap.cause, gap.talkgroup, gap.site) for gap in gaps] == [
        ("recorder", None, None),
        ("link", str(NORTH), "hill"),
    ]

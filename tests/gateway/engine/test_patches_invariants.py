"""Whatever people, radios, plans and echoes do to patches: nothing goes round, nothing sticks."""

import random
from dataclasses import replace

import pytest

from gateway.model import radio
from gateway.model.commands import FloorRelease, FloorRenew, PositionLeft
from gateway.model.events import PatchEnded, PatchMade, TransmissionEnded, TransmissionStarted
from gateway.model.ids import PatchId, PositionId, RequestId
from gateway.model.patch import PatchDrop, PatchMake
from gateway.model.patch_plan import PlanPatch
from gateway.model.radio import LinkState
from tests.gateway.engine.patch_room import SEA, THREE, PatchRoom
from tests.gateway.engine.peer import FIRE, PATROL, ScriptedRadio

GROUPS = (PATROL, FIRE, SEA)
SILENCE = b"\0\0" * 160
STEP_MS = 20
CALM_MS = 120_000
LONGEST_WITHOUT_SOURCE_MS = 720 + 1500 + 200
"""The lease of a patch, what is left to say, and the time between two looks."""


class Site:
    """A radio's site: people who talk there, and what comes back of what we say there."""

    def __init__(self, link: ScriptedRadio, group: int, numbers: random.Random) -> None:
        self.link, self.group = link, group
        self.tail_ms = numbers.choice([0, 0, 200, 900, 2500, 6000])
        self.delay_ms = numbers.choice([0, 0, 0, 100, 250, 700])
        self.talks_until = 0
        self.talks = False
        self.echo_at: int | None = None
        self.was_keyed = False
        self.source = False
        """Whether a person, and no echo, talks."""


class World:
    """Three sites that echo, two desks, and a person who makes and drops patches."""

    def __init__(self, seed: int) -> None:
        self.numbers = random.Random(seed)
        self.room = PatchRoom()
        room = self.room
        self.sites = [
            Site(link, group, self.numbers)
            for link, group in ((room.north, 101), (room.south, 201), (room.coast, 501))
        ]
        self.count = 0
        self.press: str | None = None
        self.keyings = 0
        self.last_keyed_ms = 0
        self.quiet_ms: dict[str, int] = {}

    # ---- moves

    def move(self) -> None:
        self.numbers.choice(
            [self.talk, self.talk, self.talk, self.desk, self.make, self.drop, self.link, self.plan]
        )()

    def talk(self) -> None:
        site = self.numbers.choice(self.sites)
        if not site.talks:
            unit = self.numbers.choice([None, None, 3204, 911])
            self.begin(site, unit, self.numbers.choice([200, 900, 3000]))
            site.source = True

    def desk(self) -> None:
        if self.press is not None:
            self.room.do(FloorRelease(request=RequestId(self.press), normal=True))
            self.press = None
            return
        self.count += 1
        self.press = f"r-{self.count}"
        priority = self.numbers.choice([0, 0, 3])
        self.room.press(self.press, "1", self.numbers.choice(GROUPS), priority=priority)

    def make(self) -> None:
        self.count += 1
        members = tuple(self.numbers.sample(GROUPS, self.numbers.choice([2, 3])))
        until = self.room.clock.utc_us() + self.numbers.choice([2, 60, 600]) * 1_000_000
        self.room.do(
            PatchMake(
                patch=PatchId(f"p-{self.count:026d}"),
                name="any",
                members=members,
                operator="x",
                until_utc=until,
            )
        )

    def drop(self) -> None:
        if self.numbers.random() < 0.5:
            patch = PatchId(f"p-{self.count:026d}")
            self.room.do(PatchDrop(patch=patch, operator="x"))

    def link(self) -> None:
        site = self.numbers.choice(self.sites)
        if self.numbers.random() < 0.3:
            site.link.say(radio.LinkChanged(state=LinkState.DOWN, reason="cable"))
            site.link.keyed = None
            site.talks = site.source = False
        else:
            site.link.up(site.group)

    def plan(self) -> None:
        members = tuple(self.numbers.sample(GROUPS, 2))
        one = PlanPatch(id="P9", name="plan", members=members, active=self.numbers.random() < 0.5)
        self.room.engine.use_plan(replace(THREE, patches=(one,)), self.count + 2)

    def last_word(self) -> None:
        """Let one person speak a last time, with a patch of all sites and every link up."""
        self.room.engine.use_plan(THREE, 9_999)
        for number in range(self.count + 1):
            self.room.do(PatchDrop(patch=PatchId(f"p-{number:026d}"), operator="x"))
        for site in self.sites:
            site.link.up(site.group)
        for _ in range(500):
            self.step()
        assert self.room.join().ok
        self.talk()
        for _ in range(100):
            self.step()

    # ---- the sites

    def begin(self, site: Site, unit: int | None, ms: int) -> None:
        site.talks, site.talks_until = True, self.room.clock.ms + ms
        self.room.radio_talks(site.link, site.group, unit)

    def step(self) -> None:
        room = self.room
        if self.press is not None:
            room.do(FloorRenew(request=RequestId(self.press)))
            room.speak("1", 1)
        room.wait(STEP_MS)
        for site in self.sites:
            self._site(site)
        self._check()

    def _site(self, site: Site) -> None:
        now, keyed = self.room.clock.ms, site.link.keyed is not None
        if site.was_keyed and not keyed and site.tail_ms:
            site.echo_at = now + site.delay_ms
        if keyed and not site.was_keyed:
            self.keyings, self.last_keyed_ms = self.keyings + 1, now
        site.was_keyed = keyed
        if site.echo_at is not None and now >= site.echo_at and not site.talks:
            site.echo_at = None
            self.begin(site, None, site.tail_ms)
        if site.talks and now >= site.talks_until:
            site.talks = site.source = False
            self.room.radio_ends(site.link)
        elif site.talks:
            self.room.engine.on_sound(site.link.id, SILENCE, self.room.clock.utc_us())

    def _check(self) -> None:
        """Nothing is keyed without somebody who talks, but for what is left to be said."""
        talks = self.press is not None or any(site.talks for site in self.sites)
        for site in self.sites:
            keyed = site.link.keyed
            if keyed is None or talks:
                self.quiet_ms[site.link.id] = 0
            else:
                quiet = self.quiet_ms.get(site.link.id, 0) + STEP_MS
                self.quiet_ms[site.link.id] = quiet
                assert quiet <= LONGEST_WITHOUT_SOURCE_MS, (site.link.id, keyed)


@pytest.mark.parametrize("seed", [*range(6), 20])
def test_no_patch_goes_round_or_sticks(seed: int) -> None:
    world = World(seed)
    world.make()
    for _ in [*range(6), 20]:
        world.move()
        for _ in range(world.numbers.choice([1, 5, 20, 60])):
            world.step()
    world.press = None
    world.room.do(FloorRelease(request=RequestId(f"r-{world.count}"), normal=False))
    world.room.do(PositionLeft(position=PositionId("1")))
    world.last_word()
    since, keyings = world.room.clock.ms, world.keyings
    while world.room.clock.ms - since < CALM_MS:
        world.step()
    # Nobody has talked for two minutes: all that could come back has come to rest.
    assert world.room.keyed() == {}
    assert world.last_keyed_ms - since < CALM_MS * 3 / 4
    assert world.keyings - keyings <= 80
    _all_ended(world.room)


def _all_ended(room: PatchRoom) -> None:
    told = room.all_told()
    begun = [e.transmission for e in told if isinstance(e, TransmissionStarted)]
    ended = [e.transmission for e in told if isinstance(e, TransmissionEnded)]
    assert sorted(begun) == sorted(ended)
    passed = {e.transmission for e in told if isinstance(e, TransmissionStarted) and e.source}
    sources = {e.source for e in told if isinstance(e, TransmissionStarted) and e.source}
    assert not passed & sources  # what a patch said is never what a patch passes on
    made = [e.patch for e in told if isinstance(e, PatchMade)]
    assert {e.patch for e in told if isinstance(e, PatchEnded)} <= set(made)


def test_patches_that_stand_never_share_a_member() -> None:
    numbers, room = random.Random(1), PatchRoom()
    standing: dict[str, tuple[str, ...]] = {}
    for count in range(300):
        members = tuple(numbers.sample(GROUPS, 2))
        patch = PatchId(f"p-{count:026d}")
        if numbers.random() < 0.3 and standing:
            room.do(PatchDrop(patch=PatchId(numbers.choice(list(standing))), operator="x"))
        room.join(*members, patch=patch)
        for event in room.all_told():
            if isinstance(event, PatchMade):
                standing[event.patch] = event.members
            elif isinstance(event, PatchEnded):
                del standing[event.patch]
        together = [member for one in standing.values() for member in one]
        assert len(together) == len(set(together))

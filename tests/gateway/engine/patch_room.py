"""An engine with three radios on three talkgroups, two of one system and one of another."""

from dataclasses import replace
from typing import Any

from gateway.bus import InProcessBus
from gateway.engine.engine import CallEngine
from gateway.model import radio
from gateway.model.command import Reply
from gateway.model.ids import (
    GatewayId,
    LinkId,
    PatchId,
    RequestId,
    SiteId,
    SystemId,
    TalkgroupId,
)
from gateway.model.patch import PatchMake
from gateway.model.plan import Link, System, Talkgroup, Unit
from tests.gateway.engine.peer import FIRE, NORTH, PATROL, PLAN, SOUTH, Numbers, Room, ScriptedRadio

COAST = LinkId("coast")
SEA = TalkgroupId("sea/501")
HARBOUR = TalkgroupId("sea/502")
PATCH = PatchId("p-01kb00000000000000000000aa")
THREE = replace(
    PLAN,
    systems=(*PLAN.systems, System(id=SystemId("sea"), name="Sea", technology="p25", handle=8)),
    talkgroups=(
        *PLAN.talkgroups,
        Talkgroup(system=SystemId("sea"), number=501, name="SEA 1", folder="C"),
        Talkgroup(system=SystemId("sea"), number=502, name="HARBOUR", folder="C", encrypted=True),
    ),
    units=(*PLAN.units, Unit(system=SystemId("sea"), number=911, alias="Boat 911")),
    links=(
        *PLAN.links,
        Link(
            id=COAST,
            name="Coast",
            kind="p25-dfsi",
            system=SystemId("sea"),
            site=SiteId("c"),
            port="p",
            sound="s",
            talkgroups=(501, 502),
        ),
    ),
)
LOUD = b"\x00\x20\x00\xe0"


class PatchRoom(Room):
    """North on 101, south on 201, coast on 501 of another system; each grants at once."""

    def __init__(self, plan: Any = THREE, **more: Any) -> None:
        super().__init__(**more)
        numbers = Numbers()
        self.bus = InProcessBus(GatewayId("g"), self.clock, numbers, check_json=True)
        self.events = self.bus.subscribe("test")
        self.voice = self.bus.subscribe_voice("test", capacity=100_000)
        self.coast = ScriptedRadio(COAST, self.take)
        self.links = {NORTH: self.north, SOUTH: self.south, COAST: self.coast}
        self.engine = CallEngine(
            plan,
            self.bus,
            self.links,
            self.clock,
            randomness=numbers,
            recorder=self.recorder,
            counter=self.counter,
        )
        for number, (link, group) in enumerate(
            ((self.north, 101), (self.south, 201), (self.coast, 501))
        ):
            link.up(group)
            link.say(
                radio.LinkChanged(
                    state=radio.LinkState.UP, registered=True, own_number=9001 + number
                )
            )
            link.grants = True
            link.wire.clear()
        self.events.drain()

    def join(self, *members: TalkgroupId, patch: PatchId = PATCH, **more: Any) -> Reply:
        """Make a patch of these talkgroups, of all three when none is named."""
        values: dict[str, Any] = {"name": "Fire at sea", "operator": "S. Holm"} | more
        return self.do(PatchMake(patch=patch, members=members or (PATROL, FIRE, SEA), **values))

    def radio_talks(
        self, link: ScriptedRadio, group: int, talker: int | None = 3204, **more: Any
    ) -> None:
        """Let somebody talk on a group that a link hears."""
        link.say(radio.CallUp(instance=1, group=group, caller=talker, **more))
        link.say(radio.TalkStarted(instance=1, talker=talker))

    def radio_ends(self, link: ScriptedRadio) -> None:
        link.say(radio.TalkEnded(instance=1))

    def sound(self, link: ScriptedRadio, frames: int, sample: bytes = LOUD) -> None:
        """Give sound of a radio, and let time pass with it."""
        for _ in range(frames):
            self.engine.on_sound(link.id, sample * 80, self.clock.utc_us())
            self.wait(20)

    def keyed(self) -> dict[LinkId, RequestId]:
        """Return what is keyed now."""
        return {link: one.keyed for link, one in self.links.items() if one.keyed is not None}

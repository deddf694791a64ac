"""A simulated FNE master and the driver that is its peer, over real UDP on loopback."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.model.ids import LinkId, RequestId, UtcUs
from gateway.model.radio import CallUp, KeyDemand, LinkState, TxGranted
from gateway.p25.fne.core import CHANNEL, FneCore
from hardware.p25_radio import Ends, P25RadioLink
from hardware.sim.p25.fne import PASSWORD, FneFront
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_steps import QUIET
from hardware.sim.speech import Sound
from tests.hardware.driving import RealClock
from tests.hardware.p25.station_room import DESK, GROUP, LOOPBACK, PRESS, StationRoom

PEER = 312_000


class FneRoom(StationRoom):
    """Both sides, and what came of it, call by call."""

    def __init__(self, stage: Stage, front: FneFront) -> None:
        super().__init__(stage, front)
        self.of_call: dict[int | None, list[bytes]] = defaultdict(list)
        self.core: FneCore

    def sound(
        self,
        link: LinkId,
        pcm: bytes,
        utc_us: UtcUs,
        instance: int | None = None,
        coded: bytes = b"",
        /,
    ) -> None:
        super().sound(link, pcm, utc_us, instance, coded)
        self.of_call[instance].append(pcm)

    def instance(self, group: int) -> int:
        """Return the call of a group."""
        (found,) = [
            one.instance
            for one in self.of(CallUp)
            if isinstance(one, CallUp) and one.group == group
        ]
        return found

    def calls(self) -> list[CallUp]:
        return [one for one in self.of(CallUp) if isinstance(one, CallUp)]

    async def say(self, sound: Sound, group: int = GROUP, priority: int = 0) -> None:
        """Press, wait for the grant, speak and let go: a block each 20 ms."""
        await self.press(group, priority)
        await self.speak(sound)
        self.driver.end(PRESS)

    async def press(self, group: int = GROUP, priority: int = 0, demand: RequestId = PRESS) -> None:
        before = len(self.of(TxGranted))
        self.driver.demand(KeyDemand(demand=demand, group=group, priority=priority))
        await self.until(lambda: len(self.of(TxGranted)) > before, 2.0)

    async def speak(self, sound: Sound, demand: RequestId = PRESS) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for index in range(sound.blocks):
            self.driver.send_sound(demand, sound.block(index))
            await asyncio.sleep(max(0.0, start + (index + 1) * 0.02 - loop.time()))


@asynccontextmanager
async def fne_room(
    *,
    password: str = PASSWORD,
    groups: tuple[int, ...] = (),
    talkgroups: tuple[int, ...] = (),
    own_id: int = DESK,
    up: bool = True,
) -> AsyncIterator[FneRoom]:
    front = FneFront(groups=groups)
    stage = Stage(front, QUIET)
    room = FneRoom(stage, front)
    ports = await stage.start()
    room.core = FneCore(
        peer_id=PEER,
        password=password.encode(),
        own_id=own_id,
        randbytes=random.Random(5).randbytes,
        talkgroups=talkgroups,
        hang_ms=400,
    )
    remote = (LOOPBACK, int(str(ports["port"])))
    ends = {CHANNEL: Ends(local=(LOOPBACK, 0), remote=remote)}
    link = LinkId("fne-1")
    room.driver = P25RadioLink(link, room.core, room.event, room.sound, RealClock(), ends=ends)
    await room.driver.start()
    try:
        if up:
            await room.until(lambda: room.state is LinkState.UP)
        yield room
    finally:
        await room.driver.close()
        await stage.close()

"""A simulated MMDVM P25 network and the driver of a link to it, over real UDP on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.model.ids import LinkId
from gateway.model.radio import LinkState
from gateway.p25.network.client import NetworkClient
from gateway.p25.network.core import DELAY_MS
from gateway.p25.network.host import STREAM_MS, NetworkHost
from gateway.p25.talk.talk_in import TalkIn
from hardware.p25_radio import Ends, P25RadioLink
from hardware.sim.p25.reflector import CLIENT, ReflectorFront
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_steps import QUIET
from tests.hardware.driving import RealClock
from tests.hardware.p25.station_room import DESK, LOOPBACK, StationRoom

CALLSIGN = "SAMBAND"


@asynccontextmanager
async def client_room(
    *, role: str = "reflector", group: int = 0, groups: tuple[int, ...] = (), up: bool = True
) -> AsyncIterator[StationRoom]:
    """We are a client of a simulated reflector or gateway."""
    front = ReflectorFront(role=role, group=group)
    stage = Stage(front, QUIET)
    room = StationRoom(stage, front)
    ports = await stage.start()
    talk = TalkIn(delay_ms=DELAY_MS, headers=False, hang_ms=400)
    core = NetworkClient(callsign=CALLSIGN, own_id=DESK, groups=groups, peer=role, talk_in=talk)
    ends = {"p25net": Ends(local=(LOOPBACK, 0), remote=(LOOPBACK, int(str(ports["port"]))))}
    room.driver = P25RadioLink(
        LinkId("net-1"), core, room.event, room.sound, RealClock(), ends=ends
    )
    await room.driver.start()
    try:
        if up:
            await room.until(lambda: room.state is LinkState.UP)
        yield room
    finally:
        await room.driver.close()
        await stage.close()


@asynccontextmanager
async def host_room(*, callsigns: tuple[str, ...] = ("SIMGW",)) -> AsyncIterator[list[StationRoom]]:
    """We are a reflector with simulated clients; each room has its own client and shares ours."""
    talk = TalkIn(delay_ms=DELAY_MS, silence_ms=STREAM_MS, headers=False, hang_ms=400)
    core = NetworkHost(own_id=DESK, talk_in=talk)
    fronts = [ReflectorFront(role=CLIENT, callsign=callsign) for callsign in callsigns]
    stages = [Stage(front, QUIET) for front in fronts]
    rooms = [StationRoom(stage, front) for stage, front in zip(stages, fronts, strict=True)]
    first = rooms[0]
    ends = {"p25net": Ends(local=(LOOPBACK, 0))}
    driver = P25RadioLink(LinkId("net-1"), core, first.event, first.sound, RealClock(), ends=ends)
    await driver.start()
    await first.until(lambda: driver.port_of("p25net"))
    try:
        for room, front in zip(rooms, fronts, strict=True):
            room.driver = driver
            front._peer = (LOOPBACK, driver.port_of("p25net"))
            await room.stage.start()
        await first.until(lambda: all(room.front_state("linked") for room in rooms))
        yield rooms
    finally:
        await driver.close()
        for stage in stages:
            await stage.close()

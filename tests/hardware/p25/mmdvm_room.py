"""A simulated modem and its driver, over a real pseudo-terminal or real UDP on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.p25_settings import P25Settings
from gateway.model.plan import Link
from gateway.model.radio import LinkState
from hardware.mmdvm_radio import MmdvmRadioLink
from hardware.sim.p25.modem import ModemFront
from hardware.sim.p25.modem_board import BoardSettings
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_steps import QUIET
from tests.hardware.driving import RealClock
from tests.hardware.p25.station_room import StationRoom

SETTINGS = P25Settings(rx_hz=435_000_000, tx_hz=435_000_000, duplex=False)
START_LIMIT_S = 15


def planned(port: str, settings: P25Settings = SETTINGS) -> Link:
    """Return a modem of the plan."""
    return Link(
        id=LinkId("mast-1"),
        name="Mast",
        kind="p25-modem",
        system=SystemId("coast"),
        site=SiteId("mast"),
        port=port,
        sound="",
        speed_bps=115_200,
        talkgroups=(10_001,),
        p25=settings,
    )


@asynccontextmanager
async def modem_room(
    *,
    udp: bool = False,
    board: BoardSettings | None = None,
    settings: P25Settings = SETTINGS,
    up: bool = True,
    link: Path | None = None,
) -> AsyncIterator[StationRoom]:
    front = ModemFront(
        board or BoardSettings(), udp=("127.0.0.1", 0) if udp else None, link=link, rssi=90
    )
    stage = Stage(front, QUIET)
    room = StationRoom(stage, front)
    ports = await stage.start()
    plan = planned(str(ports["url" if udp else "pty"]), settings)
    room.driver = MmdvmRadioLink(plan, room.event, room.sound, RealClock())
    await room.driver.start()
    try:
        if up:
            await room.until(lambda: room.state is LinkState.UP, START_LIMIT_S)
        yield room
    finally:
        await room.driver.close()
        await stage.close()

"""The capture times that every P25 link gives with its sound, over real UDP: honest and even."""

import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from gateway.engine.voice_stream import TalkgroupLine
from gateway.model.radio import CallDown
from hardware.sim.speech import clip
from tests.hardware.p25.fne_room import fne_room
from tests.hardware.p25.mmdvm_room import modem_room
from tests.hardware.p25.network_room import client_room, host_room
from tests.hardware.p25.station_room import GROUP, UNIT, StationRoom, station_room

CLIP = "en-a911-eta"
STALL_S = 0.15
UNEVEN_US = 3_000
"""The core's clock counts whole milliseconds, and draws its reckoning back by one a frame."""
MOST_HELD_US = 700_000


@asynccontextmanager
async def first_host_room() -> AsyncIterator[StationRoom]:
    async with host_room() as rooms:
        yield rooms[0]


@asynccontextmanager
async def board_room() -> AsyncIterator[StationRoom]:
    async with modem_room(udp=True) as room:
        yield room


KINDS = pytest.mark.parametrize(
    ("open_room", "least_held_ms"),
    [
        pytest.param(station_room, 60, id="station"),
        pytest.param(client_room, 260, id="network client"),
        pytest.param(first_host_room, 260, id="network host"),
        pytest.param(fne_room, 220, id="fne"),
        pytest.param(board_room, 220, id="modem"),
    ],
)


@KINDS
async def test_sound_is_even_and_held_though_the_machine_stands_still(
    open_room: Callable[[], AbstractAsyncContextManager[StationRoom]], least_held_ms: int
) -> None:
    async with open_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: len(room.pcm) >= 30)
        time.sleep(STALL_S)
        await room.until(lambda: room.of(CallDown), 20)
    assert len(room.pcm) >= clip(CLIP).blocks
    steps = [later - earlier for earlier, later in itertools.pairwise(room.spoken)]
    assert all(abs(step - 20_000) <= UNEVEN_US for step in steps), steps
    held = [now - then for now, then in zip(room.given, room.spoken, strict=True)]
    assert min(held) >= (least_held_ms - 5) * 1000, held
    assert max(held) <= MOST_HELD_US, held
    line = TalkgroupLine()
    assert sum(line.next(spoken)[2] for spoken in room.spoken) == 0
    assert line.sequence == len(room.pcm)

"""A room with cameras behind engines of the tests, and a clock that tests may move."""

import contextlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from dispatch.audit.log import sqlite_path
from dispatch.auth.access import GrantInfo
from dispatch.auth.permissions import ROLE_ACTIONS, Action, Role
from samband.camera_side import CameraSide
from samband.config_cameras import Cameras
from samband.live_side import LiveSide
from tests.dispatch.room import Room, until


class MovableClock:
    """A clock that tests may move."""

    def __init__(self) -> None:
        self.offset_us = 0

    def mono_ms(self) -> Any:
        return (time.monotonic_ns() // 1000 + self.offset_us) // 1000

    def utc_us(self) -> Any:
        return time.time_ns() // 1000 + self.offset_us

    def skip(self, seconds: float) -> None:
        self.offset_us += round(seconds * 1_000_000)


class LiveRoom(Room):
    """The service with its camera and live side."""

    clock: MovableClock  # type: ignore[assignment]  # the same methods
    side: CameraSide
    live: LiveSide

    async def cameras(self, config: Cameras) -> None:
        self.side = CameraSide(config, self.services, self.state / "media")
        self.live = LiveSide(config, self.services, self.side)
        await self.side.start()
        await self.live.start()

    def see(self, role: Role, group: str) -> int:
        given = self.services.people.give_now(
            GrantInfo(
                id=0,
                role=role,
                organisation="*",
                scope_kind="camera_group",
                scope=group,
                actions=ROLE_ACTIONS[role] or frozenset({Action.SEE}),
            ),
            "test",
        )
        self.services.access.refresh("test")
        return given.id

    def entries(self, *verbs: str) -> list[dict[str, Any]]:
        with sqlite3.connect(sqlite_path(self.url)) as db:
            found = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
        return [entry for entry in found if not verbs or entry["verb"] in verbs]

    async def logged(self, number: int, *verbs: str) -> list[dict[str, Any]]:
        """Return the entries when there are so many: acts are noted without waiting."""
        await until(lambda: len(self.entries(*verbs)) >= number)
        return self.entries(*verbs)


MakeRoom = Callable[[Cameras], AbstractAsyncContextManager[LiveRoom]]


@pytest.fixture
def live_room(tmp_path: Path) -> MakeRoom:
    """Return how to open a room with a camera configuration."""

    @contextlib.asynccontextmanager
    async def make(config: Cameras) -> AsyncIterator[LiveRoom]:
        room = LiveRoom(tmp_path)
        room.clock = MovableClock()  # before anything takes it
        await room.start()
        for role in Role:
            room.add_person(role.value, role)
            if ROLE_ACTIONS[role]:
                room.grant(role, "North")
        room.add_person("dispatcher2", Role.DISPATCHER)
        await room.cameras(config)
        await room.serve()
        try:
            yield room
        finally:
            await room.live.close()
            await room.side.close()
            await room.close()

    return make

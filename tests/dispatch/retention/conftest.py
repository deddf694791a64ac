"""A room with recordings, and shorthands for two persons who agree."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatch.auth.permissions import ROLE_ACTIONS, Role
from tests.dispatch.retention.keepers import Keepers
from tests.dispatch.room import Room


@pytest.fixture
async def keepers(tmp_path: Path) -> AsyncIterator[Keepers]:
    """People of every role, with grants on the folder North, and three recorded calls."""
    room = Room(tmp_path)
    await room.start()
    for role in Role:
        room.add_person(role.value, role)
        if ROLE_ACTIONS[role]:
            room.grant(role, "North")
    await room.serve()
    keepers = Keepers(room)
    try:
        await keepers.prepare()
        yield keepers
    finally:
        await room.close()

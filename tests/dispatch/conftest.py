"""A room with people of every role, served on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatch.auth.permissions import ROLE_ACTIONS, Role
from tests.dispatch.room import Room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A room whose people have grants on the folder North and not on Hidden."""
    room = Room(tmp_path)
    await room.start()
    for role in Role:
        room.add_person(role.value, role)
        if ROLE_ACTIONS[role]:
            room.grant(role, "North")
    await room.serve()
    try:
        yield room
    finally:
        await room.close()

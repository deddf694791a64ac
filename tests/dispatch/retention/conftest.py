"""A room with recordings, and shorthands for two persons who agree."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatch.auth.permissions import ROLE_ACTIONS, Role
from tests.dispatch.retention.keepers import Keepers
from tests.dispatch.room import Room
from tests.fresh_store import fresh_store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema, to be copied."""
    file = tmp_path_factory.mktemp("retention") / "samband.db"
    fresh_store(file)
    return file


@pytest.fixture
async def keepers(
    request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path
) -> AsyncIterator[Keepers]:
    """People of every role, with grants on the folder North, and three recorded calls.

    On SQLite; with the parameter ``postgresql`` (see ``both``) on that.
    """
    url = ""
    if getattr(request, "param", "sqlite") == "postgresql":
        url = request.getfixturevalue("postgres").new()
    else:
        shutil.copy(empty_database, tmp_path / "samband.db")
    room = Room(tmp_path, url)
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

"""A room that serves nothing: for rules that need the store alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.store.engine import Store
from dispatch.store.metadata import metadata
from tests.dispatch.room import Room


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Room]:
    """A store with its tables and a clock."""
    room = Room(tmp_path)
    room.store = Store(room.url)
    metadata.create_all(room.store.engine)
    yield room
    room.store.close()

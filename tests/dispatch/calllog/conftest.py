"""Stores on both databases, and a small world of calls in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An upgraded, empty store on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'samband.db'}"
        upgrade(url)
    else:
        url = request.getfixturevalue("postgres").new()
    made = Store(url)
    yield made
    made.close()

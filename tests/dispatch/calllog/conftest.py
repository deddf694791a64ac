"""Stores on both databases, and a small world of calls in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from tests.postgres import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL of the session's own."""
    with running_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An upgraded, empty store on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'samband.db'}"
        upgrade(url)
    else:
        url = request.getfixturevalue("cluster").database()
    made = Store(url)
    yield made
    made.close()

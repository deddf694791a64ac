"""A desk of incidents on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dispatch.incidents.desk import Desk
from tests.fresh_store import fresh_store
from tests.postgres import Databases


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema, to be copied."""
    file = tmp_path_factory.mktemp("schema") / "incidents.db"
    fresh_store(file)
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database with the whole schema."""
    if request.param == "postgresql":
        databases: Databases = request.getfixturevalue("postgres")
        return databases.new()
    file = tmp_path / "incidents.db"
    prepared: Path = request.getfixturevalue("prepared")
    file.write_bytes(prepared.read_bytes())
    return f"sqlite:///{file}"


@pytest.fixture
def desk(url: str) -> Iterator[Desk]:
    """One server's incidents."""
    made = Desk(url)
    made.enter_cameras()
    yield made
    made.store.close()


@pytest.fixture
def other(url: str) -> Iterator[Desk]:
    """A second server on the same database."""
    made = Desk(url)
    yield made
    made.store.close()

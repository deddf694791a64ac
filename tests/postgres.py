"""A PostgreSQL cluster of the tests' own: made in a temporary folder, on a Unix socket alone."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from dispatch.store.upgrade import upgrade
from gateway.model.errors import ConfigError
from samband.bench_postgres import QUICK, Cluster, programs, running

_NUMBERS = count(1)
_TEMPLATE = "samband_template"
SMALL = (*QUICK, "max_connections=60", "shared_buffers=32MB", "autovacuum=off")


class Databases:
    """Hands out databases, upgraded once and then copied."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._made = False

    def new(self, *, empty: bool = False) -> str:
        """Make a database, upgraded unless ``empty``; returns its URL."""
        if not self._made and not empty:
            self.cluster.execute(f"CREATE DATABASE {_TEMPLATE}")
            upgrade(self.cluster.url(_TEMPLATE))
            self._made = True
        name = f"test_{next(_NUMBERS)}"
        source = "template0" if empty else _TEMPLATE
        self.cluster.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        return self.cluster.url(name)


@contextmanager
def databases() -> Iterator[Databases]:
    """Start a server that ends with the block; skips the test where PostgreSQL is missing."""
    try:
        programs()
    except ConfigError as error:
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="samband-pg-", dir="/tmp"))
    try:
        with running(folder, SMALL) as cluster:
            yield Databases(cluster)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""Shared by all tests: no test may leave the machine, and skips say why."""

import gc
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.postgres import Databases

_real_connect = socket.socket.connect
LOOPBACK = ("127.", "::1", "localhost")


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: no garbage collection need look through them.

    A room makes and drops objects by the ten thousands; the usual 700 between two collections
    were a fifth of the processor time of its tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(autouse=True)
def _stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse any TCP connection that is not to this machine."""

    def connect(self: socket.socket, address: Any) -> None:
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if inet and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address}")
        _real_connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Databases]":
    """One PostgreSQL of the session's own; skips where it is not installed."""
    from tests.postgres import databases

    with databases() as made:
        yield made

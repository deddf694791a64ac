"""Fixtures of the hardware tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware.pty_wire import Wire
from tests.hardware.simulation import Simulation, simulate


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    wire = Wire(tmp_path / "radio")
    yield wire
    wire.close()


@pytest.fixture
def simulation(tmp_path: Path) -> Iterator[Simulation]:
    yield from simulate(tmp_path)

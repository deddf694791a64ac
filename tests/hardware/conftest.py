"""Fixtures of the hardware tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware.pty_wire import Wire


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    wire = Wire(tmp_path / "radio")
    yield wire
    wire.close()

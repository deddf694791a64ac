"""A core whose station has answered."""

import pytest

from tests.gateway.p25.dfsi.station import Bench


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.open()
    return made

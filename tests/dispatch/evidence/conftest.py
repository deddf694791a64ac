"""A log from which packages are built, made once a module; whoever changes it makes their own."""

import pytest

from dispatch.evidence.builder import Built
from tests.dispatch.evidence.desk import Desk
from tests.dispatch.evidence.packages import Maker
from tests.dispatch.room import Room


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    return Maker(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def built(maker: Maker) -> Built:
    return maker.build()


@pytest.fixture
async def desk(room: Room) -> Desk:
    desk = Desk(room)
    await desk.prepare()
    return desk

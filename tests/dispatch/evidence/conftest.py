"""A log from which packages are built, made once a module; whoever changes it makes their own."""

import pytest

from dispatch.evidence.builder import Built
from tests.dispatch.evidence.case import Case, ffmpeg
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


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A still and a clip with sound, made once."""
    folder = tmp_path_factory.mktemp("pictures")
    source = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2")
    return {
        "jpg": ffmpeg(folder / "a.jpg", *source, "-frames:v", "1"),
        "mp4": ffmpeg(folder / "a.mp4", *source, *sound, "-c:v", "libx264", "-c:a", "aac"),
    }


@pytest.fixture
async def case(desk: Desk, pictures: dict[str, bytes]) -> Case:
    case = Case(desk, pictures)
    await case.prepare()
    return case

"""Places as services and routes use them: words that one person may read."""

from collections.abc import Callable, Iterable
from pathlib import Path

from dispatch.auth.access import EVERYTHING, Access
from dispatch.auth.permissions import Action
from dispatch.cameras.register import CameraInfo
from dispatch.places.book import Area, Known, PlaceBook
from dispatch.places.reading import BadPlaces, Place, PlaceFile, read
from gateway.model.plan import Plan


def load(file: Path | None) -> PlaceFile:
    """Read the site's file, nothing without one; raises BadPlaces that names every bad row."""
    if file is None:
        return PlaceFile()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadPlaces(f"places.file: {file}: {error.strerror}") from error
    return read(data, file.name)


class Places:
    """The place book of this server."""

    def __init__(
        self, file: PlaceFile, cameras: Iterable[CameraInfo], plan: Callable[[], Plan]
    ) -> None:
        """Take the file, the cameras of the register, and the plan whose areas have names."""
        self.book = PlaceBook(file)
        self._cameras = tuple(cameras)
        self._plan = plan
        self.refresh()

    def refresh(self) -> None:
        """Take cameras and areas in again, after the plan changed."""
        points = [
            Known(
                words=f"camera {camera.id}",
                latitude_deg=camera.latitude_deg,
                longitude_deg=camera.longitude_deg,
                group=camera.group,
            )
            for camera in self._cameras
            if camera.latitude_deg is not None and camera.longitude_deg is not None
        ]
        areas = [
            Area(words=f"the area of {one.name}", polygon=one.area, talkgroup=one.id)
            for one in self._plan().talkgroups
            if one.area
        ]
        self.book.set_known(points, areas)

    def place(self, place_id: str) -> Place | None:
        """Return a place by its id, for searches by place."""
        return self.book.place(place_id)

    def words_for(
        self, access: Access, lat: float, lon: float, error_m: float | None = None
    ) -> str:
        """Return a place in words that names only what this person may know."""
        return self.book.words(
            lat,
            lon,
            error_m,
            groups=_groups(access),
            talkgroups=access.talkgroups(Action.SEE),
        )

    def plain_words(self, lat: float, lon: float) -> str:
        """Return a place in words for everybody: no camera of a group, no talkgroup's area."""
        return self.book.words(lat, lon)


def _groups(access: Access) -> list[str] | None:
    if access.camera(Action.SEE, EVERYTHING):
        return None
    return [group for group in access.camera_actions if access.camera(Action.SEE, group)]

"""The camera register: which camera of which source stands where."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraInfo:
    """One camera. ``group`` decides who may see it; ``range_m`` how far it sees."""

    id: str
    name: str = ""
    source: str = ""
    name_at_source: str = ""
    place: str = ""
    group: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    bearing_deg: float | None = None
    range_m: float = 50.0


class CameraRegister:
    """Finds a camera by its id or by what its source calls it."""

    def __init__(self, cameras: Iterable[CameraInfo] = ()) -> None:
        """Take all cameras."""
        self._by_id: dict[str, CameraInfo] = {}
        self._by_name: dict[tuple[str, str], CameraInfo] = {}
        for camera in cameras:
            self.add(camera)

    def add(self, camera: CameraInfo) -> None:
        """Add or replace a camera; without a name at the source, its id is the name."""
        self._by_id[camera.id] = camera
        self._by_name[camera.source, camera.name_at_source or camera.id] = camera

    def find(self, source: str, name: str) -> CameraInfo:
        """Return the camera; one that nobody entered has the source's name and no place."""
        found = self._by_name.get((source, name)) or self._by_name.get(("", name))
        if found is None:
            by_id = self._by_id.get(name)  # a sender may use our own id: its group must hold
            found = by_id if by_id is not None and by_id.source in ("", source) else None
        return found or CameraInfo(id=name, name=name, source=source, name_at_source=name)

    def knows(self, source: str, name: str) -> bool:
        """Whether a camera is entered under this name of the source."""
        return (source, name) in self._by_name or ("", name) in self._by_name

    def by_id(self, camera: str) -> CameraInfo | None:
        """Return a camera of the register."""
        return self._by_id.get(camera)

    def all(self) -> list[CameraInfo]:
        """Return all cameras of the register by id."""
        return [self._by_id[key] for key in sorted(self._by_id)]

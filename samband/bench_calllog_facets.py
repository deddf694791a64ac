"""Numbers of everything that the bench's calls can be found by, given beforehand."""

import numpy as np

from dispatch.calllog.words import fold, words_of
from dispatch.store.tables import cell_of
from samband import bench_calllog_world as world


class FacetNumbers:
    """The dictionary of facets and the words of their names."""

    def __init__(self, rows: int) -> None:
        """Give each facet its number."""
        self.ids: dict[tuple[str, str], int] = {}
        self.names: list[tuple[str, int]] = []
        self.incidents = max(1, rows // 2000)
        self._number()

    def facet(self, kind: str, value: str, name: str = "") -> int:
        """Return a facet's number, a new one when it is new; ``name`` is what it is called."""
        number = self.ids.setdefault((kind, value), len(self.ids) + 1)
        self.names += [(word, number) for word in words_of(name)]
        return number

    def _number(self) -> None:
        facet = self.facet
        groups, units = range(world.TALKGROUPS), range(world.UNITS)
        self.scope = np.array(
            [facet("scope", world.talkgroup(n), world.talkgroup_name(n)) for n in groups]
        )
        self.unit = np.array(
            [
                facet("unit", world.unit(n), f"{world.alias(n)} {world.unit(n).partition('/')[2]}")
                for n in units
            ]
        )
        names = [world.operator(n) for n in range(world.OPERATORS)]
        self.operator = np.array([facet("operator", fold(name), name) for name in names])
        self.position = np.array([facet("position", f"P{n + 1}") for n in range(world.POSITIONS)])
        self.site = np.array([facet("site", f"site-{n}") for n in range(world.SITES)])
        self.urgent = np.array([facet("site.emergency", f"site-{n}") for n in range(world.SITES)])
        self.cause = np.array([facet("cause", cause) for cause in world.CAUSES])
        self.length = np.array([facet("length", str(n)) for n in range(13)])
        self.plan = np.array([0, *(facet("plan", str(n)) for n in range(1, 36))])
        self.system = facet("system", "net")
        self.flag = {
            name: facet("flag", name)
            for name in ("emergency", "encrypted", "interrupted", "in", "out")
        }
        latitude, longitude = world.unit_place(np.arange(world.UNITS, dtype=np.int64))
        self.latitude, self.longitude = latitude, longitude
        self.cell = np.array(
            [
                facet("cell", str(cell_of(float(a), float(b))))
                for a, b in zip(latitude, longitude, strict=True)
            ]
        )
        self.incident = np.array(
            [
                facet("incident", incident_id(n), f"{world.label(n)} {world.incident_title(n)}")
                for n in range(self.incidents)
            ]
        )


def incident_id(number: int) -> str:
    """Return the id of an incident."""
    return f"i-{number:026d}"


def call_id(number: int) -> str:
    """Return the id of a call."""
    return f"c-{number:026d}"


def over_id(first: int, number: int) -> str:
    """Return the id of an over of a part."""
    return f"t-{first:013d}{number:013d}"


def camera_id(number: int) -> str:
    """Return the id of a camera."""
    return f"cam-{number:06d}"


def link_id(number: int) -> str:
    """Return the id of a link."""
    return f"l-{number}"

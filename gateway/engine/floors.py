"""The floors of all links: one for each radio, or one for each group where a link carries many."""

from collections.abc import Mapping

from gateway.engine.presses import TALKING, Press, RadioFloor
from gateway.model.ids import LinkId, RequestId
from gateway.ports import RadioLink


class Floors:
    """Finds the floor of a press, of a link, of an answer."""

    def __init__(self, links: Mapping[LinkId, RadioLink]) -> None:
        """Begin with nobody on any of them; whether a link carries many calls is its own word."""
        self._links = links
        self._floors: dict[tuple[LinkId, int | None], RadioFloor] = {
            (link, None): RadioFloor(link) for link in links
        }

    def of(self, press: Press) -> RadioFloor:
        """Return the floor that a press waits for."""
        many = self._links[press.link].info.many_calls
        key = press.link, press.number if many else None
        return self._floors.setdefault(key, RadioFloor(press.link))

    def on(self, link: LinkId) -> list[RadioFloor]:
        """Return every floor of a link; one that was added after the start has its first one."""
        if link in self._links:
            self._floors.setdefault((link, None), RadioFloor(link))
        return [floor for (on, _), floor in self._floors.items() if on == link]

    def forget(self, link: LinkId) -> None:
        """Drop the floors of a link that is gone; its presses have ended before."""
        self._floors = {key: floor for key, floor in self._floors.items() if key[0] != link}

    def all(self) -> list[RadioFloor]:
        """Return every floor."""
        return list(self._floors.values())

    def holding(self, link: LinkId, demand: RequestId) -> RadioFloor:
        """Return the floor that a demand has or leaves; the link's first one if it has none."""
        floors = self.on(link)
        for floor in floors:
            current = floor.current is not None and floor.current.request == demand
            if current or (floor.unkeying is not None and floor.unkeying.request == demand):
                return floor
        return floors[0]

    def talking(self, link: LinkId, instance: int) -> Press | None:
        """Return the press that talks in a call of a link."""
        for press in self._talking_on(link):
            over = press.transmission
            if over is not None and over.call.is_on(link, instance):
                return press
        return None

    def on_air(self, link: LinkId) -> bool:
        """Say whether a desk talks through a link."""
        return bool(self._talking_on(link))

    def unkeying(self) -> frozenset[LinkId]:
        """Return the links that have not told yet that they un-keyed."""
        return frozenset(floor.link for floor in self.all() if floor.unkeying)

    def _talking_on(self, link: LinkId) -> list[Press]:
        holders = [floor.current for floor in self.on(link)]
        return [press for press in holders if press is not None and press.state in TALKING]

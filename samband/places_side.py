"""The site's places wired in: read at the start, known to incidents and to the routes."""

from collections.abc import Iterable

from dispatch.cameras.register import CameraInfo
from dispatch.incidents.service import Incidents
from dispatch.places.reading import PlaceFile
from dispatch.places.service import Places
from dispatch.services.registry import Services
from gateway.model.plan import Plan


def add_places(file: PlaceFile, services: Services, cameras: Iterable[CameraInfo]) -> Places:
    """Make the places of this server and let incidents use them."""
    plan = services.plan
    places = services.add(Places(file, cameras, lambda: plan.plan))

    def changed(_: Plan) -> None:
        places.refresh()

    plan.on_changed(changed)
    services.use(Incidents).place_of = places.plain_words
    return places

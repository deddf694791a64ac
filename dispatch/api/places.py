"""Places of the site: search, words for positions, lines for the map."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from dispatch.api.asking import ServicesOf
from dispatch.deps import Person, require
from dispatch.errors import ServiceError
from dispatch.places.reading import Place
from dispatch.places.service import Places

router = APIRouter(tags=["places"])

Viewer = Annotated[Person, Depends(require("places.see"))]
MAX_POSITIONS = 100
MAX_CORNERS = 100_000
MAX_LABELS = 2_000


@router.get("/places")
async def places(
    person: Viewer,
    services: ServicesOf,
    q: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> list[dict[str, Any]]:
    """Find places by words of their name or address; the id serves the call search."""
    if not services.has(Places):
        return []
    return [_row(place) for place in services.use(Places).book.search(q, limit)]


@router.get("/places/words")
async def words(
    person: Viewer,
    services: ServicesOf,
    at: Annotated[list[str], Query(max_length=MAX_POSITIONS)],
) -> list[str]:
    """Put positions (``lat,lon`` or ``lat,lon,error_m``) into words, in the same order."""
    if not services.has(Places):
        return ["" for _ in at]
    book = services.use(Places)
    return [book.words_for(person.access, *_position(one)) for one in at]


@router.get("/places/map")
async def drawn(person: Viewer, services: ServicesOf) -> dict[str, Any]:
    """Return what the map is drawn from: lines and areas, and the places that have a kind.

    ``cut`` is true when the site's file holds more than a map can show (100,000 corners).
    """
    if not services.has(Places):
        return {"shapes": [], "labels": [], "cut": False}
    book = services.use(Places).book
    shapes, corners = [], 0
    for shape in book.shapes:
        corners += len(shape.points)
        if corners > MAX_CORNERS:
            break
        shapes.append(
            {
                "kind": shape.kind,
                "name": shape.name,
                "closed": shape.closed,
                "points": [[lat, lon] for lat, lon in shape.points],
            }
        )
    labels = [_row(place) for place in book.labels(MAX_LABELS)]
    return {"shapes": shapes, "labels": labels, "cut": corners > MAX_CORNERS}


def _row(place: Place) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name,
        "kind": place.kind,
        "address": place.address,
        "latitude_deg": place.latitude_deg,
        "longitude_deg": place.longitude_deg,
    }


def _position(text: str) -> tuple[float, float, float | None]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not (abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180):
        raise ServiceError(f"at: expected lat,lon or lat,lon,error_m, got {text[:60]!r}")
    return numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else None

"""The health of the server: tiles, parts, and what changed in the last day."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from dispatch.api.asking import ServicesOf
from dispatch.deps import Person, require
from dispatch.health.service import Health

router = APIRouter(tags=["health"])

Seer = Annotated[Person, Depends(require("health.see"))]


@router.get("/health")
async def health(person: Seer, services: ServicesOf) -> dict[str, Any]:
    """Return the tiles and every part of the server with its rule, worst first."""
    service = services.use(Health)
    return {
        "t_utc": services.clock.utc_us(),
        "state": service.summary()["state"],
        "tiles": service.tiles(),
        "parts": service.rows(),
    }


@router.get("/health/history")
async def history(person: Seer, services: ServicesOf) -> dict[str, Any]:
    """Return what changed in the last 24 h, oldest first."""
    return services.use(Health).history()

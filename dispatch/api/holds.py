"""Holds and orders: set by one person at once, lifted by two; orders with their deadlines."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.auth.permissions import Action
from dispatch.deps import Person, require
from dispatch.retention.holds import HoldAsk, Holds
from dispatch.retention.local_time import readings, zone_of
from dispatch.retention.orders import OrderAsk, Orders
from dispatch.retention.scope import from_json
from dispatch.services.registry import Services

router = APIRouter(tags=["holds and orders"])

HoldReader = Annotated[Person, Depends(require("hold.see"))]
HoldSetter = Annotated[Person, Depends(require("hold.set"))]
HoldLifter = Annotated[Person, Depends(require("hold.lift"))]
OrderReader = Annotated[Person, Depends(require("order.see"))]
OrderKeeper = Annotated[Person, Depends(require("order.keep"))]
Ids = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=500)]
LocalTime = Annotated[str, Field(max_length=32, description="Local time, as 2026-10-25T02:30")]
Zone = Annotated[str, Field(max_length=64, description="As Europe/Stockholm")]


class PlaceBody(BaseModel):
    """A circle."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: float = Field(gt=0, le=100_000)


class ScopeBody(BaseModel):
    """What is taken: named objects, or everything of talkgroups, units, places, cameras in a time.

    Times are UTC in microseconds; without ``to_utc`` what comes later is taken too.
    """

    from_utc: int | None = None
    to_utc: int | None = None
    talkgroups: Ids = []
    units: Ids = []
    places: list[PlaceBody] = Field(default=[], max_length=50)
    cameras: Ids = []
    telemetry: bool = False
    calls: Ids = []
    incidents: Ids = []
    media: Ids = []


class HoldBody(BaseModel):
    """A hold to set."""

    scope: ScopeBody
    reason: str = Field(min_length=5, max_length=500)
    basis: str = Field(min_length=1, max_length=200)
    review_days: int | None = Field(default=None, ge=1, le=180)
    restricted_until_utc: int | None = None


class LiftBody(BaseModel):
    """Why a hold is lifted."""

    reason: str = Field(min_length=5, max_length=500)


class ReviewBody(BaseModel):
    """That a hold is still needed."""

    days: int = Field(ge=1, le=180)
    reason: str = Field(min_length=5, max_length=500)


class OrderBody(BaseModel):
    """An order as it was received. Times are local, in ``zone``."""

    number: str = Field(min_length=1, max_length=64)
    authority: str = Field(min_length=1, max_length=200)
    case: str = Field(min_length=1, max_length=200)
    basis: str = Field(min_length=1, max_length=200)
    deadline: LocalTime
    zone: Zone
    from_local: LocalTime
    to_local: LocalTime
    from_answer: str = Field(default="", max_length=8, description="first, second or both")
    to_answer: str = Field(default="", max_length=8)
    talkgroups: Ids = []
    units: Ids = []
    places: list[PlaceBody] = Field(default=[], max_length=50)
    cameras: Ids = []
    telemetry: bool = False
    document_sha256: str = Field(min_length=64, max_length=64)
    document_name: str = Field(default="", max_length=200)
    tell: str = Field(default="yes", max_length=32, description="yes or not_before:2027-01-31")
    note: str = Field(default="", max_length=2000)


class CloseBody(BaseModel):
    """What became of an order."""

    state: str = Field(pattern="^(answered|withdrawn)$")
    note: str = Field(default="", max_length=2000)


def known_talkgroups(services: Services, person: Person) -> list[dict[str, str]]:
    """Return id and name of the talkgroups that a person may know of."""
    return [
        {"id": group.id, "name": group.name}
        for group in services.plan.plan.talkgroups
        if person.access.can(Action.SEE, group.id)
    ]


@router.get("/holds", summary="Holds")
async def list_holds(
    person: HoldReader, services: ServicesOf, *, lifted: Annotated[bool, Query()] = False
) -> dict[str, Any]:
    """Return the holds that stand, or those that were lifted, the newest first."""
    return {"holds": await services.use(Holds).all(person.access, lifted=lifted)}


@router.post("/holds", status_code=201, summary="Set a hold")
async def set_hold(
    body: HoldBody, request: Request, person: HoldSetter, services: ServicesOf
) -> dict[str, Any]:
    """Hold everything in a scope, at once; logged before it stands."""
    ask = HoldAsk(
        scope=from_json(body.scope.model_dump()),
        reason=body.reason,
        basis=body.basis,
        review_days=body.review_days,
        restricted_until_utc=body.restricted_until_utc,
    )
    return await services.use(Holds).place(asker_of(request, person), ask)


@router.get("/holds/{hold}", summary="One hold")
async def one_hold(hold: str, person: HoldReader, services: ServicesOf) -> dict[str, Any]:
    """Return a hold with what it has taken."""
    return await services.use(Holds).one(person.access, hold)


@router.post("/holds/{hold}/lift", status_code=202, summary="Ask that a hold is lifted")
async def lift_hold(
    hold: str, body: LiftBody, request: Request, person: HoldLifter, services: ServicesOf
) -> dict[str, Any]:
    """Ask a second person; the hold stands until that person agrees."""
    return await services.use(Holds).ask_lift(asker_of(request, person), hold, body.reason)


@router.post("/holds/{hold}/review", summary="Keep a hold for longer")
async def review_hold(
    hold: str, body: ReviewBody, request: Request, person: HoldSetter, services: ServicesOf
) -> dict[str, Any]:
    """Say that a hold is still needed, and when it is looked at again."""
    asker = asker_of(request, person)
    return await services.use(Holds).review(asker, hold, body.days, body.reason)


@router.get("/calls/{call}/holds", summary="Holds on a call")
async def holds_of_call(call: str, person: HoldReader, services: ServicesOf) -> dict[str, Any]:
    """Return the holds that stand on a call."""
    return {"holds": await services.use(Holds).of_call(person.access, call)}


@router.get("/orders", summary="Orders")
async def list_orders(person: OrderReader, services: ServicesOf) -> dict[str, Any]:
    """Return orders, the open ones first, by deadline, and the talkgroups that one can name."""
    return {
        "orders": await services.use(Orders).all(person.access),
        "talkgroups": known_talkgroups(services, person),
    }


@router.get("/orders/times", summary="What a local time means")
async def local_times(
    person: OrderReader,
    local: Annotated[str, Query(max_length=32)],
    zone: Annotated[str, Query(max_length=64)],
) -> dict[str, Any]:
    """Return the moments that a local time can mean: one, two (doubled hour) or none (skipped)."""
    zone_of(zone)
    found = readings(local, zone)
    return {
        "local": local,
        "zone": zone,
        "skipped": not found,
        "doubled": len(found) > 1,
        "readings": [
            {"answer": one.answer, "utc": one.utc_us, "offset": one.offset} for one in found
        ],
    }


@router.post("/orders", status_code=201, summary="Enter an order")
async def add_order(
    body: OrderBody, request: Request, person: OrderKeeper, services: ServicesOf
) -> dict[str, Any]:
    """Keep an order. A time in the doubled hour needs its answer (409), a skipped one is refused.

    The document stays with whoever enters it: only its SHA-256 is kept.
    """
    values = body.model_dump()
    values["places"] = tuple(values["places"])
    for name in ("talkgroups", "units", "cameras"):
        values[name] = tuple(values[name])
    return await services.use(Orders).add(asker_of(request, person), OrderAsk(**values))


@router.get("/orders/{order}", summary="One order")
async def one_order(order: str, person: OrderReader, services: ServicesOf) -> dict[str, Any]:
    """Return an order as asked and as UTC."""
    return await services.use(Orders).one(person.access, order)


@router.post("/orders/{order}/hold", status_code=201, summary="Hold an order's results")
async def hold_results(
    order: str, request: Request, person: OrderKeeper, services: ServicesOf
) -> dict[str, Any]:
    """Put everything that an order asks for on hold: what is there, and what comes late."""
    person.access.demand("hold.set")
    return await services.use(Orders).hold(asker_of(request, person), order)


@router.post("/orders/{order}/close", summary="Mark an order as answered or withdrawn")
async def close_order(
    order: str, body: CloseBody, request: Request, person: OrderKeeper, services: ServicesOf
) -> dict[str, Any]:
    """Close an order; its hold stays until it is lifted by two."""
    orders = services.use(Orders)
    return await orders.close(asker_of(request, person), order, body.state, body.note)

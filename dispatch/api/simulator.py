"""Tests and simulator: simulated terminals for exercises, and drafts tried in a sandbox."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.simulator.exercises import MAX_MINUTES, Exercises
from dispatch.simulator.ports import Act
from dispatch.simulator.rehearsals import MAX_MINUTES as MAX_TRY_MINUTES
from dispatch.simulator.rehearsals import Rehearsals

router = APIRouter(tags=["simulator"])

Driver = Annotated[Person, Depends(require("simulator.drive"))]
Rows = dict[str, Any]
"""A JSON object."""


class StartBody(BaseModel):
    """Which kind of terminal, on which test talkgroup, for how long."""

    kind: str = Field(max_length=32)
    talkgroup: str = Field(max_length=200)
    minutes: int = Field(default=30, ge=1, le=MAX_MINUTES)


class SaidBody(BaseModel):
    """What a simulated unit says or sends."""

    unit: int = Field(default=0, ge=0, le=0xFFFFFF)
    say: str = Field(default="", max_length=64)
    tone_hz: float | None = Field(default=None, ge=100, le=3500)
    seconds: float = Field(default=3.0, ge=0.2, le=60)
    value: int = Field(default=0, ge=0, le=0xFFFF)
    text: str = Field(default="", max_length=140)
    latitude_deg: float | None = Field(default=None, ge=-90, le=90)
    longitude_deg: float | None = Field(default=None, ge=-180, le=180)


class ActBody(SaidBody):
    """An act of a simulated terminal. ``group``: a number of its system, 0 for its own."""

    do: Literal["talk", "emergency", "status", "text", "position", "cut", "outage", "restore"]
    group: int = Field(default=0, ge=0, le=0xFFFFFF)


class ScenarioBody(BaseModel):
    """The text of a scenario file."""

    file: str = Field(max_length=200_000)


class TryBody(BaseModel):
    """Which draft is tried, and for how long."""

    draft: str = Field(max_length=64)
    minutes: int = Field(default=10, ge=1, le=MAX_TRY_MINUTES)


class TriedBody(SaidBody):
    """Something done in the sandbox: by a unit, by a position (``press``), or to a link."""

    do: Literal["talk", "emergency", "status", "text", "position", "press", "outage", "restore"]
    talkgroup: str = Field(default="", max_length=200)
    position: str = Field(default="", max_length=64)
    link: str = Field(default="", max_length=64)


@router.get("/simulator")
async def state(person: Driver, services: ServicesOf) -> Rows:
    """Return what can be simulated, the terminals that run, and the draft that is tried."""
    exercises = services.use(Exercises).state()
    return {**exercises, "rehearsal": services.use(Rehearsals).state()}


@router.post("/simulator/terminals")
async def start(body: StartBody, request: Request, person: Driver, services: ServicesOf) -> Rows:
    """Start a simulated terminal on a test talkgroup."""
    asker = asker_of(request, person)
    return await services.use(Exercises).start(asker, body.kind, body.talkgroup, body.minutes)


@router.delete("/simulator/terminals/{terminal}")
async def end(terminal: str, request: Request, person: Driver, services: ServicesOf) -> Rows:
    """End a simulated terminal."""
    await services.use(Exercises).end(asker_of(request, person), terminal)
    return {"ok": True}


@router.post("/simulator/terminals/{terminal}/acts")
async def act(
    terminal: str, body: ActBody, request: Request, person: Driver, services: ServicesOf
) -> Rows:
    """Have a simulated terminal do something."""
    return await services.use(Exercises).act(
        asker_of(request, person), terminal, Act(**body.model_dump())
    )


@router.post("/simulator/terminals/{terminal}/scenario")
async def play(
    terminal: str, body: ScenarioBody, request: Request, person: Driver, services: ServicesOf
) -> Rows:
    """Play a scenario file once on a simulated terminal."""
    return await services.use(Exercises).play(asker_of(request, person), terminal, body.file)


@router.delete("/simulator/terminals/{terminal}/scenario")
async def stop(terminal: str, request: Request, person: Driver, services: ServicesOf) -> Rows:
    """Stop the scenario of a simulated terminal."""
    return await services.use(Exercises).stop(asker_of(request, person), terminal)


@router.post("/simulator/rehearsals")
async def rehearse(body: TryBody, request: Request, person: Driver, services: ServicesOf) -> Rows:
    """Try a draft in a sandbox."""
    asker = asker_of(request, person)
    found = await services.use(Rehearsals).start(asker, body.draft, body.minutes)
    return {"rehearsal": found}


@router.post("/simulator/rehearsals/{rehearsal}/acts")
async def act_in_sandbox(
    rehearsal: str, body: TriedBody, request: Request, person: Driver, services: ServicesOf
) -> Rows:
    """Have something done in the sandbox; answers with what came of it, in words."""
    asker = asker_of(request, person)
    words = await services.use(Rehearsals).act(asker, rehearsal, body.model_dump())
    return {"words": words}


@router.delete("/simulator/rehearsals/{rehearsal}")
async def end_rehearsal(
    rehearsal: str, request: Request, person: Driver, services: ServicesOf
) -> Rows:
    """End the sandbox."""
    await services.use(Rehearsals).end(asker_of(request, person), rehearsal)
    return {"ok": True}

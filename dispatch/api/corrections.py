"""Requests to have a record corrected: entered, released or refused by the officer."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathText
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.extracts.corrections import DAYS, MOST_CHARACTERS, AskedFor, Corrections

router = APIRouter(prefix="/corrections", tags=["corrections"])

OneCorrection = Annotated[str, PathText(pattern=r"^x-[0-9a-z]{26}$")]
REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$"
Reader = Annotated[Person, Depends(require("correction.see"))]
Enterer = Annotated[Person, Depends(require("correction.enter"))]
Decider = Annotated[Person, Depends(require("correction.decide"))]


class CorrectionBody(BaseModel):
    """What a person asks for, about which record."""

    kind: Literal["rectify", "complete", "restrict"]
    ref: str = Field(pattern=REFERENCE)
    type: Literal["call", "message", "media", "incident"]
    object: str = Field(min_length=1, max_length=80)
    received_utc: int = Field(ge=0)
    days: int = Field(default=DAYS, ge=1, le=90)
    statement: str = Field(max_length=MOST_CHARACTERS)


class DecisionBody(BaseModel):
    """What the officer decides; ``words`` are the note, or the reason of a refusal."""

    grant: bool
    words: str = Field(max_length=MOST_CHARACTERS)


@router.get("", summary="Requests")
async def requests(person: Reader, services: ServicesOf) -> list[dict[str, Any]]:
    """Return requests without their words, the most pressing first."""
    return await services.use(Corrections).all()


@router.post("", status_code=201, summary="Enter a request")
async def enter(
    body: CorrectionBody, request: Request, person: Enterer, services: ServicesOf
) -> dict[str, Any]:
    """Enter what a person asks for; the record stays as it is."""
    asked = AskedFor(**body.model_dump())
    return await services.use(Corrections).enter(asker_of(request, person), asked)


@router.get("/{correction}", summary="One request")
async def look(
    correction: OneCorrection, request: Request, person: Reader, services: ServicesOf
) -> dict[str, Any]:
    """Return a request with the record in words and whom it was given to; logged first."""
    return await services.use(Corrections).look(asker_of(request, person), correction)


@router.post("/{correction}/decide", summary="Release or refuse")
async def decide(
    correction: OneCorrection,
    body: DecisionBody,
    request: Request,
    person: Decider,
    services: ServicesOf,
) -> dict[str, Any]:
    """Put a note beside the record, or refuse with a reason; logged first."""
    return await services.use(Corrections).decide(
        asker_of(request, person), correction, grant=body.grant, words=body.words
    )

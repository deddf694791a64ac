"""Recordings: bytes leave only after the audit log has the entry on disk."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.plain_response import plain_response
from dispatch.deps import Person, require
from dispatch.services.record import purpose_of
from dispatch.services.recordings import Recordings

router = APIRouter(tags=["recordings"])

Player = Annotated[Person, Depends(require("recording.play"))]
OGG_OPUS = "audio/ogg; codecs=opus"


@router.get("/recordings/{transmission}", response_class=Response)
async def play(
    *,
    transmission: str,
    request: Request,
    person: Player,
    services: ServicesOf,
    purpose_code: Annotated[str, Query(max_length=32)] = "",
    purpose_ref: Annotated[str, Query(max_length=64)] = "",
    purpose_text: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Return the sound of a transmission as Ogg Opus; ranges are answered."""
    purpose = purpose_of(purpose_code, purpose_ref, purpose_text)
    recordings = services.use(Recordings)
    sound = await recordings.find(person.access, transmission)
    await recordings.consult(asker_of(request, person), sound, purpose)
    return plain_response(
        await recordings.open(sound),
        request.headers,
        media_type=OGG_OPUS,
        sha256=sound.sha256,
    )


@router.get("/recordings/{transmission}/peaks")
async def peaks(
    transmission: str, request: Request, person: Player, services: ServicesOf
) -> dict[str, Any]:
    """Return 200 peaks from 0 to 1 for the waveform; logged, as they tell when somebody spoke."""
    recordings = services.use(Recordings)
    sound = await recordings.find(person.access, transmission)
    await recordings.consult(asker_of(request, person), sound, None, verb="recording.peaks")
    return {"peaks": await recordings.peaks(sound), "duration_ms": sound.duration_ms}

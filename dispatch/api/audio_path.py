"""The audio path for the engineer's pages: every way of sound, stage by stage."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf
from dispatch.audiopath.keying import Keyings, level_out
from dispatch.audiopath.service import AudioPath
from dispatch.audiopath.settings import settings
from dispatch.audiopath.stage import Closely, Connection, look, stages_of
from dispatch.audiopath.view import Asked, view
from dispatch.deps import Person, require
from dispatch.errors import NotFound, ServiceError
from dispatch.health.service import Health
from dispatch.services.desk import Desk
from dispatch.services.registry import Services
from dispatch.services.voice import Voice
from gateway.model.ids import PositionId
from gateway.model.plan import Link

router = APIRouter(tags=["audio path"])

Seer = Annotated[Person, Depends(require("audiopath.see"))]


class LevelQuery(BaseModel):
    """Whose level is asked for; ``reads_hz`` and ``nominal_hz`` belong to ``out``."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    link: str = Field(max_length=64)
    way: Literal["in", "out"]
    reads_hz: float | None = Field(None, gt=0, le=100_000)
    nominal_hz: float | None = Field(None, gt=0, le=100_000)


class WayQuery(BaseModel):
    """Which way is asked for."""

    model_config = ConfigDict(extra="forbid")

    link: str = Field(max_length=64)
    position: str = Field("", max_length=64)
    way: Literal["receive", "transmit"] = "receive"
    span: Literal["minute", "hour"] = "minute"


class StageQuery(BaseModel):
    """Which stage of which way is asked for."""

    model_config = ConfigDict(extra="forbid")

    link: str = Field(max_length=64)
    position: str = Field("", max_length=64)
    way: Literal["receive", "transmit"] = "receive"
    stage: str = Field(max_length=16)


@router.get("/audio-path/ways")
async def ways(person: Seer, services: ServicesOf) -> dict[str, Any]:
    """Return the links and positions to choose from, and what is known of each now."""
    path, desk, plan = services.use(AudioPath), services.use(Desk), services.plan.running
    path.collect()
    return {
        "links": [
            {
                "id": link.id,
                "name": link.name,
                "kind": link.kind,
                "sound": link.sound.partition(":")[0],
                "in_gain_db": link.sound_in_gain_db,
                "out_gain_db": link.sound_out_gain_db,
                "ptt": link.ptt,
                "ptt_lead_ms": link.ptt_lead_ms,
                "frames": {
                    way: int(path.way(link.id, way, None, "hour").of("frames"))
                    for way in ("receive", "transmit")
                },
            }
            for link in plan.links
        ],
        "positions": [
            {
                "id": name,
                "taken": desk.seat(name) is not None,
                "reports": PositionId(name) in path.desks,
            }
            for name in plan.positions
        ],
    }


@router.get("/audio-path/key-up")
async def key_up(
    link: Annotated[str, Query(max_length=64)], person: Seer, services: ServicesOf
) -> dict[str, Any]:
    """Return what the last test transmissions of a link told, and a change for a draft."""
    return services.use(Keyings).key_up(_link(services, link), services.plan.running)


@router.get("/audio-path/levels")
async def levels(
    query: Annotated[LevelQuery, Query()], person: Seer, services: ServicesOf
) -> dict[str, Any]:
    """Return what a tone asks of a link's gain: heard (in), or read from a meter (out)."""
    link = _link(services, query.link)
    if query.way == "in":
        return services.use(Keyings).level_in(link)
    if query.reads_hz is None or query.nominal_hz is None:
        raise ServiceError("reads_hz and nominal_hz: expected both, the meter's reading and goal")
    return level_out(link, query.reads_hz, query.nominal_hz)


def _link(services: Services, link: str) -> Link:
    found = next((known for known in services.plan.running.links if known.id == link), None)
    if found is None:
        raise NotFound(f"there is no link {link}")
    return found


@router.get("/audio-path/stage")
async def stage(
    query: Annotated[StageQuery, Query()], person: Seer, services: ServicesOf
) -> dict[str, Any]:
    """Return one stage closely, minute and hour: what is set, histograms, counts, the desks."""
    link = _link(services, query.link)
    position = _position(services, query.position)
    if query.stage not in stages_of(query.way):
        raise NotFound(f"there is no stage {query.stage} in {query.way}")
    asked = Closely(link=link, way=query.way, stage=query.stage, position=position)
    return look(services.use(AudioPath), asked, await _connections(services))


async def _connections(services: Services) -> list[Connection]:
    """Return the browsers that are connected; none where the server carries no voice."""
    if not services.has(Voice):
        return []
    found = []
    for session in services.use(Voice).rtc.sessions:
        stats = await session.stats()
        found.append(
            Connection(
                position=session.position,
                state=stats.state,
                sent=stats.packets_sent,
                dropped=stats.packets_dropped,
                loss_share=stats.loss_share,
                round_trip_ms=stats.round_trip_ms,
            )
        )
    return found


def _position(services: Services, position: str) -> PositionId | None:
    if position and position not in services.plan.running.positions:
        raise NotFound(f"there is no position {position}")
    return PositionId(position) if position else None


@router.get("/audio-path")
async def audio_path(
    query: Annotated[WayQuery, Query()], person: Seer, services: ServicesOf
) -> dict[str, Any]:
    """Return one way over the last minute or hour; desks are told by position alone.

    Each stage comes with what is set for it: (id, value, source plan or fixed).
    """
    link = _link(services, query.link)
    asked = Asked(
        link=link.id,
        way=query.way,
        position=_position(services, query.position),
        span=query.span,
    )
    found = view(services.use(AudioPath), asked, services.use(Health).rules)
    for row in found["stages"]:
        row["settings"] = settings(row["id"], query.way, link)
    return found

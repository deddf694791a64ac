"""What the camera wall of an incident shows: state, clock, ways to see and clips of each camera."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatch.cameras.clock_skew import in_words
from dispatch.cameras.media import CLIP, STILL
from dispatch.cameras.register import CameraInfo
from dispatch.cameras.sources import CameraSources
from dispatch.live.bookmarks import Bookmarks
from dispatch.live.stills import Stills
from dispatch.live.views import LiveViews

MAX_TILES = 16
Row = dict[str, Any]
"""A JSON object of the API."""


def tiles(
    cameras: Sequence[CameraInfo],
    media: Sequence[Row],
    *,
    sources: CameraSources,
    views: LiveViews,
    stills: Stills,
    bookmarks: Bookmarks,
) -> list[Row]:
    """Return one row a camera; ``media`` are the rows of the incident's stills and clips."""
    return [
        _tile(camera, media, sources, views, stills, bookmarks) for camera in cameras[:MAX_TILES]
    ]


def _tile(  # noqa: PLR0917  # the services of one row
    camera: CameraInfo,
    media: Sequence[Row],
    sources: CameraSources,
    views: LiveViews,
    stills: Stills,
    bookmarks: Bookmarks,
) -> Row:
    ways = stills.ways_of(camera)
    engine = views.engines.get(ways.engine)
    mine = [row for row in media if row["camera"] == camera.id]
    state, reason = sources.state_of(camera)
    skew_ms = sources.skew_ms(camera.source)
    recorders = bookmarks.recorders_of(camera)
    return {
        "camera": camera.id,
        "name": camera.name or camera.id,
        "place": camera.place or camera.name,
        "state": state,
        "reason": reason,
        "skew_ms": skew_ms,
        "clock_note": in_words(skew_ms),
        "live": engine is not None,
        "live_can_be_ended": engine is not None and engine.can_end,
        "still": stills.has(camera),
        "recorded": [recorder.id for recorder in recorders],
        "recorded_days": max((r.keeps_us for r in recorders), default=0) / 86_400_000_000,
        "from_now": not recorders and bookmarks.rtsp is not None and bookmarks.rtsp.has(camera),
        "last_still": _last(mine, STILL),
        "clips": [row for row in mine if row["kind"] == CLIP][-10:],
    }


def _last(rows: Sequence[Mapping[str, Any]], kind: str) -> Row | None:
    found = [dict(row) for row in rows if row["kind"] == kind and row["state"] == "fetched"]
    return found[-1] if found else None

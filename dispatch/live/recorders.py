"""Who may have a camera's past: Frigate, MediaMTX's recordings, or a recording begun now.

Each takes a camera and two times and leaves a file; what it could not give is said in words.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from dispatch.cameras.frigate_http import FrigateHttp
from dispatch.cameras.media import clip_between
from dispatch.cameras.mp4 import duration_ms
from dispatch.cameras.register import CameraInfo
from dispatch.live.engines import Engine
from dispatch.live.stills import Ways
from dispatch.live.tokens import Tokens
from gateway.model.errors import RadioError

if TYPE_CHECKING:
    import httpx

DAY_US = 86_400 * 1_000_000
MAX_BYTES = 1024 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
TIMEOUT_S = 60.0
LIST_BYTES = 1024 * 1024
PARALLEL_GAPS = 5
"""More gaps than these are counted, not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a recorder gave. ``status`` as of HTTP; 0: no answer."""

    status: int
    reason: str = ""
    size_bytes: int = 0
    sha256: str = ""
    content_type: str = "video/mp4"
    duration_ms: int | None = None
    how: str = ""
    remuxed: bool = True
    gaps: str = ""
    """What the recorder says is missing, in words."""


class Recorder(Protocol):
    """One who keeps, or can make, recordings."""

    id: str
    keeps_us: int

    def has(self, camera: CameraInfo) -> bool:
        """Whether it may have this camera's recordings."""

    async def clip(self, camera: CameraInfo, from_utc: int, to_utc: int, target: Path) -> Clip:
        """Leave the clip in ``target``; raises nothing of the network."""


class FrigateRecorder:
    """Frigate's own recordings, by time: cut and packed anew by it."""

    def __init__(self, source: str, http: FrigateHttp, *, keeps_days: float) -> None:
        """Take the source's id (``frigate:…``) and its HTTP side."""
        self.id = source
        self.keeps_us = round(keeps_days * DAY_US)
        self.http = http

    def has(self, camera: CameraInfo) -> bool:
        """Whether the camera is of this Frigate."""
        return camera.source == self.id

    async def clip(self, camera: CameraInfo, from_utc: int, to_utc: int, target: Path) -> Clip:
        """Ask for ``clip.mp4`` of the range, and for the gaps when it is short."""
        name = camera.name_at_source or camera.id
        try:
            want = clip_between("", name, from_utc, to_utc)
        except ValueError as error:
            return Clip(status=400, reason=str(error))
        got = await self.http.fetch(want.path, target, still=False, measure=duration_ms)
        gaps = ""
        asked_ms = (to_utc - from_utc) // 1000
        if got.answer.status != 200 or (got.answer.duration_ms or asked_ms) < asked_ms - 1000:
            gaps = await self._gaps(name, from_utc, to_utc)
        return Clip(
            status=got.answer.status,
            reason=got.answer.reason,
            size_bytes=got.answer.size_bytes,
            sha256=got.sha256,
            content_type=got.content_type or "video/mp4",
            duration_ms=got.answer.duration_ms,
            how="by Frigate from its recordings, packed anew",
            gaps=gaps,
        )

    async def _gaps(self, name: str, from_utc: int, to_utc: int) -> str:
        query = {
            "cameras": name,
            "after": f"{from_utc / 1e6:.3f}",
            "before": f"{to_utc / 1e6:.3f}",
        }
        status, told = await self.http.ask("GET", f"api/recordings/unavailable?{urlencode(query)}")
        if status != 200 or not isinstance(told, list):
            return ""
        spans = []
        for one in told:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                spans.append((float(one["start_time"]), float(one["end_time"])))
        return gap_words(spans)


class MediaMtxRecorder:
    """MediaMTX' playback server: ``/list`` says what there is, ``/get`` gives it."""

    def __init__(self, engine: Engine, ways: Mapping[str, Ways], tokens: Tokens) -> None:
        """Take the engine, what each camera's path there is, and how to be let in."""
        self.id = f"mediamtx:{engine.id}"
        self.keeps_us = round(engine.settings.keeps_days * DAY_US)
        self._engine = engine
        self._ways = ways
        self._tokens = tokens
        self._base = (engine.settings.playback or "").rstrip("/")

    def has(self, camera: CameraInfo) -> bool:
        """Whether the camera is shown by this engine."""
        return self._ways.get(camera.id, Ways()).engine == self._engine.id

    async def clip(self, camera: CameraInfo, from_utc: int, to_utc: int, target: Path) -> Clip:
        """Ask what there is and take the longest part that lies in the range."""
        import httpx  # noqa: PLC0415 - costs only who has one

        try:
            path = self._engine.path_of(camera, self._ways[camera.id].path)
            spans = await self._list(path, from_utc, to_utc)
            if not spans:
                return Clip(status=404, reason="MediaMTX has no recording of these times")
            start, seconds = max(spans, key=lambda span: span[1])
            query = {
                "path": path,
                "start": _iso(start),
                "duration": f"{seconds:.3f}",
                "format": "mp4",
            }
            got = await download(
                self._engine.http,
                f"{self._base}/get?{urlencode(query)}",
                self._headers(path),
                target,
            )
        except RadioError as error:
            return Clip(status=0, reason=str(error))
        except (httpx.HTTPError, ValueError, OSError) as error:
            return Clip(status=0, reason=f"MediaMTX: {type(error).__name__}")
        gaps = ""
        if len(spans) > 1:
            gaps = f"{len(spans)} parts with gaps between; the longest is kept"
        return Clip(
            status=got[0],
            size_bytes=got[1],
            sha256=got[2],
            duration_ms=duration_ms(target) if got[0] == 200 else None,
            how="by MediaMTX from its recordings, packed anew",
            gaps=gaps,
        )

    def _headers(self, path: str) -> dict[str, str]:
        return self._engine.headers(self._tokens.make(path, "playback"))

    async def _list(self, path: str, from_utc: int, to_utc: int) -> list[tuple[float, float]]:
        query = {"path": path, "start": _iso(from_utc / 1e6), "end": _iso(to_utc / 1e6)}
        answer = await self._engine.http.get(
            f"{self._base}/list?{urlencode(query)}", headers=self._headers(path)
        )
        if answer.status_code == 404:
            return []
        if answer.status_code != 200 or len(answer.content) > LIST_BYTES:
            raise ValueError(f"status {answer.status_code}")
        return spans_within(answer.json(), from_utc / 1e6, to_utc / 1e6)


def spans_within(told: Any, start: float, end: float) -> list[tuple[float, float]]:
    """Return (start, seconds) of what ``/list`` names within two times (Unix seconds).

    ``Any``: JSON of another program; what is not understood is left out.
    """
    spans = []
    for one in told if isinstance(told, list) else []:
        try:
            begin = datetime.fromisoformat(one["start"]).timestamp()
            until = begin + float(one["duration"])
        except (KeyError, TypeError, ValueError):
            continue
        first, last = max(begin, start), min(until, end)
        if last > first:
            spans.append((first, last - first))
    return spans


def gap_words(spans: list[tuple[float, float]]) -> str:
    """Return gaps (Unix seconds) in words, times in UTC."""
    named = [
        f"{datetime.fromtimestamp(a, UTC):%H:%M:%S} to {datetime.fromtimestamp(b, UTC):%H:%M:%S}"
        for a, b in spans[:PARALLEL_GAPS]
    ]
    more = f" and {len(spans) - PARALLEL_GAPS} more" if len(spans) > PARALLEL_GAPS else ""
    return f"not recorded: {', '.join(named)}{more} UTC" if named else ""


async def download(
    client: "httpx.AsyncClient", url: str, headers: Mapping[str, str], target: Path
) -> tuple[int, int, str]:
    """Stream into ``target``; returns status, bytes and SHA-256. The file is there only after 200.

    Raises httpx.HTTPError, OSError, and ValueError for what is larger than a clip can be.
    """
    digest, size = hashlib.sha256(), 0
    part = target.with_suffix(target.suffix + ".part")
    async with client.stream("GET", url, headers=dict(headers), timeout=TIMEOUT_S) as response:
        if response.status_code != 200:
            return response.status_code, 0, ""
        try:
            with part.open("wb") as file:
                async for chunk in response.aiter_bytes(CHUNK_BYTES):
                    size += len(chunk)
                    if size > MAX_BYTES:
                        raise ValueError(f"larger than {MAX_BYTES >> 20} MiB")
                    digest.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_sync, file.fileno(), file.flush)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return 200, size, digest.hexdigest()


def _sync(number: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(number)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

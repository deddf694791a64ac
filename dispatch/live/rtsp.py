"""A recording from a camera's RTSP stream, begun now: ffmpeg copies the packets, nothing is coded.

The camera's login never stands on a command line: ffmpeg reads the address from a file that only
this account can open, and that is gone when the stream has begun or failed.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from dispatch.cameras.register import CameraInfo
from dispatch.live.networks import Bounds, OutOfBounds
from dispatch.live.recorders import CHUNK_BYTES, Clip
from dispatch.live.stills import Ways
from gateway.ports import Clock

GRACE_S = 20.0
AT_ONCE = 4
NO_SOUND = ("codec not currently supported in container", "Could not find tag for codec")


class RtspRecorder:
    """Records the rest of a range, from now to its end."""

    def __init__(self, ways: Mapping[str, Ways], bounds: Bounds, clock: Clock) -> None:
        """Take the cameras' addresses and which may be asked."""
        self.id = "rtsp"
        self.keeps_us = 0
        self._ways = ways
        self._bounds = bounds
        self._clock = clock
        self._room = asyncio.Semaphore(AT_ONCE)

    @property
    def there(self) -> bool:
        """Whether ffmpeg is installed."""
        return shutil.which("ffmpeg") is not None

    def has(self, camera: CameraInfo) -> bool:
        """Whether the camera has a stream that may be recorded."""
        return bool(self._ways.get(camera.id, Ways()).rtsp)

    async def clip(self, camera: CameraInfo, from_utc: int, to_utc: int, target: Path) -> Clip:
        """Record until ``to_utc``; what lies before now is nowhere."""
        if not self.there:
            return Clip(status=0, reason="ffmpeg is not installed on the server")
        try:
            address = (await self._bounds.target(self._ways[camera.id].rtsp)).url
        except OutOfBounds as error:
            return Clip(status=0, reason=str(error))
        async with self._room:
            seconds = (to_utc - max(from_utc, self._clock.utc_us())) / 1_000_000
            if seconds < 1:
                return Clip(status=0, reason="the camera keeps no recording, and it is over")
            return await self._record(self._with_login(camera, address), seconds, target)

    def _with_login(self, camera: CameraInfo, address: str) -> str:
        login = self._ways[camera.id].login
        if login is None:
            return address
        parts = urlsplit(address)
        who = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}@"
        return urlunsplit((parts.scheme, who + parts.netloc, parts.path, parts.query, ""))

    async def _record(self, address: str, seconds: float, target: Path) -> Clip:
        how = "recorded from the camera's stream, copied"
        error = await self._ffmpeg(address, seconds, target, sound=True)
        if any(words in error for words in NO_SOUND) and not _size(target):
            error = await self._ffmpeg(address, seconds, target, sound=False)
            how += "; its sound does not fit into MP4 and is left out"
        size = await asyncio.to_thread(_size, target)
        if not size:
            await asyncio.to_thread(target.unlink, missing_ok=True)
            return Clip(status=0, reason=_why(error))
        return Clip(
            status=200,
            size_bytes=size,
            sha256=await asyncio.to_thread(_sha256, target),
            duration_ms=await length_ms(target),
            how=how,
            remuxed=True,
        )

    async def _ffmpeg(self, address: str, seconds: float, target: Path, *, sound: bool) -> str:
        """Run ffmpeg; returns what it said of errors."""
        source = target.with_suffix(".source")
        escaped = address.replace("'", "%27")
        _write_secret(
            source, f"ffconcat version 1.0\nfile '{escaped}'\noption rtsp_transport tcp\n"
        )
        words = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-f", "concat", "-safe", "0"]
        words += ["-protocol_whitelist", "file,rtsp,rtsps,rtp,tcp,tls,udp", "-i", str(source)]
        words += ["-t", f"{seconds:.3f}", "-map", "0:v:0", *(["-map", "0:a?"] if sound else [])]
        words += ["-c", "copy", "-movflags", "+frag_keyframe+empty_moov+default_base_moof"]
        words += ["-f", "mp4", str(target)]
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(seconds + GRACE_S):
                _, error = await process.communicate()
        except TimeoutError:
            error = b"no end within the time"
        finally:
            source.unlink(missing_ok=True)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()
        return error.decode("utf-8", "replace")


async def length_ms(path: Path) -> int | None:
    """Return the length of a fragmented MP4, which says it nowhere: ffprobe counts."""
    if shutil.which("ffprobe") is None:
        return None
    words = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]
    process = await asyncio.create_subprocess_exec(
        *words, str(path), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    told, _ = await process.communicate()
    try:
        return round(float(told) * 1000)
    except ValueError:
        return None


def _write_secret(path: Path, text: str) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _why(error: str) -> str:
    """Return why nothing was recorded, without the address (it holds the login)."""
    lowered = error.lower()
    for words, meaning in (
        ("401", "wrong user or password"),
        ("unauthorized", "wrong user or password"),
        ("404", "the camera has no such stream"),
        ("refused", "the camera does not answer"),
        ("timed out", "the camera does not answer"),
        ("no end within", "the stream did not end in time"),
    ):
        if words in lowered:
            return f"recording: {meaning}"
    return "recording: the stream could not be read"

"""Uploads as other programs send them: vectors, forms, sound."""

import io
import math
import struct
import tomllib
import wave
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import av
import httpx

from dispatch.auth.sessions import SessionInfo
from dispatch.services.record import Asker
from dispatch.uploads.keys import NewKey
from dispatch.uploads.setup import Uploads
from tests.dispatch.room import Room

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "uploads"
START_S = 5
"""Calls of the vectors began this long before they are sent."""


@cache
def tone(seconds: float = 2.0, rate_hz: int = 8000, hz: int = 440) -> bytes:
    """Return a WAV of a tone."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        samples = (
            int(9000 * math.sin(2 * math.pi * hz * n / rate_hz))
            for n in range(int(seconds * rate_hz))
        )
        file.writeframes(b"".join(struct.pack("<h", one) for one in samples))
    return out.getvalue()


@cache
def encoded(codec: str, form: str, seconds: float = 2.0) -> bytes:
    """Return the tone as MP3 or M4A, encoded by the library that reads it: a round trip alone."""
    out = io.BytesIO()
    source: Any = av.open(io.BytesIO(tone(seconds)), format="wav")  # its types name no streams
    sink: Any = av.open(out, "w", format=form)
    with source, sink:
        stream = sink.add_stream(codec, rate=16000)
        stream.layout = "mono"
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=16000, frame_size=stream.frame_size
        )
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                for packet in stream.encode(part):
                    sink.mux(packet)
        for packet in stream.encode(None):
            sink.mux(packet)
    return out.getvalue()


SOUNDS: dict[str, Callable[[], bytes]] = {
    "wav": tone,
    "mp3": lambda: encoded("libmp3lame", "mp3"),
    "m4a": lambda: encoded("aac", "ipod"),
    "header": lambda: tone()[:44],
    "nothing": lambda: b"",
    "broken": lambda: b"RIFF\xff\xff\xff\xffWAVE" + bytes(range(256)),
}


@dataclass(frozen=True)
class Vector:
    """One upload as it is sent, and what has to be answered."""

    name: str
    told: dict[str, Any]

    def body(self, key: str, now: datetime) -> bytes:
        """Return the form with key and times in their places."""
        start = now.timestamp() - START_S
        places = {
            "{key}": key,
            "{start}": str(int(start)),
            "{stop}": str(int(start) + 2),
            "{start_ms}": str(int(start * 1000)),
            "{stop_ms}": str(int(start * 1000) + 1930),
            "{start_rfc}": datetime.fromtimestamp(start, UTC).isoformat().replace("+00:00", "Z"),
        }

        def filled(text: str) -> str:
            for place, value in places.items():
                text = text.replace(place, value)
            return text

        if "raw" in self.told:
            return filled(self.told["raw"]).replace("\n", "\r\n").encode()
        return form(self.told["part"], self.told["boundary"], filled)

    @property
    def headers(self) -> list[tuple[str, str]]:
        boundary = self.told.get("boundary", "")
        types = self.told.get("content_types", ["multipart/form-data; boundary={boundary}"])
        found = [("Content-Type", one.replace("{boundary}", boundary)) for one in types]
        return [*found, ("User-Agent", self.told.get("agent", "test"))]


def form(parts: list[dict[str, Any]], boundary: str, filled: Any = str) -> bytes:
    """Return a multipart body; a part with ``sound`` is a file."""
    out = b""
    for part in parts:
        names = [f'name="{part["name"]}"']
        if "filename" in part:
            names.insert(0 if part.get("filename_first") else 1, f'filename="{part["filename"]}"')
        out += f"--{boundary}\r\nContent-Disposition: form-data; {'; '.join(names)}".encode()
        if "type" in part:
            out += f"\r\nContent-Type: {part['type']}".encode()
        out += b"\r\n\r\n"
        out += SOUNDS[part["sound"]]() if "sound" in part else filled(part["value"]).encode()
        out += b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


def vectors() -> list[Vector]:
    return [
        Vector(path.stem, tomllib.loads(path.read_text("utf-8")))
        for path in sorted(VECTORS.glob("*.toml"))
    ]


async def engineer(room: Room) -> Asker:
    """Return the room's engineer as who asks."""
    user = room.services.people.by_name("engineer")
    assert user is not None
    _, session = await room.services.sessions.open(user, "10.0.0.1")
    assert isinstance(session, SessionInfo)
    return Asker(access=room.services.access.of(user.id), session=session)


async def make_key(room: Room, name: str = "Hill recorder", **told: Any) -> str:
    """Make a key as the engineer and return its secret."""
    uploads = room.services.use(Uploads)
    new = NewKey(**({"name": name, "system": "net", "short_name": "net"} | told))
    _, secret = await uploads.keys.make(await engineer(room), new)
    return secret


async def send(room: Room, key: str, sound: bytes | None, **fields: Any) -> httpx.Response:
    """Upload one call in rdio-scanner's shape; by default of talkgroup 100, five seconds ago."""
    start = datetime.now(UTC).timestamp() - START_S
    told = {"key": key, "system": "1", "talkgroup": "100", "dateTime": str(int(start))}
    told |= {name: str(value) for name, value in fields.items()}
    files = {"audio": ("call.wav", sound)} if sound is not None else {"x": ("", b"")}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{room.port}", timeout=20) as client:
        return await client.post("/api/call-upload", data=told, files=files)

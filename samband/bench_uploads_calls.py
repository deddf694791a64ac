"""The calls that ``samband bench uploads`` sends: forms in the shape of trunk-recorder."""

import io
import math
import struct
import time
import wave
from typing import Any

import av

RECORDERS = 4
TALKGROUPS = 200
RATE_HZ = 8000
BOUNDARY = "------------------------bench"
CODECS = {"mp3": ("libmp3lame", "mp3"), "m4a": ("aac", "ipod")}


class Calls:
    """Forms that differ in talkgroup, time and a few bytes of sound: none is a duplicate."""

    def __init__(self, keys: list[str], seconds: float, kind: str) -> None:
        """Take the recorders' keys; the sound is made once."""
        self._keys = keys
        self._kind = kind
        self._sound = _sound(seconds, kind)
        self._began = int(time.time()) - 3600

    @property
    def size(self) -> int:
        """Bytes of the sound of one call."""
        return len(self._sound)

    def form(self, number: int) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of one call."""
        fields = {
            "audioName": f"call_{number}.{self._kind}",
            "dateTime": str(self._began + number // TALKGROUPS * 6),
            "frequencies": '[{"freq": 851012500, "pos": 0, "len": 4, "errorCount": 2}]',
            "frequency": "851012500",
            "key": self._keys[number % RECORDERS],
            "patches": "[]",
            "talkgroup": str(1000 + number % TALKGROUPS),
            "talkgroupLabel": "Bench",
            "sources": '[{"pos": 0.00, "src": 1001}]',
            "system": "1",
            "systemLabel": "net",
        }
        out = _part("audio", self._sound + struct.pack(">I", number), f"call.{self._kind}")
        out += b"".join(_part(name, value.encode()) for name, value in fields.items())
        out += f"--{BOUNDARY}--\r\n".encode()
        return out, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def _part(name: str, data: bytes, filename: str = "") -> bytes:
    told = f'; filename="{filename}"' if filename else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{told}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def _sound(seconds: float, kind: str) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        samples = (
            int(8000 * math.sin(n / 9) * math.sin(n / 900)) for n in range(int(seconds * RATE_HZ))
        )
        file.writeframes(b"".join(struct.pack("<h", one) for one in samples))
    return out.getvalue() if kind == "wav" else _encoded(out.getvalue(), *CODECS[kind])


def _encoded(data: bytes, codec: str, form: str) -> bytes:
    out = io.BytesIO()
    source: Any = av.open(io.BytesIO(data), format="wav")  # no types tell which streams it has
    sink: Any = av.open(out, "w", format=form)
    with source, sink:
        stream = sink.add_stream(codec, rate=16_000)
        stream.layout = "mono"
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=16_000, frame_size=stream.frame_size
        )
        for frame in [*source.decode(audio=0), None]:
            for part in resampler.resample(frame):
                sink.mux(stream.encode(part))
        sink.mux(stream.encode(None))
    return out.getvalue()

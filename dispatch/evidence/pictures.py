"""Blacks out parts of stills and clips with ffmpeg: what is hidden is not in the new file.

A redacted picture is made anew, so nothing of the original survives under the black: no layer, no
metadata, no further stream. Blocks; call it from a thread.
"""

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dispatch.errors import ServiceError
from dispatch.evidence.listening import EDGE_MS, TONE_HZ

PROGRAM = "ffmpeg"
TIMEOUT_S = 900
TONE_LEVEL = 0.1
"""-20 dBFS, as in redacted speech."""
MAX_PIXEL = 32_768
CRF = "18"
"""Quality of the encoder: what is not hidden looks as before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels, from the top left."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hide:
    """What is hidden from when to when (ms; None: all of the time).

    ``boxes`` empty and ``picture``: all of it. ``sound``: silence and a tone in its place.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    boxes: tuple[Box, ...] = ()
    picture: bool = True
    sound: bool = False


@cache
def ffmpeg_version() -> str:
    """Return the program's own words for its version; raises ServiceError when it is missing."""
    path = shutil.which(PROGRAM)
    if path is None:
        raise ServiceError(
            "redaction of pictures needs ffmpeg, and it is not installed",
            hint="On Debian: apt install ffmpeg.",
        )
    line = subprocess.run([path, "-version"], capture_output=True, text=True, check=True).stdout
    return " ".join(line.split()[:3])


def how_hidden() -> str:
    """Return method, program and settings of redacted pictures."""
    return f"black, re-encoded ({ffmpeg_version()}, libx264 crf {CRF})"


def hidden(source: Path, out: Path, hides: list[Hide], *, moving: bool) -> None:
    """Write ``out`` from ``source`` with parts hidden; raises ServiceError."""
    ffmpeg_version()
    words = [PROGRAM, "-nostdin", "-v", "error", "-y", "-i", str(source), "-map_metadata", "-1"]
    words += _clip(hides) if moving else _still(hides)
    try:
        done = subprocess.run(
            [*words, str(out)], capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceError(f"redaction: ffmpeg did not end within {TIMEOUT_S} s") from error
    if done.returncode != 0 or not out.is_file() or not out.stat().st_size:
        last = done.stderr.strip().splitlines()[-1:] or ["no picture came out"]
        raise ServiceError(f"redaction: ffmpeg: {last[0][:200]}")


def _still(hides: list[Hide]) -> list[str]:
    return ["-vf", ",".join(_drawn(hides)), "-frames:v", "1", "-q:v", "2"]


def _clip(hides: list[Hide]) -> list[str]:
    drawn, muted = _drawn(hides), [one for one in hides if one.sound]
    words = ["-map", "0:v:0", "-map", "0:a?", "-sn", "-dn"]
    if drawn:
        words += ["-vf", ",".join(drawn), "-c:v", "libx264", "-crf", CRF]
        words += ["-preset", "veryfast", "-pix_fmt", "yuv420p"]
    else:
        words += ["-c:v", "copy"]
    if muted:
        words += ["-af", _toned(muted), "-c:a", "aac"]
    else:
        words += ["-c:a", "copy"]
    return [*words, "-movflags", "+faststart"]


def _drawn(hides: list[Hide]) -> list[str]:
    drawn = []
    for one in hides:
        if not one.picture:
            continue
        when = f":enable='{_between(one)}'" if one.from_ms is not None else ""
        for box in one.boxes:
            place = f"x={box.x}:y={box.y}:w={box.width}:h={box.height}"
            drawn.append(f"drawbox={place}:color=black:t=fill{when}")
        if not one.boxes:
            drawn.append(f"drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill{when}")
    return drawn


def _toned(muted: list[Hide]) -> str:
    """Return a filter that puts silence, and a tone within it, in the place of sound."""
    inside = "+".join(_between(one) for one in muted)
    tone = "+".join(_between(one, EDGE_MS) for one in muted)
    wave = f"{TONE_LEVEL}*sin(2*PI*{TONE_HZ}*t)*gt({tone},0)"
    return f"aeval=exprs='if(gt({inside},0),{wave},val(ch))':channel_layout=same"


def _between(one: Hide, edge_ms: int = 0) -> str:
    if one.from_ms is None or one.to_ms is None:
        return "1"
    first, last = (one.from_ms + edge_ms) / 1000, (one.to_ms - edge_ms) / 1000
    return f"between(t,{first:.3f},{last:.3f})"

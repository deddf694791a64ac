"""Plots as HTML without a plotting library: pictures as PNG, tracks as SVG."""

import base64
import html
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import ShortTimeFFT, windows

from samband.codec_files import RATE_HZ

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 1200, 220
FLOOR_DB = 70.0
FRAME, STEP = 256, 80
_STOPS = np.array([[13, 17, 23], [38, 62, 128], [190, 80, 92], [250, 190, 90], [255, 250, 220]])


def spectrogram(samples: npt.NDArray[np.int16]) -> Floats:
    """Return levels in dB below the loudest, (129 bins up to 4 kHz, frames of 10 ms)."""
    transform = ShortTimeFFT(windows.hann(FRAME), STEP, RATE_HZ)
    level = 10 * np.log10(np.abs(transform.stft(samples.astype(np.float64))) ** 2 + 1e-3)
    return np.asarray(np.maximum(level - max(float(level.max()), 40.0), -FLOOR_DB))


def picture(level: Floats) -> str:
    """Return levels in -70 .. 0 dB as a PNG in an ``img`` element, high frequencies on top."""
    place = (level[::-1] + FLOOR_DB) / FLOOR_DB * (len(_STOPS) - 1)
    channels = [np.interp(place, np.arange(len(_STOPS)), _STOPS[:, c]) for c in range(3)]
    data = base64.b64encode(png(np.stack(channels, axis=-1).astype(np.uint8))).decode()
    return f'<img alt="Spectrogram" src="data:image/png;base64,{data}">'


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return uint8 (rows, columns, 3) as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        sum_ = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", sum_)

    rows, columns, _ = pixels.shape
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)
    body = zlib.compress(lines.tobytes(), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def track(
    values: Sequence[float | None], seconds: float, unit: str, *, low: float, high: float
) -> str:
    """Return a track over time as SVG; None leaves a gap."""
    runs: list[list[str]] = [[]]
    span = (high - low) or 1.0
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        x = WIDTH * index / max(1, len(values) - 1)
        y = HEIGHT - HEIGHT * (min(high, max(low, value)) - low) / span
        runs[-1].append(f"{x:.1f},{y:.1f}")
    lines = "".join(f'<polyline points="{" ".join(run)}"/>' for run in runs if len(run) > 1)
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="1.5"/>'
        for run in runs
        if len(run) == 1
        for x, y in [run[0].split(",")]
    )
    return _svg(lines + dots, seconds, f"{high:g} {unit}", f"{low:g} {unit}")


def bars(values: Sequence[float], seconds: float, unit: str, *, high: float) -> str:
    """Return one bar a value as SVG."""
    step = WIDTH / max(1, len(values))
    shapes = "".join(
        f'<rect x="{index * step:.1f}" y="{HEIGHT - HEIGHT * min(1.0, value / (high or 1)):.1f}" '
        f'width="{max(step, 0.5):.1f}" height="{HEIGHT * min(1.0, value / (high or 1)):.1f}"/>'
        for index, value in enumerate(values)
        if value
    )
    return _svg(shapes, seconds, f"{high:g} {unit}", f"0 {unit}")


def page(title: str, facts: Sequence[tuple[str, str]], plots: Sequence[tuple[str, str]]) -> str:
    """Return a whole HTML page of named plots under a table of facts."""
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
        for name, value in facts
    )
    figures = "".join(
        f"<figure><figcaption>{html.escape(name)}</figcaption>{plot}</figure>"
        for name, plot in plots
    )
    return _PAGE.format(title=html.escape(title), rows=rows, figures=figures)


def _svg(shapes: str, seconds: float, top: str, bottom: str) -> str:
    step = next((s for s in (1, 2, 5, 10, 30, 60, 300) if seconds / s <= 24), 600)
    places = [(t, WIDTH * t / max(seconds, 0.01)) for t in range(0, int(seconds) + 1, step)]
    marks = "".join(
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT}"/>{_text(x + 3, f"{t} s")}'
        for t, x in places
    )
    ends = _text(WIDTH - 4, top, y=14, end=True) + _text(WIDTH - 4, bottom, end=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{marks}{shapes}{ends}</svg>'


def _text(x: float, words: str, *, y: int = HEIGHT - 4, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:.1f}" y="{y}"{anchor}>{html.escape(words)}</text>'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
:root {{ color-scheme: dark light; --bg: #fff; --fg: #16191d; --line: #d5dae0; --ink: #0b5cad; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --bg: #0d1117; --fg: #e6edf3; --line: #2b3138; --ink: #6cb6ff; }} }}
body {{ font: 16px/24px system-ui, sans-serif; margin: 24px auto; max-width: 1240px;
  padding: 0 16px; background: var(--bg); color: var(--fg); }}
table {{ border-collapse: collapse; }} th {{ text-align: left; padding: 2px 24px 2px 0;
  font-weight: 600; }} td {{ font-variant-numeric: tabular-nums; }}
figure {{ margin: 24px 0; }} figcaption {{ font-weight: 600; margin-bottom: 4px; }}
svg {{ height: auto; }} img {{ height: 220px; }}
img, svg {{ width: 100%; display: block; border: 1px solid var(--line);
  image-rendering: auto; box-sizing: border-box; }}
svg polyline {{ fill: none; stroke: var(--ink); stroke-width: 1.5; }}
svg rect, svg circle {{ fill: var(--ink); }} svg line {{ stroke: var(--line); }}
svg text {{ fill: var(--fg); font-size: 12px; }}
</style></head><body><h1>{title}</h1><table>{rows}</table>{figures}</body></html>
"""

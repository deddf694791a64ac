"""``device:NAME?option=value&…``: which sound card, and how the radio hangs on it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from gateway.model.errors import ConfigError

NONE: Final = "none"
"""Name of no device: a link that only listens, or only speaks."""
CHANNELS: Final = ("left", "right", "both")
EXAMPLE: Final = "device:USB Audio?channel=left&rate=48000"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAddress:
    """A sound card as the plan names it. Names are parts of the names that PortAudio gives."""

    capture: str
    """Where the radio's sound comes in; "" for none."""
    playback: str
    """Where sound goes out to the radio; "" for none."""
    channel: str = "both"
    """left, right, or both: the mean of both in, the same on both out."""
    rate_hz: int = 0
    """Rate of the card; 0 for its own default."""
    latency_ms: int = 60
    """What the card's driver may buffer."""
    queue_ms: int = 60
    """What waits before the card so that a late event loop is not heard."""
    open_ms: int = -200
    """Sound before (talk start + open_ms) is not the talker's. Terminals tell a talk start late,
    so some sound before it counts; 0 or more cuts off clicks of an opening squelch."""
    tail_ms: int = 60
    """Sound up to (talk end + tail_ms) still is: the radio's own delay."""
    trim_ms: int = 0
    """The last so many ms before the end are dropped (noise of a closing squelch). Delays by it."""


LIMITS: Final = {
    "rate": (8000, 192_000),
    "latency_ms": (5, 500),
    "queue_ms": (20, 500),
    "open_ms": (-200, 500),
    "tail_ms": (0, 500),
    "trim_ms": (0, 400),
}


def parse_device(url: str) -> DeviceAddress:
    """Return the parts of a ``device:`` address; raises ConfigError that names every mistake."""
    name, _, query = url.removeprefix("device:").partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    faults: list[str] = []
    numbers = {key: _number(key, options, faults) for key in LIMITS if key in options}
    texts = {key: options.pop(key, "") for key in ("in", "out", "channel")}
    faults += [f"{key}: unknown option" for key in options if key not in LIMITS]
    if texts["channel"] and texts["channel"] not in CHANNELS:
        faults.append(f"channel: expected {', '.join(CHANNELS)}, got {texts['channel']!r}")
    whole = unquote(name).strip()
    capture, playback = texts["in"] or whole, texts["out"] or whole
    if not capture or not playback:
        faults.append("name: expected a part of the name of a sound card")
    if capture == playback == NONE:
        faults.append("in and out: both are none")
    if faults:
        known = "in, out, channel, " + ", ".join(LIMITS)
        raise ConfigError(
            f"sound: {url!r}: {'; '.join(faults)}",
            faults=tuple(faults),
            hint=f"Example: {EXAMPLE}. Options: {known}. Names: samband sound list",
        )
    rate_hz = numbers.pop("rate", 0)
    return DeviceAddress(
        capture="" if capture == NONE else capture,
        playback="" if playback == NONE else playback,
        channel=texts["channel"] or "both",
        rate_hz=rate_hz,
        **numbers,
    )


def _number(key: str, options: dict[str, str], faults: list[str]) -> int:
    low, high = LIMITS[key]
    text = options[key]
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and low <= int(text) <= high:
        return int(text)
    faults.append(f"{key}: expected {low} to {high}, got {text!r}")
    return 0

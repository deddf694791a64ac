"""What is set for a stage of the way of sound, where that comes from, and what a plan may change.

Most of it is fixed in the program: said with its value, so that no page keeps a copy. Figures that
live in a package this one may not see are constants here, and a test compares them.
"""

from typing import Any, Final

from dispatch.audiopath.keying import MAX_GAIN_DB, MAX_LEAD_MS, keyed_by_line
from gateway.model.plan import Link
from gateway.model.sound_events import RECEIVE
from gateway.model.voice import FRAME_MS
from voicecodecs import level, opus, press_buffer
from voicecodecs.pcm import SAMPLE_RATE_HZ

Row = dict[str, Any]
PLAN: Final = "plan"
FIXED: Final = "fixed"

OPUS_LOOK_AHEAD_MS: Final = 6.5
"""libopus at 8 kHz, voice: ``OpusEncoder.lookahead_samples`` / 8; a test compares."""
REORDER_MS: Final = 60
"""What waits for an earlier block or packet: three of them, on wires and from microphones."""
PLAYOUT_MS: Final = 60
"""So long the first frame of a P25 over waits, that those behind it may be late."""
NETWORK_PLAYOUT_MS: Final = 100
"""The same of frames that came over a network of reflectors."""
WIRES: Final = frozenset({"udp", "unix"})
NETWORK_KIND: Final = "p25-network"
_FIXED: Final[dict[str, dict[str, float]]] = {
    "order": {"reorder_ms": REORDER_MS},
    "press": {
        "held_ms": press_buffer.HELD_MS,
        "settled_ms": press_buffer.SETTLED_MS,
        "max_speed": press_buffer.MAX_SPEED,
    },
    "level": {
        "target_dbfs": level.TARGET_DBFS,
        "max_gain_db": level.MAX_GAIN_DB,
        "min_gain_db": level.MIN_GAIN_DB,
        "limit_dbfs": level.LIMIT_DBFS,
    },
    "opus": {
        "bitrate_bps": opus.BITRATE_BPS,
        "frame_ms": FRAME_MS,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "complexity": opus.COMPLEXITY,
        "look_ahead_ms": OPUS_LOOK_AHEAD_MS,
    },
}


def port_of(link: Link) -> str:
    """Return the kind of a link's sound as the plan has it: device, udp, unix, coded or empty."""
    if link.kind.startswith("p25-"):
        return "coded"
    return link.sound.partition(":")[0].removeprefix("@")


def settings(stage: str, way: str, link: Link) -> list[Row]:
    """Return (id, value, source) of everything that is set for a stage; empty where nothing is."""
    if stage == "link":
        return _link(way, link)
    if stage == "buffer":
        return _buffer(link)
    return [_fixed(name, value) for name, value in _FIXED.get(stage, {}).items()]


def changes(stage: str, way: str, link: Link) -> list[Row]:
    """Return the fields of the plan's link that a stage obeys, with what they may be.

    A simulated link stands in no plan, and gains belong to sound cards alone: no fields.
    """
    if stage != "link" or link.simulated:
        return []
    found: list[Row] = []
    if port_of(link) == "device":
        found.append(_change(link, _gain_field(way), -MAX_GAIN_DB, MAX_GAIN_DB))
    if way != RECEIVE and keyed_by_line(link) and not link.kind.startswith("p25-"):
        found.append(_change(link, "ptt_lead_ms", 0, MAX_LEAD_MS))
    return found


def _change(link: Link, field: str, least: float, most: float) -> Row:
    return {"field": field, "value": getattr(link, field), "least": least, "most": most}


def _gain_field(way: str) -> str:
    return "sound_in_gain_db" if way == RECEIVE else "sound_out_gain_db"


def _link(way: str, link: Link) -> list[Row]:
    found = [_planned("port", port_of(link)), _fixed("sample_rate_hz", SAMPLE_RATE_HZ)]
    if port_of(link) == "device":
        found.append(_planned("gain_db", getattr(link, _gain_field(way))))
    if way != RECEIVE and not link.kind.startswith("p25-"):
        found.append(_planned("ptt", link.ptt))
        if keyed_by_line(link):
            found.append(_planned("ptt_lead_ms", link.ptt_lead_ms))
            found.append(_planned("ptt_tail_ms", link.ptt_tail_ms))
    return found


def _buffer(link: Link) -> list[Row]:
    port = port_of(link)
    if port in WIRES:
        return [_fixed("reorder_ms", REORDER_MS)]
    if port == "coded":
        far = link.kind == NETWORK_KIND
        return [_fixed("playout_ms", NETWORK_PLAYOUT_MS if far else PLAYOUT_MS)]
    return []


def _fixed(name: str, value: float) -> Row:
    return {"id": name, "value": value, "source": FIXED}


def _planned(name: str, value: float | str) -> Row:
    return {"id": name, "value": value, "source": PLAN}

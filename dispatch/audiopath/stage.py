"""One stage of a way of sound, looked at closely: how its figures are spread, and what was counted.

The last minute and the last hour stand side by side. Of the network and of browsers the desks
follow, by position: what they reported, and what their connection says of itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from dispatch.audiopath.service import AudioPath
from dispatch.audiopath.settings import changes, settings
from dispatch.audiopath.tally import Span, Tally
from gateway.model.ids import PositionId
from gateway.model.plan import Link
from gateway.model.sound_events import RECEIVE
from gateway.model.spread import Spread

Row = dict[str, Any]
SPANS: Final[tuple[Span, ...]] = ("minute", "hour")
BARS: Final = 24
"""Bars of a histogram, from the least to what 99 of 100 do not exceed."""
COUNTED_TO: Final = 0.99


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the tallies belongs to a stage: names of histograms, counts (with what of), levels.

    A count is (its name, the tally's name, the name of the rest of the whole or empty).
    """

    spreads: tuple[tuple[str, str], ...] = ()
    counts: tuple[tuple[str, str, str], ...] = ()
    levels: tuple[tuple[str, str], ...] = ()
    gain: bool = False
    desk: bool = False
    """Counted at the desk, not at the gateway."""


_FRAMES: Final = ("frames", "frames", "")
_LOST: Final = ("lost", "lost", "frames")
_LEVEL: Final = Shown(
    (("level", "level"),),
    (_FRAMES, ("limited", "limited", "frames")),
    (("in", "in"), ("out", "out")),
    gain=True,
)
RECEIVE_STAGES: Final = {
    "link": Shown((("link", "link"),), (_FRAMES,), (("in", "in"),)),
    "buffer": Shown((("held", "held"),), (_FRAMES, ("late", "late", "frames"), _LOST)),
    "level": _LEVEL,
    "opus": Shown(
        (("opus", "opus"), ("leave", "leave"), ("server", "server")), (_FRAMES,), (("out", "out"),)
    ),
    "network": Shown(
        (("round_trip", "round_trip"), ("jitter", "jitter")),
        (("packets", "packets", ""), ("lost", "lost", "packets")),
        desk=True,
    ),
    "browser": Shown(
        (("neteq", "buffer"), ("output", "output")),
        (("samples", "samples", ""), ("concealed", "concealed", "")),
        (("ear", "ear"),),
        desk=True,
    ),
}
TRANSMIT_STAGES: Final = {
    "microphone": Shown((("input", "input"),), (), (("microphone", "microphone"),), desk=True),
    "network": Shown(
        (("round_trip", "round_trip"), ("jitter", "up_jitter")),
        (("packets", "up_packets", ""), ("lost", "up_lost", "up_packets")),
        desk=True,
    ),
    "order": Shown((("order", "order"),), (_FRAMES, _LOST), (("in", "in"),)),
    "press": Shown((("press", "press"),), (_FRAMES, ("dry", "dry", ""))),
    "level": _LEVEL,
    "link": Shown((("card", "card"),), (_FRAMES, ("dry", "dry", "")), (("out", "out"),)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A browser's connection now; the last two as its own RTP reports have them, None of none."""

    position: PositionId | None
    state: str
    sent: int
    dropped: int
    loss_share: float | None
    round_trip_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closely:
    """Which stage of which way is looked at."""

    link: Link
    way: str
    stage: str
    position: PositionId | None = None


def stages_of(way: str) -> dict[str, Shown]:
    """Return the stages of a direction."""
    return RECEIVE_STAGES if way == RECEIVE else TRANSMIT_STAGES


def look(path: AudioPath, asked: Closely, connections: Iterable[Connection]) -> Row:
    """Return one stage; raises KeyError for one that this direction does not have.

    A stage at the desk has its figures of ``position``, none when nobody is chosen; ``peers`` has
    every desk that is connected or reported, where the stage is at the desk.
    """
    shown = stages_of(asked.way)[asked.stage]
    path.collect()
    open_now = tuple(connections)
    link, way, position = asked.link, asked.way, asked.position
    spans: Row = {}
    for span in SPANS:
        if shown.desk:
            tally = path.desk(position, span) if position else Tally()
            peers = [_peer(path, asked, span, one) for one in _seated(path, open_now)]
            spans[span] = {**_span(shown, tally), "peers": peers}
        else:
            spans[span] = _span(shown, path.way(link.id, way, position, span))
    return {
        "stage": asked.stage,
        "link": link.id,
        "position": position,
        "way": way,
        "settings": settings(asked.stage, way, link),
        "changes": changes(asked.stage, way, link),
        "spans": spans,
        "unseated": sum(1 for one in open_now if one.position is None),
    }


def spread_row(spread: Spread) -> Row:
    """Return p50, p95 and the longest, how many, and the bars of a histogram (None of nothing).

    ``bars`` counts from ``from_ms`` in steps of ``step_ms``; ``above`` is what lies behind them.
    """
    row = {
        "p50_ms": spread.share_ms(0.5),
        "p95_ms": spread.share_ms(0.95),
        "max_ms": max(spread.bins) / 10 if spread.count else None,
        "count": spread.count,
    }
    return {**row, "histogram": _histogram(spread)}


def _histogram(spread: Spread) -> Row | None:
    last_ms = spread.share_ms(COUNTED_TO)
    if last_ms is None:
        return None
    first, last = min(spread.bins), round(last_ms * 10)
    # What one bar covers is a whole number of tenths, and of milliseconds where steps are those.
    step = max(1, -(-(last - first + 1) // BARS))
    if last >= 200:
        step = -(-step // 10) * 10
    bars = [0] * ((last - first) // step + 1)
    for tenths, number in spread.bins.items():
        place = (tenths - first) // step
        if place < len(bars):
            bars[place] += number
    above = spread.count - sum(bars)
    return {"from_ms": first / 10, "step_ms": step / 10, "bars": bars, "above": above}


def _span(shown: Shown, tally: Tally) -> Row:
    levels = {name: tally.levels.get(key) for name, key in shown.levels}
    gained = tally.of("gained")
    return {
        "spreads": [
            {"id": name, **spread_row(tally.stages.get(key) or Spread())}
            for name, key in shown.spreads
        ],
        "counts": [_count(tally, *one) for one in shown.counts],
        "levels": [
            {"id": name, "dbfs": one.to_json() if one is not None else None}
            for name, one in levels.items()
        ],
        "gain_db": round(tally.of("gain_db") / gained, 1) if shown.gain and gained else None,
    }


def _count(tally: Tally, name: str, key: str, rest: str) -> Row:
    share = tally.share(key, rest) if rest else None
    if name == "concealed":  # a part of the samples, not beside them
        samples = tally.of("samples")
        share = tally.of(key) / samples if samples else None
    percent = None if share is None else round(share * 100, 2)
    return {"id": name, "count": int(tally.of(key)), "percent": percent}


def _seated(
    path: AudioPath, connections: Iterable[Connection]
) -> list[tuple[PositionId, list[Connection]]]:
    """Return each position that is connected or reported, with its connections."""
    found: dict[PositionId, list[Connection]] = {position: [] for position in path.desks}
    for one in connections:
        if one.position is not None:
            found.setdefault(one.position, []).append(one)
    return sorted(found.items())


def _peer(
    path: AudioPath, asked: Closely, span: Span, seated: tuple[PositionId, list[Connection]]
) -> Row:
    position, connections = seated
    desk, state = path.desk(position, span), path.desks.get(position)
    lost, packets, jitter = (
        ("lost", "packets", "jitter")
        if asked.way == RECEIVE
        else ("up_lost", "up_packets", "up_jitter")
    )
    losses = [one.loss_share for one in connections if one.loss_share is not None]
    trips = [one.round_trip_ms for one in connections if one.round_trip_ms is not None]
    return {
        "position": position,
        "connected": sum(1 for one in connections if one.state == "connected"),
        "reported_utc": None if state is None else state.t_utc,
        "followed": path.followed(asked.link.id, asked.way, position, span),
        "packets": _count(desk, "packets", packets, ""),
        "lost": _count(desk, "lost", lost, packets),
        "jitter": _figures(desk, jitter),
        "round_trip": _figures(desk, "round_trip"),
        "neteq": _figures(desk, "buffer"),
        "output": _figures(desk, "output"),
        "input": _figures(desk, "input"),
        "concealed": _count(desk, "concealed", "concealed", ""),
        "rtcp": {
            "lost_percent": round(max(losses) * 100, 1) if losses else None,
            "round_trip_ms": round(max(trips), 1) if trips else None,
        },
        "sent": sum(one.sent for one in connections),
        "dropped": sum(one.dropped for one in connections),
    }


def _figures(tally: Tally, name: str) -> Row:
    row = spread_row(tally.stages.get(name) or Spread())
    del row["histogram"]
    return row

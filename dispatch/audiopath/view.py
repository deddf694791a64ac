"""One way of sound as the engineer's page shows it: stage by stage, and the whole by itself.

The whole is measured from end to end. What a stage only knows as a constant of its design or as
half a round trip is told beside it and added to nothing.
"""

from dataclasses import dataclass
from typing import Any, Final

from dispatch.audiopath.service import AudioPath
from dispatch.audiopath.settings import OPUS_LOOK_AHEAD_MS
from dispatch.audiopath.tally import LevelSum, Span, Tally
from dispatch.health.rules import HealthRules
from gateway.model.ids import LinkId, PositionId
from gateway.model.sound_events import RECEIVE, TRANSMIT
from gateway.model.spread import Spread

Row = dict[str, Any]
NOT_MEASURED: Final = {
    RECEIVE: ("air", "radio", "loudspeaker"),
    TRANSMIT: ("microphone", "radio", "air"),
}
"""What no machine of ours sees: named, and added to nothing."""
NO_PORT: Final = "no_port"
NOT_PLAYED: Final = "not_played"
FASTEST: Final = "fastest"
"""What the first stage counts from where no card of ours captured: not the far end's moment, which
nothing here can know, but the fastest of its blocks, by their numbers."""
FASTEST_WAY: Final = ("fastest_way",)
"""What that leaves out: how long the fastest block itself was on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which way is looked at."""

    link: LinkId
    way: str
    position: PositionId | None
    span: Span


def figures(spread: Spread) -> Row:
    """Return p50, p95 and number of measurements."""
    p50, p95 = spread.share_ms(0.5), spread.share_ms(0.95)
    return {"p50_ms": p50, "p95_ms": p95, "count": spread.count}


def judged(spread: Spread, rules: HealthRules) -> Row:
    """Return the whole with what the rule says of it: ok, over, alarm, or none of nothing."""
    p50 = spread.share_ms(0.5)
    if p50 is None:
        state = "none"
    elif p50 > rules.voice_alarm_ms:
        state = "alarm"
    else:
        state = "over" if p50 > rules.voice_ms else "ok"
    return {**figures(spread), "state": state}


def view(path: AudioPath, asked: Asked, rules: HealthRules) -> Row:
    """Return the stages of a way, its whole, and what was not measured."""
    path.collect()
    way = path.way(asked.link, asked.way, asked.position, asked.span)
    desk = path.desk(asked.position, asked.span) if asked.position else Tally()
    port = path.ports.get(asked.link, "")
    state = path.desks.get(asked.position) if asked.position else None
    receive, fastest = asked.way == RECEIVE, _begin_of(port) == FASTEST
    stages = _receive(way, desk, port) if receive else _transmit(way, desk, port)
    ear = path.ear(asked.link, asked.position, asked.span)
    whole = judged(ear, rules) if receive else {**figures(way.stage("gateway")), "state": "none"}
    return {
        "link": asked.link,
        "position": asked.position,
        "way": asked.way,
        "span": asked.span,
        "stages": stages,
        "whole": whole,
        "server": figures(way.stage("server")),
        "grant": figures(path.grants(asked.link, asked.span).stage("grant")),
        "not_measured": [*NOT_MEASURED[asked.way], *(FASTEST_WAY if receive and fastest else ())],
        "rule": {"voice_ms": rules.voice_ms, "alarm_ms": rules.voice_alarm_ms},
        "desk": None if state is None else {"t_utc": state.t_utc, "clock_error_ms": state.error_ms},
    }


def _stage(name: str, spread: Spread, tally: Tally, level: str = "", **facts: Any) -> Row:
    levels = tally.levels.get(level)
    return {
        "id": name,
        **figures(spread),
        "level": levels.to_json() if levels is not None else None,
        "added": True,
        **facts,
    }


def _percent(tally: Tally, name: str, of: str) -> float | None:
    share = tally.share(name, of)
    return None if share is None else round(share * 100, 2)


def _gain(tally: Tally) -> float | None:
    gained = tally.of("gained")
    return round(tally.of("gain_db") / gained, 1) if gained else None


def _begin_of(port: str) -> str:
    """Return what the link stage of a receive way counts from; empty for the card's input."""
    return FASTEST if port and port != "device" else ""


def _unplayed(port: str) -> str:
    """Return why the link stage of a transmit way has no time of its own."""
    return "" if port == "device" else (NOT_PLAYED if port else NO_PORT)


def _receive(way: Tally, desk: Tally, port: str) -> list[Row]:
    concealed = desk.of("concealed") / desk.of("samples") if desk.of("samples") else None
    return [
        _stage(
            "link",
            way.stage("link"),
            way,
            "in",
            port=port,
            unknown="" if port else NO_PORT,
            begin=_begin_of(port),
        ),
        _stage(
            "buffer",
            way.stage("held"),
            way,
            "in",
            late_percent=_percent(way, "late", "frames"),
            lost_percent=_percent(way, "lost", "frames"),
        ),
        _stage(
            "level",
            way.stage("level"),
            way,
            "out",
            gain_db=_gain(way),
            limited_percent=_percent(way, "limited", "frames"),
        ),
        _stage(
            "opus",
            way.stage("opus"),
            way,
            "out",
            look_ahead_ms=OPUS_LOOK_AHEAD_MS,
            leave=figures(way.stage("leave")),
        ),
        _network(desk, "lost", "packets", "jitter", way.levels.get("out")),
        _stage(
            "browser",
            desk.stage("buffer"),
            desk,
            "ear",
            output=figures(desk.stage("output")),
            concealed_percent=None if concealed is None else round(concealed * 100, 2),
        ),
    ]


def _transmit(way: Tally, desk: Tally, port: str) -> list[Row]:
    return [
        _stage("microphone", desk.stage("input"), desk, "microphone", added=False),
        _network(desk, "up_lost", "up_packets", "up_jitter", desk.levels.get("microphone")),
        _stage(
            "order",
            way.stage("order"),
            way,
            "in",
            lost_percent=_percent(way, "lost", "frames"),
        ),
        _stage("press", way.stage("press"), way, "in", dry=int(way.of("dry"))),
        _stage(
            "level",
            way.stage("level"),
            way,
            "out",
            gain_db=_gain(way),
            limited_percent=_percent(way, "limited", "frames"),
        ),
        _stage("link", way.stage("card"), way, "out", port=port, unknown=_unplayed(port)),
    ]


def _network(desk: Tally, lost: str, packets: str, jitter: str, level: LevelSum | None) -> Row:
    """Return the network: half of a round trip is an estimate, so it is added to nothing.

    The level is that of the packets before it: nothing changes them on the way.
    """
    trip = desk.stage("round_trip")
    half = Spread({tenths // 2: number for tenths, number in trip.bins.items()})
    row = _stage(
        "network",
        half,
        desk,
        added=False,
        lost_percent=_percent(desk, lost, packets),
        jitter_ms=desk.stage(jitter).share_ms(0.5),
    )
    return {**row, "level": level.to_json() if level is not None else None}

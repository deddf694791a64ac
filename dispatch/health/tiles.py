"""The row of tiles: one figure each, and the rule that it keeps or breaks, in words."""

from typing import Any

from dispatch.audiopath.service import AudioPath
from dispatch.health.parts import Part, State
from dispatch.health.rules import HealthRules
from dispatch.reports.clock_watch import ClockState

Tile = dict[str, Any]


def _tile(id_: str, name: str, value: str, unit: str, *, state: State, words: str) -> Tile:
    return {"id": id_, "name": name, "value": value, "unit": unit, "state": state, "words": words}


def tiles(
    path: AudioPath, parts: dict[str, Part], rules: HealthRules, clock: ClockState, facts: Tile
) -> list[Tile]:
    """Return the tiles; ``facts`` has ``links_up``, ``links`` and ``spooled``."""
    links, spool = parts["links"], parts["spool"]
    return [
        _tile(
            "links",
            "Links",
            f"{facts['links_up']} of {facts['links']}",
            "up",
            state=links.state,
            words=links.words.partition(". ")[2] or links.words,
        ),
        _grant(path, rules),
        _ear(path, rules),
        _lost(path, rules),
        _clock(parts["clock"], rules, clock),
        _tile(
            "spool",
            "Event spool",
            str(facts["spooled"]),
            f"of {rules.spool_events:,}".replace(",", " "),
            state=spool.state,
            words=spool.words,
        ),
    ]


NO_SOUND = "No desk report in 1 h"
"""No desk has told how it hears."""


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _grant(path: AudioPath, rules: HealthRules) -> Tile:
    grants = path.grants(None, "hour")
    spread = grants.stage("grant")
    p50, p95 = spread.share_ms(0.5), spread.share_ms(0.95)
    queued = int(grants.of("queued"))
    if p50 is None:
        words = f"Only queued in 1 h: {queued}" if queued else "No press in 1 h"
        return _tile("grant", "PTT to grant", "-", "ms", state="unknown", words=words)
    over = p50 > rules.grant_ms
    words = f"{'Over' if over else 'Within'} {rules.grant_ms} ms"
    unit = f"ms p50, {_ms(p95)} p95"
    return _tile(
        "grant", "PTT to grant", _ms(p50), unit, state="attention" if over else "ok", words=words
    )


def _ear(path: AudioPath, rules: HealthRules) -> Tile:
    spread = path.ear(None, None, "hour")
    p50, p95 = spread.share_ms(0.5), spread.share_ms(0.95)
    name = "Radio audio in to ear"
    if p50 is None:
        return _tile("ear", name, "-", "ms", state="unknown", words=NO_SOUND)
    state: State = "ok"
    words = f"Within {rules.voice_ms} ms"
    if p50 > rules.voice_alarm_ms:
        state, words = "fault", f"Over {rules.voice_alarm_ms} ms"
    elif p50 > rules.voice_ms:
        state, words = "attention", f"Over {rules.voice_ms} ms"
    return _tile("ear", name, _ms(p50), f"ms p50, {_ms(p95)} p95", state=state, words=words)


def _lost(path: AudioPath, rules: HealthRules) -> Tile:
    share = path.lost("hour").share("lost", "packets")
    name, unit = "Voice packets lost", "% in 1 h"
    if share is None:
        return _tile("lost", name, "-", unit, state="unknown", words=NO_SOUND)
    over = share * 100 > rules.lost_percent
    words = f"{'Over' if over else 'Within'} {rules.lost_percent:g} %"
    state: State = "attention" if over else "ok"
    return _tile("lost", name, f"{share * 100:.2f}", unit, state=state, words=words)


def _clock(part: Part, rules: HealthRules, clock: ClockState) -> Tile:
    if clock.followed is None:
        words = "This machine does not tell"
        return _tile("clock", "Clock", "-", "ms to NTP", state="unknown", words=words)
    if not clock.followed:
        return _tile(
            "clock", "Clock", "-", "ms to NTP", state=part.state, words="Follows no time server"
        )
    within = part.state == "ok"
    words = f"{'Within' if within else 'Over'} {rules.clock_ms} ms"
    most = "-" if clock.error_ms is None else f"≤ {clock.error_ms}"
    return _tile("clock", "Clock", most, "ms to NTP", state=part.state, words=words)

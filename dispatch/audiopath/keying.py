"""What test transmissions tell of a link's key-up, and what a steady tone tells of its level.

Nothing is keyed here. Tests go by their own gate (``gateway.engine.transmit_tests``); this looks on
and suggests a change for a draft of the plan.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.model import events as ev
from gateway.model.envelope import Event
from gateway.model.ids import LinkId, RequestId, TalkgroupId, UtcUs, split_address
from gateway.model.plan import Link, Plan
from gateway.model.sound_events import SoundLevel, SoundMeasured
from gateway.model.spread import Spread
from gateway.ports import Clock

KEPT: Final = 20
KEPT_US: Final = 3_600_000_000
AFTER_US: Final = 3_000_000
"""Sound that another link heard of a test is told so much later at most."""
BLOCK_MS: Final = 20
MOST_CUT_MS: Final = 500
"""More missing than that is no slow transmitter: the other receiver was late or away."""
LEAD_STEP_MS: Final = 10
MAX_LEAD_MS: Final = 1000
"""What a plan takes for ``ptt_lead_ms``."""

TARGET_DBFS: Final = -20.0
"""Where a test tone at nominal deviation is to be, as with ``samband sound calibrate``."""
TONE_US: Final = 8_000_000
STEADY_DB: Final = 1.5
"""A tone keeps its level so well; speech never does."""
LEAST_BLOCKS: Final = 100
MAX_GAIN_DB: Final = 40.0
Row = dict[str, Any]


@dataclass(slots=True, eq=False)
class Keying:
    """One test transmission and what became of it."""

    request: RequestId
    link: LinkId
    talkgroup: TalkgroupId
    t_utc: UtcUs
    grant_ms: int | None = None
    on_air_ms: int | None = None
    ended_utc: UtcUs | None = None
    refused: str = ""
    heard: dict[LinkId, int] = field(default_factory=dict)
    """How much of it other links of the talkgroup heard, in ms."""


class Keyings:
    """The last test transmissions of each link, and the last levels of what it hears."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._keyings: dict[LinkId, deque[Keying]] = {}
        self._levels: dict[LinkId, deque[tuple[UtcUs, SoundLevel]]] = {}

    def apply(self, event: Event) -> None:
        """Look on (a listener of the event stream)."""
        match event:
            case ev.FloorRequested(test_link=link) if link is not None:
                keying = Keying(event.request, link, event.talkgroup, self._clock.utc_us())
                self._keyings.setdefault(link, deque(maxlen=KEPT)).append(keying)
            case ev.FloorGranted():
                if (found := self._find(event.request)) is not None:
                    found.grant_ms = event.wait_ms
            case ev.FloorRefused():
                if (found := self._find(event.request)) is not None:
                    found.refused = event.reason or "refused"
                    found.ended_utc = self._clock.utc_us()
            case ev.FloorReleased() | ev.FloorLost():
                if (found := self._find(event.request)) is not None:
                    found.on_air_ms, found.ended_utc = event.on_air_ms, self._clock.utc_us()
            case SoundMeasured(way="receive"):
                self._heard(event)
            case _:
                pass

    def _find(self, request: RequestId) -> Keying | None:
        mine = (one for keyings in self._keyings.values() for one in reversed(keyings))
        return next((one for one in mine if one.request == request), None)

    def _heard(self, event: SoundMeasured) -> None:
        now = self._clock.utc_us()
        if event.level_in is None:
            return
        levels = self._levels.setdefault(event.link, deque(maxlen=KEPT))
        levels.append((now, event.level_in))
        for keyings in self._keyings.values():
            last = keyings[-1]
            fresh = last.ended_utc is None or now - last.ended_utc <= AFTER_US
            if fresh and last.link != event.link and last.grant_ms is not None:
                more = event.level_in.blocks * BLOCK_MS
                last.heard[event.link] = last.heard.get(event.link, 0) + more

    # ---- key-up

    def key_up(self, link: Link, plan: Plan) -> Row:
        """Return the last tests of a link, the time to the grant, and a suggested change."""
        oldest = self._clock.utc_us() - KEPT_US
        kept = [one for one in self._keyings.get(link.id, ()) if one.t_utc >= oldest]
        grants = Spread()
        for one in kept:
            if one.grant_ms is not None:
                grants.add(one.grant_ms * 1000)
        cut = self._cut(kept, plan)
        return {
            "presses": [_row(one) for one in kept],
            "grant": _figures(grants),
            "cut": cut,
            "changes": _lead_change(link, cut),
            "words": _key_up_words(link, grants, cut),
        }

    def _cut(self, kept: list[Keying], plan: Plan) -> Row | None:
        """Return how much of the tests' begin another receiver missed, the median of them."""
        found: list[tuple[int, LinkId, int, int]] = []
        carries = {link.id: (link.system, set(link.talkgroups)) for link in plan.links}
        for one in kept:
            system, number = split_address(one.talkgroup)
            for other, heard_ms in one.heard.items():
                known = carries.get(other)
                fits = known is not None and known[0] == system and number in known[1]
                if fits and one.on_air_ms is not None:
                    found.append((one.on_air_ms - heard_ms, other, one.on_air_ms, heard_ms))
        found = [row for row in sorted(found) if -BLOCK_MS * 5 <= row[0] <= MOST_CUT_MS]
        if not found:
            return None
        cut_ms, other, sent_ms, heard_ms = found[len(found) // 2]
        return {
            "by": other,
            "sent_ms": sent_ms,
            "heard_ms": heard_ms,
            "cut_ms": max(0, cut_ms),
            "tests": len(found),
        }

    # ---- levels

    def level_in(self, link: Link, target_dbfs: float = TARGET_DBFS) -> Row:
        """Return what a steady tone from the radio asks of the gain of the card's input."""
        if not link.sound.startswith("device:"):
            return _no_change("Levels of udp: and unix: are digital and need no gain")
        oldest = self._clock.utc_us() - TONE_US
        levels = [level for t_utc, level in self._levels.get(link.id, ()) if t_utc >= oldest]
        blocks = sum(level.blocks for level in levels)
        if blocks < LEAST_BLOCKS:
            return _no_change(
                "Nothing steady was heard: let a test set send 1 kHz at nominal deviation for 10 s"
            )
        loudest = max(level.peak_dbfs for level in levels)
        mean = 10 * math.log10(
            sum(level.blocks * 10 ** (level.rms_dbfs / 10) for level in levels) / blocks
        )
        spread = [level.rms_dbfs for level in levels]
        if loudest - mean > STEADY_DB or max(spread) - min(spread) > STEADY_DB:
            return _no_change(
                f"What was heard is no steady tone: {mean:.1f} dBFS, loudest {loudest:.1f} dBFS"
            )
        gain_db = round(link.sound_in_gain_db + target_dbfs - mean, 1)
        return _gain("sound_in_gain_db", link.sound_in_gain_db, gain_db, f"{mean:.1f} dBFS heard")


def level_out(link: Link, reads_hz: float, nominal_hz: float) -> Row:
    """Return what a deviation meter's reading of a test tone asks of the gain of the output."""
    if not link.sound.startswith("device:"):
        return _no_change("Levels of udp: and unix: are digital and need no gain")
    change_db = 20.0 * math.log10(nominal_hz / reads_hz)
    gain_db = round(link.sound_out_gain_db + change_db, 1)
    words = f"{reads_hz:g} Hz read, {nominal_hz:g} Hz wanted"
    return _gain("sound_out_gain_db", link.sound_out_gain_db, gain_db, words)


def _gain(name: str, before_db: float, gain_db: float, words: str) -> Row:
    if abs(gain_db) > MAX_GAIN_DB:
        return _no_change(
            f"{words}: a gain of {gain_db} dB is a wiring fault; set card and radio first"
        )
    if gain_db == before_db:
        return _no_change(f"{words}: the gain fits")
    change = {"field": name, "before": before_db, "value": gain_db}
    return {"changes": [change], "words": f"{words}: {before_db:+.1f} to {gain_db:+.1f} dB"}


def _no_change(words: str) -> Row:
    return {"changes": [], "words": words}


def _row(one: Keying) -> Row:
    return {
        "t_utc": one.t_utc,
        "talkgroup": one.talkgroup,
        "grant_ms": one.grant_ms,
        "on_air_ms": one.on_air_ms,
        "refused": one.refused,
        "heard": dict(one.heard),
    }


def _figures(spread: Spread) -> Row:
    return {
        "p50_ms": spread.share_ms(0.5),
        "p95_ms": spread.share_ms(0.95),
        "count": spread.count,
    }


def keyed_by_line(link: Link) -> bool:
    """Say whether a line keys the transmitter, so that the plan sets its lead."""
    return link.kind == "analogue" or link.ptt != "pei"


def _lead_change(link: Link, cut: Row | None) -> list[Row]:
    if cut is None or not keyed_by_line(link) or cut["cut_ms"] < LEAD_STEP_MS:
        return []
    wanted = link.ptt_lead_ms + cut["cut_ms"]
    lead_ms = min(MAX_LEAD_MS, -(-wanted // LEAD_STEP_MS) * LEAD_STEP_MS)
    return [{"field": "ptt_lead_ms", "before": link.ptt_lead_ms, "value": lead_ms}]


def _key_up_words(link: Link, grants: Spread, cut: Row | None) -> str:
    if not grants.count:
        return "No test transmission was granted in the last hour"
    by_line = keyed_by_line(link)
    if cut is None and by_line:
        return (
            f"The lead of {link.ptt_lead_ms} ms is in the time to the grant. No other link of the "
            "plan heard the tests, so nothing tells when the transmitter was up"
        )
    if cut is None:
        return "The radio says when it is granted; the first sound follows at once"
    heard = f"{cut['heard_ms']} of {cut['sent_ms']} ms were heard by {cut['by']}"
    if cut["cut_ms"] < LEAD_STEP_MS:
        return f"{heard}: nothing was cut at the begin"
    return f"{heard}: {cut['cut_ms']} ms were cut" + (
        "" if by_line else "; this radio keys itself, the plan sets no lead for it"
    )

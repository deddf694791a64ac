"""Keeps the figures of every way of sound: gateway's events, packets that left, desks' reports."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from dispatch.audiopath.desks import DeskReport, Heard
from dispatch.audiopath.tally import Span, Tally, Windows
from gateway.model import events as ev
from gateway.model.envelope import Event
from gateway.model.ids import LinkId, MonoMs, PositionId, TalkgroupId, UtcUs, ulid_bytes
from gateway.model.sound_events import RECEIVE, TRANSMIT, SoundLevel, SoundMeasured
from gateway.model.spread import Spread
from gateway.model.transmit_test import is_test_position
from gateway.ports import Clock
from webrtc.path_times import Captured

K = TypeVar("K")
MAX_OVERS: Final = 1000
CLOCK_ERROR_MS: Final = 50.0
"""A desk whose clock is known less well gives no figure from end to end."""
LONGEST_US: Final = 10_000_000
"""What claims to have taken longer is a mistake of a clock."""
Find = Callable[[TalkgroupId, int], Captured | None]
"""Returns the capture of the packet with a talkgroup and an RTP time."""
LeaveTimes = Callable[[], Mapping[bytes, tuple[Spread, Spread]]]


class _Over(NamedTuple):
    link: LinkId
    position: PositionId | None


class DeskClockState(NamedTuple):
    """When a desk reported last, and how well its clock is known."""

    t_utc: UtcUs
    error_ms: float | None
    output_ms: float | None


class AudioPath:
    """Figures in memory: by link, by position, and by both where sound was followed to the ear."""

    def __init__(self, clock: Clock, leave_times: LeaveTimes = dict) -> None:
        """Begin with nothing measured; ``leave_times`` returns what packets took to leave."""
        self._clock = clock
        self.leave_times = leave_times
        self._ways: dict[tuple[LinkId, str, PositionId | None], Windows] = {}
        self._desks: dict[PositionId, Windows] = {}
        self._ears: dict[tuple[LinkId, PositionId], Windows] = {}
        self._grants: dict[LinkId, Windows] = {}
        self._overs: OrderedDict[bytes, _Over] = OrderedDict()
        self._queued: OrderedDict[str, None] = OrderedDict()
        self.ports: dict[LinkId, str] = {}
        """Kind of each link's sound address, as its gateway told it."""
        self.desks: dict[PositionId, DeskClockState] = {}

    # ---- from the gateway

    def apply(self, event: Event) -> None:
        """Take what a gateway tells (a listener of the event stream)."""
        match event:
            case SoundMeasured():
                self._measured(event)
            case ev.TransmissionStarted():
                raw = ulid_bytes(event.transmission)
                self._overs[raw] = _Over(event.link, event.position)
                if len(self._overs) > MAX_OVERS:
                    self._overs.popitem(last=False)
            case ev.FloorQueued():
                self._queued[event.request] = None
                if len(self._queued) > MAX_OVERS:
                    self._queued.popitem(last=False)
            case ev.FloorGranted():
                self._granted(event)
            case _:
                pass

    def _measured(self, event: SoundMeasured) -> None:
        tally = Tally()
        for name, bins in event.stages.items():
            tally.stage(name).join(Spread.of_json(bins))
        for place, level in (("in", event.level_in), ("out", event.level_out)):
            if level is not None:
                tally.level(place).add(level)
        for name in ("frames", "lost", "late", "dry", "limited"):
            tally.count(name, getattr(event, name))
        if event.gain_db is not None:
            tally.count("gain_db", event.gain_db * event.frames)
            tally.count("gained", event.frames)
        self.ports[event.link] = event.port
        self._add(self._ways, (event.link, event.way, event.position), tally)

    def _granted(self, event: ev.FloorGranted) -> None:
        """Count how long a grant took, unless the channel or a colleague was waited for."""
        queued = event.request in self._queued
        self._queued.pop(event.request, None)
        over = self._overs.get(ulid_bytes(event.transmission))
        if over is None or is_test_position(event.position):
            return
        tally = Tally()
        if queued:
            tally.count("queued", 1)
        else:
            tally.stage("grant").add(event.wait_ms * 1000)
        self._add(self._grants, over.link, tally)

    # ---- from the desks

    def report(self, position: PositionId, report: DeskReport, find: Find) -> None:
        """Take a page's figures; ``find`` returns when a packet's sound was captured."""
        desk = Tally()
        error_ms = report.clock.error_ms if report.clock else None
        self.desks[position] = DeskClockState(self._clock.utc_us(), error_ms, report.output_ms)
        for name, value in (("round_trip", report.round_trip_ms), ("output", report.output_ms)):
            if value is not None:
                desk.stage(name).add(int(value * 1000))
        for heard in report.heard:
            self._heard(desk, heard)
            self._played(position, report, heard, find)
        if report.spoken is not None:
            spoken = report.spoken
            desk.count("up_packets", spoken.packets)
            desk.count("up_lost", spoken.lost)
            for name, value in (("input", spoken.latency_ms), ("up_jitter", spoken.jitter_ms)):
                if value is not None:
                    desk.stage(name).add(int(value * 1000))
            if spoken.level_dbfs is not None:
                _add_level(desk, "microphone", spoken.level_dbfs, spoken.level_dbfs)
        self._add(self._desks, position, desk)

    def _heard(self, desk: Tally, heard: Heard) -> None:
        desk.count("packets", heard.packets)
        desk.count("lost", heard.lost)
        desk.count("samples", heard.samples)
        desk.count("concealed", heard.concealed)
        for name, value in (("jitter", heard.jitter_ms), ("buffer", heard.buffer_ms)):
            if value is not None:
                desk.stage(name).add(int(value * 1000))
        if heard.level_dbfs is not None:
            peak = heard.level_dbfs if heard.peak_dbfs is None else heard.peak_dbfs
            _add_level(desk, "ear", heard.level_dbfs, peak)

    def _played(self, position: PositionId, report: DeskReport, heard: Heard, find: Find) -> None:
        """Follow what was played back to its link, and to its capture where the clock is known.

        So radio audio in to ear is measured whole; a doubtful clock tells at least who listens.
        """
        clock = report.clock
        after_us = int((report.output_ms or 0.0) * 1000)
        for played in heard.played:
            captured = find(TalkgroupId(heard.talkgroup), played.rtp)
            over = self._overs.get(captured.transmission) if captured is not None else None
            if captured is None or over is None or over.position is not None:
                continue
            tally = Tally()
            tally.count("followed", 1)
            if clock is not None and clock.error_ms <= CLOCK_ERROR_MS:
                at_us = int((played.at_ms - clock.offset_ms) * 1000)
                took_us = at_us + after_us - captured.utc_us
                if 0 <= took_us <= LONGEST_US:
                    tally.stage("ear").add(took_us)
            self._add(self._ears, (over.link, position), tally)

    # ---- reading

    def collect(self) -> None:
        """Take in what packets took to leave; before figures are read."""
        for transmission, (hub, whole) in self.leave_times().items():
            over = self._overs.get(transmission)
            if over is None or over.position is not None:
                continue
            tally = Tally()
            tally.stage("leave").join(hub)
            tally.stage("server").join(whole)
            self._add(self._ways, (over.link, RECEIVE, None), tally)

    def way(self, link: LinkId, way: str, position: PositionId | None, span: Span) -> Tally:
        """Return the gateway's figures of a link; ``position`` counts for transmit alone."""
        now, whole = self._clock.mono_ms(), Tally()
        for (one, kind, who), windows in self._ways.items():
            wanted = kind == RECEIVE or position is None or who == position
            if one == link and kind == way and wanted:
                whole.join(windows.read(span, now))
        return whole

    def desk(self, position: PositionId | None, span: Span) -> Tally:
        """Return what a desk reported, or all desks together."""
        return self._sum([w for p, w in self._desks.items() if position in (None, p)], span)

    def ear(self, link: LinkId | None, position: PositionId | None, span: Span) -> Spread:
        """Return radio audio in to ear, of one link or position, or of all."""
        chosen = [
            windows
            for (heard, at), windows in self._ears.items()
            if link in (None, heard) and position in (None, at)
        ]
        return self._sum(chosen, span).stage("ear")

    def followed(self, link: LinkId, way: str, position: PositionId, span: Span) -> int:
        """Return how many packets of a link a desk played (some of all), or blocks it sent."""
        if way == TRANSMIT:
            return int(self.way(link, way, position, span).of("frames"))
        windows = self._ears.get((link, position))
        return int(windows.read(span, self._clock.mono_ms()).of("followed")) if windows else 0

    def grants(self, link: LinkId | None, span: Span) -> Tally:
        """Return press to grant, of one link or of all."""
        return self._sum([w for k, w in self._grants.items() if link in (None, k)], span)

    def lost(self, span: Span) -> Tally:
        """Return the packets between here and the desks, both ways, as (sent and lost)."""
        desks, whole = self.desk(None, span), Tally()
        whole.count("lost", desks.of("lost") + desks.of("up_lost"))
        whole.count("packets", desks.of("packets") + desks.of("up_packets"))
        return whole

    def positions_heard(self, link: LinkId, way: str) -> frozenset[PositionId]:
        """Return the positions of which something is known with this link."""
        if way == TRANSMIT:
            return frozenset(p for one, kind, p in self._ways if p and (one, kind) == (link, way))
        return frozenset(p for one, p in self._ears if one == link)

    def forget_idle(self) -> None:
        """Drop what is older than an hour: figures of desks are kept no longer."""
        now = self._clock.mono_ms()
        _drop_idle(self._ways, now)
        _drop_idle(self._desks, now)
        _drop_idle(self._ears, now)
        _drop_idle(self._grants, now)
        self.desks = {p: state for p, state in self.desks.items() if p in self._desks}

    # ---- inside

    def _add(self, where: dict[K, Windows], key: K, tally: Tally) -> None:
        windows = where.get(key)
        if windows is None:
            windows = where[key] = Windows()
        windows.add(tally, self._clock.mono_ms())

    def _sum(self, windows: Iterable[Windows], span: Span) -> Tally:
        now, whole = self._clock.mono_ms(), Tally()
        for one in windows:
            whole.join(one.read(span, now))
        return whole


def _drop_idle(windows: dict[K, Windows], now: MonoMs) -> None:
    for key in [key for key, one in windows.items() if one.idle(now)]:
        del windows[key]


def _add_level(tally: Tally, place: str, rms_dbfs: float, peak_dbfs: float) -> None:
    tally.level(place).add(SoundLevel(blocks=1, rms_dbfs=rms_dbfs, peak_dbfs=peak_dbfs))

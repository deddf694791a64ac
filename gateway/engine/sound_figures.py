"""Durations and levels of all sound on its way through the engine, told every two seconds.

Measured from the capture time that each block carries. A frame costs some four looks at the clock
and as many counts; what was counted goes to the bus as ``sound.measured`` and begins anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log10

from gateway.engine.context import Context
from gateway.model.ids import LinkId, MonoMs, PositionId, UtcUs
from gateway.model.sound_events import RECEIVE, TRANSMIT, SoundLevel, SoundMeasured
from gateway.model.sound_port import SoundPortFigures
from gateway.model.spread import Spread
from gateway.ports import MeasuresSound

WINDOW_MS = 2000
SOUND_DBFS = -60.0
"""Quieter blocks are pauses and tell nothing of the level."""


@dataclass(slots=True)
class LevelMeter:
    """Mean power and peak of the blocks that carry sound."""

    blocks: int = 0
    power: float = 0.0
    peak_dbfs: float = SOUND_DBFS

    def add(self, dbfs: float) -> None:
        """Count a block by its RMS level."""
        if dbfs > SOUND_DBFS:
            self.blocks += 1
            self.power += 10.0 ** (dbfs / 10.0)
            self.peak_dbfs = max(self.peak_dbfs, dbfs)

    def take(self) -> SoundLevel | None:
        """Return what was measured, None of silence, and begin anew."""
        if not self.blocks:
            return None
        mean = 10.0 * log10(self.power / self.blocks)
        level = SoundLevel(
            blocks=self.blocks, rms_dbfs=round(mean, 1), peak_dbfs=round(self.peak_dbfs, 1)
        )
        self.blocks, self.power, self.peak_dbfs = 0, 0.0, SOUND_DBFS
        return level


@dataclass(slots=True, eq=False)
class PathFigures:
    """One link in one direction."""

    frames: int = 0
    lost: int = 0
    dry: int = 0
    gain_sum_db: float = 0.0
    gains: int = 0
    limited: int = 0
    level_in: LevelMeter = field(default_factory=LevelMeter)
    level_out: LevelMeter = field(default_factory=LevelMeter)
    stages: dict[str, Spread] = field(default_factory=dict)

    def stage(self, name: str) -> Spread:
        """Return the histogram of a stage."""
        found = self.stages.get(name)
        if found is None:
            found = self.stages[name] = Spread()
        return found

    def levelled(self, gain_db: float, level_dbfs: float, *, limited: bool) -> None:
        """Count what level control did with a block; ``level_dbfs`` is what came out."""
        self.level_in.add(level_dbfs - gain_db)
        self.level_out.add(level_dbfs)
        self.limited += limited
        if level_dbfs > SOUND_DBFS:
            self.gain_sum_db += gain_db
            self.gains += 1


class ReceiveMeter:
    """Measures one link's sound on its way to the packet."""

    def __init__(self, figures: PathFigures) -> None:
        """Count into ``figures``."""
        self.figures = figures
        self._held = figures.stage("held")
        self._level = figures.stage("level")
        self._opus = figures.stage("opus")
        self._gateway = figures.stage("gateway")

    def times(
        self, captured: UtcUs, arrived: UtcUs, begun: UtcUs, levelled: UtcUs, coded: UtcUs
    ) -> None:
        """Count one block by the moments of its way; ``arrived`` 0 is not known."""
        self.figures.frames += 1
        if arrived:
            self._held.add(begun - arrived)
        self._level.add(levelled - begun)
        self._opus.add(coded - levelled)
        self._gateway.add(coded - captured)


class SoundFigures:
    """All links, both directions."""

    def __init__(self, ctx: Context) -> None:
        """Begin with nothing measured."""
        self._ctx = ctx
        self._receive: dict[LinkId, PathFigures] = {}
        self._transmit: dict[tuple[LinkId, PositionId], PathFigures] = {}
        self._due: MonoMs | None = None

    def receive(self, link: LinkId) -> ReceiveMeter:
        """Return the meter of what a link gives."""
        return ReceiveMeter(self._receive.setdefault(link, PathFigures()))

    def transmit(self, link: LinkId, position: PositionId) -> PathFigures:
        """Return the figures of what a position says through a link."""
        return self._transmit.setdefault((link, position), PathFigures())

    def counted(self) -> None:
        """Note that something was counted: it is told within ``WINDOW_MS``."""
        if self._due is None:
            self._due = MonoMs(self._ctx.now() + WINDOW_MS)

    def forget(self, link: LinkId) -> None:
        """Drop what belongs to a link that is gone."""
        self._receive.pop(link, None)
        for key in [key for key in self._transmit if key[0] == link]:
            del self._transmit[key]

    def deadline(self) -> MonoMs | None:
        """Return when figures are to be told."""
        return self._due

    def tick(self, now: MonoMs) -> None:
        """Tell what was counted."""
        if self._due is None or now < self._due:
            return
        self._due = None
        sent = {link for (link, _), figures in self._transmit.items() if figures.frames}
        heard = {link for link, figures in self._receive.items() if figures.frames}
        ports = {link: self._port(link) for link in sent | heard}
        for link in heard:
            self._tell_receive(link, self._receive[link], ports[link])
        for (link, position), figures in list(self._transmit.items()):
            if figures.frames:
                self._tell_transmit(link, position, figures, ports[link])

    def _port(self, link: LinkId) -> SoundPortFigures:
        driver = self._ctx.links.get(link)
        if isinstance(driver, MeasuresSound):
            return driver.sound_figures()
        return SoundPortFigures()

    def _tell_receive(self, link: LinkId, figures: PathFigures, port: SoundPortFigures) -> None:
        held = figures.stage("held")
        if port.held.count:
            # Where the port puts in order, its wait is the buffer; the engine adds to few blocks.
            figures.stages["held"] = port.held
        stages = {**figures.stages, "link": port.transit}
        self._publish(
            link,
            RECEIVE,
            None,
            figures,
            stages,
            port=port,
            lost=figures.lost + port.lost,
            dry=0,
        )
        figures.stages["held"] = held

    def _tell_transmit(
        self, link: LinkId, position: PositionId, figures: PathFigures, port: SoundPortFigures
    ) -> None:
        stages = {**figures.stages, "card": port.pending}
        dry = figures.dry + port.underruns
        self._publish(
            link, TRANSMIT, position, figures, stages, port=port, lost=figures.lost, dry=dry
        )

    def _publish(
        self,
        link: LinkId,
        way: str,
        position: PositionId | None,
        figures: PathFigures,
        stages: Mapping[str, Spread],
        *,
        port: SoundPortFigures,
        lost: int,
        dry: int,
    ) -> None:
        gain_db = round(figures.gain_sum_db / figures.gains, 1) if figures.gains else None
        self._ctx.publish(
            SoundMeasured(
                link=link,
                way=way,
                position=position,
                frames=figures.frames,
                lost=lost,
                late=port.late if way == RECEIVE else 0,
                dry=dry,
                stages={name: spread.to_json() for name, spread in stages.items() if spread.count},
                level_in=figures.level_in.take(),
                level_out=figures.level_out.take(),
                gain_db=gain_db,
                limited=figures.limited,
                port=port.kind,
            )
        )
        figures.frames = figures.lost = figures.dry = figures.limited = figures.gains = 0
        figures.gain_sum_db = 0.0
        for spread in figures.stages.values():
            spread.clear()

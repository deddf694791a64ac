"""What the gateway measured of the way of sound: durations by stage, levels, what did not come.

No sound, no talker, no person: figures of machines, told while there is sound, by link and, for
what is sent, by position.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from gateway.model.envelope import Event
from gateway.model.ids import LinkId, PositionId

RECEIVE = "receive"
TRANSMIT = "transmit"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundLevel:
    """Level of blocks of 20 ms that carried sound: mean of their power, and the loudest."""

    blocks: int
    rms_dbfs: float
    peak_dbfs: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundMeasured(Event):
    """How long sound took through a gateway and how loud it was, over about two seconds.

    ``way`` is receive or transmit; ``position`` says whose microphone it was. ``stages`` has a
    histogram for each stage that was measured (``gateway.model.spread``): receive ``link`` (card to
    port), ``held`` (put in order, waited for the talker), ``level``, ``opus``, ``gateway`` (capture
    to packet); transmit ``order`` (packet in to engine), ``press`` (press buffer), ``level``,
    ``card`` (what waits before the sound card), ``gateway`` (packet in to link). ``port`` is the
    kind of the sound address, empty where the link has none.
    """

    type: ClassVar[str] = "sound.measured"
    transient: ClassVar[bool] = True
    link: LinkId
    way: str
    position: PositionId | None = None
    frames: int
    lost: int = 0
    late: int = 0
    dry: int = 0
    """Blocks of silence that had to be sent, and holes that a sound card reports."""
    stages: dict[str, dict[str, int]] = field(default_factory=dict)
    level_in: SoundLevel | None = None
    level_out: SoundLevel | None = None
    gain_db: float | None = None
    limited: int = 0
    port: str = ""

"""What radios hear of a simulated modem's transmitter."""

from collections.abc import Callable

from hardware.sim.p25 import modem_air
from hardware.sim.p25.stage import Stage
from hardware.sim.p25.stage_voice import Heard
from hardware.sim.p25.station_words import CLEAR, EMERGENCY_BIT, UNIT_VOICE


class ModemEars:
    """Reads each frame that goes on air, and keeps overs (``modem_board.Listener``)."""

    def __init__(self, stage: Stage, nac: int, block: Callable[[bytes, float], None]) -> None:
        """Listen on one NAC; ``block`` takes signalling blocks with the time."""
        self._stage, self._nac, self._block = stage, nac, block
        self._heard: Heard | None = None
        self._next = modem_air.LDU1
        self.underruns = 0
        """Transmissions that stopped without a terminator."""
        self.on_air_now = False

    def note(self, kind: str, **what: object) -> None:
        """Write something down."""
        self._stage.note(kind, **what)

    def violation(self, raw: bytes, reason: str) -> None:
        """Write down what the gateway did against the reference."""
        self._stage.violation(raw, reason)

    def on_air(self, frame: bytes, now_ms: float) -> None:
        """Hear a frame."""
        self.on_air_now = True
        unit = modem_air.read(frame)
        if isinstance(unit, str):
            self.violation(frame, unit)
            return
        if unit.nac != self._nac:
            self.violation(frame, f"NAC {unit.nac:03X}")
        match unit.duid:
            case modem_air.HDU:
                self._header(unit, now_ms)
            case modem_air.LDU1 | modem_air.LDU2:
                self._ldu(unit, frame, now_ms)
            case modem_air.TDU | modem_air.TDULC:
                self._end(now_ms, terminated=True)
            case modem_air.TSDU if unit.block is not None:
                self._stage.note("block", block=unit.block.hex())
                self._block(unit.block, now_ms)

    def off_air(self, now_ms: float) -> None:
        """Hear the carrier fall."""
        self.on_air_now = False
        if self._heard is not None:
            self.underruns += 1
            self._end(now_ms, terminated=False)

    def _header(self, unit: modem_air.OnAir, now_ms: float) -> None:
        if self._heard is not None:
            self.violation(b"", "a header inside a transmission")
            self._end(now_ms, terminated=False)
        header = unit.header
        self._heard = self._stage.ears.begin(now_ms, group=header.group if header else None)
        self._next = modem_air.LDU1
        if header is not None:
            self._heard.algorithm, self._heard.key_id = header.algorithm, header.key_id

    def _ldu(self, unit: modem_air.OnAir, frame: bytes, now_ms: float) -> None:
        if self._heard is None:
            self.violation(frame[:8], "voice without a header")
            self._heard = self._stage.ears.begin(now_ms)
            self._next = unit.duid
        if unit.duid != self._next:
            self.violation(frame[:8], f"DUID {unit.duid:X} out of turn")
        self._next = modem_air.LDU2 if unit.duid == modem_air.LDU1 else modem_air.LDU1
        if unit.duid == modem_air.LDU1 and unit.word is not None:
            self._word(unit.word)
        for coded in unit.voice:
            self._heard.add(coded)

    def _word(self, word: bytes) -> None:
        heard = self._heard
        if heard is None:
            return
        heard.emergency = bool(word[2] & EMERGENCY_BIT)
        heard.source = int.from_bytes(word[6:9], "big")
        if word[0] & 0x3F == UNIT_VOICE:
            heard.target = int.from_bytes(word[3:6], "big")
            return
        group = int.from_bytes(word[4:6], "big")
        if heard.group not in (None, group):
            self.violation(word, f"link control names {group}, the header {heard.group}")
        heard.group = group

    def _end(self, now_ms: float, *, terminated: bool) -> None:
        heard, self._heard = self._heard, None
        if heard is not None:
            if heard.algorithm != CLEAR:
                self.violation(b"", f"algorithm {heard.algorithm:02X} from a gateway without keys")
            self._stage.ears.end(heard, now_ms, terminated=terminated)

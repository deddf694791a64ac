"""What the chip is asked and what its answers mean: no port, no clock, no waiting.

Start: zeros that end whatever the chip is in the middle of, a reset (with parity and without it in
turn, since the chip may insist on either), "ready", parity switched on, product and version,
initialisation, then the rate (older firmware forgets its thresholds at initialisation, so the rate
comes after it). Whatever is not answered in time is reset and begun anew; what goes on failing is
given up, and only a new start of the port helps.

Frames: in each direction **one with the chip and one ahead**, so that the line is used while the
chip works. Answers carry no number. Sound is answered by bits and bits by sound, each in order.
Where that order is in doubt (damage while two are under way) all of them are lost and the chip is
reset. An answer that vanishes without a trace shifts those that follow; so after ten frames in a
row that went ahead, the next waits until all are answered, which then proves false and resets.
``ahead=0`` rules even this out, for a slower pace.
"""

import enum
from collections import deque

from gateway.model.errors import InvalidCommand
from gateway.model.ids import MonoMs
from hardware.ambe.frames import Answer, Counts, Way
from hardware.ambe.numbers import (
    HALF_RATE,
    INIT_BOTH,
    LOST_FRAME,
    MAX_PACKET_BYTES,
    PCM_BYTES,
    SOFT_CONFIG_BYTES,
    Field,
    Rate,
)
from hardware.ambe.packets import (
    Channel,
    Control,
    Malformed,
    Packet,
    PacketReader,
    Speech,
    to_bytes,
)

READY_MS = 250
"""Longest wait for "ready" after a reset; it takes about 20 ms, a USB adapter may add as much."""
ANSWER_MS = 100
"""Longest wait for any other answer."""
RESETS = 4
"""Resets in a row, each second one without parity, before the port is given up."""
TRIES = 2
"""How often one setting is sent before everything begins with a reset again."""
SILENT_RESETS = 3
"""Resets for unanswered frames, with no frame answered in between, before the port is given up."""
WAITING_FRAMES = 10
"""Frames that wait in one direction (200 ms); then the oldest is given up and counted."""
AHEAD = 1
DRAIN_FRAMES = 10
"""Frames in a row that may go ahead of an answer."""
FLUSH = bytes(MAX_PACKET_BYTES)
WORDS_CHARACTERS = 40
"""What is kept of a product name or version."""


class Stage(enum.Enum):
    """How far the chip is."""

    CLOSED = "closed"
    RESETTING = "resetting"
    SETTING = "setting"
    UP = "up"
    GIVEN_UP = "given up"


class DongleCore:
    """One chip. Give it what comes and the time; take from it what is to be written.

    ``trouble`` says in words what is wrong now; ``needs_reopen`` that only a new start of the port
    can help. Every frame that is taken gets exactly one ``Answer``.
    """

    def __init__(
        self, rate: Rate = HALF_RATE, *, soft_config: bytes = b"", ahead: int = AHEAD
    ) -> None:
        """Prepare.

        ``soft_config``: the six bytes of a reset for boards that do not start in packet mode.
        ``ahead``: frames sent before the one before is answered, 0 or 1. Raises InvalidCommand.
        """
        if soft_config and len(soft_config) != SOFT_CONFIG_BYTES:
            raise InvalidCommand(
                f"soft_config: expected {SOFT_CONFIG_BYTES} bytes, got {len(soft_config)}"
            )
        if ahead not in (0, AHEAD):
            raise InvalidCommand(f"ahead: expected 0 or {AHEAD}, got {ahead}")
        self.rate = rate
        self.counts = Counts()
        self.product = self.version = ""
        self.trouble = ""
        self.stage = Stage.CLOSED
        self._soft_config = soft_config
        self._most_sent = 1 + ahead
        self._reader = PacketReader()
        self._out = bytearray()
        self._encoding, self._decoding = Way(), Way()
        self._turn = [self._decoding, self._encoding]
        self._steps: deque[Control] = deque()
        self._asked_at = MonoMs(0)
        self._tries = self._resets = self._silent = 0
        self._repeating = False

    @property
    def up(self) -> bool:
        """Whether frames are coded now."""
        return self.stage is Stage.UP

    @property
    def needs_reopen(self) -> bool:
        """Whether the chip does not answer whatever is tried."""
        return self.stage is Stage.GIVEN_UP

    # ---- the port

    def opened(self, now: MonoMs) -> None:
        """Note that the port is open; the state of the chip is not known."""
        self._resets = self._silent = 0
        self._reader = PacketReader()
        self._reset(now)

    def lost(self) -> list[Answer]:
        """Note that the port is gone: so is every frame."""
        self.stage = Stage.CLOSED
        return self._end()

    def receive(self, data: bytes, now: MonoMs) -> list[Answer]:
        """Take bytes from the port."""
        return self._take(self._reader.receive(data), now)

    def outgoing(self, limit: int, now: MonoMs) -> bytes:
        """Return at most ``limit`` bytes to be written now."""
        if self.up and not self._out:
            self._next_frame(now)
        data = bytes(self._out[:limit])
        del self._out[:limit]
        return data

    # ---- frames

    def encode(self, token: int, pcm: bytes) -> list[Answer]:
        """Take 160 samples int16 little-endian, 8 kHz; raises InvalidCommand for another length."""
        if len(pcm) != PCM_BYTES:
            raise InvalidCommand(f"encode: expected {PCM_BYTES} bytes of sound, got {len(pcm)}")
        return self._queue(self._encoding, token, pcm)

    def decode(self, token: int, frame: bytes | None) -> list[Answer]:
        """Take a coded frame, None for a lost one; raises InvalidCommand for another length."""
        wanted = self.rate.frame_bytes
        if frame is not None and len(frame) != wanted:
            raise InvalidCommand(f"decode: expected {wanted} bytes a frame, got {len(frame)}")
        return self._queue(self._decoding, token, frame)

    def _queue(self, way: Way, token: int, data: bytes | None) -> list[Answer]:
        if self.stage in (Stage.CLOSED, Stage.GIVEN_UP):
            self.counts.lost += 1
            return [Answer(token=token, data=None)]
        way.waiting.append((token, data))
        if len(way.waiting) <= WAITING_FRAMES:
            return []
        self.counts.overrun += 1
        oldest, _ = way.waiting.popleft()
        return [Answer(token=oldest, data=None)]

    def _next_frame(self, now: MonoMs) -> None:
        """Put one frame on the way to the chip; the directions take turns."""
        for way in self._turn:
            if way.waiting and way.room(self._most_sent, DRAIN_FRAMES):
                token, data = way.waiting.popleft()
                way.send(token, now)
                packet = Speech(pcm=data or b"") if way is self._encoding else self._bits(data)
                self._out += to_bytes(packet, parity=True)
                self._turn.reverse()
                return

    def _bits(self, data: bytes | None) -> Channel:
        """Return the packet of a frame. The flags of a lost one are taken back with the next."""
        flags = LOST_FRAME if data is None else (0 if self._repeating else None)
        self._repeating = data is None
        coded = bytes(self.rate.frame_bytes) if data is None else data
        return Channel(bits=self.rate.bits, data=coded, flags=flags)

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is to be called; None: not needed."""
        match self.stage:
            case Stage.RESETTING:
                return MonoMs(self._asked_at + READY_MS)
            case Stage.SETTING:
                return MonoMs(self._asked_at + ANSWER_MS)
            case Stage.UP:
                oldest = [way.sent[0][1] for way in self._turn if way.sent]
                return MonoMs(min(oldest) + ANSWER_MS) if oldest else None
            case _:
                return None

    def tick(self, now: MonoMs) -> list[Answer]:
        """Act on what did not come in time."""
        if not self._due(now):
            return []
        # Noise that looks like a packet's beginning may hide the answer.
        told = self._take(self._reader.settle(), now)
        if not self._due(now):
            return told
        match self.stage:
            case Stage.RESETTING:
                self.trouble = "it does not answer a reset: is it a vocoder, is the speed right?"
                told += self._reset(now)
            case Stage.SETTING:
                told += self._ask_again(now)
            case _:
                told += self._frames_fail(f"no answer to a frame within {ANSWER_MS} ms", now)
        return told

    def _due(self, now: MonoMs) -> bool:
        deadline = self.deadline()
        return deadline is not None and now >= deadline

    def _ask_again(self, now: MonoMs) -> list[Answer]:
        self._tries += 1
        if self._tries < TRIES:
            self._ask(now)
            return []
        self.trouble = f"it does not answer request 0x{self._steps[0].field:02x}"
        return self._reset(now)

    def _frames_fail(self, why: str, now: MonoMs) -> list[Answer]:
        """Lose what is under way and reset, or give up when that has not helped."""
        gone = self._drop_sent()
        self._silent += 1
        self.trouble = why
        if self._silent > SILENT_RESETS:
            self.trouble += "; resets did not help: it answers settings, but codes nothing"
            return gone + self._give_up()
        self._resets = 0
        return gone + self._reset(now)

    def _drop_sent(self) -> list[Answer]:
        gone = self._encoding.drop_sent() + self._decoding.drop_sent()
        self.counts.lost += len(gone)
        return gone

    def _give_up(self) -> list[Answer]:
        self.stage = Stage.GIVEN_UP
        return self._end()

    def _end(self) -> list[Answer]:
        self._out.clear()
        gone = self._encoding.drop_all() + self._decoding.drop_all()
        self.counts.lost += len(gone)
        return gone

    # ---- start

    def _reset(self, now: MonoMs) -> list[Answer]:
        self._out.clear()
        if self._resets >= RESETS:
            return self._give_up()
        self._resets += 1
        self.counts.resets += 1
        self.stage = Stage.RESETTING
        self._asked_at = now
        self._reader.need_parity = False
        kind = Field.RESET_SOFT if self._soft_config else Field.RESET
        packet = Control(field=kind, data=self._soft_config)
        self._out += FLUSH + to_bytes(packet, parity=self._resets % 2 == 1)
        return []

    def _ready(self, now: MonoMs) -> list[Answer]:
        """Make the settings, in this order: the chip begins, asked or by itself."""
        if self.stage in (Stage.CLOSED, Stage.GIVEN_UP):
            return []
        if self.up:
            self.trouble = "it has restarted by itself"
        gone = self._drop_sent()
        self._out.clear()
        self._repeating = False
        self._steps = deque(
            (
                Control(field=Field.PRODUCT),
                Control(field=Field.VERSION),
                Control(field=Field.INIT, data=bytes((INIT_BOTH,))),
                _rate_request(self.rate),
            )
        )
        if not self._reader.last_had_parity:
            self._steps.appendleft(Control(field=Field.PARITY_MODE, data=b"\x01"))
        self.stage = Stage.SETTING
        self._tries = 0
        self._ask(now)
        return gone

    def _ask(self, now: MonoMs) -> None:
        request = self._steps[0]
        # The answer to the request that switches parity on has it already (manual).
        self._reader.need_parity = True
        self._asked_at = now
        self._out += to_bytes(request, parity=request.field != Field.PARITY_MODE)

    def _setting(self, answer: Control, now: MonoMs) -> list[Answer]:
        """Take the answer to a setting; a status byte other than 0 is a refusal."""
        if answer.field != self._steps[0].field:
            self.counts.unexpected += 1
            return []
        match answer.field:
            case Field.PRODUCT:
                self.product = _words(answer.data)
            case Field.VERSION:
                self.version = _words(answer.data)
            case _ if any(answer.data):  # the manual of 2011 has no status byte, later ones do
                status = answer.data[:4].hex(" ")
                self.trouble = f"it refuses request 0x{answer.field:02x} with status {status}"
                return self._give_up()
        self._steps.popleft()
        self._tries = 0
        if self._steps:
            self._ask(now)
            return []
        self.stage = Stage.UP
        self._resets = 0
        if not self._silent:
            self.trouble = ""
        return []

    # ---- what comes

    def _take(self, items: list[Packet | Malformed], now: MonoMs) -> list[Answer]:
        told: list[Answer] = []
        for item in items:
            match item:
                case Malformed():
                    told += self._damage(now)
                case Control(field=Field.READY):
                    told += self._ready(now)
                case Control():
                    told += self._control(item, now)
                case Channel():
                    good = item.bits == self.rate.bits
                    told += self._frame(self._encoding, item.data if good else None, now)
                case Speech():
                    good = len(item.pcm) == PCM_BYTES
                    told += self._frame(self._decoding, item.pcm if good else None, now)
        return told

    def _damage(self, now: MonoMs) -> list[Answer]:
        self.counts.malformed += 1
        if self.up and any(len(way.sent) > 1 for way in self._turn):
            return self._frames_fail(
                "damaged bytes, and it is not known whose answer they were", now
            )
        return []

    def _control(self, item: Control, now: MonoMs) -> list[Answer]:
        if self.stage is Stage.SETTING:
            return self._setting(item, now)
        self.counts.unexpected += 1
        return []

    def _frame(self, way: Way, data: bytes | None, now: MonoMs) -> list[Answer]:
        if not self.up or not way.sent:
            self.counts.unexpected += 1
            if self.up:
                self.trouble = "it sends frames that nobody asked for: does it need soft_config?"
            return []
        if data is None:
            return self._frames_fail(
                f"it sends frames of another length than {self.rate.name}", now
            )
        token, sent_at = way.sent.popleft()
        self.counts.last_ms = now - sent_at
        self.counts.slowest_ms = max(self.counts.slowest_ms, now - sent_at)
        self._silent = 0
        self.trouble = ""
        self.counts.encoded += way is self._encoding
        self.counts.decoded += way is self._decoding
        return [Answer(token=token, data=data)]


def _rate_request(rate: Rate) -> Control:
    if rate.index is not None:
        return Control(field=Field.RATE_INDEX, data=bytes((rate.index,)))
    words = b"".join(word.to_bytes(2, "big") for word in rate.words)
    return Control(field=Field.RATE_WORDS, data=words)


def _words(data: bytes) -> str:
    """Return a name that ends in a zero, as far as it can be shown."""
    text = data.lstrip(b"\0").split(b"\0")[0].decode("ascii", "replace")
    return "".join(one if one.isprintable() else "?" for one in text)[:WORDS_CHARACTERS].strip()

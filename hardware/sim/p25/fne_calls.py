"""Voice at a simulated FNE master: what its units say to the peers, and what peers say."""

import random
from dataclasses import dataclass, field

from hardware.sim.p25 import fne_wire as wire
from hardware.sim.p25.fne_wire import Taken
from hardware.sim.p25.stage_voice import Ears, Heard, SimOver

FRAMES = 9
SILENCE_MS = 1_500.0
"""A call without a packet for so long is over."""
MIN_STEP_MS = 90.0
"""LDUs of one over that come faster than this on average are a violation (they last 180 ms)."""


@dataclass(slots=True)
class Speech:
    """One over of a simulated unit: nine frames make a packet."""

    over: SimOver
    stream: int
    sequence: int = 0
    second: bool = False
    sent: int = 0
    frames: list[bytes] = field(default_factory=list)

    def begin(self) -> list[tuple[bytes, int]]:
        """Return (payload, sequence) of what comes before the voice: the demand for a channel."""
        if self.over.late:
            self.sequence = 24
            return []
        return [self._numbered(wire.terminator(self.over, demand=True))]

    def voice(self, imbe: bytes) -> list[tuple[bytes, int]]:
        """Take 20 ms."""
        self.frames.append(imbe)
        return [self._ldu()] if len(self.frames) == FRAMES else []

    def end(self) -> list[tuple[bytes, int]]:
        """Return the rest, filled up with silence, and the end."""
        last: list[tuple[bytes, int]] = []
        if self.frames:
            self.frames += [wire.SILENCE] * (FRAMES - len(self.frames))
            last.append(self._ldu())
        if not self.over.no_end:
            last.append((wire.terminator(self.over), wire.LAST))
        return last

    def _ldu(self) -> tuple[bytes, int]:
        frame_type = 0
        if self.sent == 0 and not self.second:
            frame_type = wire.LATE if self.over.late else 1
        payload = wire.ldu(self.over, self.frames, second=self.second, frame_type=frame_type)
        self.frames = []
        self.second = not self.second
        self.sent += 1
        return self._numbered(payload)

    def _numbered(self, payload: bytes) -> tuple[bytes, int]:
        self.sequence += 1
        return payload, self.sequence - 1


@dataclass(slots=True, kw_only=True)
class _Hearing:
    heard: Heard
    group: int
    source: int
    peer: int
    began_ms: float
    last_ms: float
    sequence: int = 0
    second: bool = False
    units: int = 0


class Listener:
    """Takes the overs of peers; a second stream on a group that is taken collides and is lost."""

    def __init__(self, ears: Ears, seed: int) -> None:
        """Begin in silence."""
        self._ears = ears
        self._rng = random.Random(seed)  # noqa: S311 - chance of a simulation
        self._streams: dict[int, _Hearing] = {}
        self._asked: dict[int, tuple[int, int]] = {}
        """Stream of a grant request -> who asked for which group."""
        self.collisions = 0
        self.gaps = 0
        self.ends = 0

    def stream_id(self) -> int:
        """Return a number for an over of ours."""
        return self._rng.randrange(1, 1 << 32)

    def busy(self, group: int) -> bool:
        """Say whether a peer talks on a group."""
        return any(one.group == group for one in self._streams.values())

    def groups(self) -> list[int]:
        """Return the groups that peers talk on."""
        return sorted(one.group for one in self._streams.values())

    def asked(self, taken: Taken) -> str:
        """Take a grant request; returns what is wrong with it."""
        if len(taken.payload) != 24:
            return f"grant request: expected 24 octets, got {len(taken.payload)}"
        source = int.from_bytes(taken.payload[11:15], "big")
        group = int.from_bytes(taken.payload[15:19], "big")
        self._asked[taken.stream] = (source, group)
        if len(self._asked) > 64:
            del self._asked[next(iter(self._asked))]
        return ""

    def take(self, taken: Taken, now_ms: float, *, our_groups: set[int]) -> str:
        """Take a P25 message with voice or an end; returns what is wrong with it."""
        payload = taken.payload
        duid = payload[22]
        if len(payload) != wire.MESSAGE_OCTETS[duid]:
            return f"data unit {duid:X}: {len(payload)} octets, not {wire.MESSAGE_OCTETS[duid]}"
        if payload[23] != wire.STATED[duid]:
            return f"data unit {duid:X}: length {payload[23]} is stated, not {wire.STATED[duid]}"
        if duid in (wire.TDU, wire.TDULC):
            return self._end(taken, now_ms)
        return self._voice(taken, now_ms, our_groups)

    def cut(self, group: int | None, now_ms: float) -> None:
        """Forget the overs on a group, or all."""
        for stream in [n for n, one in self._streams.items() if group in (None, one.group)]:
            self._ears.end(self._streams.pop(stream).heard, now_ms, terminated=False)

    def tick(self, now_ms: float) -> None:
        """End what went silent."""
        for stream in [n for n, o in self._streams.items() if now_ms - o.last_ms >= SILENCE_MS]:
            self._ears.end(self._streams.pop(stream).heard, now_ms, terminated=False)

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        return min((one.last_ms + SILENCE_MS for one in self._streams.values()), default=None)

    # ---- inside

    def _voice(self, taken: Taken, now_ms: float, our_groups: set[int]) -> str:
        payload = taken.payload
        source = int.from_bytes(payload[5:8], "big")
        group = int.from_bytes(payload[8:11], "big")
        voice = wire.read_ldu(payload)
        if isinstance(voice, str):
            return voice
        one = self._streams.get(taken.stream)
        wrong = ""
        if one is None:
            if self.busy(group) or group in our_groups:
                self.collisions += 1
                return ""
            wrong = self._first(taken, voice, source, group)
            one = self._begin(taken, source, group, payload, now_ms)
        second = payload[22] == wire.LDU2
        if taken.sequence != one.sequence or second != one.second:
            self.gaps += 1
        one.sequence, one.second = taken.sequence + 1, not second
        one.last_ms = now_ms
        one.units += 1
        for frame in voice.frames:
            one.heard.add(frame)
        return wrong or self._unlike(one, voice, source, group, second=second, now_ms=now_ms)

    def _first(self, taken: Taken, voice: wire.Voice, source: int, group: int) -> str:
        payload = taken.payload
        if self._asked.get(taken.stream) != (source, group):
            return "voice without a grant request before it"
        if payload[22] != wire.LDU1:
            return "an over that begins with LDU2"
        if payload[180] != 1 or payload[181] != wire.CLEAR or any(payload[182:193]):
            return "the first LDU1 does not say that its header is valid and the call clear"
        return "" if payload[14] & wire.DEMAND else "the first LDU1 does not demand a grant"

    def _begin(
        self, taken: Taken, source: int, group: int, payload: bytes, now_ms: float
    ) -> _Hearing:
        emergency = payload[22] == wire.LDU1 and bool(payload[24 + 22 + 14 + 3] & 0x80)
        heard = self._ears.begin(now_ms, group=group, source=source, emergency=emergency)
        one = _Hearing(
            heard=heard,
            group=group,
            source=source,
            peer=taken.peer,
            began_ms=now_ms,
            last_ms=now_ms,
        )
        self._streams[taken.stream] = one
        return one

    def _unlike(
        self,
        one: _Hearing,
        voice: wire.Voice,
        source: int,
        group: int,
        *,
        second: bool,
        now_ms: float,
    ) -> str:
        if (source, group) != (one.source, one.group):
            return "talker or group changed in mid-over"
        if not second:
            word = voice.word
            said = int.from_bytes(word[4:6], "big"), int.from_bytes(word[6:9], "big")
            if said != (group, source):
                return f"link control says {said}, the header {(group, source)}"
        elif voice.word[9] != wire.CLEAR:
            return f"algorithm {voice.word[9]:02X} of a peer that has no keys"
        if one.units > 4 and now_ms - one.began_ms < (one.units - 2) * MIN_STEP_MS:
            return "voice comes faster than it is spoken"
        return ""

    def _end(self, taken: Taken, now_ms: float) -> str:
        if taken.payload[14] & wire.DEMAND:
            return ""
        self.ends += 1
        self._asked.pop(taken.stream, None)
        one = self._streams.pop(taken.stream, None)
        if one is not None:
            self._ears.end(one.heard, now_ms, terminated=True)
        return "" if taken.sequence == wire.LAST else f"an end with sequence {taken.sequence}"

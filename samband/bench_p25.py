"""``samband bench p25``: voice units a second on one core, and how many calls it carries to Opus.

Speech is the project's own spoken messages, through our own vocoder, in frames as they are on air.
"Calls" run as in a gateway: a unit of each call in turn, one Python call for each 20 ms of voice.
A call gives 5.56 units and 50 packets a second; how many of them a core carries is seconds of
voice over seconds of work. 1 % of wrong bits is a signal at the edge of what can be understood.
Seconds of work are this process's CPU time, so that what else the machine does counts less.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from samband.bench_codecs import one_core, spoken

Samples = npt.NDArray[np.int16]

CALLS: Final = 100
UNITS_PER_CALL: Final = 24
"""4.3 s of each call."""
FRAMES_PER_UNIT: Final = 9
UNIT_S: Final = 0.18
WRONG_BITS: Final = 0.01
SEED: Final = 20_261_126
NAC: Final = 0x293
WORD: Final = bytes.fromhex("00000400271112d687")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "p25", help="P25 voice units, calls to Opus", epilog="example: samband bench p25"
    )
    parser.add_argument("--repeat", type=int, default=5, help="the best of so many runs counts")
    parser.add_argument("--calls", type=int, default=CALLS, help="that run side by side")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return units a second and calls a core; ``ok`` when a core carries the calls."""
    calls: int = args.calls
    speech = spoken(UNITS_PER_CALL * FRAMES_PER_UNIT // 50 + 20)
    voice = voice_frames(speech)
    air = units(voice)
    with one_core():
        figures: dict[str, Any] = {
            "units": unit_rates(speech, voice, air, args.repeat),
            "calls_to_opus": carried(air, calls, args.repeat),
            "calls_from_sound": spoken_calls(speech, calls, args.repeat),
        }
    most = figures["calls_to_opus"]
    figures |= {"calls": calls, "call_seconds": round(UNITS_PER_CALL * UNIT_S, 2), "seed": SEED}
    figures["ok"] = most["one_frame_at_a_time"] >= calls
    return figures


def rate(work: Callable[[], object], items: int, repeat: int) -> int:
    """Return items a second of CPU time in the best run."""
    best = float("inf")
    for _ in range(repeat):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return round(items / best)


def voice_frames(speech: Samples) -> list[bytes]:
    """Return the vocoder's frames of speech, a whole number of units, 11 octets each."""
    from voicecodecs.imbe import encode_pcm

    frames = list(encode_pcm(speech))
    return frames[: len(frames) // (2 * FRAMES_PER_UNIT) * 2 * FRAMES_PER_UNIT]


def units(voice: Sequence[bytes]) -> list[bytes]:
    """Return voice as frames on air, LDU1 and LDU2 in turn."""
    return [
        _unit(number, tuple(voice[at : at + FRAMES_PER_UNIT]))
        for number, at in enumerate(range(0, len(voice), FRAMES_PER_UNIT))
    ]


def _unit(number: int, voice: tuple[bytes, ...]) -> bytes:
    from gateway.p25.air.frame import Ldu1, Ldu2, encode_frame

    if number % 2:
        return encode_frame(Ldu2(nac=NAC, voice=voice))
    return encode_frame(Ldu1(nac=NAC, voice=voice, link_control=WORD))


def noisy(air: Sequence[bytes]) -> list[bytes]:
    """Return the frames with one bit in a hundred wrong, seeded."""
    numbers = random.Random(SEED)  # noqa: S311 - wrong bits, not a secret
    found = []
    for frame in air:
        bits = 8 * len(frame)
        places = numbers.sample(range(bits), round(WRONG_BITS * bits))
        wrong = int.from_bytes(frame, "big") ^ sum(1 << place for place in places)
        found.append(wrong.to_bytes(len(frame), "big"))
    return found


def unit_rates(
    speech: Samples, voice: Sequence[bytes], air: Sequence[bytes], repeat: int
) -> dict[str, int]:
    """Return units a second, decoded and encoded, with and without error protection and vocoder."""
    from gateway.p25.air.frame import decode_frame
    from voicecodecs.imbe import FRAME_SAMPLES, ImbeEncoder

    bad = noisy(air)
    encoder = ImbeEncoder()
    pieces = speech[: len(voice) * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)

    def from_sound() -> None:
        made = [frame for piece in pieces for frame in encoder.encode(piece)]
        units(made[: len(made) // FRAMES_PER_UNIT * FRAMES_PER_UNIT])

    work: dict[str, Callable[[], object]] = {
        "decode": lambda: [decode_frame(frame) for frame in air],
        "decode_1_percent_wrong": lambda: [decode_frame(frame, expected_nac=NAC) for frame in bad],
        "decode_to_11_octets": lambda: to_octets(air),
        "decode_to_11_octets_1_percent_wrong": lambda: to_octets(bad),
        "decode_to_sound": lambda: to_sound(air),
        "decode_to_sound_1_percent_wrong": lambda: to_sound(bad),
        "encode": lambda: units(voice),
        "encode_from_sound": from_sound,
    }
    return {name: rate(what, len(air), repeat) for name, what in work.items()}


def to_octets(air: Sequence[bytes]) -> None:
    """Decode units and correct their voice frames, as towards a network."""
    from gateway.p25.air.frame import Ldu1, Ldu2, decode_frame
    from gateway.p25.air.voice import correct

    for frame in air:
        unit = decode_frame(frame, expected_nac=NAC)
        if isinstance(unit, Ldu1 | Ldu2):
            for coded in unit.voice:
                correct(coded)


def to_sound(air: Sequence[bytes]) -> None:
    """Decode units and their voice frames, one call of the vocoder a frame."""
    from gateway.p25.air.frame import Ldu1, Ldu2, decode_frame
    from voicecodecs.imbe import ImbeDecoder

    ear = ImbeDecoder()
    for frame in air:
        unit = decode_frame(frame, expected_nac=NAC)
        if isinstance(unit, Ldu1 | Ldu2):
            for coded in unit.voice:
                ear.decode(coded)


def carried(air: Sequence[bytes], calls: int, repeat: int) -> dict[str, float]:
    """Return how many calls a core carries from frames on air to Opus, each way of doing it."""
    ways: dict[str, Callable[[Sequence[bytes], int], None]] = {
        "one_frame_at_a_time": _each_frame,
        "all_calls_together": _together,
        "with_level_control": _levelled,
        "with_call_logic_and_level_control": _as_in_a_gateway,
    }
    seconds = calls * UNITS_PER_CALL * UNIT_S
    return {name: _carried(way, air, calls, seconds, repeat) for name, way in ways.items()} | {
        "one_frame_at_a_time_1_percent_wrong": _carried(
            _each_frame, noisy(air), calls, seconds, repeat
        )
    }


def _carried(
    way: Callable[[Sequence[bytes], int], None],
    air: Sequence[bytes],
    calls: int,
    seconds: float,
    repeat: int,
) -> float:
    runs = rate(lambda: way(air, calls), round(1000 * seconds), repeat)
    return round(runs / 1000, 1)


def _at(air: Sequence[bytes], turn: int, call: int) -> bytes:
    """Return the unit of a call at its turn: each call is at another place of the speech."""
    return air[(turn + 2 * call) % len(air)]


def _voice(frame: bytes) -> tuple[bytes, ...]:
    from gateway.p25.air.frame import Ldu1, Ldu2, decode_frame

    unit = decode_frame(frame, expected_nac=NAC)
    return unit.voice if isinstance(unit, Ldu1 | Ldu2) else ()


def _each_frame(air: Sequence[bytes], calls: int) -> None:
    from voicecodecs.imbe import ImbeDecoder
    from voicecodecs.opus import OpusEncoder

    ears = [ImbeDecoder() for _ in range(calls)]
    encoders = [OpusEncoder() for _ in range(calls)]
    for turn in range(UNITS_PER_CALL):
        for call, (ear, encoder) in enumerate(zip(ears, encoders, strict=True)):
            for coded in _voice(_at(air, turn, call)):
                encoder.encode(ear.decode(coded).tobytes())


def _levelled(air: Sequence[bytes], calls: int) -> None:
    from voicecodecs.imbe import ImbeDecoder
    from voicecodecs.receive import ReceiveChain

    ears = [ImbeDecoder() for _ in range(calls)]
    chains = [ReceiveChain() for _ in range(calls)]
    for turn in range(UNITS_PER_CALL):
        for call, (ear, chain) in enumerate(zip(ears, chains, strict=True)):
            for coded in _voice(_at(air, turn, call)):
                chain.encode(ear.decode(coded).tobytes())


def _as_in_a_gateway(air: Sequence[bytes], calls: int) -> None:
    """Follow calls, talkers, playout and error counts too, as a link does."""
    from gateway.model.ids import MonoMs
    from gateway.p25.modem.hearing import Hearing
    from gateway.p25.modem.replies import AirData
    from gateway.p25.talk.port import VoiceHeard
    from gateway.p25.talk.signalling import UnitActBook
    from gateway.p25.talk.talk_in import TalkIn
    from voicecodecs.imbe import ImbeDecoder
    from voicecodecs.receive import ReceiveChain

    talks = [TalkIn() for _ in range(calls)]
    hearing = [Hearing(talk, UnitActBook(1), nac=NAC) for talk in talks]
    ears = [ImbeDecoder() for _ in range(calls)]
    chains = [ReceiveChain() for _ in range(calls)]
    for turn in range(UNITS_PER_CALL):
        begun_ms = round(1000 * UNIT_S * turn)
        for call, (talk, heard) in enumerate(zip(talks, hearing, strict=True)):
            unit = AirData(kind=0x31, control=1, data=_at(air, turn, call))
            events = heard.frame(unit, MonoMs(begun_ms))
            for now in range(begun_ms + 20, begun_ms + round(1000 * UNIT_S) + 1, 20):
                events += talk.tick(MonoMs(now))
            for event in events:
                if isinstance(event, VoiceHeard) and event.frame is not None:
                    chains[call].encode(ears[call].decode(event.frame).tobytes())


def _together(air: Sequence[bytes], calls: int) -> None:
    from voicecodecs.imbe import CODED_BYTES, FRAME_SAMPLES, BatchDecoder
    from voicecodecs.opus import OpusEncoder

    ears = BatchDecoder(calls)
    encoders = [OpusEncoder() for _ in range(calls)]
    shape = (calls, FRAMES_PER_UNIT, CODED_BYTES)
    for turn in range(UNITS_PER_CALL):
        coded = b"".join(b"".join(_voice(_at(air, turn, call))) for call in range(calls))
        sound = ears.decode(np.frombuffer(bytearray(coded), np.uint8).reshape(shape))
        for encoder, said in zip(encoders, sound, strict=True):
            for at in range(0, FRAMES_PER_UNIT * FRAME_SAMPLES, FRAME_SAMPLES):
                encoder.encode(said[at : at + FRAME_SAMPLES].tobytes())


def spoken_calls(speech: Samples, calls: int, repeat: int) -> float:
    """Return how many calls a core carries from sound to frames on air."""
    from voicecodecs.imbe import FRAME_SAMPLES, ImbeEncoder

    pieces = speech[: len(speech) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)

    def run() -> None:
        mouths = [ImbeEncoder() for _ in range(calls)]
        for turn in range(UNITS_PER_CALL):
            for call, mouth in enumerate(mouths):
                start = (turn + 2 * call) * FRAMES_PER_UNIT
                said = [pieces[(start + n) % len(pieces)] for n in range(FRAMES_PER_UNIT)]
                made = [frame for piece in said for frame in mouth.encode(piece)]
                made += [made[-1]] * (FRAMES_PER_UNIT - len(made))  # the first is short of one
                _unit(turn, tuple(made))

    runs = rate(run, round(1000 * calls * UNITS_PER_CALL * UNIT_S), repeat)
    return round(runs / 1000, 1)

"""``samband bench codec-quality``: how speech sounds after the full-rate vocoder, beside others.

The recipe: over the six spoken samples of ``tests/vectors/imbe``, mean PESQ (narrow band) and mean
STOI at one delay a codec, the one between 300 and 700 samples with the best mean STOI. Conditions:
as recorded, 30 dB quieter, and with white noise 10 dB below the speech (held against the clean
sample). Decoders are compared on the frames of two foreign encoders. Natural speech is taken from
``SAMBAND_SAMPLES/speech`` where there is one.
"""

import argparse
import os
import wave
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.model.errors import ConfigError

Samples = npt.NDArray[np.int16]
Sounds = dict[str, Samples]
Codec = Callable[[Samples], Samples]

RATE_HZ: Final = 8000
DELAYS: Final = (300, 700)
SEARCH: Final = ((20, 0), (5, 20), (1, 5))
"""Steps of the search for the delay, and how far each looks round the best one so far."""
QUIET_DB: Final = -30.0
"""The samples have an active level of -25 dBFS: this makes it -55."""
NOISE_DB: Final = -10.0
NOISE_SEED: Final = 7
OP25: Final = {"pesq": 2.35, "stoi": 0.839}
"""Encoder and decoder of OP25 by this recipe, measured when the vectors were made."""
PESQ_GOAL: Final = 2.38
STOI_GOAL: Final = 0.86
LEVEL_GOAL_DB: Final = 1.0
DECODER_PESQ_SLACK: Final = 0.03
FOLDER: Final = Path(__file__).parents[1] / "tests" / "vectors" / "imbe"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser("codec-quality", help="speech after the vocoder, beside others")
    parser.add_argument("--vectors", type=Path, default=FOLDER, help="folder of the samples")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Return PESQ, STOI and level of every codec and condition, and what missed its goal."""
    clean = _speech(args.vectors)
    codecs = _codecs()
    decoders = _decoders(args.vectors)
    both = {name: _judged(clean, _through(codec, clean)) for name, codec in codecs.items()}
    delays = {name: int(found["delay_samples"]) for name, found in both.items()}
    figures: dict[str, Any] = {
        "encode_and_decode": both | {"op25": OP25},
        "decode_op25_frames": _frames_judged(clean, decoders["encA"]),
        "decode_blip25_frames": _frames_judged(clean, decoders["encB"]),
    }
    quiet = {name: _scaled(sound, QUIET_DB) for name, sound in clean.items()}
    noisy = _noisy(clean)
    for condition, sounds, reference in (
        ("at_minus_55_dbfs", quiet, quiet),
        ("noise_10_db", noisy, clean),
    ):
        figures[condition] = {
            name: _judged(reference, _through(codec, sounds), delays[name])
            for name, codec in codecs.items()
        }
    natural = _natural()
    if natural:
        figures["natural_speech"] = {
            name: _judged(natural, _through(codec, natural), delays[name])
            for name, codec in codecs.items()
        }
    figures["missed"] = missed(figures)
    figures["ok"] = not figures["missed"]
    return figures


def missed(figures: Mapping[str, Any]) -> list[str]:
    """Return each goal that was not reached, in words."""
    own = figures["encode_and_decode"]["samband"]
    wrong = []
    if own["pesq"] < PESQ_GOAL or own["stoi"] < STOI_GOAL:
        wrong.append(f"encode and decode: PESQ {own['pesq']}, STOI {own['stoi']}")
    if abs(own["level_db"]) > LEVEL_GOAL_DB:
        wrong.append(f"level off by {own['level_db']} dB")
    for condition in ("decode_op25_frames", "decode_blip25_frames"):
        found = dict(figures[condition])
        mine = found.pop("samband")
        if mine["pesq"] < max(other["pesq"] for other in found.values()) - DECODER_PESQ_SLACK:
            wrong.append(f"{condition}: PESQ {mine['pesq']}")
        if mine["stoi"] <= max(other["stoi"] for other in found.values()):
            wrong.append(f"{condition}: STOI {mine['stoi']}")
    for condition in ("at_minus_55_dbfs", "noise_10_db"):
        mine, peer = (figures[condition][name] for name in ("samband", "blip25"))
        wrong += [
            f"{condition}: {key} {mine[key]}" for key in ("pesq", "stoi") if mine[key] < peer[key]
        ]
    return wrong


def _codecs() -> dict[str, Codec]:
    """Return encode-and-decode of each vocoder."""
    from voicecodecs.imbe import decode_frames, encode_pcm

    blip25 = _blip25()

    def own(sound: Samples) -> Samples:
        return decode_frames(encode_pcm(sound, flush=True))

    def peer(sound: Samples) -> Samples:
        coder = blip25.Vocoder(blip25.Rate.FULL_RATE_4400X4400)
        frames = [coder.encode_pcm(block) for block in sound.reshape(-1, 160)]
        return _blip25_decoded([*frames, *coder.flush_encode()])

    return {"samband": own, "blip25": peer}


def _blip25() -> Any:  # an extension module without types
    try:
        import blip25_vocoder
    except ModuleNotFoundError as error:
        raise ConfigError(
            "bench codec-quality compares with blip25-vocoder and pesq, which are not installed",
            hint="They need a compiler: pip install 'samband[dev,peers]'",
        ) from error
    return blip25_vocoder


def _blip25_decoded(frames: Iterable[bytes]) -> Samples:
    blip25 = _blip25()
    decoder = blip25.Vocoder(blip25.Rate.FULL_RATE_4400X4400)
    return np.concatenate([np.asarray(decoder.decode_bits(frame)) for frame in frames if frame])


def _decoders(folder: Path) -> dict[str, dict[str, Sounds]]:
    """Return, per foreign encoder, the sound that each decoder makes of its frames."""
    from voicecodecs.imbe import decode_frames

    sounds: dict[str, dict[str, Sounds]] = {}
    for encoder in ("encA", "encB"):
        frames = {path.name.split(".")[0]: path for path in folder.glob(f"sp_*.{encoder}.hex")}
        read = {name: _frames(path) for name, path in sorted(frames.items())}
        sounds[encoder] = {
            "samband": {name: decode_frames(coded) for name, coded in read.items()},
            "blip25": {name: _blip25_decoded(coded) for name, coded in read.items()},
        }
    for name, peer in (("op25", "decA"), ("jmbe", "decC")):
        made = {
            path.name.split(".")[0]: _read(path) for path in folder.glob(f"sp_*.encA.{peer}.wav")
        }
        sounds["encA"][name] = dict(sorted(made.items()))
    return sounds


def _frames(path: Path) -> list[bytes]:
    lines = path.read_text("ascii").splitlines()
    return [bytes.fromhex(line) for line in lines if line and not line.startswith("#")]


def _frames_judged(clean: Sounds, decoded: Mapping[str, Sounds]) -> dict[str, Any]:
    return {name: _judged(clean, sounds) for name, sounds in decoded.items()}


def _read(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def _speech(folder: Path) -> Sounds:
    paths = sorted(path for path in folder.glob("sp_*.wav") if "." not in path.stem)
    if not paths:
        raise ConfigError(
            f"no spoken samples (sp_*.wav) in {folder}",
            hint="Run this in a checkout, or name their folder with --vectors.",
        )
    return {path.stem: _read(path) for path in paths}


def _natural() -> Sounds:
    folder = os.environ.get("SAMBAND_SAMPLES", "")
    paths = sorted(Path(folder, "speech").glob("*_8k.wav")) if folder else []
    sounds = {path.stem: _read(path) for path in paths}
    return {name: sound[: sound.size // 160 * 160] for name, sound in sounds.items()}


def _through(codec: Codec, sounds: Sounds) -> Sounds:
    return {name: codec(sound) for name, sound in sounds.items()}


def _scaled(sound: Samples, db: float) -> Samples:
    return np.round(sound * 10 ** (db / 20)).astype(np.int16)


def _noisy(sounds: Sounds) -> Sounds:
    """Add white noise, 10 dB below the mean power of each sample."""
    random = np.random.default_rng(NOISE_SEED)
    made = {}
    for name, sound in sounds.items():
        spread = np.sqrt(np.mean(sound.astype(float) ** 2) * 10 ** (NOISE_DB / 10))
        loud = sound + random.normal(0.0, spread, sound.size)
        made[name] = np.clip(np.round(loud), -32768, 32767).astype(np.int16)
    return made


def _pair(before: Samples, after: Samples, delay: int) -> tuple[Samples, Samples]:
    late = after[delay:]
    count = min(before.size, late.size)
    return before[:count], late[:count]


def _mean_stoi(before: Sounds, after: Sounds, delay: int) -> float:
    from pystoi import stoi

    scores = []
    for name, sound in before.items():
        clean, late = _pair(sound, after[name], delay)
        scores.append(stoi(clean.astype(float), late.astype(float), RATE_HZ))
    return float(np.mean(scores))


def _delay(before: Sounds, after: Sounds) -> int:
    """Return the delay, in samples, with the best mean STOI."""
    best = sum(DELAYS) // 2
    known: dict[int, float] = {}
    for step, round_best in SEARCH:
        low = max(DELAYS[0], best - round_best) if round_best else DELAYS[0]
        high = min(DELAYS[1], best + round_best) if round_best else DELAYS[1]
        for delay in range(low, high + 1, step):
            if delay not in known:
                known[delay] = _mean_stoi(before, after, delay)
        best = max(known, key=lambda delay: known[delay])
    return best


def _judged(before: Sounds, after: Sounds, delay: int | None = None) -> dict[str, float]:
    """Return mean PESQ, STOI and level of sounds against what they were, and the delay used."""
    from pesq import pesq

    late = _delay(before, after) if delay is None else delay
    scores, levels = [], []
    for name, sound in before.items():
        clean, heard = _pair(sound, after[name], late)
        scores.append(pesq(RATE_HZ, clean, heard, "nb"))
        power = np.mean(heard.astype(float) ** 2) / np.mean(clean.astype(float) ** 2)
        levels.append(10 * np.log10(power))
    return {
        "pesq": round(float(np.mean(scores)), 3),
        "stoi": round(_mean_stoi(before, after, late), 4),
        "level_db": round(float(np.mean(levels)), 2),
        "delay_samples": late,
    }

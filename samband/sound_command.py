"""``samband sound``: lists sound cards, and sets the levels of a link by a measured tone.

Nothing here keys a transmitter. To set the level to a radio, the tone is played and a person keys
the radio (into a dummy load) by its own button.
"""

import argparse
import asyncio
import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import UtcUs
from gateway.model.plan import Link
from hardware.sound_address import parse_device
from hardware.sound_device import DeviceSound
from hardware.sound_devices import list_devices_afresh, words_of
from samband.plan_file import load_plan
from samband.plan_gains import save_gain
from voicecodecs.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, from_bytes, to_bytes
from voicecodecs.tones import Tone, measure_tone, sine

TONE_HZ: Final = 1000.0
TARGET_DBFS: Final = -20.0
"""Where a test tone is to be in the house: 17 dB of room above it for a sine."""
MIN_ABOVE_REST_DB: Final = 20.0
"""A tone that does not stand so far above everything else is none: wrong cable, or no tone."""
MAX_GAIN_DB: Final = 40.0
SETTLE_S: Final = 0.7
OPEN_S: Final = 10.0
BLOCK_S: Final = 0.02
PIECE: Final = SAMPLE_RATE_HZ // 5
"""The median of pieces of 0.2 s counts: the tone's begin and end and a single click do not."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband sound list`` and ``samband sound calibrate``."""
    parser = subparsers.add_parser(
        "sound",
        help="lists sound cards, sets levels by a measured tone",
        epilog="example: samband sound calibrate --plan plan.toml --link north in --save",
    )
    acts = parser.add_subparsers(dest="act", required=True)
    names = acts.add_parser("list", help="names for device: addresses")
    names.add_argument("--json", action="store_true", help="a JSON list")
    level = acts.add_parser(
        "calibrate",
        help="measures a tone and finds a link's gain; never keys a transmitter",
        epilog="in: a test set sends 1 kHz at nominal deviation to the radio. "
        "out: the tone is played to the radio; key it by hand into a dummy load and give what "
        "the deviation meter reads. loop: a cable from the card's output to its input.",
    )
    level.add_argument("way", choices=("in", "out", "loop"))
    level.add_argument("--plan", type=Path, required=True, metavar="FILE", help="plan.toml")
    level.add_argument("--link", required=True, metavar="ID", help="a link of the plan")
    level.add_argument("--seconds", type=float, default=3.0, help="length of the tone")
    level.add_argument("--level", type=float, default=TARGET_DBFS, help="target in dBFS")
    level.add_argument("--reads-hz", type=float, help="out: deviation that the meter reads")
    level.add_argument("--nominal-hz", type=float, help="out: deviation that it should read")
    level.add_argument("--save", action="store_true", help="write the gain into the plan file")
    level.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run ``list`` or ``calibrate``."""
    if args.act == "list":
        return _list(as_json=args.json)
    return _calibrate(args)


def _list(*, as_json: bool) -> int:
    devices = list_devices_afresh()
    if as_json:
        print(json.dumps([asdict(device) for device in devices], ensure_ascii=False))
        return 0
    for device in devices:
        print(words_of(device))
    if not devices:
        print("no sound card")
    return 0


def _calibrate(args: argparse.Namespace) -> int:
    link = _link(args.plan, args.link)
    if not math.isfinite(args.level) or not -60.0 <= args.level <= -3.0:
        raise ConfigError(f"--level: expected -60 to -3 dBFS, got {args.level}")
    if not 0.5 <= args.seconds <= 60.0:
        raise ConfigError(f"--seconds: expected 0.5 to 60, got {args.seconds}")
    measured = None
    if args.way == "out":
        change_db = _by_meter(args)
        asyncio.run(tone_through(link, args.level, args.seconds))
    else:
        played = args.level if args.way == "loop" else None
        found = asyncio.run(tone_through(link, played, args.seconds))
        if found is None:
            raise LinkError("the card captured nothing", hint="Does the address name an input?")
        measured = _checked(found)
        change_db = args.level - measured.level_dbfs
    key = "sound_in_gain_db" if args.way == "in" else "sound_out_gain_db"
    before_db = link.sound_in_gain_db if args.way == "in" else link.sound_out_gain_db
    gain_db = round(before_db + change_db, 1)
    if abs(gain_db) > MAX_GAIN_DB:
        raise LinkError(
            f"the gain would be {gain_db} dB: more than {MAX_GAIN_DB} dB is a wiring fault",
            hint="Set the card's mixer and the radio's level first.",
        )
    if args.save:
        save_gain(args.plan, link.id, key, gain_db)
    row: dict[str, object] = {"link": link.id, "way": args.way, "key": key}
    row |= {"before_db": before_db, "gain_db": gain_db, "saved": args.save}
    _tell(args, measured, row)
    return 0


def _tell(args: argparse.Namespace, measured: Tone | None, row: dict[str, object]) -> None:
    if args.json:
        found = measured._asdict() if measured is not None else None
        print(json.dumps({**row, "measured": found}))
        return
    if measured is not None:
        print(
            f"{measured.frequency_hz:.0f} Hz at {measured.level_dbfs:.1f} dBFS, "
            f"everything else at {measured.rest_dbfs:.1f} dBFS"
        )
    if args.way == "out" and args.reads_hz is None:
        print("Now read the deviation meter, then run again with --reads-hz and --nominal-hz.")
        return
    where = f"written to {args.plan}" if args.save else "for the plan"
    print(f"{row['key']} = {row['gain_db']} (was {row['before_db']}), {where}")


def _link(plan_file: Path, name: str) -> Link:
    plan = load_plan(plan_file)
    found = next((link for link in plan.links if link.id == name), None)
    if found is None:
        known = ", ".join(link.id for link in plan.links) or "none"
        raise ConfigError(f"--link: {name!r} is not in {plan_file}; there is: {known}")
    if not found.sound.startswith("device:"):
        raise ConfigError(
            f"link {name}: its sound is {found.sound!r}, not a sound card",
            hint="Levels of udp: and unix: are digital and need no gain.",
        )
    return found


def _by_meter(args: argparse.Namespace) -> float:
    """Return the change in dB that a deviation meter's reading asks for; 0 without a reading."""
    if (args.reads_hz is None) != (args.nominal_hz is None):
        raise ConfigError("--reads-hz and --nominal-hz belong together")
    if args.reads_hz is None:
        return 0.0
    if args.reads_hz <= 0 or args.nominal_hz <= 0:
        raise ConfigError("--reads-hz and --nominal-hz: expected more than 0")
    return float(20.0 * math.log10(args.nominal_hz / args.reads_hz))


def _checked(tone: Tone) -> Tone:
    if tone.level_dbfs - tone.rest_dbfs < MIN_ABOVE_REST_DB:
        raise LinkError(
            f"expected a tone of {TONE_HZ:.0f} Hz, got {tone.level_dbfs:.1f} dBFS of it and "
            f"{tone.rest_dbfs:.1f} dBFS of everything else",
            hint="Is the tone on, the right card named, the input not muted or overdriven?",
        )
    return tone


async def tone_through(link: Link, play_dbfs: float | None, seconds: float) -> Tone | None:
    """Play a tone (or none) by a link's card, and measure what it captures meanwhile.

    The link's gains apply. None when it captures nothing. Raises LinkError without the card.
    """
    heard: list[bytes] = []
    opened = asyncio.Event()
    card = DeviceSound(
        parse_device(link.sound),
        lambda pcm, _utc: heard.append(pcm),
        lambda: UtcUs(time.time_ns() // 1000),
        gains_db=(link.sound_in_gain_db, link.sound_out_gain_db),
        trouble=lambda words: None if words else opened.set(),
    )
    await card.start()
    try:
        try:
            await asyncio.wait_for(opened.wait(), OPEN_S)
        except TimeoutError:
            raise LinkError(card.trouble) from None
        skip = await _play(card, heard, play_dbfs, seconds)
    finally:
        await card.close()
    sound = from_bytes(b"".join(heard[skip:]))
    pieces = [sound[at : at + PIECE] for at in range(0, len(sound) - PIECE + 1, PIECE)]
    tones = sorted((measure_tone(piece, TONE_HZ) for piece in pieces), key=lambda t: t.level_dbfs)
    return tones[len(tones) // 2] if tones else None


async def _play(
    card: DeviceSound, heard: list[bytes], play_dbfs: float | None, seconds: float
) -> int:
    """Play for so long; returns how many captured blocks came before the tone was steady."""
    skip = 0
    due = time.monotonic()
    begin = due + SETTLE_S
    level = -96.0 if play_dbfs is None else play_dbfs
    whole = sine(TONE_HZ, 1000.0, level_dbfs=level)
    for number in range(round((seconds + SETTLE_S) / BLOCK_S)):
        first = number * FRAME_SAMPLES % len(whole)
        card.send(to_bytes(whole[first : first + FRAME_SAMPLES]))
        due += BLOCK_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if time.monotonic() < begin:
            skip = len(heard)
    return skip

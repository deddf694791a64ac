"""``samband replay``: feeds a recorded exchange into a core and prints what it makes of it."""

import argparse
import dataclasses
import enum
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gateway.model.errors import ConfigError
from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, RadioEvent, SignalQuality
from gateway.p25.talk.port import VoiceHeard
from samband.replay_cores import Replayed, core_of, fed_of
from samband.replay_files import Recorded, read_file, read_header
from samband.replay_shapes import KINDS, LINES, PEI, kind_of

BEGIN_MS = 1_000
AFTER_MS = 6_000
"""How long a core is watched behind the recording: overs go silent, calls end."""
MAX_STEPS_MS = 60_000
"""Longest pause of a recording that is lived through; more is skipped."""
Row = dict[str, Any]  # JSON object: values of every JSON kind


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``replay`` to the command line."""
    parser = subparsers.add_parser(
        "replay",
        help="feeds a recorded exchange into a core and prints the events",
        description=(
            "Feeds what a radio interface sent (a trace of Samband's, a pcap, a pcapng, or lines "
            "of JSON with octets in hex) into the core that would have heard it, at the recorded "
            "times, and prints the events as lines of JSON; counts go to standard error. Nothing "
            "is sent anywhere."
        ),
        epilog=(
            "\n".join(f"  {kind:<7} {words}" for kind, words in KINDS.items())
            + "\nexample: samband replay trouble.pcap --kind fne"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="pcap, pcapng, jsonl or json")
    parser.add_argument("--kind", choices=list(KINDS), help="interface (default: by its looks)")
    parser.add_argument(
        "--from",
        dest="sender",
        default="",
        metavar="HOST[:PORT]",
        help="feed what this address sent (default: the peer, by what was said)",
    )
    parser.add_argument("--voice", action="store_true", help="a line for each 20 ms of voice")
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="of a FNE, to log in as recorded"
    )
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", help="64 hex digits: a FNE's wrapping"
    )


def run(args: argparse.Namespace) -> int:
    """Replay; 0 done, 1 (ConfigError) where the file or its kind cannot be read."""
    recorded = read_file(args.file)
    header = read_header(args.file)
    kind = args.kind or kind_said(header) or kind_of(recorded)
    if kind is None:
        raise ConfigError(
            f"{args.file}: {len(recorded)} records, none of a known interface",
            hint=f"Say which with --kind: {', '.join(KINDS)}.",
        )
    fed = fed_of(recorded, kind, args.sender)
    if not fed:
        raise ConfigError(f"{args.file}: nothing to feed", hint="See --from and --kind.")
    try:
        core = core_of(
            kind,
            fed,
            password=_password(args),
            key=_key(args),
            header=header,
            recorded=recorded,
        )
    except ValueError as error:
        raise ConfigError(f"replay: {error}") from None
    counts: Counter[str] = Counter()
    for row in folded(replay(core, fed), counts, voice=args.voice):
        print(json.dumps(row, ensure_ascii=False), flush=True)
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    bad = counts["Malformed"]
    print(
        f"replay: {len(fed)} of {len(recorded)} {what_of(kind)} fed as {kind}; {bad} malformed; "
        f"events: {told or 'none'}",
        file=sys.stderr,
    )
    return 0


def kind_said(header: Mapping[str, object]) -> str | None:
    """Return the interface that a trace says it is of."""
    said = header.get("replay")
    return said if isinstance(said, str) and said in KINDS else None


def what_of(kind: str) -> str:
    """Return what a recording of a kind is made of."""
    return "lines" if kind in (PEI, LINES) else "datagrams"


def replay(core: Replayed, fed: Iterable[Recorded]) -> Iterator[tuple[int, RadioEvent]]:
    """Give each event with its time in milliseconds from the first datagram on."""
    now = BEGIN_MS
    for event in core.opened(MonoMs(now)):
        yield 0, event
    last = 0.0
    at = float(now)
    for one in fed:
        if one.time_ms is not None:
            at += min(max(one.time_ms - last, 0.0), MAX_STEPS_MS)
            last = one.time_ms
        for when, event in _until(core, now, int(at)):
            yield when - BEGIN_MS, event
        now = max(now, int(at))
        for event in core.give(one.data, MonoMs(now)):
            yield now - BEGIN_MS, event
        if one.time_ms is None:
            at += core.pace_ms(one.data)
    for when, event in _until(core, now, now + AFTER_MS):
        yield when - BEGIN_MS, event


def _until(core: Replayed, now: int, end: int) -> Iterator[tuple[int, RadioEvent]]:
    """Let time pass, deadline by deadline; a core that is due again at once gets a millisecond."""
    while True:
        due = core.deadline()
        if due is None or max(now, due) > end:
            return
        now = max(now, due)
        for event in core.tick(MonoMs(now)):
            yield now, event
        again = core.deadline()
        if again is not None and again <= now:
            now += 1


def folded(
    events: Iterable[tuple[int, RadioEvent]], counts: Counter[str], *, voice: bool = False
) -> Iterator[Row]:
    """Give a row an event; a run of voice is one row, unless ``voice`` asks for each frame.

    Its row comes where it ends, and says when it began.
    """
    run: Row | None = None
    for time_ms, event in events:
        counts[type(event).__name__] += 1
        if voice or not isinstance(event, VoiceHeard):
            if run is not None and not isinstance(event, LineSeen | SignalQuality):
                yield run
                run = None
            yield row_of(time_ms, event)
            continue
        if run is not None and (run["instance"], run["readable"]) != _run_of(event):
            yield run
            run = None
        if run is None:
            instance, readable = _run_of(event)
            run = {"t_ms": time_ms, "event": "VoiceHeard", "instance": instance, "times": 0}
            run |= {"lost": 0, "readable": readable}
        run["times"] += 1
        run["lost"] += event.frame is None
    if run is not None:
        yield run


def _run_of(voice: VoiceHeard) -> tuple[int, bool]:
    return voice.instance, voice.readable


def row_of(time_ms: int, event: RadioEvent) -> Row:
    """Return an event as a JSON object: enums by value, octets in hex."""
    row: Row = {"t_ms": time_ms, "event": type(event).__name__}
    for one in dataclasses.fields(event):
        row[one.name] = _plain(getattr(event, one.name))
    return row


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list | frozenset):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _password(args: argparse.Namespace) -> bytes:
    if args.password_file is None:
        return b"replay"
    try:
        text: bytes = args.password_file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{args.password_file}: cannot be read: {error}") from None
    return text.strip() or b"replay"


def _key(args: argparse.Namespace) -> bytes | None:
    if args.key_file is None:
        return None
    try:
        return bytes.fromhex(args.key_file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{args.key_file}: expected 64 hex digits, got: {error}") from None

"""``samband bench``: every figure in ``docs/measurements/`` comes from one of these."""

import argparse
import importlib
import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.model.errors import ConfigError

BENCHES: dict[str, tuple[str, str]] = {
    "voice": ("samband.bench_voice", "level control, Opus and press buffer, per packet"),
    "fanout": ("samband.bench_fanout", "listeners per core, real DTLS peers"),
    "cameras": ("samband.bench_cameras", "camera events through a real broker, and a storm"),
    "camera-samples": ("samband.bench_camera_samples", "other people's camera messages"),
    "suggestions": ("samband.bench_suggestions", "which calls belong to an incident"),
    "sound": ("samband.bench_sound", "radio to browser and back: delay, intelligibility, level"),
    "ptt": ("samband.bench_ptt", "press to the first byte on the wire, release to un-key"),
    "terminals": ("samband.bench_terminals", "16 terminals with traffic, on one core"),
    "transcripts": ("samband.bench_transcripts", "recorded lines of radios, expected events"),
    "soundcard": ("samband.bench_soundcard", "sound cards: both ways, delay, underruns"),
    "donor": ("samband.bench_donor", "donor radio: key and carrier lines, a cut network"),
    "uploads": ("samband.bench_uploads", "calls that recorders upload: answers, backlog, memory"),
    "audit": ("samband.bench_audit", "audit log: entries a second, proofs"),
    "evidence": ("samband.bench_evidence", "evidence packages: building, verifying"),
    "plan": ("samband.bench_plan", "plans activated and rolled back while calls run"),
    "calllog": ("samband.bench_calllog", "searches of a long call log, cold and warm"),
    "import": ("samband.bench_import", "lists of 100,000 rows into a draft"),
    "tables": ("samband.bench_tables", "the engineer's long tables in a real Chromium"),
    "cost": ("samband.bench_cost", "memory and processor time of the demo, first page load"),
    "codecs": ("samband.bench_codecs", "vocoders: frames a second, beside others"),
    "p25": ("samband.bench_p25", "P25 voice units a second, calls to Opus on one core"),
    "codec-quality": ("samband.bench_codec_quality", "speech after the P25 vocoder, beside others"),
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``bench`` and, behind it, one parser a benchmark."""
    names = "\n".join(f"  {name:<13} {words}" for name, (_, words) in BENCHES.items())
    parser = subparsers.add_parser(
        "bench",
        help="measures speed and cost",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"Measure on this machine.\n\n{names}",
        epilog="example: samband bench voice --json",
    )
    parser.add_argument("name", nargs="?", choices=[*BENCHES, "all"], default="all")
    _add_common(parser)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="options of that benchmark")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a benchmark")
    parser.add_argument("--save", type=Path, metavar="DIR", help="write NAME.json with the machine")


def run(args: argparse.Namespace) -> int:
    """Run the named benchmark, or all."""
    names = list(BENCHES) if args.name == "all" else [args.name]
    status = 0
    for name in names:
        status = max(status, _run_one(name, args))
    return status


def _run_one(name: str, args: argparse.Namespace) -> int:
    try:
        module = importlib.import_module(BENCHES[name][0])
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"bench {name} needs {error.name}, which is not installed",
            hint="Benchmarks need the packages for development: pip install 'samband[dev]'",
        ) from error
    parser = argparse.ArgumentParser(prog="samband bench")
    module.add_parser(parser.add_subparsers(dest="bench", required=True))
    parsed, left = parser.parse_known_args([name, *(o for o in args.rest if o != "--")])
    common = argparse.ArgumentParser(prog=f"samband bench {name}")
    _add_common(common)
    common.parse_args(left, namespace=args)
    figures: dict[str, Any] = module.measure(parsed)
    if args.json:
        print(json.dumps({"bench": name, **figures}), flush=True)
    else:
        _print_table(name, figures)
    if args.save:
        args.save.mkdir(parents=True, exist_ok=True)
        record = {"bench": name, **provenance(), "figures": figures}
        # A benchmark of several databases has a file for each: one never stands for the other.
        record_name = getattr(module, "record_name", None)
        path = args.save / f"{name if record_name is None else record_name(parsed)}.json"
        path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0 if figures.get("ok", True) else 1


def provenance() -> dict[str, Any]:
    """Return commit, machine and time of a measurement."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    ).stdout.strip()
    return {
        "commit": commit or "unknown",
        "measured_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "python": platform.python_version(),
            "cores": _cores(),
        },
    }


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


def _print_table(name: str, figures: dict[str, Any], indent: str = "") -> None:
    print(f"{indent}{name}")
    for key, value in figures.items():
        if isinstance(value, dict):
            _print_table(key, value, indent + "  ")
        elif isinstance(value, float):
            print(f"{indent}  {key:<36} {value:.4g}")
        else:
            print(f"{indent}  {key:<36} {value}")
    sys.stdout.flush()

"""``samband warm``: runs every stage of the voice path once, and fills the kernel cache."""

import argparse
import json
import sys
import time
from pathlib import Path


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``warm``."""
    parser = subparsers.add_parser(
        "warm",
        help="compiles the vocoders, runs every stage of the voice path once",
        description="Compile the vocoders in a child process and keep the result, then run every "
        "stage of the voice path once, so that no first call has to wait.",
        epilog="example: samband warm --json",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="keeps the cache where the program cannot"
    )


def run(args: argparse.Namespace) -> int:
    """Warm up and say what was done."""
    from samband.kernels import PACKAGES, fill, keep_kernels
    from voicecodecs.opus import LIBRARY
    from voicecodecs.warm import warm

    began = time.monotonic()
    stages = warm()
    folder = keep_kernels(args.state)
    tell = sys.stderr.isatty() or not args.json
    if tell:
        print(f"compiling {len(PACKAGES)} vocoders, a minute the first time …", flush=True)
    compiled = {}
    for name, ms in fill():
        compiled[name] = ms
        if tell:
            print(f"  {len(compiled)}/{len(PACKAGES)}  {name}: {ms} ms", flush=True)
    elapsed_ms = round((time.monotonic() - began) * 1000)
    if args.json:
        answer = {"stages": stages, "kernels": compiled, "cache": str(folder or "beside sources")}
        print(json.dumps(answer | {"libopus": LIBRARY, "elapsed_ms": elapsed_ms}))
    else:
        print(f"ready in {elapsed_ms} ms: {', '.join(stages)} (libopus: {LIBRARY})")
    return 0

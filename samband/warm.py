"""``samband warm``: runs every stage of the voice path once, and fills its caches."""

import argparse
import json
import time


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``warm``."""
    parser = subparsers.add_parser(
        "warm",
        help="runs every stage of the voice path once",
        description="Run every stage of the voice path once, so that the first call does not wait.",
        epilog="example: samband warm --json",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Warm up and say what was done."""
    began = time.monotonic()
    from voicecodecs.opus import LIBRARY
    from voicecodecs.warm import warm

    stages = warm()
    elapsed_ms = round((time.monotonic() - began) * 1000)
    if args.json:
        print(json.dumps({"stages": stages, "libopus": LIBRARY, "elapsed_ms": elapsed_ms}))
    else:
        print(f"ready in {elapsed_ms} ms: {', '.join(stages)} (libopus: {LIBRARY})")
    return 0

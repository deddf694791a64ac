"""``samband bench transcripts``: recorded lines of radios against the events expected of them.

The transcripts are other people's and do not lie in this project; the expected events do, and were
written from the reference. Our own look-alikes are counted apart.
"""

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gateway.model.errors import ConfigError
from samband.transcripts import EXPECTED, compare, transcripts

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "pei"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the options of this benchmark."""
    parser = subparsers.add_parser(
        "transcripts",
        help="recorded lines against expected events",
        epilog="example: samband bench transcripts --folder samples/pei",
    )
    parser.add_argument("--folder", type=Path, help="default: pei in the folder SAMBAND_SAMPLES")


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """Compare every transcript; returns lines, events and matched events of each file."""
    recorded = _compared(_folder(args.folder), VECTORS)
    own = _compared(VECTORS / "own", VECTORS / "own")
    return {
        "recorded": recorded,
        "own": own,
        "ok": not any(
            one["faults"] for group in (recorded, own) for one in group["files"].values()
        ),
    }


def _folder(given: Path | None) -> Path:
    folder = given or Path(os.environ.get("SAMBAND_SAMPLES", "no-samples")) / "pei"
    if not folder.is_dir():
        raise ConfigError(
            f"expected a folder with transcripts, got {folder}",
            hint="Name one with --folder, or set SAMBAND_SAMPLES to the folder that holds pei/.",
        )
    return folder


def _compared(folder: Path, expected: Path) -> dict[str, Any]:
    files: dict[str, Any] = {}
    for path in transcripts(folder):
        events = expected / f"{path.stem}{EXPECTED}"
        if not events.exists():
            files[path.stem] = {"faults": [f"expected {events.name}, got no such file"]}
            continue
        row = asdict(compare(path, events))
        files[row.pop("name")] = row
    totals = {
        key: sum(row.get(key, 0) for row in files.values())
        for key in ("lines", "events", "matched")
    }
    return {"transcripts": len(files), **totals, "files": files}

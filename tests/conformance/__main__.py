"""Many runs, on all cores: ``python -m tests.conformance --first 0 --runs 10000 --save DIR``."""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.conformance.many import run_many, save, summary


def main() -> int:
    """Run by hand."""
    parser = argparse.ArgumentParser(epilog="example: python -m tests.conformance --runs 10000")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--cores", type=int, default=0, help="0: all")
    parser.add_argument("--save", type=Path, metavar="DIR", help="write conformance.json there")
    args = parser.parse_args()
    began = time.monotonic()
    figures = summary(run_many(args.first, args.runs, cores=args.cores))
    if args.save:
        save(args.save, args.first, figures, time.monotonic() - began)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 1 if figures["breaches"] else 0


if __name__ == "__main__":
    sys.exit(main())

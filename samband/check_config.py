"""``samband check-config``: names every mistake in a configuration file or plan."""

import argparse
import json
from pathlib import Path

from gateway.model.errors import ConfigError


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband check-config``."""
    parser = subparsers.add_parser(
        "check-config",
        help="names every mistake in a configuration file",
        epilog="example: samband check-config /etc/samband/samband.toml --plan plan.toml",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="check this plan as well")
    parser.add_argument("--json", action="store_true", help="faults as a JSON list")


def run(args: argparse.Namespace) -> int:
    """Check; returns 0 when nothing is wrong, 1 otherwise."""
    from samband.config import load_config
    from samband.plan_file import load_plan

    errors: list[ConfigError] = []
    try:
        load_config(args.file)
    except ConfigError as error:
        errors.append(error)
    if args.plan is not None:
        try:
            load_plan(args.plan)
        except ConfigError as error:
            errors.append(error)
    if args.json:
        print(json.dumps([fault for error in errors for fault in error.faults or (str(error),)]))
    else:
        for found in errors:
            print(found)
            for fault in found.faults:
                print(f"  {fault}")
        if not errors:
            print(f"{args.file}: nothing wrong")
    return 1 if errors else 0

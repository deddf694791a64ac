"""``samband export``: talkgroups and units of a plan as lists in the formats of the field."""

import argparse

from samband.import_command import add_export, run_export


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``export``."""
    add_export(
        subparsers.add_parser(
            "export",
            help="writes talkgroup and unit lists",
            epilog="example: samband export talkgroups tg.csv --format trunk-recorder "
            "--plan plan.toml --system county",
        )
    )


def run(args: argparse.Namespace) -> int:
    """Write the list."""
    return run_export(args)

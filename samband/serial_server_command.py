"""``samband serial-server``: shares a serial port, modem lines included, over RFC 2217."""

import argparse

from hardware.rfc2217_server import add_options
from hardware.rfc2217_server import run as run_server


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband serial-server``."""
    add_options(
        subparsers.add_parser(
            "serial-server", help="shares a serial port with another machine (RFC 2217)"
        )
    )


def run(args: argparse.Namespace) -> int:
    """Share the port until SIGTERM or SIGINT."""
    return run_server(args)

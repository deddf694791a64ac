"""Where a command finds its state: ``-c samband.toml`` or ``--state DIR``."""

import argparse
import os
from pathlib import Path

from gateway.model.errors import ConfigError

PEOPLE_CHANGED = "people.changed"
"""Touched by commands; a running server then reads accounts and grants again."""
DEFAULT_ORIGIN = "site-1/audit"


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add the two ways to name a state folder."""
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("-c", "--config", type=Path, metavar="FILE", help="samband.toml")
    place.add_argument("--state", type=Path, metavar="DIR", help="the state folder itself")


def state_of(args: argparse.Namespace) -> Path:
    """Return the state folder; raises ConfigError when the file is wrong."""
    if args.config is not None:
        from samband.config import load_config

        return load_config(args.config).state
    return Path(args.state)


def store_url_of(args: argparse.Namespace) -> str:
    """Return the database's address."""
    if args.config is not None:
        from samband.config import load_config

        return load_config(args.config).store_url
    return f"sqlite:///{Path(args.state).absolute() / 'samband.db'}"


def audit_url_of(args: argparse.Namespace) -> str:
    """Return the address of the database that holds the audit log."""
    if args.config is not None:
        from samband.config import load_config

        return load_config(args.config).audit_url
    return store_url_of(args)


def head_folder_of(args: argparse.Namespace) -> Path | None:
    """Return the folder of ``audit.head`` when the configuration puts it elsewhere."""
    if args.config is None:
        return None
    from samband.config import load_config

    head = load_config(args.config).audit.head
    return None if head is None else head.parent


def existing_state(args: argparse.Namespace) -> Path:
    """Return the state folder; raises ConfigError when there is no database in it."""
    state = state_of(args)
    if args.config is None and not (state / "samband.db").is_file():
        raise ConfigError(
            f"{state}: expected a state folder with samband.db, found none",
            hint="samband setup makes one.",
        )
    return state


def touch_people(state: Path) -> None:
    """Tell a running server that accounts or grants changed."""
    path = state / PEOPLE_CHANGED
    path.touch()
    os.utime(path)


def log_origin(state: Path, default: str = DEFAULT_ORIGIN) -> str:
    """Return the origin of the audit log: a restored log has one of its own, written beside it."""
    path = state / "audit" / "origin"
    return path.read_text("utf-8").strip() if path.is_file() else default

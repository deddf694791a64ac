"""``samband db upgrade``: brings the database to the newest schema."""

import argparse
import json

from samband.place import add_place, store_url_of


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband db``."""
    parser = subparsers.add_parser(
        "db",
        help="upgrades the database",
        epilog="example: samband db upgrade -c /etc/samband/samband.toml",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    upgrade = verbs.add_parser(
        "upgrade",
        help="bring the database to the newest schema",
        epilog="example: samband db upgrade --state /var/lib/samband",
    )
    add_place(upgrade)
    upgrade.add_argument("--json", action="store_true", help="revisions as JSON")


def run(args: argparse.Namespace) -> int:
    """Upgrade; nothing happens to a database that is new enough."""
    from dispatch.store.upgrade import upgrade

    before, after = upgrade(store_url_of(args))
    if args.json:
        print(json.dumps({"before": before, "after": after}))
    elif before == after:
        print(f"the database is at schema {after} already")
    else:
        print(f"upgraded from {before or 'nothing'} to schema {after}")
    return 0

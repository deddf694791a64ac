"""``samband db``: brings the database to the newest schema, and makes the call log's index anew."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from samband.place import add_place, store_url_of

if TYPE_CHECKING:
    from dispatch.services.plans import LivePlan
    from dispatch.store.engine import Store


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband db``."""
    parser = subparsers.add_parser(
        "db",
        help="upgrades the database, indexes the call log anew",
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
    reindex = verbs.add_parser(
        "reindex",
        help="make the call log's index of words, people and places anew",
        description="Index what is not in the index yet; with --all, everything. A server may run.",
        epilog="example: samband db reindex -c /etc/samband/samband.toml --all",
    )
    add_place(reindex)
    reindex.add_argument("--all", action="store_true", help="empty the index first")
    reindex.add_argument("--json", action="store_true", help="number of calls as JSON")


def run(args: argparse.Namespace) -> int:
    """Do what was asked of the database."""
    return _reindex(args) if args.verb == "reindex" else _upgrade(args)


def _upgrade(args: argparse.Namespace) -> int:
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


def _reindex(args: argparse.Namespace) -> int:
    from dispatch.calllog.index import CallIndex
    from dispatch.store.engine import Store
    from dispatch.store.upgrade import upgrade

    upgrade(store_url_of(args))
    store = Store(store_url_of(args))
    try:
        index = CallIndex(_live_plan(store).current)
        if args.all:
            store.write_now(index.clear)
        done = 0
        while step := store.write_now(index.catch_up):
            done += step
            if not args.json and sys.stderr.isatty():
                print(f"\r{done} calls", end="", file=sys.stderr, flush=True)
    finally:
        store.close()
    print(json.dumps({"calls": done}) if args.json else f"{done} calls indexed")
    return 0


def _live_plan(store: "Store") -> "LivePlan":
    """Return the active plan: names of talkgroups and sites of links."""
    from dispatch.clock import SystemClock
    from dispatch.services.plans import LivePlan
    from gateway.bus import InProcessBus
    from gateway.model.ids import GatewayId

    clock = SystemClock()
    plan = LivePlan(store, InProcessBus(GatewayId("command"), clock, os.urandom), clock)
    plan.load()
    return plan

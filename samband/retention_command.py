"""``samband retention``: what is over, certificates of erasure, a new master key."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from dispatch.audit.keys import KeyFolder
from dispatch.audit.trust import trusted_keys
from dispatch.clock import SystemClock
from dispatch.retention.certificate import BadCertificate, verify
from dispatch.retention.due import due
from dispatch.retention.master_keys import MasterKeys
from dispatch.retention.sealed import SealedFiles
from dispatch.store.engine import Store
from gateway.model.errors import ConfigError
from samband.place import add_place, existing_state, store_url_of
from samband.state import StateLock


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband retention`` and its verbs."""
    parser = subparsers.add_parser(
        "retention",
        help="what is over, certificates of erasure, master keys",
        epilog="example: samband retention list -c /etc/samband/samband.toml",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    listing = verbs.add_parser(
        "list",
        help="what could be erased now (by the classes as they stand); erases nothing",
        epilog="The server makes its own list: console, Retention, Dry run.",
    )
    add_place(listing)
    listing.add_argument("--json", action="store_true", help="every object, as JSON lines")
    check = verbs.add_parser(
        "verify-certificate",
        help="check a certificate of erasure, offline",
        epilog="exit status: 0 it holds, 1 it does not, 2 wrong use",
    )
    check.add_argument("file", type=Path, metavar="FILE", help="the certificate, JSON form")
    check.add_argument("--trust", type=Path, required=True, metavar="FILE", help="lines: log <key>")
    rotate = verbs.add_parser(
        "rotate-key",
        help="wrap the keys of all sealed files anew and destroy the old master key",
        epilog="Stop the server first. Older backups can then be opened with no key at all: "
        "make a new backup, and save the new keys (samband backup --keys FILE).",
    )
    add_place(rotate)


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    if args.verb == "verify-certificate":
        return _verify(args.file, args.trust)
    if args.verb == "rotate-key":
        return _rotate(args)
    return _list(args)


def _verify(file: Path, trust: Path) -> int:
    try:
        value: Any = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: not a certificate: {error}") from error
    try:
        print(verify(value, trusted_keys(trust)))
    except BadCertificate as error:
        print(f"NOT VALID: {error}")
        return 1
    return 0


def _rotate(args: argparse.Namespace) -> int:
    state = existing_state(args)
    lock = StateLock(state)
    store = Store(store_url_of(args))
    try:
        keys = MasterKeys(KeyFolder(state / "keys"))
        name, count = SealedFiles(store, keys, state, SystemClock()).rotate()
    finally:
        store.close()
        lock.release()
    print(f"{name} seals {count} files now; older master keys are destroyed")
    return 0


def _list(args: argparse.Namespace) -> int:
    existing_state(args)
    store = Store(store_url_of(args))
    try:
        found = store.read_now(lambda db: list(due(db, time.time_ns() // 1000)))
    finally:
        store.close()
    counts: dict[tuple[str, str], int] = {}
    for one in found:
        counts[one.type, one.retention_class] = counts.get((one.type, one.retention_class), 0) + 1
        if args.json:
            print(json.dumps({"type": one.type, "id": one.id, "class": one.retention_class}))
    if not args.json:
        for (kind, name), count in sorted(counts.items()):
            print(f"{count:>8}  {kind} of class {name}")
        print(f"{len(found):>8}  in all; on hold excluded")
    return 0

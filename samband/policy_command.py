"""``samband policy``: checks a policy file, compares versions, lists them."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.policy.live import activated
from dispatch.policy.model import Policy, compare, from_body, from_toml, shorter
from dispatch.policy.tables import PolicyRow
from dispatch.store.engine import Store
from gateway.model.errors import ConfigError
from samband.place import add_place, existing_state, store_url_of


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband policy`` and its verbs."""
    parser = subparsers.add_parser(
        "policy",
        help="checks and compares policies, lists their versions",
        epilog="example: samband policy diff new.toml -c /etc/samband/samband.toml",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser(
        "check",
        help="name every mistake in a policy file",
        epilog="exit status: 0 it can be used, 1 it cannot",
    )
    check.add_argument("file", type=Path, metavar="FILE", help="policy as TOML")
    diff = verbs.add_parser(
        "diff",
        help="say in words what a file or version changes",
        epilog="example: samband policy diff 3 --to 4 --state /var/lib/samband",
    )
    add_place(diff)
    diff.add_argument("one", metavar="FILE|N", help="a file, or a version")
    diff.add_argument(
        "--to",
        metavar="FILE|N",
        help="compare ONE with this; without it, with what is in force",
    )
    history = verbs.add_parser(
        "history",
        help="list the versions",
        epilog="example: samband policy history --state /var/lib/samband",
    )
    add_place(history)
    history.add_argument("--json", action="store_true", help="machine-readable")
    export = verbs.add_parser(
        "export",
        help="print a version as TOML",
        epilog="example: samband policy export -c samband.toml > policy.toml",
    )
    add_place(export)
    export.add_argument("--number", type=int, metavar="N", help="a version (the one in force)")


def run(args: argparse.Namespace) -> int:
    """Run one verb. Activating needs two persons and is done in the console."""
    if args.verb == "check":
        policy = _file(args.file)
        print(f"{args.file}: can be used, {policy.digest()}")
        return 0
    existing_state(args)
    store = Store(store_url_of(args))
    try:
        return {"diff": _diff, "history": _history, "export": _export}[args.verb](args, store)
    finally:
        store.close()


def _file(path: Path) -> Policy:
    try:
        return from_toml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _named(store: Store, name: str) -> Policy:
    if not name.isdecimal():
        return _file(Path(name))
    row = store.read_now(lambda db: db.get(PolicyRow, int(name)))
    if row is None:
        raise ConfigError(f"there is no policy {name}")
    return from_body(row.body)


def _in_force(store: Store) -> Policy:
    rows = store.read_now(activated)
    return from_body(rows[0].body) if rows else Policy()


def _diff(args: argparse.Namespace, store: Store) -> int:
    one = _named(store, args.one)
    old, new = (_in_force(store), one) if args.to is None else (one, _named(store, args.to))
    words = compare(old, new)
    print("\n".join(words) if words else "They say the same.")
    if shorter(old.retention_days, new.retention_days):
        print("Shorter times count 7 days after a second person agreed; until then set holds.")
    return 0


def _history(args: argparse.Namespace, store: Store) -> int:
    def work(db: Session) -> list[PolicyRow]:
        return list(db.exec(select(PolicyRow).order_by(col(PolicyRow.number))))

    rows = store.read_now(work)
    if args.json:
        print(json.dumps([row.model_dump() for row in rows]))
        return 0
    for row in rows:
        agreed = f", agreed by {row.agreed_by}" if row.agreed_by else ""
        print(f"{row.number:>4}  {row.state:<9}  {_day(row.created_utc)}  {row.author_name}{agreed}"
              f"  {row.note}")  # fmt: skip
    return 0


def _export(args: argparse.Namespace, store: Store) -> int:
    policy = _in_force(store) if args.number is None else _named(store, str(args.number))
    print(policy.to_toml(), end="")
    return 0


def _day(utc_us: int) -> str:
    return f"{datetime.fromtimestamp(utc_us / 1_000_000, UTC):%Y-%m-%d %H:%M}"

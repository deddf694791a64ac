"""``samband import talkgroups``: reads a list, compares, and with ``--apply`` makes a new plan."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

from dispatch.clock import SystemClock
from dispatch.importing.merge import POLICIES, merge
from dispatch.importing.report import report
from dispatch.importing.talkgroups import read_talkgroups
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store
from gateway.bus import InProcessBus
from gateway.model.errors import ConfigError
from gateway.model.ids import GatewayId
from gateway.model.plan import Plan
from samband.config import load_config
from samband.plan_file import load_plan

MAX_SHOWN = 20


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``import talkgroups``."""
    parser = subparsers.add_parser(
        "import",
        help="reads talkgroup lists",
        epilog="example: samband import talkgroups trs_tg.csv --plan plan.toml --system county",
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    talkgroups = kinds.add_parser(
        "talkgroups",
        help="trunk-recorder and RadioReference lists (CSV)",
        description="Read a list, report every row, compare with the plan. Nothing changes "
        "without --apply; nothing is ever deleted.",
        epilog="exit status: 0 read (and applied), 1 the file cannot be read, 2 wrong use",
    )
    talkgroups.add_argument("file", type=Path, help="the CSV file")
    talkgroups.add_argument("--system", metavar="ID", help="the plan's system (if it has several)")
    where = talkgroups.add_mutually_exclusive_group()
    where.add_argument("--plan", type=Path, metavar="FILE", help="compare with a plan file (TOML)")
    where.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the server's samband.toml"
    )
    where.add_argument("--db", metavar="URL", help="the server's database")
    talkgroups.add_argument("--apply", action="store_true", help="make a new plan version")
    talkgroups.add_argument(
        "--policy", choices=POLICIES, default="keep", help="what may change (keep: by hand wins)"
    )
    talkgroups.add_argument("--json", action="store_true", help="machine-readable")


def run(args: argparse.Namespace) -> int:
    """Read, compare, apply."""
    try:
        data = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"import: {args.file}: {error.strerror}") from error
    reading = read_talkgroups(data)
    store, live = _plan(args)
    try:
        diff = merge(live.plan, _system(args, live.plan), reading.talkgroups, args.policy)
        number = live.number
        applied = args.apply and bool(diff.added or diff.changed)
        if applied:
            note = f"{len(diff.added)} added, {len(diff.changed)} fields changed, {reading.format}"
            author = "command line"
            number = asyncio.run(live.activate(diff.plan, author=author, note=note))
    finally:
        if store is not None:
            store.close()
    values = report(reading, diff, applied=applied, plan=number)
    print(json.dumps(values, ensure_ascii=False) if args.json else _in_words(values, args))
    return 0


def _plan(args: argparse.Namespace) -> tuple[Store | None, LivePlan]:
    url = args.db or (load_config(args.config).store_url if args.config else None)
    if args.apply and url is None:
        raise ConfigError(
            "import --apply: expected -c FILE or --db URL: a plan file is not changed"
        )
    clock = SystemClock()
    bus = InProcessBus(GatewayId("import"), clock, bytes)
    store = Store(url or "sqlite:///:memory:")
    live = LivePlan(store, bus, clock)
    if url is not None:
        live.load()
        if live.number == 0:
            store.close()
            raise ConfigError(f"import: {url} holds no plan", hint="samband run --plan FILE first.")
    elif args.plan is not None:
        live.use(load_plan(args.plan), 0)
    return store, live


def _system(args: argparse.Namespace, plan: Plan) -> str:
    if args.system:
        return str(args.system)
    if len(plan.systems) == 1:
        return plan.systems[0].id
    names = ", ".join(system.id for system in plan.systems) or "none; give --plan, -c or --db"
    raise ConfigError(f"import: --system: expected one of {names}")


def _in_words(values: dict[str, Any], args: argparse.Namespace) -> str:
    counts, diff = values["counts"], values["diff"]
    lines = [
        f"{args.file}: {values['format']} ({values['why']})",
        f"{counts['read']} rows: {counts['ok']} ok, {counts['repaired']} repaired, "
        f"{counts['skipped']} skipped, {counts['duplicate']} duplicate",
        *(f"warning: {words}" for words in values["warnings"]),
    ]
    faults = [row for row in values["rows"] if row["state"] != "ok"]
    for row in faults[:MAX_SHOWN]:
        column = f"{row['column']}: " if row["column"] else ""
        lines.append(f"line {row['line']}, {row['state']}: {column}{row['reason']}: {row['value']}")
    if len(faults) > MAX_SHOWN:
        lines.append(f"… and {len(faults) - MAX_SHOWN} more; --json lists all")
    lines.append(
        f"plan: {len(diff['added'])} to add, {len(diff['changed'])} fields to change, "
        f"{diff['unchanged']} unchanged, {len(diff['kept'])} kept as edited by hand, none removed"
    )
    lines.append(
        f"plan {values['plan']} made; a running server takes it at its next start"
        if values["applied"]
        else "nothing was changed"
    )
    return "\n".join(lines)

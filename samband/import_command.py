"""``samband import`` and ``samband export``: lists into a draft or a file, and out of plans."""

import argparse
import hashlib
import json
import os
import sys
import textwrap
from pathlib import Path
from typing import Any

from sqlmodel import Session

from dispatch.clock import SystemClock
from dispatch.importing.earlier import NOTHING, Earlier, earlier_of
from dispatch.importing.formats.spreadsheet import FORMAT as SPREADSHEET
from dispatch.importing.history import (
    Sent,
    keep_report,
    line_of,
    report_row,
    said_before,
    said_text,
)
from dispatch.importing.kept_report import KeptReport, kept_report
from dispatch.importing.merge_list import merge_list
from dispatch.importing.progress import told_to
from dispatch.importing.recognise import FORMATS, Wish, read_list
from dispatch.importing.report import report
from dispatch.importing.settle import KEEP, POLICIES
from dispatch.importing.writing import KINDS, formats_out, write_list
from dispatch.plans.activation_rows import live_plan
from dispatch.plans.canonical import plan_hash, plan_text
from dispatch.plans.tables import PlanDraft
from dispatch.plans.toml import plan_toml
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from gateway.model.errors import ConfigError
from gateway.model.ids import ulid
from gateway.model.plan import Plan
from samband.config import load_config
from samband.plan_file import load_plan

MAX_SHOWN = 20


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``import talkgroups`` and ``import units``."""
    parser = subparsers.add_parser(
        "import",
        help="reads talkgroup and unit lists",
        epilog="example: samband import talkgroups trs_tg.csv --plan plan.toml --system county",
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind in KINDS:
        _import_parser(kinds, kind)


def _import_parser(kinds: Any, kind: str) -> None:  # argparse's own type is private
    one = kinds.add_parser(
        kind,
        help=f"{kind} in any format of the field, spreadsheets (.xlsx, .csv) too",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Read a list, report every row, compare with the plan. Nothing changes\n"
        "without --apply; nothing is deleted but by --policy replace, which lists it first.",
        epilog=f"policies, where file and plan differ:\n{_policies()}\n\n"
        "exit status: 0 read (and put into a draft), 1 the file cannot be read, 2 wrong use",
    )
    one.add_argument("file", type=Path, help="the list")
    one.add_argument("--system", metavar="ID", help="the plan's system (if it has several)")
    one.add_argument("--format", choices=(*FORMATS, SPREADSHEET), default="", help="if not guessed")
    one.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="TITLE=FIELD",
        help="what a column of a spreadsheet means; again for each",
    )
    one.add_argument("--sheet", default="", help="of a workbook; the first one")
    _where(one)
    one.add_argument("--apply", action="store_true", help="put it into a new draft (-c, --db)")
    one.add_argument("--out", type=Path, metavar="FILE", help="write the next plan as a file")
    one.add_argument(
        "--policy", choices=tuple(POLICIES), default=KEEP, help="what may change; see below"
    )
    one.add_argument("--json", action="store_true", help="machine-readable")


def _policies() -> str:
    return "\n".join(
        textwrap.fill(words, 78, initial_indent=f"  {name:8}", subsequent_indent=" " * 10)
        for name, words in POLICIES.items()
    )


def _where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--plan", type=Path, metavar="FILE", help="a plan file (TOML, JSON)")
    where.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the server's samband.toml"
    )
    where.add_argument("--db", metavar="URL", help="the server's database")


def run(args: argparse.Namespace) -> int:
    """Read, compare, and put into a draft or a file."""
    try:
        data = args.file.read_bytes()
    except OSError as error:
        raise ConfigError(f"import: {args.file}: {error.strerror}") from error
    if args.apply and not (args.config or args.db):
        raise ConfigError(
            "import --apply: expected -c FILE or --db URL: a plan file is not changed",
            hint="--out FILE writes the next plan.",
        )
    wish = Wish(kind=args.kind, format=args.format, mapping=_mapping(args.map), sheet=args.sheet)
    with told_to(_Line() if sys.stderr.isatty() and not args.json else None):
        reading = read_list(data, wish)
        number, plan = _plan(args)
        system = _system(args.system, plan)
        diff = merge_list(plan, system, reading, args.policy, _earlier(args, number, system))
    if sys.stderr.isatty() and not args.json:
        sys.stderr.write("\r\x1b[K")
    applied = args.apply and not diff.empty
    kept = kept_report(system, reading, diff)
    draft = _make_draft(args, number, diff.plan, _sent(args, data, system), kept) if applied else ""
    if args.out is not None:
        args.out.write_text(plan_toml(diff.plan), encoding="utf-8")
    values = report(reading, diff, applied=applied, plan=number) | {"draft": draft}
    print(json.dumps(values, ensure_ascii=False) if args.json else _in_words(values, args))
    return 0


class _Line:
    """Shows on a terminal how far a long list is, in one line that goes when it is done."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        of = f" {done} of {total}" if total else f" {done}" if done else ""
        sys.stderr.write(f"\r\x1b[K{stage}{of}")
        if total and done >= total:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _mapping(words: list[str]) -> dict[str, str] | None:
    pairs = [word.rpartition("=") for word in words]
    if any(not title for title, _, _ in pairs):
        raise ConfigError("import --map: expected TITLE=FIELD")
    return {title: field for title, _, field in pairs} or None


def _store(args: argparse.Namespace) -> Store | None:
    url = args.db or (load_config(args.config).store_url if args.config else None)
    if url is None:
        return None
    upgrade(url)
    return Store(url)


def _plan(args: argparse.Namespace) -> tuple[int, Plan]:
    store = _store(args)
    if store is None:
        return 0, load_plan(args.plan) if args.plan else Plan(name="empty")
    try:
        found = store.read_now(live_plan)
    finally:
        store.close()
    if found is None:
        raise ConfigError("import: the store holds no plan", hint="samband run --plan FILE first.")
    return found


def _earlier(args: argparse.Namespace, number: int, system: str) -> Earlier:
    """Return what lists said that the live plan stands on; a plan file knows of none."""
    store = _store(args)
    if store is None:
        return NOTHING
    try:
        said = store.read_now(lambda db: said_before(db, line_of(db, "", number), system))
    finally:
        store.close()
    return earlier_of(said_text(said))


def _sent(args: argparse.Namespace, data: bytes, system: str) -> Sent:
    return Sent(
        by="command",
        by_name="command line",
        file_name=args.file.name,
        file_bytes=len(data),
        file_sha256=hashlib.sha256(data).hexdigest(),
        system=system,
        kind=args.kind,
        policy=args.policy,
    )


def _make_draft(
    args: argparse.Namespace, number: int, plan: Plan, sent: Sent, kept: KeptReport
) -> str:
    """Put the next plan into a new draft: it is checked, compared and activated in the console."""
    store = _store(args)
    if store is None:
        raise AssertionError("checked by run()")
    now = SystemClock().utc_us()
    draft = "d-" + ulid(now, os.urandom(10))
    row = PlanDraft(
        id=draft,
        name=f"Import {args.file.name}"[:80],
        base=number,
        body=plan_text(plan),
        sha256=plan_hash(plan),
        author="command",
        author_name="command line",
        created_utc=now,
        changed_utc=now,
    )
    report = report_row("i-" + ulid(now, os.urandom(10)), draft, sent, kept, now)

    def work(db: Session) -> None:
        db.add(row)
        keep_report(db, report)

    try:
        store.write_now(work)
    finally:
        store.close()
    return draft


def _system(wanted: str | None, plan: Plan) -> str:
    if wanted:
        return wanted
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
    lines += [f"removed: {thing}" for thing in diff["removed"]]
    for word, fields in (("kept as it is", diff["kept"]), ("edit made here lost", diff["lost"])):
        lines += [
            f"{word}: {one['talkgroup']}: {one['field']}: {one['before']} (file: {one['after']})"
            for one in fields[:MAX_SHOWN]
        ]
        if len(fields) > MAX_SHOWN:
            lines.append(f"… and {len(fields) - MAX_SHOWN} more; --json lists all")
    lines.append(f"policy {args.policy}: {POLICIES[args.policy]}")
    removed = len(diff["removed"]) or "none"
    lines.append(
        f"plan: {len(diff['added'])} to add, {len(diff['changed'])} fields to change, "
        f"{diff['unchanged']} unchanged, {len(diff['kept'])} kept as edited by hand, "
        f"{len(diff['lost'])} edits lost, {removed} removed"
    )
    lines.append(
        f"draft {values['draft']} made: check, compare and activate it in the console"
        if values["applied"]
        else "nothing was changed"
    )
    return "\n".join(lines)


# ---- export ------------------------------------------------------------------------------------


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add what ``samband export`` takes."""
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("file", type=Path, help="the list to write; - for standard output")
    formats = tuple(dict.fromkeys(name for kind in KINDS for name in formats_out(kind)))
    parser.add_argument("--format", choices=formats, required=True)
    parser.add_argument("--system", metavar="ID", help="the plan's system (if it has several)")
    _where(parser)


def run_export(args: argparse.Namespace) -> int:
    """Write a list."""
    _, plan = _plan(args)
    data = write_list(plan, _system(args.system, plan), args.kind, args.format)
    if str(args.file) == "-":
        sys.stdout.buffer.write(data)
    else:
        args.file.write_bytes(data)
    return 0

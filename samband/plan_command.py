"""``samband plan``: check, diff, topology, activate, history, rollback on the command line."""

import argparse
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import Session

from dispatch.clock import SystemClock
from dispatch.errors import ServiceError
from dispatch.importing.history import of_plan
from dispatch.plans import activation_rows as rows
from dispatch.plans.activation_rows import Wanted, Who
from dispatch.plans.canonical import plan_hash, plan_of, plan_text
from dispatch.plans.check import Checker, Report
from dispatch.plans.compare import Comparison, compare
from dispatch.plans.drafts import numbered
from dispatch.plans.still_used import NOTHING_LIVE, heard, removed_of, uses_of, with_uses
from dispatch.plans.tables import PlanDraft
from dispatch.plans.toml import plan_toml
from dispatch.store.engine import Store
from dispatch.store.upgrade import upgrade
from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs, ulid
from gateway.model.plan import Plan
from samband import topology_command
from samband.config import load_config
from samband.plan_file import link_opening_faults, parse_plan

COMMAND = Who(id="command", name="command line")
LIVE = "live"
MAX_SHOWN = 200
MIN_REASON_CHARACTERS = 10
T = TypeVar("T")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``plan`` with its verbs."""
    parser = subparsers.add_parser(
        "plan",
        help="checks, compares, activates and rolls back plans",
        epilog="example: samband plan diff live plan.toml -c samband.toml",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = _verb(verbs, "check", "hold a plan against every rule", store=False)
    check.add_argument("plan", metavar="PLAN", help="a file (TOML, JSON), a number, or live")
    diff = _verb(verbs, "diff", "what the second plan has otherwise than the first", store=False)
    diff.add_argument("before", metavar="PLAN")
    diff.add_argument("after", metavar="PLAN")
    topology = "what hangs on what: loops and single points of failure"
    topology_command.add_options(_verb(verbs, "topology", topology, store=False))
    activate = _verb(verbs, "activate", "make a file the live plan, on trial for 10 minutes")
    activate.add_argument("file", type=Path)
    activate.add_argument("--reason", default="", help="stands in the history")
    activate.add_argument("--keep", action="store_true", help="at once and for good, no trial")
    history = _verb(verbs, "history", "the plans and how each became live")
    history.add_argument("--export", type=int, metavar="N", help="print plan N as TOML instead")
    history.add_argument("--imports", type=int, metavar="N", help="lists put into plan N instead")
    back = _verb(verbs, "rollback", "make an earlier plan live again")
    back.add_argument("number", type=int)
    back.add_argument("--reason", required=True, help="at least 10 characters")


def _verb(
    verbs: Any, name: str, words: str, *, store: bool = True
) -> argparse.ArgumentParser:  # argparse's own type is private
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=words,
        description=words,
        epilog="exit status: 0 done (check: no errors), 1 failed or errors found, 2 wrong use",
    )
    where = parser.add_mutually_exclusive_group(required=store)
    where.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the server's samband.toml"
    )
    where.add_argument("--db", metavar="URL", help="the server's database")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    return parser


def run(args: argparse.Namespace) -> int:
    """Do one verb."""
    verbs: dict[str, Callable[[argparse.Namespace], int]] = {
        "check": _check,
        "diff": _diff,
        "topology": lambda args: topology_command.show(args, _plan(args, args.plan)),
        "activate": _activate,
        "history": _history,
        "rollback": _rollback,
    }
    return verbs[args.verb](args)


# ---- reading -----------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    report = _checker().check(_plan(args, args.plan))
    if args.json:
        print(json.dumps(_report_row(report), ensure_ascii=False))
    else:
        for finding in report.findings[:MAX_SHOWN]:
            print(f"{finding.severity.value:7} {finding.rule:6} {finding.words}")
        counts = report.counts()
        print(", ".join(f"{count} {severity}s" for severity, count in counts.items()))
    return 0 if report.ok else 1


def _diff(args: argparse.Namespace) -> int:
    before = _plan(args, args.before)
    found = _with_uses(args, before, compare(before, _plan(args, args.after)))
    if args.json:
        counts = found.counts()
        print(json.dumps({"counts": counts, "lines": found.sentences()}, ensure_ascii=False))
        return 0
    for line in found.sentences():
        print(line)
    counts = found.counts()
    words = ", ".join(f"{count} {what}" for what, count in counts.items())
    print("no difference" if found.empty else words)
    return 0


def _with_uses(args: argparse.Namespace, before: Plan, found: Comparison) -> Comparison:
    """Return a comparison that says who uses what goes; with a store, when it was last heard."""
    removed = removed_of(found.changes)
    if not removed or not (args.config or args.db):
        return found
    known = _read(args, lambda db: heard(db, removed))
    uses = uses_of(before, removed, NOTHING_LIVE, known)
    return with_uses(found, uses, known.log_from_utc)


def _history(args: argparse.Namespace) -> int:
    if args.export is not None:
        print(plan_toml(_numbered(args, args.export)), end="")
        return 0
    if args.imports is not None:
        return _imports(args)

    def work(db: Session) -> tuple[int, list[dict[str, Any]]]:  # JSON rows
        return rows.live_number(db), rows.history(db, MAX_SHOWN)

    live, history = _read(args, work)
    if args.json:
        print(json.dumps({"live": live, "history": history}, ensure_ascii=False))
        return 0
    print(f"live: plan {live}")
    for row in history:
        tail = f": {row['end_words']}" if row["end_words"] else ""
        why = f" ({row['reason']})" if row["reason"] else ""
        when = _moment(row["activated_utc"] or row["at_utc"])
        print(
            f"{when}  plan {row['number']} in place of {row['previous']}, {row['kind']} by "
            f"{row['by_name']}{why}: {row['state']}{tail}"
        )
    return 0


def _imports(args: argparse.Namespace) -> int:
    """Print what came of the lists that were put into a plan."""
    found = _read(args, lambda db: of_plan(db, args.imports))
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for row in found:
        counts, sums = row["counts"], row["sums"]
        print(
            f"{_moment(row['t_utc'])}  {row['file']} ({row['format']}, SHA-256 {row['sha256']}) "
            f"into {row['system']} by {row['by']}, policy {row['policy']}: {counts['ok']} ok, "
            f"{counts['repaired']} repaired, {counts['skipped']} skipped, {counts['duplicate']} "
            f"duplicate; {sums['added']} added, {sums['changed']} fields changed, "
            f"{sums['removed']} removed, {sums['kept']} kept, {sums['lost']} lost"
        )
    print(f"{len(found) or 'no'} lists were put into plan {args.imports}")
    return 0


# ---- changing ----------------------------------------------------------------------------------


def _activate(args: argparse.Namespace) -> int:
    if args.config is not None and load_config(args.config).plans.second_person:
        raise ConfigError(
            "plan activate: this site wants a second person for each plan",
            hint="Take the file in as a draft in the console, or set plans.second_person = false.",
        )
    plan = parse_plan(args.file)
    report = _checker().check(plan)
    if not report.ok:
        faults = tuple(f"{finding.rule}: {finding.words}" for finding in report.errors[:MAX_SHOWN])
        raise ConfigError(f"{args.file}: {len(report.errors)} errors; not activated", faults=faults)
    clock, reason = SystemClock(), args.reason.strip()
    draft = "d-" + ulid(clock.utc_us(), os.urandom(10))
    sha256 = plan_hash(plan)

    def work(db: Session) -> int:
        _demand_calm(db)
        now = clock.utc_us()
        db.add(_draft(draft, plan, args.file.name, rows.live_number(db), now))
        db.flush()
        wanted = Wanted(draft=draft, sha256=sha256, who=COMMAND, reason=reason)
        began = rows.begin_trial(db, wanted, now)
        if args.keep:
            rows.keep(db, COMMAND, now, "kept by the command", began.number)
        return began.number

    number = _write(args, work)
    trial = "" if args.keep else "; on trial: Keep it in the console within 10 minutes"
    _say(args, {"plan": number, "trial": not args.keep}, f"plan {number} is live{trial}")
    return 0


def _rollback(args: argparse.Namespace) -> int:
    reason = args.reason.strip()
    if len(reason) < MIN_REASON_CHARACTERS:
        raise ConfigError(f"plan rollback: --reason: at least {MIN_REASON_CHARACTERS} characters")

    def work(db: Session) -> int:
        _demand_calm(db)
        return rows.roll_back(db, args.number, COMMAND, SystemClock().utc_us(), reason).number

    number = _write(args, work)
    _say(args, {"plan": number}, f"plan {number} is live")
    return 0


def _demand_calm(db: Session) -> None:
    waiting = rows.alarms_waiting(db)
    if waiting:
        raise ServiceError(f"{waiting} emergencies are not acknowledged: no plan is changed now")


def _draft(draft: str, plan: Plan, name: str, base: int, now: UtcUs) -> PlanDraft:
    sha256 = plan_hash(plan)
    return PlanDraft(
        id=draft,
        name=name[:80],
        base=base,
        body=plan_text(plan),
        sha256=sha256,
        author=COMMAND.id,
        author_name=COMMAND.name,
        created_utc=now,
        changed_utc=now,
        checked_sha256=sha256,
        compared_sha256=sha256,
        compared_base=base,
    )


# ---- where plans are ---------------------------------------------------------------------------


def _plan(args: argparse.Namespace, name: str) -> Plan:
    if name == LIVE:
        found = _read(args, rows.live_plan)
        if found is None:
            raise ConfigError(
                "plan: the store holds no plan", hint="samband run --plan FILE first."
            )
        return found[1]
    return _numbered(args, int(name)) if name.isdecimal() else parse_plan(Path(name))


def _numbered(args: argparse.Namespace, number: int) -> Plan:
    return _read(args, lambda db: plan_of(numbered(db, number).body))


def _store(args: argparse.Namespace) -> Store:
    url = args.db or (load_config(args.config).store_url if args.config else None)
    if url is None:
        raise ConfigError("plan: expected -c FILE or --db URL for a plan of the store")
    upgrade(url)
    return Store(url)


def _read(args: argparse.Namespace, work: Callable[[Session], T]) -> T:
    store = _store(args)
    try:
        return store.read_now(work)
    finally:
        store.close()


def _write(args: argparse.Namespace, work: Callable[[Session], T]) -> T:
    store = _store(args)
    try:
        return store.write_now(work)
    finally:
        store.close()


def _checker() -> Checker:
    return Checker(link_opening_faults)


def _report_row(report: Report) -> dict[str, Any]:  # JSON values
    return {
        "ok": report.ok,
        "plan_sha256": report.plan_sha256,
        "counts": report.counts(),
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "kind": finding.kind,
                "id": finding.id,
                "words": finding.words,
            }
            for finding in report.findings
        ],
    }


def _say(args: argparse.Namespace, row: dict[str, Any], words: str) -> None:  # JSON values
    print(json.dumps(row) if args.json else words)


def _moment(utc_us: int) -> str:
    return datetime.fromtimestamp(utc_us / 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")

"""``samband audit``: verify, show, mirror and prove the log."""

import argparse
import json
import sqlite3
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dispatch.audit.keys import GroupKeys, KeyFolder
from dispatch.audit.log import sqlite_path
from dispatch.audit.log_index import LogIndex
from dispatch.audit.opened import opened
from dispatch.audit.radio_text import CHECKPOINT, checkpoint_note
from dispatch.audit.verify import verify_database
from dispatch.audit.verify_report import Report
from dispatch.audit.verify_tiles import verify_tiles
from dispatch.oversight.sampling import sample_of
from gateway.model.errors import ConfigError, RemoteError
from samband.audit_proof_command import add_place, add_proof_parsers, proof_verbs

EXIT_FAILED = 1


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``audit`` and its verbs."""
    parser = subparsers.add_parser(
        "audit",
        help="verifies, shows and mirrors the audit log",
        epilog="example: samband audit verify --db sqlite:////var/lib/samband/samband.db",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser(
        "verify",
        help="hash every entry again and compare with head and checkpoints",
        epilog="exit status: 0 the log is what was signed, 1 it is not, 2 wrong use",
    )
    where = verify.add_mutually_exclusive_group(required=True)
    where.add_argument("--db", metavar="URL", help="sqlite:///PATH")
    where.add_argument("--tiles", type=Path, metavar="DIR", help="a mirror made by export-tiles")
    verify.add_argument(
        "--first", type=int, default=0, metavar="N", help="first entry of a pruned mirror (0)"
    )
    _add_head(verify)
    verify.add_argument(
        "--trust", type=Path, metavar="FILE", help="lines: log <key>, witness <name> <key>"
    )
    verify.add_argument(
        "--note",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint kept elsewhere, as a note or as a radio text; may be repeated",
    )
    show = verbs.add_parser(
        "show",
        help="print the newest entries",
        epilog="example: samband audit show --db sqlite:///state/samband.db --last 20",
    )
    add_place(show)
    _add_head(show)
    show.add_argument("--last", type=int, default=20, metavar="N", help="how many (20)")
    show.add_argument(
        "--keys", type=Path, metavar="DIR", help="decrypt free text with the keys of this folder"
    )
    sample = verbs.add_parser(
        "sample",
        help="draw the random check of a day again, as anybody can",
        epilog="example: samband audit sample --db sqlite:///state/samband.db --day 2026-11-25",
    )
    add_place(sample)
    sample.add_argument(
        "--day", required=True, metavar="YYYY-MM-DD", help="a day that is over, UTC"
    )
    sample.add_argument("--json", action="store_true", help="machine-readable")
    reindex = verbs.add_parser(
        "reindex",
        help="make the index of the log anew (who, what, which object)",
        epilog="example: samband audit reindex --db sqlite:////var/lib/samband/samband.db",
    )
    add_place(reindex)
    reindex.add_argument(
        "--index", type=Path, metavar="FILE", help="index.db, if not beside the database in audit/"
    )
    add_proof_parsers(verbs)


def _add_head(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--head", type=Path, metavar="FILE", help="audit.head, if not beside the database in audit/"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable")


def run(args: argparse.Namespace) -> int:
    """Run one of the verbs."""
    if args.verb == "show":
        return _show(args, sqlite_path(args.db))
    if args.verb == "sample":
        return _sample(args)
    if args.verb == "reindex":
        return _reindex(args, sqlite_path(args.db))
    return _verify(args) if args.verb == "verify" else proof_verbs(args)


def _sample(args: argparse.Namespace) -> int:
    sample = sample_of(sqlite_path(args.db), args.day)
    if args.json:
        print(json.dumps({**asdict(sample), "population": len(sample.population)}))
        return 0
    print(f"{sample.day}: {len(sample.taken)} of {len(sample.population)} looks by persons")
    print(f"checkpoint {sample.size}, root {sample.root}")
    for seq in sample.taken:
        print(seq)
    return 0


def _verify(args: argparse.Namespace) -> int:
    try:
        report = _report(args)
    except (ValueError, OSError, RemoteError) as error:
        raise ConfigError(f"audit verify: {error}") from error
    print(json.dumps(report.to_json()) if args.json else _in_words(report))
    return 0 if report.ok else EXIT_FAILED


def _report(args: argparse.Namespace) -> Report:
    if args.tiles is not None:
        if args.trust is None:
            raise ValueError("a mirror is verified with keys from elsewhere: give --trust FILE")
        return verify_tiles(args.tiles, args.trust, first=args.first)
    database = sqlite_path(args.db)
    folder = args.head.parent if args.head else database.parent / "audit"
    notes = [(f"note {path.name}", _note(path)) for path in args.note]
    return verify_database(database, folder, trust=args.trust, head=args.head, notes=notes)


def _note(path: Path) -> str:
    text = path.read_text("utf-8")
    return checkpoint_note(text) if text.startswith(f"{CHECKPOINT} ") else text


def _in_words(report: Report) -> str:
    lines = [
        f"log {report.origin}: {report.size} entries, root {report.root}",
        f"head {report.head_size}, {report.checkpoints} checkpoints, "
        f"the newest at {report.newest_checkpoint}; {report.took_ms} ms",
        f"trusted: {report.trust}",
        *(f"witnessed: {line}" for line in report.witnessed),
        *(f"warning: {_printable(line)}" for line in report.warnings),
        *(f"WRONG: {_printable(line)}" for line in report.faults),
    ]
    if report.consistency_proofs:
        lines.insert(2, f"{report.consistency_proofs} consistency proofs between notes hold")
    if not report.ok:
        lines.append(f"NOT SOUND ({_printable(report.faults[0])})")
    elif report.witnessed:
        lines.append("sound, and up to the witnessed size nobody was shown another log.")
    else:
        lines.append("sound. Only a witness can see table, head and checkpoints cut together.")
    return "\n".join(lines)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _reindex(args: argparse.Namespace, database: Path) -> int:
    if not database.is_file():
        raise ConfigError(f"audit reindex: there is no database {database}")
    index = LogIndex(database, args.index or database.parent / "audit" / "index.db")
    print(f"{index.rebuild()} entries indexed in {index.file}")
    return 0


def _show(args: argparse.Namespace, database: Path) -> int:
    if not database.is_file():
        raise ConfigError(f"audit show: there is no database {database}")
    keys = GroupKeys(KeyFolder(args.keys)) if args.keys else None
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT seq, entry FROM audit_log ORDER BY seq DESC LIMIT ?", (args.last,)
        ).fetchall()
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"audit show: {database} holds no audit log ({error})") from error
    finally:
        connection.close()
    for seq, raw in reversed(rows):
        entry = json.loads(raw)
        if keys:
            entry = opened(entry, keys)
        print(json.dumps({"seq": seq, **entry}) if args.json else _line(seq, entry))
    if not rows:
        print("the log is empty", file=sys.stderr)
    return 0


def _line(seq: int, entry: dict[str, Any]) -> str:
    obj = entry["obj"] or {}
    words = [
        f"{seq:>7}",
        entry["ts"],
        f"{entry['op']:<8}",
        entry["verb"],
        entry["actor"]["id"],
        f"{obj.get('type', '')} {obj.get('id', '')}".strip(),
        "" if entry["result"] == "ok" else entry["result"].upper(),
        "LATE" if entry.get("late") else "",
    ]
    return _printable("  ".join(word for word in words if word))

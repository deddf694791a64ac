"""``samband audit verify`` and ``samband audit show``."""

import argparse
import base64
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from dispatch.audit.keys import GroupKeys, KeyFolder
from dispatch.audit.log import sqlite_path
from dispatch.audit.verify import verify_database
from dispatch.audit.verify_report import Report
from gateway.model.errors import ConfigError

EXIT_FAILED = 1


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``audit verify`` and ``audit show``."""
    parser = subparsers.add_parser(
        "audit",
        help="verifies and shows the audit log",
        epilog="example: samband audit verify --db sqlite:////var/lib/samband/samband.db",
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser(
        "verify",
        help="hash every entry again and compare with head and checkpoints",
        epilog="exit status: 0 the log is what was signed, 1 it is not, 2 wrong use",
    )
    _add_place(verify)
    verify.add_argument("--trust", type=Path, metavar="FILE", help="lines: log <verifier key>")
    show = verbs.add_parser(
        "show",
        help="print the newest entries",
        epilog="example: samband audit show --db sqlite:///state/samband.db --last 20",
    )
    _add_place(show)
    show.add_argument("--last", type=int, default=20, metavar="N", help="how many (20)")
    show.add_argument(
        "--keys", type=Path, metavar="DIR", help="decrypt free text with the keys of this folder"
    )


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--db", required=True, metavar="URL", help="sqlite:///PATH")
    parser.add_argument(
        "--head", type=Path, metavar="FILE", help="audit.head, if not beside the database in audit/"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable")


def run(args: argparse.Namespace) -> int:
    """Run one of the two."""
    database = sqlite_path(args.db)
    return _show(args, database) if args.verb == "show" else _verify(args, database)


def _verify(args: argparse.Namespace, database: Path) -> int:
    folder = args.head.parent if args.head else database.parent / "audit"
    try:
        report = verify_database(database, folder, trust=args.trust, head=args.head)
    except (ValueError, OSError) as error:
        raise ConfigError(f"audit verify: {error}") from error
    print(json.dumps(report.to_json()) if args.json else _in_words(report))
    return 0 if report.ok else EXIT_FAILED


def _in_words(report: Report) -> str:
    lines = [
        f"log {report.origin}: {report.size} entries, root {report.root}",
        f"head {report.head_size}, {report.checkpoints} checkpoints, "
        f"the newest at {report.newest_checkpoint}; {report.took_ms} ms",
        f"trusted: {report.trust}",
        *(f"warning: {_printable(line)}" for line in report.warnings),
        *(f"WRONG: {_printable(line)}" for line in report.faults),
    ]
    if report.ok:
        lines.append("sound. Only a witness can see table, head and checkpoints cut together.")
    else:
        lines.append(f"NOT SOUND ({_printable(report.faults[0])})")
    return "\n".join(lines)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


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


def opened(value: Any, keys: GroupKeys, entry_id: str = "") -> Any:
    """Return an entry with its sealed texts decrypted; what has no key stays as it is."""
    if isinstance(value, dict):
        entry_id = entry_id or value.get("id", "")
        return {key: opened(item, keys, entry_id) for key, item in value.items()}
    if isinstance(value, list):
        return [opened(item, keys, entry_id) for item in value]
    if isinstance(value, str) and value.startswith("enc:"):
        _, key_id, encoded = value.split(":", 2)
        raw = base64.b64decode(encoded)
        text = keys.decrypt(key_id, raw[:12], raw[12:], entry_id.encode())
        return value if text is None else text.decode()
    return value

"""``samband restore FILE``: unpacks beside, verifies against the audit head, then puts in place.

A restored backup is a log that was cut: what came after it is missing. So it goes on as a new log
with an origin of its own, whose first entry names the old head; the old log is kept, readable and
verifiable, in ``audit/before/<n>/``.
"""

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tarfile
from pathlib import Path
from typing import Any

from dispatch.audit.checkpoint import BadNote, NoteSigner, TreeHead
from dispatch.audit.entry import SYSTEM, Act, entry_bytes, seal
from dispatch.audit.keys import GroupKeys, KeyFolder, log_signing_key
from dispatch.audit.log import Log
from dispatch.audit.verify import Report, verify_database
from dispatch.clock import SystemClock
from dispatch.retention.erased_list import LIST_FILE, RESTORED_FILE
from gateway.model.errors import ConfigError
from gateway.model.ids import ulid
from gateway.recording.files import sync_folder
from samband.backup_command import (
    BACKUP_VERSION,
    DATABASE,
    KEYS_OF_FILES,
    LOG_FILES,
    MANIFEST,
    demand_sqlite,
    sha256_of,
)
from samband.place import add_place, head_folder_of, state_of
from samband.state import StateLock, make_state

OUTSIDE_FOLDERS = ("witnesses", "stamps")
"""What witnesses and time-stamp authorities signed, beside the head."""
AUDIT_TABLES = ("audit_log", "audit_node", "checkpoint")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband restore``."""
    parser = subparsers.add_parser(
        "restore",
        help="brings a backup back and verifies it",
        epilog="example: samband restore /mnt/backup/samband.tar -c samband.toml "
        "--head /mnt/other-disk/audit.head",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="made by samband backup")
    add_place(parser)
    parser.add_argument(
        "--head", type=Path, metavar="FILE", help="newest audit.head, kept on another disk"
    )
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="keys that samband backup --keys saved"
    )
    parser.add_argument(
        "--erased", type=Path, metavar="FILE", help="newest erased.list, kept on another disk"
    )
    parser.add_argument("--json", action="store_true", help="what was restored, as JSON")


def run(args: argparse.Namespace) -> int:
    """Restore into an empty state folder."""
    demand_sqlite(args, "restore")
    state = state_of(args)
    result = restore(
        args.file,
        state,
        newest_head=args.head,
        head_folder=head_folder_of(args),
        keys=args.keys,
        erased=args.erased,
    )
    if args.json:
        print(json.dumps(result))
        return 0
    print(
        f"{state}: {result['files']} files restored, audit log verified: "
        f"{result['entries']} entries, root {result['root']}"
    )
    if result["missing"]:
        print(f"  {result['missing']} entries written after this backup are lost")
    print(f"  the log goes on as {result['origin']}; the old one is in {result['before']}")
    return 0


def restore(
    file: Path,
    state: Path,
    *,
    newest_head: Path | None = None,
    head_folder: Path | None = None,
    keys: Path | None = None,
    erased: Path | None = None,
) -> dict[str, Any]:
    """Restore a backup; raises ConfigError and leaves the state folder as it was if it is wrong.

    ``head_folder`` is where the server keeps its head when that is not ``audit/``. What was erased
    since the backup (``erased``, or the list in ``head_folder``) is erased again at the next start.
    """
    if (state / DATABASE).exists():
        raise ConfigError(
            f"restore: {state} has a database already and is not overwritten",
            hint="Give an empty state folder, or move the old one aside.",
        )
    make_state(state)
    lock = StateLock(state)
    fresh = state / "restoring"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        manifest = unpack(file, fresh)
        report = verify_database(fresh / DATABASE, fresh / "audit")
        if not report.ok:
            raise ConfigError(
                f"restore: the audit log in {file} is not sound", faults=tuple(report.faults)
            )
        missing = entries_missing(report, newest_head)
        keys_folder = fresh / "keys-alone"
        if keys is not None:
            unpack(keys, keys_folder)
        newest = _longest_list(fresh / "audit" / LIST_FILE, head_folder, erased)
        _put_in_place(fresh, state, keys_folder if keys is not None else None)
        _follow_erased(state, newest)
        origin, before = begin_new_log(state, report, head_folder)
        return {
            "files": len(manifest["files"]),
            "entries": report.size,
            "root": report.root,
            "missing": missing,
            "origin": origin,
            "before": str(before),
        }
    except ValueError as error:
        raise ConfigError(f"restore: {error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        lock.release()


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup and compare every file with the manifest; raises ConfigError."""
    try:
        with tarfile.open(file, "r:") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise ConfigError(f"restore: {file} cannot be read: {error}") from error
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"restore: {file} is no backup of samband: no manifest") from error
    if manifest.get("v") != BACKUP_VERSION:
        raise ConfigError(
            f"restore: expected a backup of version {BACKUP_VERSION}, got {manifest.get('v')!r}"
        )
    wrong = [
        f"{name}: its SHA-256 is not that of the manifest"
        for name, sha256 in manifest["files"].items()
        if not (folder / name).is_file() or sha256_of(folder / name) != sha256
    ]
    if wrong:
        raise ConfigError(f"restore: {file} is damaged", faults=tuple(wrong))
    return manifest


def entries_missing(report: Report, newest_head: Path | None) -> int:
    """Return how many entries a newer head names beyond the backup; raises ConfigError."""
    if newest_head is None:
        return 0
    try:
        head = TreeHead.from_note(newest_head.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, BadNote) as error:
        raise ConfigError(f"restore: {newest_head}: {error}") from error
    if head.origin != report.origin:
        raise ConfigError(f"restore: {newest_head} is of {head.origin}, not of {report.origin}")
    if head.size < report.size:
        print(f"  {newest_head} is older than the backup", file=sys.stderr)
    return max(0, head.size - report.size)


def _longest_list(own: Path, head_folder: Path | None, given: Path | None) -> bytes:
    """Return the longest list of what was erased: it only ever grows."""
    places = [own, given, head_folder / LIST_FILE if head_folder else None]
    found = [path.read_bytes() for path in places if path is not None and path.is_file()]
    if given is not None and not given.is_file():
        raise ConfigError(f"restore: {given}: there is no such list")
    return max(found, key=len, default=b"")


def _follow_erased(state: Path, newest: bytes) -> None:
    """Let the next start erase again what the restored database does not know to be erased."""
    if newest:
        folder = state / "audit"
        (folder / LIST_FILE).write_bytes(newest)
        (folder / RESTORED_FILE).touch()
        sync_folder(folder)


def _put_in_place(fresh: Path, state: Path, keys: Path | None = None) -> None:
    (fresh / MANIFEST).unlink()
    _take_keys(fresh / DATABASE, fresh / KEYS_OF_FILES)
    if keys is not None:
        shutil.rmtree(fresh / "keys", ignore_errors=True)
        (keys / "keys").rename(fresh / "keys")
        shutil.rmtree(keys)
    for path in fresh.iterdir():
        target = state / path.name
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()
        if path.is_dir() and target.is_dir():
            for inner in path.iterdir():
                inner.rename(target / inner.name)
        else:
            path.rename(target)
    (state / "keys").mkdir(exist_ok=True)
    (state / "keys").chmod(0o700)


def _take_keys(database: Path, file: Path) -> None:
    """Put the keys of files that were sealed during the backup into the restored database."""
    if not file.is_file():
        return
    rows = json.loads(file.read_bytes())
    file.unlink()
    if not rows:
        return
    names = list(rows[0])
    places = ", ".join("?" for _ in names)
    columns = ", ".join(f'"{name}"' for name in names if name.isidentifier())
    connection = sqlite3.connect(database)
    try:
        connection.executemany(
            f"INSERT OR REPLACE INTO file_key ({columns}) VALUES ({places})",  # noqa: S608 (identifiers)
            [
                [bytes.fromhex(row[name]) if name == "wrapped" else row[name] for name in names]
                for row in rows
            ],
        )
        connection.commit()
    finally:
        connection.close()


def begin_new_log(state: Path, old: Report, head_folder: Path | None = None) -> tuple[str, Path]:
    """Put the old log aside and write the first entry of the new one: where it comes from."""
    audit = state / "audit"
    number = 1
    while (audit / "before" / str(number)).exists():
        number += 1
    before = audit / "before" / str(number)
    before.mkdir(parents=True)
    _move_log(state / DATABASE, before / "audit.db")
    for name in (*LOG_FILES, *OUTSIDE_FOLDERS):
        if (audit / name).exists():
            (audit / name).rename(before / name)
        if head_folder is not None and (head_folder / name).exists():
            # The lost server's own: newer than the backup's, and of the old log.
            (head_folder / name).rename(head_folder / f"{name}.before-{number}")
    origin = f"{old.origin.partition('~')[0]}~{number}"
    (audit / "origin").write_text(origin + "\n", encoding="utf-8")
    keys = KeyFolder(state / "keys")
    signer = NoteSigner(origin, log_signing_key(keys))
    log = Log(state / DATABASE, head_folder or audit, signer)
    log.open()
    try:
        log.append([_first_entry(old, GroupKeys(keys))])
        log.write_head()
        log.checkpoint(SystemClock().utc_us())
    finally:
        log.close()
    return origin, before


def _first_entry(old: Report, keys: GroupKeys) -> bytes:
    """Return the entry that ties the new log to the old: its origin, size and root."""
    now = SystemClock().utc_us()
    act = Act(
        op="admin",
        verb="log.restored",
        actor=SYSTEM,
        detail={"origin": old.origin, "size": old.size, "root": old.root},
    )
    entry_id = ulid(now, os.urandom(10)).upper()
    return entry_bytes(
        seal(act, keys, entry_id=entry_id, now=now, prev_hint=0, nonce=os.urandom(12))
    )


def _move_log(database: Path, target: Path) -> None:
    """Move the audit tables into a file of their own; the new log begins with empty ones."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("ATTACH DATABASE ? AS old", (str(target),))
        connection.execute("BEGIN")
        for table in AUDIT_TABLES:
            connection.execute(f"CREATE TABLE old.{table} AS SELECT * FROM main.{table}")  # noqa: S608 (constants)
            connection.execute(f"DROP TABLE main.{table}")
        connection.execute("COMMIT")
    finally:
        connection.close()

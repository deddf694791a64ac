"""``samband backup FILE``: database, recordings and audit log in one tar, while the server runs.

Order matters: the audit head is copied before the database, so that the copy is never shorter than
its head; the database before the recordings, so that every recording it names is there. Recordings
that are sealed meanwhile come with their keys in ``file_keys.json``. Master keys are never among
them unless asked for: ``--keys FILE`` puts them into a file of their own, kept elsewhere.
"""

import argparse
import hashlib
import io
import json
import sqlite3
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from gateway.model.errors import ConfigError
from gateway.recording.files import write_json
from samband.place import add_place, existing_state, head_folder_of, state_of, store_url_of

MANIFEST = "manifest.json"
BACKUP_VERSION = 1
DATABASE = "samband.db"
CHUNK_BYTES = 1 << 20
LEFT_OUT = ("open", "lost+found")
SEALED = ".sealed"
KEYS_OF_FILES = "file_keys.json"
LAST_BACKUP = "backup.json"
MARGIN_US = 60_000_000
LOG_FILES = ("audit.head", "log.vkey")
"""Head and verifier key of the audit log."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``samband backup``."""
    parser = subparsers.add_parser(
        "backup",
        help="saves the state folder",
        epilog="example: samband backup /mnt/backup/samband-2026-11-24.tar -c samband.toml",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a new tar file")
    add_place(parser)
    parser.add_argument(
        "--with-keys",
        action="store_true",
        help="keys too: who has the file can then read and sign the log",
    )
    parser.add_argument(
        "--keys", type=Path, metavar="FILE", help="the keys, into a file of their own"
    )
    parser.add_argument("--json", action="store_true", help="what was saved, as JSON")


def run(args: argparse.Namespace) -> int:
    """Save; the file appears whole or not at all."""
    demand_sqlite(args, "backup")
    existing_state(args)
    manifest = back_up(
        state_of(args), args.file, with_keys=args.with_keys, head_folder=head_folder_of(args)
    )
    if args.keys is not None:
        back_up_keys(state_of(args), args.keys)
    if args.json:
        print(json.dumps(manifest))
    else:
        size = args.file.stat().st_size
        keys = "with keys" if args.with_keys else "without keys (--keys FILE saves them elsewhere)"
        print(f"{args.file}: {len(manifest['files'])} files, {size} bytes, {keys}")
    return 0


def demand_sqlite(args: argparse.Namespace, what: str) -> None:
    """Raise ConfigError when the store is a PostgreSQL, whose own tools save and restore it."""
    if not store_url_of(args).startswith("sqlite"):
        raise ConfigError(
            f"{what}: the store is on PostgreSQL, which this command does not save",
            hint="Use pg_dump and a copy of the state folder; see docs/operations.md.",
        )


def back_up(
    state: Path, target: Path, *, with_keys: bool, head_folder: Path | None = None
) -> dict[str, Any]:
    """Write the backup and return its manifest; raises ConfigError when it can't be.

    ``head_folder`` holds the log's head and key where that is not ``audit/``: without them the
    backup could never be verified, and so not be restored.
    """
    if target.exists():
        raise ConfigError(f"backup: {target} is there already and is not overwritten")
    part = target.with_name(target.name + ".part")
    files: dict[str, str] = {}
    begun = time.time_ns() // 1000
    try:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, part.open("xb") as out:
            part.chmod(0o600)
            with tarfile.open(fileobj=out, mode="w") as tar:
                _add_heads(tar, head_folder or state / "audit", files)
                _add_folder(tar, state / "audit", "audit", files)
                copy = Path(folder) / DATABASE
                copy_database(state / DATABASE, copy)
                _add(tar, copy, DATABASE, files)
                _add_folder(tar, state / "recordings", "recordings", files)
                _add_folder(tar, state / "media", "media", files)
                _add_folder(tar, state / "spool", "spool", files)
                _add_folder(tar, state / "evidence", "evidence", files)
                _add_bytes(tar, KEYS_OF_FILES, keys_since(state / DATABASE, begun - MARGIN_US))
                if with_keys:
                    _add_folder(tar, state / "keys", "keys", files)
                manifest = {
                    "v": BACKUP_VERSION,
                    "made_utc": begun,
                    "with_keys": with_keys,
                    "files": files,
                }
                _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1).encode())
        part.rename(target)
        write_json(state / LAST_BACKUP, {"made_utc": begun, "file": target.name})
    except OSError as error:
        raise ConfigError(f"backup: {error.filename or target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def back_up_keys(state: Path, target: Path) -> None:
    """Write the keys into a tar of their own, mode 0600; raises ConfigError when it can't be."""
    if target.exists():
        raise ConfigError(f"backup: {target} is there already and is not overwritten")
    files: dict[str, str] = {}
    try:
        with target.open("xb") as out:
            target.chmod(0o600)
            with tarfile.open(fileobj=out, mode="w") as tar:
                _add_folder(tar, state / "keys", "keys", files)
                manifest = {"v": BACKUP_VERSION, "files": files}
                _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1).encode())
    except OSError as error:
        raise ConfigError(f"backup: {error.filename or target}: {error.strerror}") from error


def keys_since(database: Path, since_utc: int) -> bytes:
    """Return the wrapped keys of files that were sealed since a time, as JSON."""
    reader = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    reader.row_factory = sqlite3.Row
    try:
        rows = reader.execute(
            "SELECT * FROM file_key WHERE sealed_utc >= ? AND destroyed_utc IS NULL", (since_utc,)
        ).fetchall()
    except sqlite3.OperationalError:  # a schema without sealed files
        rows = []
    finally:
        reader.close()
    values = [{**dict(row), "wrapped": bytes(row["wrapped"]).hex()} for row in rows]
    return json.dumps(values).encode()


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database as of one moment, while others write to it."""
    reader = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    writer = sqlite3.connect(target)
    try:
        reader.backup(writer)
        writer.execute("PRAGMA journal_mode=DELETE")
    finally:
        writer.close()
        reader.close()


def _add_heads(tar: tarfile.TarFile, folder: Path, files: dict[str, str]) -> None:
    for name in LOG_FILES:
        if not (folder / name).is_file():
            raise ConfigError(
                f"backup: expected {folder / name}, found none: it could not be restored",
                hint="Start the server once; with -c, [audit] head of the file is used.",
            )
        _add(tar, folder / name, f"audit/{name}", files)


def _add_folder(tar: tarfile.TarFile, folder: Path, name: str, files: dict[str, str]) -> None:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        target = f"{name}/{relative.as_posix()}"
        if target in files or relative.parts[0] in LEFT_OUT:
            continue
        if path.is_file() and not path.is_symlink():
            _add(tar, path, target, files)


def _add(tar: tarfile.TarFile, path: Path, name: str, files: dict[str, str]) -> None:
    try:
        files[name] = sha256_of(path)
        tar.add(path, name, recursive=False)
    except FileNotFoundError:
        files.pop(name, None)
        if not name.endswith(SEALED):  # closed and renamed, sealed or erased since it was listed
            _add(tar, path.with_name(path.name + SEALED), name + SEALED, files)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o600, int(time.time())
    tar.addfile(info, io.BytesIO(data))

"""The log on disk: one SQLite connection, the tree in memory, the head outside the database.

Theory of operation. A batch of entries goes into one transaction: rows, the subtrees they
complete, one sync. Then ``audit.head`` is replaced by a signed note of the new size (new file,
sync, rename). Killed in between, the log is longer than its head: sound, mended at the next start.
A log shorter than its head or newest checkpoint was cut, and one whose root differs was changed:
then nothing is signed any more, since a signature would cover the damage.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from dispatch.audit.checkpoint import BadNote, NoteSigner, TreeHead
from dispatch.audit.files import LogUnavailable, replace_file
from dispatch.audit.merkle import Frontier, inclusion_proof, leaf_hash, root_at
from dispatch.audit.tables import GUARDS
from dispatch.store.turns import turns_of
from dispatch.store.wal import BOUND_PAGES
from gateway.model.errors import ConfigError, RemoteError
from gateway.model.ids import UtcUs

__all__ = ["Log", "LogBusy", "LogDamaged", "LogUnavailable", "sqlite_path"]

HEAD_FILE = "audit.head"
VKEY_FILE = "log.vkey"
BUSY_TIMEOUT_MS = 10_000
"""How long an entry waits for somebody else who writes to the same file."""
SLICE_MS = 250
"""Of it, how long one call waits: the writer looks after its live acts in between."""
OPEN_MS = 2000

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS audit_log (seq INTEGER NOT NULL PRIMARY KEY CHECK (seq >= 0), "
    "entry BLOB NOT NULL, leaf BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS audit_node (level INTEGER NOT NULL, idx INTEGER NOT NULL, "
    "hash BLOB NOT NULL, PRIMARY KEY (level, idx))",
    "CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER NOT NULL PRIMARY KEY, "
    "root BLOB NOT NULL, note VARCHAR NOT NULL, at_utc INTEGER NOT NULL)",
)


class LogBusy(LogUnavailable):
    """Somebody else writes to the file; nothing was written, and it may be tried again at once."""


class LogDamaged(RemoteError):
    """The log is not the continuation of what was signed; nothing is added to it."""


def sqlite_path(url: str) -> Path:
    """Return the file of ``sqlite:///PATH``; raises ConfigError on another URL."""
    head, slashes, path = url.partition(":///")
    if not slashes or head.partition("+")[0] != "sqlite" or not path:
        raise ConfigError(
            f"audit log: expected a database sqlite:///PATH, got {url!r}",
            hint="The audit log is kept in SQLite; see docs/audit-log.md.",
        )
    return Path(path)


class Log:
    """The append-only log. Used by one thread at a time; no call of it waits for a loop."""

    def __init__(
        self,
        database: Path,
        folder: Path,
        signer: NoteSigner,
        *,
        busy_timeout_ms: int = BUSY_TIMEOUT_MS,
        carried_over: bool = False,
    ) -> None:
        """Name the files; ``open`` reads them. ``folder`` holds the head and the public key.

        ``busy_timeout_ms`` is how long to wait while another connection writes to the same file
        (a long transaction of the store), before an entry is refused. ``carried_over``: somebody
        else keeps the file's write-ahead log short, so that no commit here has to.
        """
        self._database = database
        self._folder = folder
        self._signer = signer
        self.busy_timeout_ms = busy_timeout_ms
        self._carried_over = carried_over
        self._turns = turns_of(database)
        self._connection: sqlite3.Connection | None = None
        self._tree = Frontier()
        self._head_size = -1
        self._checkpoint_size = 0

    @property
    def origin(self) -> str:
        """Name of the log and of its key."""
        return self._signer.origin

    @property
    def folder(self) -> Path:
        """The folder of head and public key."""
        return self._folder

    @property
    def database(self) -> Path:
        """The SQLite file that holds the log."""
        return self._database

    @property
    def size(self) -> int:
        """Entries that are durable."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """Root of the tree as it stands."""
        return self._tree.root()

    @property
    def head_size(self) -> int:
        """Size that ``audit.head`` names; -1 before it was written."""
        return self._head_size

    @property
    def checkpoint_size(self) -> int:
        """Size of the newest checkpoint."""
        return self._checkpoint_size

    def open(self) -> None:
        """Read the log and mend its head; raises LogDamaged when it was cut or changed."""
        self.close()
        try:
            self._connection = self._connect()
            self._read()
            self._check_head()
            self._check_checkpoint()
        except sqlite3.Error as error:
            raise LogUnavailable(f"audit log {self._database}: {error}") from error
        replace_file(self._folder / VKEY_FILE, self._signer.vkey.encode() + b"\n")
        self.write_head()

    def _connect(self) -> sqlite3.Connection:
        self._folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._database, isolation_level=None, check_same_thread=False, timeout=0
        )
        connection.execute(f"PRAGMA busy_timeout={min(OPEN_MS, self.busy_timeout_ms)}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        if self._carried_over:
            connection.execute(f"PRAGMA wal_autocheckpoint={BOUND_PAGES}")
        for statement in (*_SCHEMA, *GUARDS):
            connection.execute(statement)
        return connection

    def _read(self) -> None:
        ((count, last),) = self._db.execute("SELECT count(*), max(seq) FROM audit_log")
        size = 0 if last is None else int(last) + 1
        if count != size:
            raise LogDamaged(
                f"audit log: {count} entries, expected {size}; {size - count} are missing",
                hint="Run: samband audit verify",
            )
        self._tree = Frontier(size, self.node)

    def _check_head(self) -> None:
        try:
            note = (self._folder / HEAD_FILE).read_text("utf-8")
        except FileNotFoundError:
            return
        try:
            head = TreeHead.from_note(note)
        except BadNote as error:
            raise LogDamaged(f"{HEAD_FILE}: {error}", hint="Run: samband audit verify") from error
        self._check_signed(head.origin, head.size, head.root, HEAD_FILE)
        self._head_size = head.size

    def _check_checkpoint(self) -> None:
        newest = "SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1"
        for size, root in self._db.execute(newest).fetchall():
            self._check_signed(self.origin, size, root, f"checkpoint {size}")
            self._checkpoint_size = size

    def _check_signed(self, origin: str, size: int, root: bytes, what: str) -> None:
        hint = "Run: samband audit verify. A restored backup goes on as a new log."
        if origin != self.origin:
            raise LogDamaged(f"{what} is of the log {origin}, not of {self.origin}", hint=hint)
        if size > self.size:
            raise LogDamaged(
                f"audit log: {self.size} entries, {what} names {size}: it was cut", hint=hint
            )
        if root_at(size, self.node) != root:
            raise LogDamaged(
                f"audit log: its first {size} entries are not those of {what}", hint=hint
            )

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LogUnavailable("audit log: not open")
        return self._connection

    def node(self, level: int, idx: int) -> bytes:
        """Return the stored hash of a complete subtree; raises LogDamaged when it is missing."""
        if level == 0:
            row = self._db.execute("SELECT leaf FROM audit_log WHERE seq=?", (idx,)).fetchone()
        else:
            row = self._db.execute(
                "SELECT hash FROM audit_node WHERE level=? AND idx=?", (level, idx)
            ).fetchone()
        if row is None:
            raise LogDamaged(f"audit log: the node {level}/{idx} is missing")
        return bytes(row[0])

    def append(self, entries: Sequence[bytes], wait_ms: int | None = None) -> int:
        """Commit entries in one transaction; returns the seq of the first. Then ``write_head``.

        Raises LogUnavailable with nothing written, LogBusy when others write for ``wait_ms``.
        """
        first = self._tree.size
        tree = self._tree.copy()
        rows: list[tuple[int, bytes, bytes]] = []
        nodes: list[tuple[int, int, bytes]] = []
        for number, entry in enumerate(entries):
            leaf = leaf_hash(entry)
            rows.append((first + number, entry, leaf))
            nodes.extend(tree.append(leaf)[1:])
        with self._writing(wait_ms) as db:
            db.executemany("INSERT INTO audit_log (seq, entry, leaf) VALUES (?,?,?)", rows)
            db.executemany("INSERT INTO audit_node (level, idx, hash) VALUES (?,?,?)", nodes)
        self._tree = tree
        return first

    @contextlib.contextmanager
    def _writing(self, wait_ms: int | None) -> Iterator[sqlite3.Connection]:
        """One transaction, in turn with the store's; raises LogBusy, LogUnavailable."""
        wait_ms = self.busy_timeout_ms if wait_ms is None else min(wait_ms, self.busy_timeout_ms)
        ends = time.monotonic() + wait_ms / 1000
        with self._turns.turn(wait_ms / 1000) as mine:
            if not mine:
                raise LogBusy("audit log: database is locked")
            left_ms = max(50, int((ends - time.monotonic()) * 1000))
            try:
                self._db.execute(f"PRAGMA busy_timeout={left_ms}")
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                raise (LogBusy if busy else LogUnavailable)(f"audit log: {error}") from error

    def write_head(self) -> None:
        """Put size and root, signed, into ``audit.head``; raises LogUnavailable."""
        if self._head_size == self.size:
            return
        note = self._signer.sign(self.size, self.root)
        replace_file(self._folder / HEAD_FILE, note.encode())
        self._head_size = self.size

    def checkpoint(self, now: UtcUs, wait_ms: int | None = None) -> str | None:
        """Sign and store a checkpoint unless the newest has this size; returns the note.

        Raises LogUnavailable, LogBusy when others write for ``wait_ms``.
        """
        if self.size <= self._checkpoint_size:
            return None
        note = self._signer.sign(self.size, self.root)
        with self._writing(wait_ms) as db:
            db.execute(
                "INSERT INTO checkpoint (size, root, note, at_utc) VALUES (?,?,?,?)",
                (self.size, self.root, note, now),
            )
        self._checkpoint_size = self.size
        return note

    def recent_ids(self, entries: int) -> frozenset[str]:
        """Return the ids of the newest entries."""
        rows = self._db.execute("SELECT entry FROM audit_log WHERE seq>=?", (self.size - entries,))
        return frozenset(json.loads(entry)["id"] for (entry,) in rows)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the inclusion proof of an entry in the tree of ``size``."""
        return inclusion_proof(index, size, self.node)

    def close(self) -> None:
        """Close the connection; safe twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

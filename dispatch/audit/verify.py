"""Verifies a log. Shares only the format with the writer: hashes, tree and notes are done anew.

Order: ``audit.head`` first, then the table, so that a log that grows meanwhile is sound. The log
may be longer than its head (killed between commit and head), never shorter. What only a witness
finds is table, head and checkpoints cut together, or everything signed anew with a stolen key.
"""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from dispatch.audit.entry_check import look_at_entry
from dispatch.audit.merkle import consistency_proof
from dispatch.audit.proofs import consistent
from dispatch.audit.trust import (
    Signed,
    TrustedKey,
    cosignatures,
    read_note,
    trusted_keys,
    trusted_witnesses,
)
from dispatch.audit.verify_report import Report

__all__ = [
    "LogVerifier",
    "Report",
    "Signed",
    "Tree",
    "TrustedKey",
    "check_entry",
    "read_note",
    "trusted_keys",
    "verify_database",
]

PROGRESS_ENTRIES = 5000


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree grown from leaf hashes: the perfect subtrees of the binary digits of its size."""

    def __init__(self) -> None:
        """Begin empty."""
        self.size = 0
        self._perfect: list[bytes | None] = []

    def grow(self, leaf: bytes) -> list[tuple[int, bytes]]:
        """Add a leaf hash; returns (level, hash) of the perfect subtrees above it."""
        made = []
        carry, level = leaf, 0
        while level < len(self._perfect) and (left := self._perfect[level]) is not None:
            carry = _node(left, carry)
            self._perfect[level] = None
            level += 1
            made.append((level, carry))
        if level == len(self._perfect):
            self._perfect.append(None)
        self._perfect[level] = carry
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root."""
        whole: bytes | None = None
        for part in self._perfect:
            if part is not None:
                whole = part if whole is None else _node(part, whole)
        return hashlib.sha256(b"").digest() if whole is None else whole


class LogVerifier:
    """One pass over a log: rows, tree, head and checkpoints."""

    def __init__(self, keys: list[TrustedKey], trust: str) -> None:
        """Keep the keys that are believed and where they came from, in words."""
        self._keys = keys
        self.report = Report(trust=trust)
        self._signed: list[Signed] = []
        self._tree = Tree()
        self._last_good = 0

    @property
    def signed(self) -> list[Signed]:
        """The notes that were taken."""
        return self._signed

    def note(self, note: str, what: str, witnesses: Sequence[TrustedKey] = ()) -> Signed | None:
        """Take a signed note that the log must agree with."""
        try:
            signed = read_note(note, self._keys, what)
            for found in cosignatures(note, witnesses):
                self.report.witnessed.append(f"{found.name} at size {signed.size}")
        except ValueError as error:
            self.report.fault(what, str(error))
            return None
        self._signed.append(signed)
        self.report.origin = signed.origin
        return signed

    def rows(
        self, rows: Iterator[tuple[int, bytes, bytes | None]], nodes: dict[tuple[int, int], bytes]
    ) -> None:
        """Check all entries in order against leaf hashes, stored subtrees and signed roots."""
        wanted: dict[int, list[Signed]] = {}
        for signed in self._signed:
            wanted.setdefault(signed.size, []).append(signed)
        self._compare(wanted)
        for expected, (seq, entry, leaf) in enumerate(rows):
            if seq != expected:
                self.report.fault(_span(expected, seq - 1), "missing from the log")
                self._finish(wanted, cut=False)
                return
            self._row(seq, entry, leaf, nodes)
            self._compare(wanted)
        self._finish(wanted, cut=True)

    def _row(
        self, seq: int, entry: bytes, leaf: bytes | None, nodes: dict[tuple[int, int], bytes]
    ) -> None:
        if not isinstance(entry, bytes):
            self.report.fault(f"entry {seq}", "its bytes were changed: they are no longer a BLOB")
            entry = str(entry).encode()
            leaf = None
        digest = hashlib.sha256(b"\x00" + entry).digest()
        if leaf is not None and digest != leaf:
            self.report.fault(f"entry {seq}", "its bytes were changed: they have another leaf hash")
        else:
            check_entry(seq, entry, self.report)
        for level, computed in self._tree.grow(digest):
            key = (level, seq >> level)
            if nodes and nodes.get(key) != computed:
                first, last = key[1] << level, ((key[1] + 1) << level) - 1
                what = "differs from" if key in nodes else "is missing in"
                self.report.fault(
                    f"entries {first} to {last}", f"their subtree {level}/{key[1]} {what} the table"
                )

    def _compare(self, wanted: dict[int, list[Signed]]) -> None:
        for signed in wanted.pop(self._tree.size, []):
            if signed.root == self._tree.root():
                self._last_good = self._tree.size
            else:
                self.report.fault(
                    f"entries {self._last_good} to {signed.size - 1}",
                    f"they are not those that {signed.what} has signed",
                )

    def _finish(self, wanted: dict[int, list[Signed]], *, cut: bool) -> None:
        self.report.size = self._tree.size
        self.report.root = self._tree.root().hex()
        if not cut:
            return
        for signed in (note for notes in wanted.values() for note in notes):
            self.report.fault(
                _span(self._tree.size, signed.size - 1),
                f"cut off: {signed.what} names {signed.size} entries",
            )


def _span(first: int, last: int) -> str:
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def check_entry(seq: int, raw: bytes, report: Report) -> None:
    """Check the form of one entry: canonical, complete, nothing of a person in clear."""
    found = look_at_entry(raw)
    for words in found.faults:
        report.fault(f"entry {seq}", words)
    for words in found.warnings:
        report.warn(f"entry {seq}", words)


def verify_database(
    database: Path,
    folder: Path,
    *,
    trust: Path | None = None,
    head: Path | None = None,
    notes: Sequence[tuple[str, str]] = (),
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Verify the log in a SQLite file; raises ValueError when there is nothing to verify.

    ``folder`` holds ``audit.head``, ``log.vkey`` and what witnesses cosigned; ``trust`` is a file
    of keys from elsewhere; ``notes`` are checkpoints kept elsewhere, each with a name for it.
    ``progress`` is told now and then how many entries are done.
    """
    began = time.monotonic()
    if not database.is_file():
        raise ValueError(f"{database}: there is no such database")
    own_key = folder / "log.vkey"
    if trust is None and not own_key.is_file():
        raise ValueError(f"{own_key}: expected the log's verifier key; give --trust FILE")
    words = (
        f"keys of {trust}"
        if trust
        else "the key beside the log; give --trust FILE with one kept elsewhere"
    )
    verifier = LogVerifier(trusted_keys(trust or own_key), words)
    report = verifier.report
    _take_head(verifier, head or folder / "audit.head")
    witnesses = trusted_witnesses(trust) if trust else []
    for what, note in notes:
        verifier.note(note, what, witnesses)
    for what, note in _cosigned_notes(folder):
        if report.origin and note.partition("\n")[0] != report.origin:
            report.warn(what, "it is of another log")
        else:
            verifier.note(note, what, witnesses)
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("BEGIN")
        _take_checkpoints(verifier, connection)
        nodes = {(level, idx): digest for level, idx, digest in _all_nodes(connection)}
        rows = connection.execute("SELECT seq, entry, leaf FROM audit_log ORDER BY seq")
        verifier.rows(_told(rows, progress) if progress else rows, nodes)
        if report.ok:
            _prove_growth(verifier.signed, connection, nodes, report)
    except sqlite3.DatabaseError as error:
        report.fault(str(database), f"the database cannot be read: {error}")
    finally:
        connection.close()
    report.took_ms = round((time.monotonic() - began) * 1000)
    return report


def _told(
    rows: Iterator[tuple[int, bytes, bytes | None]], progress: Callable[[int], None]
) -> Iterator[tuple[int, bytes, bytes | None]]:
    for row in rows:
        if row[0] % PROGRESS_ENTRIES == 0:
            progress(row[0])
        yield row


def _cosigned_notes(folder: Path) -> list[tuple[str, str]]:
    paths = sorted((folder / "witnesses").glob("*.note"))
    return [(f"cosigned note {path.name}", path.read_text("utf-8", "replace")) for path in paths]


def _prove_growth(
    notes: Sequence[Signed],
    connection: sqlite3.Connection,
    nodes: dict[tuple[int, int], bytes],
    report: Report,
) -> None:
    """Make the consistency proof between each two neighbouring notes and check it.

    The entries were hashed already; this shows that what a witness will be given holds, too.
    """

    def node(level: int, idx: int) -> bytes:
        if level:
            return nodes[level, idx]
        (row,) = connection.execute("SELECT leaf FROM audit_log WHERE seq=?", (idx,)).fetchall()
        return bytes(row[0])

    ordered = sorted({(note.size, note.root): note for note in notes}.values(), key=_size)
    for older, newer in pairwise(ordered):
        path = consistency_proof(older.size, newer.size, node)
        if not consistent(older.size, newer.size, older.root, newer.root, path):
            report.fault(
                f"entries {older.size} to {newer.size - 1}",
                f"no proof shows that {newer.what} continues {older.what}",
            )
        report.consistency_proofs += 1


def _size(note: Signed) -> int:
    return note.size


def _take_head(verifier: LogVerifier, head: Path) -> None:
    try:
        note = head.read_text("utf-8")
    except FileNotFoundError:
        verifier.report.fault(str(head), "the head is missing: a cut of the tail would not be seen")
        return
    except UnicodeDecodeError:
        verifier.report.fault(str(head), "the head is not text")
        return
    signed = verifier.note(note, "audit.head")
    if signed:
        verifier.report.head_size = signed.size


def _take_checkpoints(verifier: LogVerifier, connection: sqlite3.Connection) -> None:
    report = verifier.report
    for size, root, note in connection.execute(
        "SELECT size, root, note FROM checkpoint ORDER BY size"
    ):
        what = f"checkpoint {size}"
        signed = verifier.note(str(note), what)
        if signed and (signed.size != size or signed.root != root):
            report.fault(what, "its row says something else than its note")
        report.checkpoints += 1
        report.newest_checkpoint = size


def _all_nodes(connection: sqlite3.Connection) -> Iterator[tuple[int, int, bytes]]:
    yield from connection.execute("SELECT level, idx, hash FROM audit_node")

"""Verifies a log. Shares only the format with the writer: hashes, tree and notes are done anew.

Order: ``audit.head`` first, then the table, so that a log that grows meanwhile is sound. The log
may be longer than its head (killed between commit and head), never shorter. What only a witness
finds is table, head and checkpoints cut together, or everything signed anew with a stolen key.
"""

import base64
import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

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

MAX_ENTRY_BYTES = 16 * 1024
REQUIRED_KEYS = frozenset(
    {
        "v", "id", "ts", "clock", "op", "verb", "actor", "via", "obj", "purpose", "result",
        "detail", "recipient", "approval", "prev_hint",
    }
)  # fmt: skip
SEALED_KEYS = ("text", "query", "diff", "reason", "note")
_SEALED = re.compile(r"enc:[a-z0-9-]{1,32}:[A-Za-z0-9+/]+={0,2}")
_KEYED = re.compile(r"hmac:[a-z0-9-]{1,32}:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A note that was read: size and root that somebody signed."""

    origin: str
    size: int
    root: bytes
    what: str


class TrustedKey:
    """A verifier key ``name+<8 hex>+base64(0x01 ‖ key)``."""

    def __init__(self, vkey: str) -> None:
        """Read the key; raises ValueError on another form."""
        name, plus, rest = vkey.strip().partition("+")
        short, second, encoded = rest.partition("+")
        raw = base64.b64decode(encoded, validate=True)
        if not plus or not second or len(raw) != 33 or raw[0] != 1:
            raise ValueError("verifier key: expected name+<8 hex>+<Base64 of an Ed25519 key>")
        self.name = name
        self.key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if self.key_id.hex() != short:
            raise ValueError(f"verifier key {name}: its id is {self.key_id.hex()}, not {short}")
        self._key = Ed25519PublicKey.from_public_bytes(raw[1:])

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Whether the key made this signature over the text."""
        try:
            self._key.verify(signature, text)
        except InvalidSignature:
            return False
        return True


def trusted_keys(path: Path) -> list[TrustedKey]:
    """Read ``log <vkey>`` lines of a trust file, or one bare verifier key; raises ValueError."""
    keys = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) == 1:
            words = ["log", *words]
        if words[0] == "log":
            try:
                keys.append(TrustedKey(words[1]))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from error
    if not keys:
        raise ValueError(f"{path}: expected a line: log <verifier key>")
    return keys


def read_note(note: str, keys: list[TrustedKey], what: str) -> Signed:
    """Read a checkpoint note and check a signature of a trusted key; raises ValueError."""
    text, gap, tail = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) != 3 or not tail.endswith("\n"):
        raise ValueError("it is not a checkpoint: origin, size, root, empty line, signatures")
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise ValueError(f"its size {lines[1]!r} is not a decimal number")
    root = _canonical_base64(lines[2])
    good = 0
    for line in tail[:-1].split("\n"):
        good += _signature_line(line, f"{text}\n".encode(), lines[0], keys)
    if not good:
        raise ValueError("no trusted key has signed it")
    if len(root) != 32:
        raise ValueError("its root is not 32 bytes long")
    return Signed(origin=lines[0], size=int(lines[1]), root=root, what=what)


def _signature_line(line: str, text: bytes, origin: str, keys: list[TrustedKey]) -> bool:
    mark, name, encoded = [*line.split(" "), "", "", ""][:3]
    if mark != "—":
        raise ValueError("a signature line does not begin with an em dash")
    raw = _canonical_base64(encoded)
    for key in keys:
        if key.name == name == origin and raw[:4] == key.key_id:
            if not key.signed(text, raw[4:]):
                raise ValueError(f"the signature of {name} is wrong: the note was changed")
            return True
    return False


def _canonical_base64(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError(f"{text[:12]!r}… is not canonical Base64")
    return raw


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

    def note(self, note: str, what: str) -> Signed | None:
        """Take a signed note that the log must agree with."""
        try:
            signed = read_note(note, self._keys, what)
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
    place = f"entry {seq}"
    try:
        entry = json.loads(raw, parse_constant=_no_constant, parse_float=_no_constant)
    except (ValueError, UnicodeDecodeError) as error:
        report.fault(place, f"it is not JSON of integers and texts ({error})")
        return
    if not isinstance(entry, dict) or not entry.keys() >= REQUIRED_KEYS:
        report.fault(place, "it lacks keys of an audit entry")
        return
    if _rewritten(entry) != raw or len(raw) > MAX_ENTRY_BYTES:
        report.fault(place, "its bytes are not in the canonical form")
    obj = entry["obj"] or {}
    if obj.get("sub") is not None and not _KEYED.fullmatch(str(obj["sub"])):
        report.warn(place, "its subject stands in clear")
    purpose = entry["purpose"] or {}
    _look_for_clear_text(place, {"text": purpose.get("text")}, report)
    _look_for_clear_text(place, entry["detail"] or {}, report)


def _no_constant(text: str) -> None:
    raise ValueError(f"number {text}")


def _look_for_clear_text(place: str, values: dict[str, Any], report: Report) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            _look_for_clear_text(place, value, report)
        elif key in SEALED_KEYS and value is not None and not _SEALED.fullmatch(str(value)):
            report.warn(place, f"free text in clear ({key})")


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t"}  # fmt: skip


def _rewritten(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a JSON value of texts, integers, booleans and null."""
    if isinstance(value, dict):
        order = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return b"{" + b",".join(_rewritten(k) + b":" + _rewritten(value[k]) for k in order) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(_rewritten, value)) + b"]"
    if isinstance(value, str):
        written = "".join(
            _ESCAPES.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in value
        )
        return f'"{written}"'.encode("utf-8", "surrogatepass")
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b"null" if value is None else str(value).encode()


def verify_database(
    database: Path, folder: Path, *, trust: Path | None = None, head: Path | None = None
) -> Report:
    """Verify the log in a SQLite file; raises ValueError when there is nothing to verify.

    ``folder`` holds ``audit.head`` and ``log.vkey``; ``trust`` is a file of keys from elsewhere.
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
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("BEGIN")
        _take_checkpoints(verifier, connection)
        nodes = {(level, idx): digest for level, idx, digest in _all_nodes(connection)}
        verifier.rows(
            connection.execute("SELECT seq, entry, leaf FROM audit_log ORDER BY seq"), nodes
        )
    except sqlite3.DatabaseError as error:
        report.fault(str(database), f"the database cannot be read: {error}")
    finally:
        connection.close()
    report.took_ms = round((time.monotonic() - began) * 1000)
    return report


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

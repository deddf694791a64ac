"""Trust files (C2SP ``tlog-policy`` with exporters and approvers) and signed notes.

A key counts in its own role only: one that may sign packages cannot vouch for the log.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from dispatch.evidence.verifier.ed25519 import verify

NOTE_KEY, WITNESS_KEY = 0x01, 0x04
MAX_SIGNATURES = 1000


class BadTrust(Exception):
    """A trust file that cannot be followed; the text says where and why."""


class BadNote(Exception):
    """A note whose form or signature is wrong."""


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key ``name+<8 hex>+base64(kind ‖ key)``."""

    name: str
    kind: int
    key_id: bytes
    public: bytes


def read_key(text: str, kind: int) -> Key:
    """Read a verifier key of a kind; raises ValueError on another form."""
    name, plus, rest = text.partition("+")
    short, second, encoded = rest.partition("+")
    raw = strict_base64(encoded)
    if not plus or not second or not name or len(raw) != 33:
        raise ValueError(f"{text[:80]!r} is no verifier key")
    if raw[0] != kind:
        raise ValueError(f"the key {name} is of kind {raw[0]:#04x}, expected {kind:#04x}")
    key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if key_id.hex() != short:
        raise ValueError(f"the key {name} has the id {key_id.hex()}, not {short}")
    return Key(name, kind, key_id, raw[1:])


def strict_base64(text: str) -> bytes:
    """Return the bytes of canonical standard Base64; raises ValueError on another form."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"{text[:20]!r} is not Base64") from error
    if base64.b64encode(raw).decode() != text:
        raise ValueError(f"{text[:20]!r} is not canonical Base64")
    return raw


@dataclass(slots=True)
class Trust:
    """What is believed: keys by role, and which witnesses are enough."""

    logs: list[Key] = field(default_factory=list)
    exporters: list[Key] = field(default_factory=list)
    approvers: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    def enough(self, signed: set[bytes]) -> bool:
        """Whether the public keys that cosigned fill the quorum; each key counts once."""
        return self.quorum == "none" or self._filled(self.quorum, signed, set())

    def _filled(self, name: str, signed: set[bytes], used: set[bytes]) -> bool:
        if name in self.witnesses:
            key = self.witnesses[name].public
            if key not in signed or key in used:
                return False
            used.add(key)
            return True
        wanted, members = self.groups[name]
        return sum(self._filled(member, signed, used) for member in members) >= wanted


def read_trust(text: str) -> Trust:
    """Read a trust file; raises BadTrust that names the line."""
    trust = Trust()
    for number, line in enumerate(text.split("\n"), start=1):
        words: list[str] = []
        for word in line.split():
            if word.startswith("#"):
                break
            words.append(word)
        if words:
            try:
                _line(trust, words)
            except (ValueError, IndexError) as error:
                reason = str(error) if isinstance(error, ValueError) else "words are missing"
                raise BadTrust(f"line {number}: {reason}") from error
    if not trust.logs:
        raise BadTrust("expected a line: log <verifier key>")
    if not trust.quorum:
        raise BadTrust("expected a line: quorum <name> (or: quorum none)")
    return trust


def _line(trust: Trust, words: list[str]) -> None:
    role = words[0]
    limits = {"log": 3, "exporter": 2, "approver": 2, "witness": 4, "quorum": 2}
    if role != "group" and len(words) > limits.get(role, 99):
        raise ValueError(f"too many words behind {role}")
    if role in ("log", "exporter", "approver"):
        keys = {"log": trust.logs, "exporter": trust.exporters, "approver": trust.approvers}
        keys[role].append(read_key(words[1], NOTE_KEY))
    elif role == "witness":
        trust.witnesses[_new(trust, words[1])] = read_key(words[2], WITNESS_KEY)
    elif role == "group":
        _group(trust, words)
    elif role == "quorum":
        if trust.quorum:
            raise ValueError("a second quorum")
        if words[1] != "none" and words[1] not in trust.witnesses | trust.groups:
            raise ValueError(f"no witness or group {words[1]} stands above")
        trust.quorum = words[1]
    else:
        raise ValueError(f"unknown word {role!r}")


def _new(trust: Trust, name: str) -> str:
    if name == "none" or name in trust.witnesses or name in trust.groups:
        raise ValueError(f"the name {name} is taken")
    return name


def _group(trust: Trust, words: list[str]) -> None:
    name, wanted, members = _new(trust, words[1]), words[2], tuple(words[3:])
    for member in members:
        if member not in trust.witnesses and member not in trust.groups:
            raise ValueError(f"no witness or group {member} stands above")
    if not members or len(set(members)) != len(members):
        raise ValueError(f"the group {name} has no members, or one twice")
    counts = {"any": 1, "all": len(members)}
    if wanted not in counts and not (wanted.isascii() and wanted.isdecimal()):
        raise ValueError(f"expected a number, any or all, got {wanted!r}")
    count = counts[wanted] if wanted in counts else int(wanted)
    if not 1 <= count <= len(members):
        raise ValueError(f"{count} of {len(members)} members cannot be")
    trust.groups[name] = (count, members)


# ---- notes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note: its text with the last line feed, and its signatures."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    def signed_by(self, keys: Iterable[Key]) -> list[Key]:
        """Return the known keys that signed; raises BadNote when one of them did so wrongly."""
        found = []
        for key in keys:
            mine = [
                raw for name, raw in self.signatures if (name, raw[:4]) == (key.name, key.key_id)
            ]
            if not all(self._right(key, raw[4:]) for raw in mine):
                raise BadNote(f"the signature of {key.name} is wrong: what it signs was changed")
            if mine:
                found.append(key)
        return found

    def _right(self, key: Key, signature: bytes) -> bool:
        if key.kind == WITNESS_KEY:
            at_s = int.from_bytes(signature[:8], "big")
            message = f"cosignature/v1\ntime {at_s}\n{self.text}".encode()
            return verify(key.public, message, signature[8:])
        return verify(key.public, self.text.encode(), signature)


def read_note(raw: bytes) -> Note:
    """Read a signed note; raises BadNote on another form."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadNote("it is not UTF-8") from error
    body, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n") or not body:
        raise BadNote("it is no signed note: text, an empty line, signatures")
    if any(char < " " and char != "\n" for char in text):
        raise BadNote("it holds control characters")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadNote(f"it has {len(lines)} signatures")
    return Note(body + "\n", tuple(_signature(line) for line in lines))


def _signature(line: str) -> tuple[str, bytes]:
    words = line.split(" ")
    if len(words) != 3 or words[0] != "—" or not words[1] or "+" in words[1]:
        raise BadNote("a signature line is not an em dash, a name and Base64")
    try:
        raw = strict_base64(words[2])
    except ValueError as error:
        raise BadNote(str(error)) from error
    if len(raw) < 5:
        raise BadNote(f"the signature of {words[1]} is too short")
    return words[1], raw

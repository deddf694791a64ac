"""Keys that are believed, and notes that they signed: the reading side of C2SP signed notes.

Shares only the format with the signing side. A log's key signs checkpoints (type 0x01), a witness
cosigns them (type 0x04): its signature is made over the time and the checkpoint's text.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    PLAIN = False
except ImportError:  # the verifier in one file runs where there is nothing but Python
    PLAIN = True
from dispatch.evidence.verifier import ed25519

LOG_KEY, WITNESS_KEY = 0x01, 0x04
COSIGNATURE_HEADER = "cosignature/v1"
MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURE_LINES = 100
ROOT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A note that was read: size and root that somebody signed."""

    origin: str
    size: int
    root: bytes
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A witness's signature: which key, when (Unix seconds), its line in the note."""

    name: str
    key: bytes
    at_s: int
    line: str


class TrustedKey:
    """A verifier key ``name+<8 hex>+base64(kind ‖ key)``."""

    def __init__(self, vkey: str) -> None:
        """Read the key; raises ValueError on another form."""
        name, plus, rest = vkey.strip().partition("+")
        short, second, encoded = rest.partition("+")
        raw = base64.b64decode(encoded, validate=True)
        if not plus or not second or len(raw) != 33 or raw[0] not in (LOG_KEY, WITNESS_KEY):
            raise ValueError("verifier key: expected name+<8 hex>+<Base64 of an Ed25519 key>")
        self.name = name
        self.kind = raw[0]
        self.public = raw[1:]
        self.vkey = vkey.strip()
        self.key_id = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if self.key_id.hex() != short:
            raise ValueError(f"verifier key {name}: its id is {self.key_id.hex()}, not {short}")
        self._public = raw[1:]

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Whether the key made this signature over the text."""
        if PLAIN:
            return ed25519.verify(self._public, text, signature)
        try:
            Ed25519PublicKey.from_public_bytes(self._public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


def trusted_keys(path: Path) -> list[TrustedKey]:
    """Read ``log <vkey>`` lines of a trust file, or one bare verifier key; raises ValueError."""
    keys = _keys_of(path, "log", LOG_KEY)
    if not keys:
        raise ValueError(f"{path}: expected a line: log <verifier key>")
    return keys


def trusted_witnesses(path: Path) -> list[TrustedKey]:
    """Read the ``witness <name> <vkey>`` lines of a trust file; raises ValueError."""
    return _keys_of(path, "witness", WITNESS_KEY)


def _keys_of(path: Path, role: str, kind: int) -> list[TrustedKey]:
    keys = []
    place = 2 if role == "witness" else 1
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        words = line.split("#")[0].split()
        if len(words) == 1 and role == "log":
            words = ["log", *words]
        if not words or words[0] != role:
            continue
        try:
            key = TrustedKey(words[place])
        except (ValueError, IndexError) as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
        if key.kind != kind:
            raise ValueError(f"{path}, line {number}: this is no key of a {role}")
        keys.append(key)
    return keys


def split_note(note: str) -> tuple[str, list[str]]:
    """Return a note's text with its last line feed, and its signature lines; raises ValueError."""
    text, gap, tail = note.partition("\n\n")
    if not gap or not tail.endswith("\n") or len(note.encode()) > MAX_NOTE_BYTES:
        raise ValueError("it is not a signed note: text, empty line, signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURE_LINES:
        raise ValueError(f"it has {len(lines)} signature lines")
    return f"{text}\n", lines


def read_checkpoint(text: str, what: str) -> Signed:
    """Read the text of a checkpoint, with its last line feed; raises ValueError."""
    lines = text[:-1].split("\n")
    if len(lines) != 3 or not lines[0]:
        raise ValueError("it is not a checkpoint: origin, size, root, empty line, signatures")
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[1]):
        raise ValueError(f"its size {lines[1]!r} is not a decimal number")
    root = canonical_base64(lines[2])
    if len(root) != ROOT_BYTES:
        raise ValueError("its root is not 32 bytes long")
    return Signed(origin=lines[0], size=int(lines[1]), root=root, what=what)


def read_note(note: str, keys: Sequence[TrustedKey], what: str) -> Signed:
    """Read a checkpoint note and check a signature of a trusted key; raises ValueError."""
    text, lines = split_note(note)
    signed = read_checkpoint(text, what)
    good = 0
    for line in lines:
        good += _signature_line(line, text.encode(), signed.origin, keys)
    if not good:
        raise ValueError("no trusted key has signed it")
    return signed


def _signature_line(line: str, text: bytes, origin: str, keys: Sequence[TrustedKey]) -> bool:
    name, raw = signature_of(line)
    for key in keys:
        if key.kind == LOG_KEY and key.name == name == origin and raw[:4] == key.key_id:
            if not key.signed(text, raw[4:]):
                raise ValueError(f"the signature of {name} is wrong: the note was changed")
            return True
    return False


def signature_of(line: str) -> tuple[str, bytes]:
    """Return name and bytes of a signature line ``— name base64``; raises ValueError."""
    words = line.split(" ")
    if len(words) != 3 or words[0] != "—" or not words[1]:
        raise ValueError("a signature line is not an em dash, a name and Base64")
    raw = canonical_base64(words[2])
    if len(raw) < 5:
        raise ValueError(f"the signature of {words[1]} is too short")
    return words[1], raw


def cosigned_text(text: str, at_s: int) -> bytes:
    """Return what a witness signs for a checkpoint's text."""
    return f"{COSIGNATURE_HEADER}\ntime {at_s}\n{text}".encode()


def cosignatures(note: str, witnesses: Sequence[TrustedKey]) -> list[Cosigned]:
    """Return the cosignatures of known witnesses; raises ValueError when one of them is wrong."""
    text, lines = split_note(note)
    found = []
    for line in lines:
        name, raw = signature_of(line)
        for key in witnesses:
            if key.kind != WITNESS_KEY or key.name != name or raw[:4] != key.key_id:
                continue
            at_s = int.from_bytes(raw[4:12], "big")
            if len(raw) != 76 or not key.signed(cosigned_text(text, at_s), raw[12:]):
                raise ValueError(f"the cosignature of {name} is wrong: the note was changed")
            found.append(Cosigned(name=name, key=key.public, at_s=at_s, line=line))
    return found


def canonical_base64(text: str) -> bytes:
    """Return the bytes of canonical standard Base64; raises ValueError on another form."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError(f"{text[:12]!r}… is not canonical Base64")
    return raw

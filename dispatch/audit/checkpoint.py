"""C2SP signed notes and ``tlog-checkpoint``: what the log signs, and how it is read back."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.audit.merkle import HASH_BYTES
from gateway.model.errors import LocalError, RemoteError

ED25519 = 0x01
"""Signature type of a plain Ed25519 note signature."""
COSIGNATURE = 0x04
"""Signature type of a witness's cosignature."""
SIGNATURE_MARK = "— "


class BadNote(RemoteError):
    """A note whose form or signature is not right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """What a checkpoint says: which log, how many entries, which root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the signed text, with its last line feed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def from_note(cls, note: str) -> "TreeHead":
        """Read the text of a note; raises BadNote on another form. Checks no signature."""
        text, blank, signatures = note.partition("\n\n")
        lines = text.split("\n")
        if not blank or len(lines) != 3 or not signatures.startswith(SIGNATURE_MARK):
            raise BadNote("checkpoint: expected origin, size and root, an empty line, signatures")
        origin, size, root_text = lines
        if not size.isascii() or not size.isdecimal() or str(int(size)) != size:
            raise BadNote(f"checkpoint: expected a decimal size, got {size!r}")
        root = _base64(root_text, "root")
        if len(root) != HASH_BYTES:
            raise BadNote(f"checkpoint: expected a root of {HASH_BYTES} bytes, got {len(root)}")
        return cls(origin=origin, size=int(size), root=root)


def _base64(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise BadNote(f"checkpoint: {what} is not Base64") from error
    if base64.b64encode(raw).decode() != text:
        raise BadNote(f"checkpoint: {what} is not in the canonical Base64 form")
    return raw


def key_id(name: str, public_key: bytes, kind: int = ED25519) -> bytes:
    """Return the first four bytes of SHA-256(name ‖ LF ‖ kind ‖ key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4]


class NoteSigner:
    """Signs notes with a key of its own; a log's key bears the log's origin as its name."""

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        """Keep the key; raises LocalError on a name that a note cannot carry."""
        self.origin = _key_name(origin)
        self._key = key
        self._public = _public(key)

    @property
    def vkey(self) -> str:
        """The verifier key: ``name+<8 hex>+base64(0x01 ‖ key)``."""
        return verifier_key(self.origin, self._public, ED25519)

    def sign(self, size: int, root: bytes) -> str:
        """Return the checkpoint note of a size and root."""
        text = TreeHead(origin=self.origin, size=size, root=root).text()
        return f"{text}\n{self.line(text)}"

    def line(self, text: str) -> str:
        """Return the signature line of a note's text (with its last line feed)."""
        signature = key_id(self.origin, self._public) + self._key.sign(text.encode())
        return signature_line(self.origin, signature)

    def __repr__(self) -> str:
        """Show the name, never the key."""
        return f"NoteSigner({self.origin})"


class Cosigner:
    """A witness's key: signs the time and the text of a checkpoint (C2SP ``tlog-cosignature``)."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        """Keep the key; raises LocalError on a name that a note cannot carry."""
        self.name = _key_name(name)
        self._key = key
        self._public = _public(key)

    @property
    def vkey(self) -> str:
        """The verifier key: ``name+<8 hex>+base64(0x04 ‖ key)``."""
        return verifier_key(self.name, self._public, COSIGNATURE)

    def line(self, text: str, at_s: int) -> str:
        """Return the cosignature line of a checkpoint's text; ``at_s`` in Unix seconds."""
        message = f"cosignature/v1\ntime {at_s}\n{text}".encode()
        short = key_id(self.name, self._public, COSIGNATURE)
        signature = short + at_s.to_bytes(8, "big") + self._key.sign(message)
        return signature_line(self.name, signature)

    def sign_heard(self, text: str, at_s: int) -> bytes:
        """Return key id ‖ signature that a checkpoint was heard: says nothing of what is in it."""
        message = f"samband-heard/v1\ntime {at_s}\n{text}".encode()
        return key_id(self.name, self._public, COSIGNATURE) + self._key.sign(message)

    def __repr__(self) -> str:
        """Show the name, never the key."""
        return f"Cosigner({self.name})"


def _key_name(name: str) -> str:
    if not name or any(c.isspace() or c == "+" for c in name):
        raise LocalError(f"key name: expected a name without spaces and +, got {name!r}")
    return name


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def verifier_key(name: str, public_key: bytes, kind: int) -> str:
    """Return ``name+<8 hex>+base64(kind ‖ key)``."""
    encoded = base64.b64encode(bytes([kind]) + public_key).decode()
    return f"{name}+{key_id(name, public_key, kind).hex()}+{encoded}"


def signature_line(name: str, signature: bytes) -> str:
    """Return ``— name base64`` and a line feed; ``signature`` begins with the key's id."""
    return f"{SIGNATURE_MARK}{name} {base64.b64encode(signature).decode()}\n"


def tlog_proof(index: int, path: list[bytes], note: str) -> str:
    """Return a C2SP ``tlog-proof`` of one entry that ends in a checkpoint."""
    hashes = "".join(base64.b64encode(item).decode() + "\n" for item in path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"

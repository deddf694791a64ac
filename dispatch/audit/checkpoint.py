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
SIGNATURE_MARK = "— "
MAX_SIGNATURE_LINES = 16


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
    """Signs for one log; the key's name is the log's origin."""

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        """Keep the key; raises LocalError on a name that a note cannot carry."""
        if not origin or any(c.isspace() or c == "+" for c in origin):
            raise LocalError(f"audit.origin: expected a name without spaces and +, got {origin!r}")
        self.origin = origin
        self._key = key
        self._public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def vkey(self) -> str:
        """The verifier key: ``name+<8 hex>+base64(0x01 ‖ key)``."""
        short = key_id(self.origin, self._public).hex()
        return f"{self.origin}+{short}+{base64.b64encode(bytes([ED25519]) + self._public).decode()}"

    def sign(self, size: int, root: bytes) -> str:
        """Return the checkpoint note of a size and root."""
        text = TreeHead(origin=self.origin, size=size, root=root).text()
        signature = key_id(self.origin, self._public) + self._key.sign(text.encode())
        line = f"{SIGNATURE_MARK}{self.origin} {base64.b64encode(signature).decode()}\n"
        return f"{text}\n{line}"

    def __repr__(self) -> str:
        """Show the name, never the key."""
        return f"NoteSigner({self.origin})"


def tlog_proof(index: int, path: list[bytes], note: str) -> str:
    """Return a C2SP ``tlog-proof`` of one entry that ends in a checkpoint."""
    hashes = "".join(base64.b64encode(item).decode() + "\n" for item in path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"

"""Checkpoints as one line of ASCII, short enough for one radio message, and back.

Three lines, each of at most ``MAX_CHARACTERS`` so that one long TETRA message (SDS type 4, 2047
bits less 4 octets of transport header) carries it as 8-bit text:

* ``SB1 <origin> <size> <root> <signature>``: a checkpoint with the log's signature;
* ``SC1 <origin> <size> <witness> <signature>``: a witness's cosignature of it;
* ``SH1 <size> <witness> <time> <signature>``: a witness heard it, and keeps it.

A consistency proof does not fit into a message. So what is only heard is never cosigned: a witness
keeps it, and lets no log pass that does not contain it.
"""

import base64
from dataclasses import dataclass

from dispatch.audit.trust import (
    Cosigned,
    Signed,
    TrustedKey,
    canonical_base64,
    cosignatures,
    read_checkpoint,
    read_note,
    signature_of,
    split_note,
)
from gateway.model.errors import LocalError, RemoteError

MAX_CHARACTERS = 251
CHECKPOINT, COSIGNED, HEARD = "SB1", "SC1", "SH1"


class BadText(RemoteError):
    """A radio text that is none of these, or was damaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a witness answers to a checkpoint that it heard."""

    size: int
    witness: str
    at_s: int
    signature: bytes


def checkpoint_text(note: str) -> str:
    """Return the line of a checkpoint note; raises LocalError when it is too long."""
    text, lines = split_note(note)
    signed = read_checkpoint(text, "checkpoint")
    for line in lines:
        name, raw = signature_of(line)
        if name == signed.origin:
            root = base64.b64encode(signed.root).decode()
            signature = base64.b64encode(raw).decode()
            return _fitting(f"{CHECKPOINT} {name} {signed.size} {root} {signature}")
    raise LocalError("checkpoint: the log's own signature is missing")


def checkpoint_note(line: str) -> str:
    """Return the C2SP note of an ``SB1`` line; raises BadText. Checks no signature."""
    origin, size, root, signature = _words(line, CHECKPOINT, 4)
    note = f"{origin}\n{size}\n{root}\n\n— {origin} {signature}\n"
    try:
        read_checkpoint(split_note(note)[0], "radio text")
        signature_of(f"— {origin} {signature}")
    except ValueError as error:
        raise BadText(f"radio text: {error}") from error
    return note


def cosignature_text(signed: Signed, cosignature: Cosigned) -> str:
    """Return the line that carries a witness's cosignature."""
    encoded = cosignature.line.rsplit(" ", 1)[1]
    return _fitting(f"{COSIGNED} {signed.origin} {signed.size} {cosignature.name} {encoded}")


def cosignature_of(line: str) -> tuple[str, int, str]:
    """Return (origin, size, signature line for the note) of an ``SC1`` line; raises BadText."""
    origin, size, witness, signature = _words(line, COSIGNED, 4)
    if not size.isascii() or not size.isdecimal():
        raise BadText(f"radio text: expected a size, got {size!r}")
    return origin, int(size), f"— {witness} {signature}\n"


def receipt_text(receipt: Receipt) -> str:
    """Return the line of a receipt."""
    encoded = base64.b64encode(receipt.signature).decode()
    return _fitting(f"{HEARD} {receipt.size} {receipt.witness} {receipt.at_s} {encoded}")


def read_receipt(line: str, text: str, witness: TrustedKey) -> Receipt:
    """Read and check a receipt of a checkpoint's text; raises BadText."""
    size, name, at, encoded = _words(line, HEARD, 4)
    try:
        raw = canonical_base64(encoded)
        receipt = Receipt(size=int(size), witness=name, at_s=int(at), signature=raw)
        signed = read_checkpoint(text, "checkpoint")
    except ValueError as error:
        raise BadText(f"radio text: {error}") from error
    message = f"samband-heard/v1\ntime {receipt.at_s}\n{text}".encode()
    known = witness.name == name and raw[:4] == witness.key_id and signed.size == receipt.size
    if not known or not witness.signed(message, raw[4:]):
        raise BadText(f"radio text: this is not the receipt of {witness.name} for that checkpoint")
    return receipt


def check_note(note: str, log: TrustedKey, witnesses: list[TrustedKey]) -> list[Cosigned]:
    """Check a note's signature and cosignatures; raises BadText when one is wrong."""
    try:
        read_note(note, [log], "checkpoint")
        return cosignatures(note, witnesses)
    except ValueError as error:
        raise BadText(f"radio text: {error}") from error


def _words(line: str, kind: str, count: int) -> list[str]:
    words = line.strip().split(" ")
    if words[0] != kind or len(words) != count + 1:
        raise BadText(f"radio text: expected {kind} and {count} words, got {line[:40]!r}")
    return words[1:]


def _fitting(line: str) -> str:
    if len(line) > MAX_CHARACTERS or not line.isascii():
        raise LocalError(
            f"radio text: {len(line)} characters, one message takes {MAX_CHARACTERS} of ASCII",
            hint="Give the log a shorter origin.",
        )
    return line

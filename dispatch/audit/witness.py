"""A witness: remembers the newest checkpoint of each log it knows, and cosigns what continues it.

Sans network: a request's bytes in, an answer out. The rule that makes it worth something: what it
has seen is on disk before it answers, and it never answers for less, nor for something else. The
protocol is C2SP ``tlog-witness``: 200 and cosignature lines; 400 malformed, or ``old`` above the
new size; 403 no known signature; 404 unknown log; 409 ``old`` is not what is stored (its body is
what is), or another root for the same size; 422 the proof does not hold.

A checkpoint that came by radio has no proof with it. It is kept as *heard*, and a later checkpoint
passes only when the log has first shown that it contains what was heard: until then the answer is
409 with the size in the header ``Samband-Heard``.
"""

import base64
import fcntl
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from dispatch.audit.checkpoint import Cosigner
from dispatch.audit.files import replace_file
from dispatch.audit.proofs import MAX_PROOF_HASHES, consistent
from dispatch.audit.radio_text import BadText, Receipt, checkpoint_note, receipt_text
from dispatch.audit.trust import (
    Signed,
    TrustedKey,
    canonical_base64,
    read_checkpoint,
    read_note,
    split_note,
)
from gateway.model.errors import ConfigError

STATE_FILE = "witness.json"
HEARD_HEADER = "Samband-Heard"
MAX_REQUEST_BYTES = 64 * 1024
MAX_HEARD = 1000
EMPTY_ROOT = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: HTTP status, body, further headers."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """An ``add-checkpoint`` request that was read."""

    old: int
    proof: list[bytes]
    note: str
    text: str
    head: Signed


def request_bytes(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of ``add-checkpoint``: old size, proof lines, empty line, checkpoint."""
    lines = "".join(base64.b64encode(item).decode() + "\n" for item in proof)
    return f"old {old}\n{lines}\n{note}".encode()


def read_request(body: bytes) -> Ask:
    """Read the body of ``add-checkpoint``; raises ValueError on another form."""
    if len(body) > MAX_REQUEST_BYTES:
        raise ValueError(f"{len(body)} bytes are too many")
    asked, gap, note = body.decode("utf-8").partition("\n\n")
    first, *proof = asked.split("\n")
    word, _, size = first.partition(" ")
    if not gap or word != "old" or not size.isascii() or not size.isdecimal():
        raise ValueError("expected: old <size>, proof lines, an empty line, a checkpoint")
    if str(int(size)) != size or len(proof) > MAX_PROOF_HASHES:
        raise ValueError("the old size is not canonical, or there are too many proof lines")
    text, _ = split_note(note)
    return Ask(
        old=int(size),
        proof=[canonical_base64(line) for line in proof],
        note=note,
        text=text,
        head=read_checkpoint(text, "checkpoint"),
    )


class Witness:
    """One witness with its state file. Calls from several threads are served one by one."""

    def __init__(self, folder: Path, cosigner: Cosigner, logs: Sequence[TrustedKey]) -> None:
        """Open the state of ``create``; raises ConfigError when it is gone, damaged or in use."""
        self._path = folder / STATE_FILE
        self._cosigner = cosigner
        self._logs = {key.name: key for key in logs}
        self._mutex = threading.Lock()
        self._file_lock = _lock(folder)
        try:
            self._state: dict[str, Any] = json.loads(self._path.read_text("utf-8"))
            known = self._state["witness"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.close()
            raise ConfigError(
                f"witness state {self._path}: {error}",
                hint="Without what it has seen a witness proves nothing: restore the file, or make "
                "a new witness with a new key (samband witness create).",
            ) from error
        if known != cosigner.vkey:
            self.close()
            raise ConfigError(f"witness state {self._path} is of {known}, not of {cosigner.vkey}")

    @staticmethod
    def create(folder: Path, cosigner: Cosigner) -> None:
        """Make the empty state of a new witness; raises ConfigError when there is one."""
        path = folder / STATE_FILE
        if path.exists():
            raise ConfigError(f"{path}: there is a witness already")
        _write(path, {"v": 1, "witness": cosigner.vkey, "logs": {}})

    @staticmethod
    def name_in(folder: Path) -> str:
        """Return the name of the witness whose state is in a folder; any word when unreadable."""
        try:
            state = json.loads((folder / STATE_FILE).read_text("utf-8"))
            return str(state["witness"]).partition("+")[0]
        except (OSError, ValueError, KeyError, TypeError):
            return "unreadable"

    @property
    def vkey(self) -> str:
        """The witness's verifier key."""
        return self._cosigner.vkey

    def close(self) -> None:
        """Let another process use the state; safe twice."""
        self._file_lock.close()

    def newest(self, origin: str) -> str | None:
        """Return the newest cosigned note of a log."""
        with self._mutex:
            seen = self._state["logs"].get(origin, {})
            return str(seen["note"]) if "note" in seen else None

    def add(self, body: bytes, now_s: int) -> Answer:
        """Answer an ``add-checkpoint`` request."""
        try:
            ask = read_request(body)
        except ValueError as error:
            return _refusal(400, str(error))
        log = self._logs.get(ask.head.origin)
        if log is None:
            return _refusal(404, f"this witness does not know the log {ask.head.origin}")
        try:
            read_note(ask.note, [log], "checkpoint")
        except ValueError as error:
            return _refusal(403, str(error))
        if ask.old > ask.head.size:
            return _refusal(400, f"old {ask.old} is above the new size {ask.head.size}")
        with self._mutex:
            return self._extend(ask, now_s)

    def _extend(self, ask: Ask, now_s: int) -> Answer:
        seen = self._state["logs"].get(ask.head.origin, {})
        size = int(seen.get("size", 0))
        root = bytes.fromhex(seen["root"]) if "root" in seen else EMPTY_ROOT
        if ask.old != size:
            return Answer(
                status=409, body=f"{size}\n", headers={"Content-Type": "text/x.tlog.size"}
            )
        if ask.head.size == size and ask.head.root != root:
            return _refusal(409, f"another root for the size {size}: the log was forked")
        if not consistent(size, ask.head.size, root, ask.head.root, ask.proof):
            return _refusal(422, "the proof does not show that the log only grew")
        refused = _heard_against(seen.get("heard", []), ask.head, size)
        if refused is not None:
            return refused
        line = self._cosigner.line(ask.text, now_s)
        heard = [one for one in seen.get("heard", []) if one["size"] > ask.head.size]
        self._keep(
            ask.head,
            {**_head(ask.head), "at_s": now_s, "note": ask.note + line, "heard": heard},
        )
        return Answer(status=200, body=line)

    def hear(self, line: str, now_s: int) -> str:
        """Take a checkpoint that came by radio; returns the receipt to send back.

        Raises BadText when it is damaged, of an unknown log, smaller than what is known, or
        another one than what is known.
        """
        note = checkpoint_note(line)
        text, _ = split_note(note)
        head = read_checkpoint(text, "radio text")
        log = self._logs.get(head.origin)
        if log is None:
            raise BadText(f"radio text: this witness does not know the log {head.origin}")
        try:
            read_note(note, [log], "radio text")
        except ValueError as error:
            raise BadText(f"radio text: {error}") from error
        with self._mutex:
            self._hear(head, now_s)
        signature = self._cosigner.sign_heard(text, now_s)
        return receipt_text(
            Receipt(size=head.size, witness=self._cosigner.name, at_s=now_s, signature=signature)
        )

    def _hear(self, head: Signed, now_s: int) -> None:
        seen = self._state["logs"].get(head.origin, {})
        heard = list(seen.get("heard", []))
        known = [one for one in (seen, *heard) if "root" in one]
        for one in known:
            if one["size"] > head.size:
                raise BadText(f"radio text: size {head.size} after {one['size']}: the log was cut")
            if one["size"] == head.size and one["root"] != head.root.hex():
                raise BadText(f"radio text: another root for the size {head.size}: it was forked")
        if any(one["size"] == head.size for one in known):
            return
        if len(heard) >= MAX_HEARD:
            heard.pop(len(heard) // 2)  # the first and the newest say most
        heard.append({**_head(head), "at_s": now_s})
        self._keep(head, {**seen, "heard": heard})

    def _keep(self, head: Signed, seen: dict[str, Any]) -> None:
        logs = {**self._state["logs"], head.origin: seen}
        state = {**self._state, "logs": logs}
        _write(self._path, state)
        self._state = state


def _heard_against(heard: list[dict[str, Any]], head: Signed, size: int) -> Answer | None:
    """Return a refusal when something that was heard is not known to be inside the new tree."""
    for one in sorted(heard, key=lambda each: int(each["size"])):
        if one["size"] == head.size and one["root"] != head.root.hex():
            return _refusal(409, f"another root of size {head.size} was heard by radio: forked")
        if size < one["size"] < head.size:
            return Answer(
                status=409,
                body=f"{size}\n",
                headers={"Content-Type": "text/x.tlog.size", HEARD_HEADER: str(one["size"])},
            )
    return None


def _head(head: Signed) -> dict[str, Any]:
    return {"size": head.size, "root": head.root.hex()}


def _refusal(status: int, words: str) -> Answer:
    return Answer(status=status, body=words + "\n")


def _write(path: Path, state: dict[str, Any]) -> None:
    replace_file(path, json.dumps(state, indent=1, sort_keys=True).encode() + b"\n", mode=0o600)


def _lock(folder: Path) -> IO[str]:
    file = (folder / "witness.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigError(f"{folder}: another witness runs on this state") from error
    return file

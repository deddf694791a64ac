"""Asks the configured witnesses to cosign the newest checkpoint.

Network and disk, no loop: called from a thread. A witness that is away costs nothing but its
cosignature; what it says about the log (it was cut, it was forked) is kept in words for the screen.
"""

import http.client
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dispatch.audit.cosigned import CosignedNotes, Kept, NotCosigned
from dispatch.audit.files import LogUnavailable
from dispatch.audit.prover import Prover, StoredCheckpoint
from dispatch.audit.trust import TrustedKey
from dispatch.audit.witness import HEARD_HEADER
from gateway.model.errors import ConfigError, LocalError, RadioError

TIMEOUT_S = 10
MAX_ANSWER_BYTES = 64 * 1024
MAX_ROUNDS = 20
"""Answers 409 that are followed: each tells what the witness has, or what it heard by radio."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessAt:
    """A witness and where it answers."""

    key: TrustedKey
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessState:
    """What the auditor sees of a witness. ``fault`` empty: it cosigned when last asked."""

    name: str
    size: int
    at_s: int
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    body: str
    heard: int | None


def witness_at(vkey: str, url: str) -> WitnessAt:
    """Return a witness of the configuration; raises ConfigError."""
    try:
        key = TrustedKey(vkey)
    except ValueError as error:
        raise ConfigError(f"audit.witness.key: {error}") from error
    if key.kind != 4 or urlsplit(url).scheme not in ("http", "https"):
        raise ConfigError(
            f"audit.witness: expected the key of a witness and an http(s) address, got {url!r}",
            hint="samband witness create prints the key.",
        )
    return WitnessAt(key=key, url=url.rstrip("/"))


class Cosigning:
    """Asks witnesses about one log."""

    def __init__(self, database: Path, folder: Path, witnesses: tuple[WitnessAt, ...]) -> None:
        """Take the log's database and the folder of its head."""
        self._database = database
        self._notes = CosignedNotes(folder)
        self.witnesses = witnesses
        self._faults: dict[str, str] = {}

    def ask_all(self) -> list[WitnessState]:
        """Ask every witness about the newest checkpoint; returns what is known afterwards."""
        for witness in self.witnesses:
            try:
                self._ask(witness)
                self._faults.pop(witness.key.vkey, None)
            except (RadioError, OSError, http.client.HTTPException, ValueError) as error:
                self._faults[witness.key.vkey] = str(error) or type(error).__name__
        return self.states()

    def states(self) -> list[WitnessState]:
        """Return what is known of each witness."""
        return [self._state(witness) for witness in self.witnesses]

    def _state(self, witness: WitnessAt) -> WitnessState:
        fault = self._faults.get(witness.key.vkey, "")
        try:
            kept = self._notes.newest(witness.key)
        except NotCosigned as error:
            kept, fault = None, str(error)
        return WitnessState(
            name=witness.key.name,
            size=kept.head.size if kept else 0,
            at_s=kept.cosignature.at_s if kept else 0,
            fault=fault,
        )

    def _ask(self, witness: WitnessAt) -> Kept | None:
        with Prover(self._database) as prover:
            newest = prover.newest_checkpoint()
            if newest is None:
                return None
            kept = self._notes.newest(witness.key)
            return self._rounds(prover, witness, newest, kept.head.size if kept else 0)

    def _rounds(
        self, prover: Prover, witness: WitnessAt, newest: StoredCheckpoint, old: int
    ) -> Kept:
        shown = newest
        for _ in range(MAX_ROUNDS):
            reply = _post(witness.url, prover.extension(old, shown))
            if reply.status == 200:
                kept = self._notes.keep(shown.note, reply.body, witness.key)
                if shown.size == newest.size:
                    return kept
                old, shown = shown.size, newest
                continue
            step = reply.heard if reply.heard is not None else _size_in(reply)
            if reply.status != 409 or step is None:
                raise LocalError(f"refused ({reply.status}): {reply.body.strip()[:200]}")
            if reply.heard is not None:
                shown = prover.checkpoint(step)
                continue
            if step == old or step > newest.size:
                raise LocalError(f"it has seen {step} entries, this log has {newest.size}: cut?")
            old = step
        raise LocalError("it asks on and on")


def _size_in(reply: _Reply) -> int | None:
    words = reply.body.strip()
    return int(words) if words.isascii() and words.isdecimal() else None


def _post(url: str, body: bytes) -> _Reply:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", f"{parts.path}/add-checkpoint", body=body)
        answer = connection.getresponse()
        text = answer.read(MAX_ANSWER_BYTES).decode("utf-8")
        heard = answer.headers.get(HEARD_HEADER)
        return _Reply(status=answer.status, body=text, heard=int(heard) if heard else None)
    finally:
        connection.close()


def take_line(database: Path, folder: Path, size: int, line: str, witness: TrustedKey) -> Kept:
    """Keep a cosignature that came by radio; raises NotCosigned, LocalError, LogUnavailable."""
    if not database.is_file():
        raise LogUnavailable(f"audit log: there is no database {database}")
    with Prover(database) as prover:
        note = prover.checkpoint(size).note
    return CosignedNotes(folder).keep(note, line, witness)

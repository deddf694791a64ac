"""What stands outside the machine: witnesses asked each minute, a time stamp taken each hour.

One task of the loop; its network work runs in a thread, so a witness that is away delays nothing.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from dispatch.audit.cosign import Cosigning, WitnessState
from dispatch.audit.prover import Prover
from dispatch.audit.stamp import Authority, StampedNotes, stamp
from gateway.model.errors import RadioError

logger = logging.getLogger(__name__)

WITNESS_S = 60
STAMP_S = 3600
STALE_S = 24 * 3600
"""A log that nobody witnessed for so long is shown in red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StampState:
    """The newest stamped checkpoint; ``fault`` empty when the last request went well."""

    size: int
    fault: str


class OutsideProof:
    """Asks witnesses and the time-stamp authority while the server runs."""

    def __init__(
        self, database: Path, folder: Path, cosigning: Cosigning, tsa: Authority | None
    ) -> None:
        """Take the log's database, the folder of its head, the witnesses, and the authority."""
        self._database = database
        self._cosigning = cosigning
        self._tsa = tsa
        self._stamps = StampedNotes(folder)
        self._stamp_fault = ""
        self._stamp_due = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def tsa(self) -> Authority | None:
        """The time-stamp authority, None when none is configured."""
        return self._tsa

    @property
    def cosigning(self) -> Cosigning:
        """The witnesses."""
        return self._cosigning

    def witnesses(self) -> list[WitnessState]:
        """Return what is known of each witness."""
        return self._cosigning.states()

    def stamped(self) -> StampState | None:
        """Return the newest stamp, None when no authority is configured."""
        if self._tsa is None:
            return None
        return StampState(size=self._stamps.newest(), fault=self._stamp_fault)

    def stamped_at_s(self) -> int | None:
        """Return the time (Unix s) in the newest stamp; None when there is none that tells it."""
        return self._stamps.at_s(self._stamps.newest())

    def start(self) -> None:
        """Begin, when there is anything to ask."""
        if self._cosigning.witnesses or self._tsa is not None:
            self._task = asyncio.create_task(self._run(), name="audit-outside")

    async def close(self) -> None:
        """End; safe twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.ask)
            except Exception:  # whatever a witness answers: the next minute is tried again
                logger.exception("audit log: asking witnesses failed")
            await asyncio.sleep(WITNESS_S)

    def ask(self) -> list[WitnessState]:
        """Ask every witness, and once an hour for a stamp; blocks."""
        states = self._cosigning.ask_all()
        for state in states:
            if state.fault:
                logger.warning("audit log: witness %s: %s", state.name, state.fault)
        if self._tsa is not None and time.monotonic() >= self._stamp_due:
            self._stamp(self._tsa)
        return states

    def _stamp(self, tsa: Authority) -> None:
        try:
            with Prover(self._database) as prover:
                newest = prover.newest_checkpoint()
            if newest is None:
                return
            if newest.size > self._stamps.newest():
                self._stamps.keep(newest.size, newest.note, stamp(newest.note.encode(), tsa))
        except (RadioError, OSError) as error:
            self._stamp_fault = str(error)
            logger.warning("audit log: %s", error)
        else:
            self._stamp_fault = ""
            self._stamp_due = time.monotonic() + STAMP_S

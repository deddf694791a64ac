"""The auditor's mirror, made by the running server: logged first, over a checkpoint of its own."""

import asyncio
from pathlib import Path

from dispatch.audit.cosigned import CosignedNotes
from dispatch.audit.log import HEAD_FILE
from dispatch.audit.prover import Prover
from dispatch.audit.tiles import Exported, export_tiles
from dispatch.audit.trust import TrustedKey
from dispatch.audit.writer import AuditWriter


class Mirror:
    """Writes and renews the folder ``mirror/`` of the state."""

    def __init__(
        self, writer: AuditWriter, database: Path, folder: Path, witnesses: tuple[TrustedKey, ...]
    ) -> None:
        """Take the log's writer, for the checkpoint, and where the mirror lies."""
        self._writer = writer
        self._database = database
        self._witnesses = witnesses
        self._running = asyncio.Lock()
        self.folder = folder

    async def renew(self) -> Exported:
        """Write what is new; raises LogNotWritable, LogUnavailable, ConfigError.

        ``audit.head`` is taken before the checkpoint is made, so that the checkpoint covers it.
        """
        async with self._running:
            head = await asyncio.to_thread((self._writer.folder / HEAD_FILE).read_bytes)
            size = await self._writer.checkpoint()
            return await asyncio.to_thread(self._write, size, head)

    def _write(self, size: int, head: bytes) -> Exported:
        with Prover(self._database) as prover:
            note = prover.checkpoint(size).note
            lines = CosignedNotes(self._writer.folder).lines_for(note, self._witnesses)
            return export_tiles(prover, note + "".join(lines), size, self.folder, head)

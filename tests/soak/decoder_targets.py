"""Readers of what a terminal delivers, beside those in ``targets``: status, parts, answers."""

import json
import random
from collections.abc import Sequence
from functools import cached_property

from gateway.model.ids import MonoMs
from gateway.tetra import sds, status
from gateway.tetra.bits import Payload
from gateway.tetra.reassembly import MAX_OPEN_TEXTS, REASSEMBLY_MS, Reassembly
from samband.decode_pei import decode_pei
from samband.decode_rows import status_row
from tests.soak.mutation import damaged

MOST_PARTS = 255


class Status:
    """A status of any number of bits: a value and its kind, or named malformed."""

    def __init__(self) -> None:
        """Count nothing."""
        self.good = [bytes.fromhex(text) for text in ("0000", "8002", "7E21", "7F21", "7BFF")]

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, ())

    def take(self, data: bytes) -> None:
        """A row that can be written; a short report says the same again."""
        row = status_row(data.hex())
        json.dumps(row)
        assert ("malformed" in row) == (len(data) != 2)
        value = int.from_bytes(data[:2])
        kind = status.kind_of(value)
        report = status.ShortReport.decode(value)
        assert (report is not None) == (kind is status.StatusKind.SHORT_REPORT)
        assert report is None or report.encode() == value
        assert bool(status.why_not_sendable(value)) == (kind is not status.StatusKind.USER)

    def close(self) -> None:
        """Let go of nothing."""


class Parts:
    """Parts of long texts from a few senders: joined or given up, and never hoarded."""

    def __init__(self) -> None:
        """Begin with nothing open."""
        self.good = [
            bytes.fromhex(f"8A00{n:02X}01050003{n % 3:02X}{3:02X}{n % 4:02X}") + b"Text" * n
            for n in range(9)
        ]
        self.kept: Reassembly[int] = Reassembly()
        self.waiting: dict[tuple[int | None, int | None, int], set[int]] = {}
        self.now = 0

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, ())

    def take(self, data: bytes) -> None:
        """Add a part; what waits stays within its limits, and what is given out is whole."""
        self.now += 500 if len(data) % 7 else REASSEMBLY_MS // 8
        now = MonoMs(self.now)
        given = self.kept.expire(now)
        message = sds.decode(Payload.from_bytes(data))
        if isinstance(message, sds.TextMessage) and message.text.part is not None:
            part = message.text.part
            key = (len(data) % 5, len(data) % 2, part.reference)
            given += self.kept.add(key, part, message.text.text, part.sequence, now)
            self.waiting.setdefault(key, set()).add(part.sequence)
        for joined in given:
            self.waiting.pop(joined.key, None)
            assert 0 <= joined.missing <= joined.total
            assert len(joined.origins) <= MOST_PARTS
            joined.text.encode("utf-8", "surrogatepass")
        assert len(self.waiting) <= MAX_OPEN_TEXTS + 1
        deadline = self.kept.deadline()
        assert deadline is None or now < deadline <= now + REASSEMBLY_MS

    def close(self) -> None:
        """Let go of nothing."""


class PeiRows:
    """Lines as ``samband decode pei`` reads them: each gives a row that can be written."""

    words = (b"\n", b",", b"+CNUMS: ", b"+GCLI: ", b"+CTSDSR: 12,1,0,2,0,16\n", b"OK\n", b"AT")

    @cached_property
    def good(self) -> Sequence[bytes]:
        """What radios say in the project's look-alikes."""
        from tests.conformance.line_world import pool

        return ["\n".join(lines[n : n + 6]).encode() for lines in pool() for n in range(len(lines))]

    def make(self, rng: random.Random) -> bytes:
        """Return the next input."""
        return damaged(rng, self.good, self.words)

    def take(self, data: bytes) -> None:
        """Every row has an event."""
        text = data.decode("utf-8", errors="surrogateescape")
        for row in decode_pei(text.split("\n")):
            assert row["event"]
            json.dumps(row).encode()

    def close(self) -> None:
        """Let go of nothing."""

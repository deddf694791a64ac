"""The call-control lines of a terminal, kept with their call so that its sheet can show them raw.

Only lines that control a call are kept, by their command: never a text or a place (they are
personal data of another kind), and nothing of P25 links, whose frames carry the voice itself.
"""

import re
from collections import defaultdict, deque
from collections.abc import Sequence

from sqlmodel import Session, col, delete, select

from dispatch.auditdesk.tables import CallLine
from dispatch.services.background import Background
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import CallId, LinkId, UtcUs
from gateway.ports import Clock

CONTROL = re.compile(
    r"(?:AT)?\+CT(?:ICN|OCP|CC|CR|XG|SDC)\b|(?:AT)?\+C(?:UTXC|DTXC)\b|ATD|ATA|ATH|AT\+CHUP"
    r"|\+CTSDSR: 13,"
)
"""Set-up, progress, floor and release; of short data the pre-coded status alone (service 13)."""
KEPT_LINES = 200
BEFORE_US = 1_000_000
"""The set-up stands on the line a little before the call begins."""
MAX_FIRST, MAX_LAST = 40, 20
MAX_CHARACTERS = 300


class CallLines:
    """Follows the links and writes a call's lines when it ends."""

    def __init__(self, store: Store, background: Background, clock: Clock) -> None:
        """Begin with no lines."""
        self._store = store
        self._background = background
        self._clock = clock
        self._lines: defaultdict[LinkId, deque[tuple[UtcUs, ev.LinkLineSeen]]] = defaultdict(
            lambda: deque(maxlen=KEPT_LINES)
        )
        self._open: dict[CallId, tuple[LinkId, UtcUs]] = {}

    def apply(self, event: Event) -> None:
        """Take an event of the stream."""
        if isinstance(event, ev.LinkLineSeen):
            if CONTROL.match(event.raw):
                self._lines[event.link].append((self._clock.utc_us(), event))
        elif isinstance(event, ev.CallStarted):
            self._open[event.call] = (event.link, self._clock.utc_us())
        elif isinstance(event, ev.CallEnded):
            self._end(event.call)

    def _end(self, call: CallId) -> None:
        link, started = self._open.pop(call, (None, 0))
        if link is None:
            return
        lines = [
            CallLine(
                call=call,
                t_utc=at,
                link=link,
                outgoing=line.outgoing,
                raw=line.raw[:MAX_CHARACTERS],
                words=line.words[:MAX_CHARACTERS],
            )
            for at, line in self._lines[link]
            if at >= started - BEFORE_US
        ]
        if lines:
            self._background.start(self._write(short(lines)), "call lines")

    async def _write(self, lines: list[CallLine]) -> None:
        await self._store.write(lambda db: db.add_all(lines))


def short(lines: list[CallLine]) -> list[CallLine]:
    """Return the first and last lines of a long call."""
    if len(lines) <= MAX_FIRST + MAX_LAST:
        return lines
    return lines[:MAX_FIRST] + lines[-MAX_LAST:]


def lines_of(db: Session, call: str) -> list[Row]:
    """Return the lines of a call in order: ``t_utc``, ``outgoing``, ``raw``, ``words``."""
    found = db.exec(select(CallLine).where(CallLine.call == call).order_by(col(CallLine.id)))
    return [
        {"t_utc": row.t_utc, "outgoing": row.outgoing, "raw": row.raw, "words": row.words}
        for row in found
    ]


def forget_lines(db: Session, calls: Sequence[str]) -> None:
    """Erase the lines of calls; runs inside the erasing transaction."""
    db.exec(delete(CallLine).where(col(CallLine.call).in_(calls)))

"""What the plan alone says of units, packed once for all who have the same rights.

A plan may have a hundred thousand units, and each page needs their names. In the event stream they
would be written, compressed and sent for each page anew, after each activation and each lost
connection. So a long list is asked for apart: its bytes are made and compressed once, and who has
them already (the mark is a hash of what is in them, the same after a restart) is only told so.
"""

import asyncio
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.plans.packed import pack
from dispatch.services.plans import LivePlan
from gateway.model.ids import TalkgroupId, UnitId
from gateway.model.plan import Unit

ROWS_A_PIECE = 500
"""Units that the loop packs at once."""
KEPT = 6
"""Lists that are kept: one for each set of rights."""
GZIP_WBITS = 31


@dataclass(frozen=True, slots=True)
class UnitList:
    """JSON ``{"mark": ..., "tables": [...]}`` of packed tables, as gzip; ``mark``: their hash."""

    mark: str
    packed: bytes


@dataclass(frozen=True, slots=True)
class _Made:
    units: Mapping[UnitId, Unit]
    visible: frozenset[TalkgroupId]
    units_list: UnitList


class PlannedUnits:
    """Makes the lists and keeps the last ones."""

    def __init__(self, plan: LivePlan) -> None:
        """Begin with none."""
        self._plan = plan
        self._kept: list[_Made] = []
        self._making = asyncio.Lock()

    async def of(self, access: Access) -> UnitList:
        """Return the units whose talkgroup this person sees; the loop goes on meanwhile."""
        visible = access.talkgroups(Action.SEE)
        async with self._making:  # who asks for the same meanwhile gets what the first has made
            units = self._plan.units
            for made in self._kept:
                if made.units is units and made.visible == visible:
                    return made.units_list
            units_list = await _make(units, visible)
            kept = [made for made in self._kept if made.units is units]
            self._kept = [_Made(units, visible, units_list), *kept][:KEPT]
            return units_list


async def _make(units: Mapping[UnitId, Unit], visible: frozenset[TalkgroupId]) -> UnitList:
    pieces = []
    for piece in _pieces(units, visible):
        if piece:
            pieces.append(piece)
        await asyncio.sleep(0)
    return await asyncio.to_thread(_packed, pieces)


def _pieces(units: Mapping[UnitId, Unit], visible: frozenset[TalkgroupId]) -> Iterator[str]:
    """Give packed tables of some rows each, an empty text for rows that nobody sees."""
    left = iter(units.items())
    while some := list(islice(left, ROWS_A_PIECE)):
        seen = [(unit_id, unit) for unit_id, unit in some if unit.talkgroup in visible]
        columns: dict[str, list[Any]] = {  # values of the model
            "id": [unit_id for unit_id, _ in seen],
            "alias": [unit.alias for _, unit in seen],
            "kind": [unit.kind for _, unit in seen],
            "agency_kind": [unit.agency_kind for _, unit in seen],
            "talkgroup": [unit.talkgroup for _, unit in seen],
        }
        yield pack(columns, len(seen)) if seen else ""


def _packed(pieces: list[str]) -> UnitList:
    """Return pieces as one packed text; runs in a thread, and lets the loop in between them."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece.encode())
    mark, packer = digest.hexdigest(), zlib.compressobj(wbits=GZIP_WBITS)
    packed = [packer.compress(f'{{"mark":"{mark}","tables":['.encode())]
    for number, piece in enumerate(pieces):
        packed.append(packer.compress(("," if number else "").encode() + piece.encode()))
    packed += [packer.compress(b"]}"), packer.flush()]
    return UnitList(mark, b"".join(packed))

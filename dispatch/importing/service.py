"""Lists into drafts: read off the event loop, compared with the draft, put in when accepted."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from dispatch.audit.entry import Obj
from dispatch.errors import ServiceError
from dispatch.importing.merge_list import POLICIES, ListDiff, merge_list
from dispatch.importing.reading import Reading
from dispatch.importing.recognise import Wish, read_list
from dispatch.importing.report import report
from dispatch.importing.table_fields import plain
from dispatch.importing.tables import ImportMapping
from dispatch.plans.drafts import Draft, Drafts
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from gateway.model.plan import Plan
from gateway.ports import Clock

MAX_MAPPING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is read into what."""

    data: bytes
    system: str
    policy: str = "keep"
    wish: Wish = Wish()  # noqa: RUF009 - frozen
    save_mapping: bool = False


class Lists:
    """Reads lists for drafts."""

    def __init__(self, *, store: Store, drafts: Drafts, record: Record, clock: Clock) -> None:
        """Take the drafts and where mappings are kept."""
        self._store = store
        self._drafts = drafts
        self._record = record
        self._clock = clock

    async def look(self, asker: Asker, draft: str, order: Order) -> dict[str, Any]:  # JSON values
        """Read a list and compare it with a draft; nothing is changed but a saved mapping."""
        found = await self._drafts.find(draft)
        reading, diff = await self._read(order, found.plan)
        if order.save_mapping and order.wish.mapping:
            await self._save(asker, reading, order)
        return await asyncio.to_thread(report, reading, diff, applied=False, plan=found.base)

    async def against(self, order: Order, plan: Plan, number: int) -> dict[str, Any]:  # JSON values
        """Read a list and compare it with a plan; nothing is changed."""
        reading, diff = await self._read(order, plan)
        return await asyncio.to_thread(report, reading, diff, applied=False, plan=number)

    async def apply(
        self, asker: Asker, draft: str, revision: int, order: Order
    ) -> tuple[dict[str, Any], Draft]:  # JSON values
        """Read a list and put it into a draft; raises Conflict on an older revision."""
        found = await self._drafts.find(draft)
        reading, diff = await self._read(order, found.plan)
        await self._record.before(
            asker,
            "admin",
            "plan.import",
            Obj(type="plan_draft", id=draft),
            detail={
                "format": reading.format,
                "file_sha256": hashlib.sha256(order.data).hexdigest(),
                "policy": order.policy,
                "added": len(diff.added),
                "changed": len(diff.changed),
                "removed": len(diff.removed),
            },
        )
        put = await self._drafts.put(asker, draft, revision, diff.plan)
        told = await asyncio.to_thread(report, reading, diff, applied=True, plan=put.base)
        return told, put

    async def _read(self, order: Order, plan: Plan) -> tuple[Reading, ListDiff]:
        if order.policy not in POLICIES:
            raise ServiceError(f"policy: expected one of {', '.join(POLICIES)}")
        wish = order.wish
        reading = await asyncio.to_thread(read_list, order.data, wish)
        if not wish.mapping and reading.columns:
            saved = await self._saved(source_of(reading), wish.kind)
            if saved:
                known = replace(wish, mapping=saved)
                reading = await asyncio.to_thread(read_list, order.data, known)
                reading.warnings.append("the mapping saved for this source was used")
        return reading, await asyncio.to_thread(
            merge_list, plan, order.system, reading, order.policy
        )

    async def _saved(self, source: str, kind: str) -> dict[str, str] | None:
        row = await self._store.read(lambda db: db.get(ImportMapping, (source, kind)))
        return {str(k): str(v) for k, v in json.loads(row.mapping).items()} if row else None

    async def _save(self, asker: Asker, reading: Reading, order: Order) -> None:
        mapping: Mapping[str, str] = order.wish.mapping or {}
        if len(mapping) > MAX_MAPPING:
            raise ServiceError(f"mapping: at most {MAX_MAPPING} columns")
        source, kind = source_of(reading), order.wish.kind
        now, who = self._clock.utc_us(), asker.access.user.display_name
        text = json.dumps(dict(mapping), ensure_ascii=False, sort_keys=True)

        def work(db: Session) -> None:
            row = db.get(ImportMapping, (source, kind)) or ImportMapping(
                source=source, kind=kind, mapping="", saved_by="", saved_utc=0
            )
            row.mapping, row.saved_by, row.saved_utc = text, who, now
            db.add(row)

        await self._store.write(work)


def source_of(reading: Reading) -> str:
    """Return what names a source: the hash of its titles, in their order."""
    titles = "\n".join(plain(column.title) for column in reading.columns)
    return hashlib.sha256(titles.encode()).hexdigest()

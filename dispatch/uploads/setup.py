"""Puts uploads into a dispatch service."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.policy.live import LivePolicy
from dispatch.retention.erasure import Erasure
from dispatch.retention.holds import Holds
from dispatch.retention.scope import CALL
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.sealed_format import SUFFIX
from dispatch.retention.sealer import Sealer
from dispatch.retention.tombstones import RECORDINGS
from dispatch.services.background import Background
from dispatch.services.disk import DiskPolicy
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.tables import RecordingFileRow
from dispatch.uploads import looking
from dispatch.uploads.budget import BodyBudget
from dispatch.uploads.checking import Checks
from dispatch.uploads.copying import Copying
from dispatch.uploads.copying import Parts as CopyingParts
from dispatch.uploads.counting import UploadCounts, stored_counts
from dispatch.uploads.intake import Intake
from dispatch.uploads.intake import Parts as IntakeParts
from dispatch.uploads.keys import UploadKeys
from dispatch.uploads.settings import UploadSettings
from gateway.model.errors import RadioError
from gateway.ports import Clock

logger = logging.getLogger(__name__)
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Everything of uploads that routes use."""

    settings: UploadSettings
    keys: UploadKeys
    intake: Intake
    copying: Copying
    checks: Checks
    counts: UploadCounts
    store: Store
    clock: Clock
    folder: Path
    budget: BodyBudget
    listeners: list[Callable[[], None]]
    """Told when a call was uploaded, and when its length is known."""

    def start(self, background: Background) -> None:
        """Begin to take uploads in and to make listening copies."""
        background.start(self.intake.run(), "uploads-intake")
        background.start(self.copying.run(), "uploads-copying")
        background.start(self._sweep(self.clock.utc_us() / 1_000_000), "uploads-sweep")

    async def _sweep(self, before_s: float) -> None:
        """Take away files that a crash left before anybody was told of them."""
        try:
            names = await asyncio.to_thread(_unfinished, self.folder, before_s)
            known = await self.store.read(lambda db: _known(db, names))
            for name in names:
                if name not in known:
                    (self.folder / name).unlink(missing_ok=True)
        except (RadioError, OSError) as error:
            logger.warning("uploads: what a crash left stays for now: %s", error)

    async def board(self) -> Row:
        """Return keys, counters, what waits and what was refused."""
        await self.intake.flush_counts()
        plan = self.checks.plan

        def work(db: Session) -> Row:
            counts = stored_counts(db)
            return {
                "keys": looking.key_rows(db),
                "unknown_key": looking.split_counts(counts.get("", {})),
                "unknown_talkgroups": looking.unknown_talkgroups(db, map(str, plan.talkgroups)),
            }

        found = await self.store.read(work)
        return {
            **found,
            "waiting": sum(self.checks.waiting.values()),
            "refusals": looking.recent_rows(self.counts),
            "settings": {
                "max_mb": self.settings.max_mb,
                "per_minute": self.settings.per_minute,
                "max_waiting": self.settings.max_waiting,
                "unknown_talkgroups": self.settings.unknown_talkgroups,
                "max_age_days": self.settings.max_age_days,
            },
        }


def add_uploads(services: Services, state: Path, settings: UploadSettings) -> Uploads:
    """Make and file the service (blocking: at start only)."""
    s, folder = services, state / RECORDINGS
    folder.mkdir(parents=True, exist_ok=True)
    record, sealer, counts = s.use(Record), s.use(Sealer), UploadCounts()
    keys = UploadKeys(
        store=s.store, plan=s.plan, record=record, clock=s.clock, randomness=s.randomness
    )
    keys.load()
    policy = s.use(LivePolicy)
    checks = Checks(plan=s.plan, settings=settings, records=policy.records, disk=s.use(DiskPolicy))

    def closed(names: Iterable[str]) -> None:
        sealer.add([f"{RECORDINGS}/{name}" for name in names])

    listeners: list[Callable[[], None]] = []

    def tell() -> None:
        for listener in listeners:
            listener()

    def done(key: str) -> None:
        checks.waiting[key] = max(0, checks.waiting[key] - 1)
        tell()

    copying = Copying(
        CopyingParts(
            store=s.store,
            files=s.use(SealedFiles),
            record=record,
            clock=s.clock,
            folder=folder,
            closed=closed,
            done=done,
        )
    )
    checks.waiting.update(copying.waiting_by_key())

    def taken(names: Sequence[str]) -> None:
        closed(names)
        copying.wake()

    intake = Intake(
        IntakeParts(
            store=s.store,
            plan=s.plan,
            record=record,
            clock=s.clock,
            randomness=s.randomness,
            keys=keys,
            checks=checks,
            counts=counts,
            folder=folder,
            taken=taken,
            holds=s.use(Holds),
            stored=tell,
        )
    )
    s.use(Erasure).on_erase(lambda db, kind, ids: looking.forget(db, ids) if kind == CALL else None)
    return s.add(
        Uploads(
            settings=settings,
            keys=keys,
            intake=intake,
            copying=copying,
            checks=checks,
            counts=counts,
            store=s.store,
            clock=s.clock,
            folder=folder,
            budget=BodyBudget(),
            listeners=listeners,
        )
    )


def _unfinished(folder: Path, before_s: float) -> list[str]:
    """Return older plain files of uploads: few were not sealed yet, or never told of."""
    return [
        path.name
        for path in folder.glob("u-*")
        if path.suffix != SUFFIX and path.is_file() and path.stat().st_mtime < before_s
    ]


def _known(db: Session, names: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(names), AT_ONCE):
        part = names[start : start + AT_ONCE]
        found |= set(
            db.exec(select(RecordingFileRow.name).where(col(RecordingFileRow.name).in_(part)))
        )
    return found

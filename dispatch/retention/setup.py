"""Puts sealing, policy, holds, orders and erasure into a dispatch service."""

from pathlib import Path

from dispatch.audit.keys import KeyFolder
from dispatch.audit.writer import AuditWriter
from dispatch.auditdesk.call_lines import forget_lines
from dispatch.calllog.index import CallIndex
from dispatch.oversight.approvals import Approvals
from dispatch.policy.live import LivePolicy
from dispatch.policy.service import Policies
from dispatch.policy.service import Tools as PolicyTools
from dispatch.retention.board import would_erase
from dispatch.retention.erased_list import ErasedList
from dispatch.retention.erasure import Erasure
from dispatch.retention.erasure import Tools as ErasureTools
from dispatch.retention.holds import Holds
from dispatch.retention.holds import Tools as HoldTools
from dispatch.retention.keeping import Retention
from dispatch.retention.log_words import LogWords
from dispatch.retention.orders import Orders
from dispatch.retention.reviews import Reviews
from dispatch.retention.scope import CALL
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.sealer import Sealer
from dispatch.retention.telemetry import Telemetry
from dispatch.services.background import Background
from dispatch.services.journal_write import JournalWriter
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.snapshot import Snapshots


def add_retention(services: Services, state: Path, journal: JournalWriter) -> None:
    """Make and file the services (blocking: at start only); the journal tells of new calls."""
    s = services
    record, approvals, writer = s.use(Record), s.use(Approvals), s.use(AuditWriter)
    policy = s.add(LivePolicy(s.store, s.clock))
    policy.load()
    s.add(
        Policies(
            PolicyTools(
                store=s.store,
                record=record,
                clock=s.clock,
                approvals=approvals,
                live=policy,
                would_erase=would_erase,
            )
        )
    )
    holds = s.add(
        Holds(
            HoldTools(
                store=s.store,
                record=record,
                clock=s.clock,
                randomness=s.randomness,
                approvals=approvals,
                policy=policy,
            )
        )
    )
    s.add(Orders(store=s.store, record=record, clock=s.clock, randomness=s.randomness, holds=holds))
    erasure = s.add(
        Erasure(
            ErasureTools(
                store=s.store,
                record=record,
                writer=writer,
                clock=s.clock,
                randomness=s.randomness,
                approvals=approvals,
                policy=policy,
                holds=holds,
                files=s.use(SealedFiles),
                erased=ErasedList((state / "audit", writer.folder)),
                words=LogWords(KeyFolder(state / "keys")),
            )
        )
    )
    reviews = s.add(Reviews(s.store, record, s.clock))
    retention = s.add(
        Retention(
            store=s.store,
            clock=s.clock,
            state=state,
            policy=policy,
            erasure=erasure,
            reviews=reviews,
        )
    )
    s.add(Sealer(store=s.store, files=s.use(SealedFiles), bus=s.bus, clock=s.clock))
    s.add(Telemetry(s.store, s.clock, s.randomness))
    journal.on_written(holds.written)
    _connect(services, policy, erasure, retention)


def _connect(
    services: Services, policy: LivePolicy, erasure: Erasure, retention: Retention
) -> None:
    """Let the policy's rights, recording rules and times count, and the index forget."""
    s = services
    s.access.withdrawn = policy.withdrawn
    s.use(Snapshots).groups.records = policy.records

    def changed() -> None:
        s.access.refresh("policy activated")
        retention.policy_changed()

    policy.on_changed(changed)
    erasure.on_erase(lambda db, kind, ids: forget_lines(db, ids) if kind == CALL else None)
    if s.has(CallIndex):
        index = s.use(CallIndex)
        erasure.on_erase(lambda db, kind, ids: index.forget(db, ids) if kind == CALL else None)


def start_retention(services: Services, background: Background) -> None:
    """Start the tasks; they end with the service's other background tasks."""
    background.start(services.use(Retention).run(), "retention")
    background.start(services.use(Sealer).run(), "sealer")
    background.start(services.use(Holds).run(), "holds")
    background.start(services.use(Policies).run(), "policy")


async def stop_retention(services: Services) -> None:
    """Stop erasing and sealing in order; what is left is done at the next start."""
    await services.use(Retention).close()
    await services.use(Sealer).close()
    await services.use(Holds).close()
    await services.use(Policies).close()

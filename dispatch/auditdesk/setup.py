"""Files the services of the auditor's desk."""

from dispatch.auditdesk.call_lines import CallLines
from dispatch.auditdesk.marks import Marks
from dispatch.auditdesk.searches import SavedSearches
from dispatch.services.background import Background
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.stream import EventStream


def add_audit_desk(
    services: Services, record: Record, stream: EventStream, background: Background
) -> None:
    """Add saved searches and marks, and follow the lines of calls."""
    store, clock, randomness = services.store, services.clock, services.randomness
    services.add(SavedSearches(store, record, clock, randomness))
    services.add(Marks(store, record, clock, randomness))
    stream.on_event(services.add(CallLines(store, background, clock)).apply)

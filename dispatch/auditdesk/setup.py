"""Files the services of the auditor's desk."""

from dispatch.auditdesk.marks import Marks
from dispatch.auditdesk.searches import SavedSearches
from dispatch.services.record import Record
from dispatch.services.registry import Services


def add_audit_desk(services: Services, record: Record) -> None:
    """Add saved searches and marks."""
    store, clock, randomness = services.store, services.clock, services.randomness
    services.add(SavedSearches(store, record, clock, randomness))
    services.add(Marks(store, record, clock, randomness))

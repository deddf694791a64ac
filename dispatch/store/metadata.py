"""One metadata of all tables: importing this module is what makes them known to Alembic."""

from sqlmodel import SQLModel

import dispatch.audit.tables
import dispatch.auditdesk.tables
import dispatch.cameras.tables
import dispatch.incidents.tables
import dispatch.store.individual
import dispatch.store.tables

MODULES = (
    dispatch.store.tables,
    dispatch.store.individual,
    dispatch.audit.tables,
    dispatch.auditdesk.tables,
    dispatch.incidents.tables,
    dispatch.cameras.tables,
)
metadata = SQLModel.metadata

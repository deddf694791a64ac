"""One metadata of all tables: importing this module is what makes them known to Alembic."""

from sqlmodel import SQLModel

import dispatch.audit.tables
import dispatch.auditdesk.tables
import dispatch.calllog.tables
import dispatch.cameras.tables
import dispatch.evidence.tables
import dispatch.extracts.tables
import dispatch.health.tables
import dispatch.importing.tables
import dispatch.incidents.tables
import dispatch.links.tables
import dispatch.live.tables
import dispatch.oversight.tables
import dispatch.plans.tables
import dispatch.policy.tables
import dispatch.reports.tables
import dispatch.retention.tables
import dispatch.store.individual
import dispatch.store.patches
import dispatch.store.tables
import dispatch.uploads.tables

MODULES = (
    dispatch.store.tables,
    dispatch.store.individual,
    dispatch.store.patches,
    dispatch.audit.tables,
    dispatch.auditdesk.tables,
    dispatch.calllog.tables,
    dispatch.evidence.tables,
    dispatch.extracts.tables,
    dispatch.health.tables,
    dispatch.incidents.tables,
    dispatch.oversight.tables,
    dispatch.cameras.tables,
    dispatch.plans.tables,
    dispatch.importing.tables,
    dispatch.uploads.tables,
    dispatch.links.tables,
    dispatch.live.tables,
    dispatch.reports.tables,
    dispatch.retention.tables,
    dispatch.policy.tables,
)
metadata = SQLModel.metadata

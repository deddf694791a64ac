"""Tables of the audit log. The writer fills them through a connection of its own.

``GUARDS`` are the triggers that refuse to change or delete what was written; the writer puts them
in place at each start, and so does ``create_all`` on SQLite.
"""

from sqlalchemy import DDL, CheckConstraint, Column, LargeBinary, event
from sqlmodel import Field, SQLModel


class AuditLog(SQLModel, table=True):
    """One entry: canonical JSON bytes and SHA-256(0x00 ‖ entry)."""

    __tablename__ = "audit_log"
    __table_args__ = (CheckConstraint("seq >= 0", name="audit_log_seq_not_negative"),)

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entry: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    leaf: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditNode(SQLModel, table=True):
    """Hash of one complete subtree: ``level`` 0 is a leaf, ``idx`` counts from the left."""

    __tablename__ = "audit_node"

    level: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    idx: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Checkpoint(SQLModel, table=True):
    """One signed note: never a smaller size than before, never two roots for one size."""

    __tablename__ = "checkpoint"

    size: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    note: str
    at_utc: int


GUARDED = ("audit_log", "audit_node", "checkpoint")

GUARDS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in GUARDED
    for verb in ("UPDATE", "DELETE")
)


def _guard_after_create() -> None:
    for table in GUARDED:
        for statement in GUARDS:
            if f" ON {table} " in statement:
                ddl = DDL(statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]  # no stubs
                event.listen(SQLModel.metadata.tables[table], "after_create", ddl)


_guard_after_create()

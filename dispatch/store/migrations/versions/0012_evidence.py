"""What left as evidence: one row each time a file of a package was handed out.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of disclosures."""
    op.create_table(
        "evidence_disclosure",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("package", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("entry_seq", sa.BigInteger(), nullable=False),
        sa.Column("restricted_until_utc", sa.BigInteger(), nullable=True),
    )
    op.create_index("ix_evidence_disclosure_package", "evidence_disclosure", ["package"])
    op.create_index("ix_evidence_disclosure_t_utc", "evidence_disclosure", ["t_utc"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("evidence_disclosure")

"""Why a shop waits, where somebody here must act."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shops", sa.Column("wait_reason", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("shops", "wait_reason")

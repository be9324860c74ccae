"""The days on which a shop is closed beside those of its calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shops", sa.Column("closing_days", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("shops", "closing_days")

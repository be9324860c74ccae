"""When a setting of how an item is sold was last sent: reads may follow later. Nothing was, so far."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("selling", sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("selling", "written_at")

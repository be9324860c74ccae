"""Units that were taken out of orders so lately that readings may not show it yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("items", sa.Column("freed", kind, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("items", "freed")

"""What the webhook that asks for an item's stock told, and of which location."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("told_location_id", sa.BigInteger(), nullable=True))
    op.add_column("items", sa.Column("told_available", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("items", "told_available")
    op.drop_column("items", "told_location_id")

"""How a line stood when it was last short for sure, which tells later whether stock came for it."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promises", sa.Column("last_short", sa.JSON()))


def downgrade() -> None:
    op.drop_column("promises", "last_short")

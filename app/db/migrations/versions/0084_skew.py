"""How far the clock of a shop's platform is ahead of ours."""

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shops", sa.Column("skew_s", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("shops", "skew_s")

"""What others did to what we wrote on an order."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shown", sa.Column("foreign", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("shown", "foreign")

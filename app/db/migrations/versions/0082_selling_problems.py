"""Why the platform refused to have an item sold otherwise. Nothing was kept so far."""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("selling_checks", sa.Column("problem", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("selling_checks", "problem")

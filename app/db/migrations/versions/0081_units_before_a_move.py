"""How many units of an order were to ship from a location before more were moved there."""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("moves", sa.Column("there_before", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("moves", "there_before")

"""What waiting units are worth."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shops", sa.Column("currency", sa.String(), nullable=False, server_default=""))
    op.add_column("order_items", sa.Column("unit_price", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("short_value", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "short_value")
    op.drop_column("order_items", "unit_price")
    op.drop_column("shops", "currency")

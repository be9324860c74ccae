"""As what an order waits, for the lists."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_IS_PREORDER = sa.text("waits_as = 'preorder'")


def upgrade() -> None:
    op.add_column("orders", sa.Column("waits_as", sa.String(), nullable=False, server_default=""))
    op.create_index(
        "ix_orders_shop_id_preorder",
        "orders",
        ["shop_id", "placed_at", "order_id"],
        postgresql_where=_IS_PREORDER,
        sqlite_where=_IS_PREORDER,
    )


def downgrade() -> None:
    op.drop_index("ix_orders_shop_id_preorder", table_name="orders")
    op.drop_column("orders", "waits_as")

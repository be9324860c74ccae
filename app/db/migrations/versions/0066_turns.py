"""Whether a restock may pass over an order that it can't complete, and whom it passed over."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("passed_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "passed_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shop_id", "item_id", "location_id", "order_id", "passed_id"),
    )
    op.create_index("ix_turns_shop_id_passed_id", "turns", ["shop_id", "passed_id"])
    op.add_column("shops", sa.Column("restocks", sa.String(), nullable=False, server_default="strict"))
    op.add_column("shops", sa.Column("skip_times", sa.Integer(), nullable=False, server_default="3"))
    op.add_column("shops", sa.Column("skip_days", sa.Integer(), nullable=False, server_default="14"))


def downgrade() -> None:
    op.drop_column("shops", "skip_days")
    op.drop_column("shops", "skip_times")
    op.drop_column("shops", "restocks")
    op.drop_table("turns")

"""Holds on orders that wait, and which of them are to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0053"
branch_labels = None
depends_on = None

_ORDER = (["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"])


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "holds",
        sa.Column("id", number, primary_key=True),
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(*_ORDER, ondelete="CASCADE"),
    )
    op.create_index("ix_holds_shop_id_order_id", "holds", ["shop_id", "order_id"])
    op.create_index("ix_holds_shop_id_part_id", "holds", ["shop_id", "part_id"])
    op.create_table(
        "hold_checks",
        sa.Column("shop_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("order_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("must_read", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(*_ORDER, ondelete="CASCADE"),
    )
    op.create_index("ix_hold_checks_shop_id_due_at", "hold_checks", ["shop_id", "due_at"])
    op.add_column("shops", sa.Column("holds", sa.String(), nullable=False, server_default="off"))
    op.add_column("shops", sa.Column("hold_rules", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("shops", "hold_rules")
    op.drop_column("shops", "holds")
    op.drop_table("hold_checks")
    op.drop_table("holds")

"""Cancellations of units that can't be served, on proposal. None was prepared so far."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("quote", sa.JSON(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("notifies_buyer", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("problem", sa.String(), nullable=False, server_default=""),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_refunds_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index("ix_refunds_shop_id_order_id", "refunds", ["shop_id", "order_id"])


def downgrade() -> None:
    op.drop_index("ix_refunds_shop_id_order_id", table_name="refunds")
    op.drop_table("refunds")

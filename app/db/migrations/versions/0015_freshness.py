"""How old figures are: what orders took lately, which of them can't be judged yet, and which units have
lowered the platform's figures at all."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("lines", sa.Column("taken", sa.BigInteger(), nullable=True))
    _remember_what_was_taken()
    op.create_table(
        "demand_changes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            autoincrement=True,
        ),
        sa.Column("shop_id", row_id, sa.ForeignKey("shops.id"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("short", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_demand_changes_shop_id_item_id", "demand_changes", ["shop_id", "item_id"])
    op.create_table(
        "doubts",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("shop_id", "order_id", "item_id"),
    )
    op.create_index("ix_doubts_shop_id_item_id", "doubts", ["shop_id", "item_id"])


def _remember_what_was_taken() -> None:
    """Until now a store lowered its figures for all orders or for none, which its pools tell: those that
    count units short at placement, or nothing of orders at all."""
    lines, pools = (
        sa.table(name, *(sa.column(one) for one in columns))
        for name, columns in (
            ("lines", ("shop_id", "item_id", "location_id", "quantity", "taken")),
            ("pools", ("shop_id", "item_id", "location_id", "committed", "backordered")),
        )
    )
    mine = sa.and_(
        pools.c.shop_id == lines.c.shop_id,
        pools.c.item_id == lines.c.item_id,
        pools.c.location_id == lines.c.location_id,
        pools.c.committed.is_(None),
    )
    for is_counted, taken in (
        (pools.c.backordered.is_not(None), lines.c.quantity),
        (pools.c.backordered.is_(None), 0),
    ):
        counted = sa.exists().where(mine, is_counted)
        op.execute(sa.update(lines).where(counted).values(taken=taken))


def downgrade() -> None:
    op.drop_table("doubts")
    op.drop_table("demand_changes")
    op.drop_column("lines", "taken")

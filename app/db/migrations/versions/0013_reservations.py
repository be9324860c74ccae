"""What stock is committed to besides orders, and orders that no stock is committed to yet."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reservations",
        sa.Column(
            "shop_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("shops.id"),
            primary_key=True,
        ),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("source_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("item_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_reservations_shop_id_item_id", "reservations", ["shop_id", "item_id"])
    op.add_column("shops", sa.Column("reservations_read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("order_items", sa.Column("selling_plan_id", sa.BigInteger(), nullable=True))
    op.add_column("lines", sa.Column("waiting", sa.BigInteger(), nullable=False, server_default="0"))
    kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("pools", sa.Column("drift_since", kind, nullable=False, server_default="[]"))
    op.add_column(
        "pools",
        sa.Column("is_reckoned", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("pools", "is_reckoned")
    op.drop_column("pools", "drift_since")
    op.drop_column("lines", "waiting")
    op.drop_column("order_items", "selling_plan_id")
    op.drop_column("shops", "reservations_read_at")
    op.drop_table("reservations")

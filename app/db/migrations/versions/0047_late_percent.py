"""How likely what was promised is to be late."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0035"
branch_labels = None
depends_on = None

_CONDITION = sa.text("late_percent IS NOT NULL")


def upgrade() -> None:
    for table in ("promises", "orders"):
        op.add_column(table, sa.Column("late_percent", sa.Integer(), nullable=True))
    op.create_index(
        "ix_orders_shop_id_late_percent",
        "orders",
        ["shop_id", "late_percent"],
        postgresql_where=_CONDITION,
        sqlite_where=_CONDITION,
    )


def downgrade() -> None:
    op.drop_index("ix_orders_shop_id_late_percent", table_name="orders")
    for table in ("orders", "promises"):
        op.drop_column(table, "late_percent")

"""When selling plans reserve stock, as the platform tells it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0048"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KNOWN = """
insert into selling_plans (shop_id, plan_id)
select distinct shop_id, selling_plan_id from order_items where selling_plan_id > 0
"""


def upgrade() -> None:
    op.create_table(
        "selling_plans",
        sa.Column("shop_id", _ROW_ID, sa.ForeignKey("shops.id"), primary_key=True),
        sa.Column("plan_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("reserves_late", sa.Boolean()),
        sa.Column("read_at", sa.DateTime(timezone=True)),
    )
    op.execute(_KNOWN)


def downgrade() -> None:
    op.drop_table("selling_plans")

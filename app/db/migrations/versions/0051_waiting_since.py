"""Since when an order really waits, the tags it carries, and deliveries by day and supplier."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0034"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OPEN = "state IN ('expected', 'undated')"

# A line that was found short as soon as its order was known has waited since the purchase.
_SINCE_PURCHASE = """
    UPDATE promises SET waiting_since = (
        SELECT o.placed_at FROM orders o
        WHERE o.shop_id = promises.shop_id AND o.order_id = promises.order_id
        AND o.placed_at < promises.short_since AND {soon}
    )
"""
_SOON = {
    "postgresql": "promises.short_since <= o.first_seen_at + interval '10 minutes'",
    "sqlite": "julianday(promises.short_since) <= julianday(o.first_seen_at) + 10 / 1440.0",
}
_FIRST = """
    UPDATE orders SET short_since = (
        SELECT min(coalesce(p.waiting_since, p.short_since)) FROM promises p
        WHERE p.shop_id = orders.shop_id AND p.order_id = orders.order_id AND p.short > 0
    ) WHERE short > 0
"""


def upgrade() -> None:
    op.add_column("promises", sa.Column("waiting_since", _MOMENT, nullable=True))
    op.add_column("orders", sa.Column("tags", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "ix_arrivals_shop_id_open",
        "arrivals",
        ["shop_id", "expected_on", "id"],
        postgresql_where=sa.text(_OPEN),
        sqlite_where=sa.text(_OPEN),
    )
    op.create_index("ix_arrivals_shop_id_supplier", "arrivals", ["shop_id", "supplier", "id"])
    soon = _SOON[op.get_bind().dialect.name]
    op.execute(_SINCE_PURCHASE.format(soon=soon))
    op.execute(_FIRST)


def downgrade() -> None:
    op.drop_index("ix_arrivals_shop_id_supplier", "arrivals")
    op.drop_index("ix_arrivals_shop_id_open", "arrivals")
    op.drop_column("orders", "tags")
    op.drop_column("promises", "waiting_since")

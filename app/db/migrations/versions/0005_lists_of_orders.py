"""What the lists of the status pages read: sums of an order's promises, and their indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("shops", sa.Column("subscriptions", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("shops", sa.Column("subscribed_at", _MOMENT, nullable=True))
    op.add_column("orders", sa.Column("held_at", _MOMENT, nullable=True))
    op.add_column("orders", sa.Column("short", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("short_since", _MOMENT, nullable=True))
    op.add_column("orders", sa.Column("expected_on", sa.Date(), nullable=True))
    op.add_column("orders", sa.Column("unbacked_on", sa.Date(), nullable=True))
    op.add_column("orders", sa.Column("released_on", sa.Date(), nullable=True))
    op.execute(_SUM_UP)
    op.drop_index("ix_orders_shop_id_name", "orders")
    op.create_index(
        "ix_orders_shop_id_name",
        "orders",
        ["shop_id", "name"],
        postgresql_ops={"name": "text_pattern_ops"},
    )
    for name, (table, columns, where) in _INDEXES.items():
        condition = sa.text(where) if where else None
        op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)


def downgrade() -> None:
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_index("ix_orders_shop_id_name", "orders")
    op.create_index("ix_orders_shop_id_name", "orders", ["shop_id", "name"])
    for column in ("released_on", "unbacked_on", "expected_on", "short_since", "short", "held_at"):
        op.drop_column("orders", column)
    for column in ("subscribed_at", "subscriptions"):
        op.drop_column("shops", column)


_SHORT = """FROM promises WHERE promises.shop_id = orders.shop_id
    AND promises.order_id = orders.order_id AND promises.short > 0"""
_SUM_UP = f"""
    UPDATE orders SET
        short = (SELECT sum(short) {_SHORT}),
        short_since = (SELECT min(short_since) {_SHORT}),
        expected_on = (
            SELECT CASE WHEN count(*) = count(expected_on) THEN max(expected_on) END {_SHORT}
        ),
        unbacked_on = (SELECT min(expected_on) {_SHORT} AND promises.basis = 'lead time')
    WHERE EXISTS (SELECT 1 {_SHORT})
"""  # noqa: S608 -- our own words alone
_INDEXES: dict[str, tuple[str, list[str], str]] = {
    "ix_orders_shop_id_placed_at": ("orders", ["shop_id", "placed_at", "order_id"], ""),
    "ix_orders_shop_id_short": ("orders", ["shop_id", "placed_at", "order_id"], "short > 0"),
    "ix_orders_shop_id_short_since": ("orders", ["shop_id", "short_since", "order_id"], "short > 0"),
    "ix_orders_shop_id_expected_on": ("orders", ["shop_id", "expected_on", "order_id"], "short > 0"),
    "ix_orders_shop_id_unbacked_on": (
        "orders",
        ["shop_id", "unbacked_on"],
        "unbacked_on IS NOT NULL",
    ),
    "ix_orders_shop_id_released_on": (
        "orders",
        ["shop_id", "released_on"],
        "released_on IS NOT NULL",
    ),
    "ix_orders_shop_id_problem": (
        "orders",
        ["shop_id", "placed_at", "order_id"],
        "problem IS NOT NULL",
    ),
    "ix_orders_shop_id_held_at": (
        "orders",
        ["shop_id", "placed_at", "order_id"],
        "held_at IS NOT NULL",
    ),
    "ix_deliveries_shop_id_failed": ("deliveries", ["shop_id", "id"], "state = 'failed'"),
    "ix_deliveries_shop_id_received_at": ("deliveries", ["shop_id", "received_at"], ""),
    "ix_events_shop_id_at": ("events", ["shop_id", "at", "id"], ""),
    "ix_events_shop_id_kind_at": ("events", ["shop_id", "kind", "at", "id"], ""),
}

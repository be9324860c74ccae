"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shops",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_encrypted", sa.String(), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("lead_time_days", sa.BigInteger(), nullable=True),
        sa.Column("quiet_days", sa.BigInteger(), nullable=False),
        sa.Column("waiting_status_id", sa.BigInteger(), nullable=True),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unread_orders", sa.JSON(), nullable=False),
        sa.Column("news_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("reconcile_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("import_state", sa.String(), nullable=False),
        sa.Column("import_cursor", sa.String(), nullable=True),
        sa.Column("import_done", sa.BigInteger(), nullable=False),
        sa.Column("import_total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shops")),
        sa.UniqueConstraint("platform", "domain", name=op.f("uq_shops_platform_domain")),
    )
    op.create_table(
        "arrivals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_arrivals_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrivals")),
    )
    op.create_index("ix_arrivals_shop_id_item_id", "arrivals", ["shop_id", "item_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_deliveries_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("shop_id", "delivery_id", name=op.f("uq_deliveries_shop_id_delivery_id")),
        sa.UniqueConstraint(
            "shop_id",
            "topic",
            "event_id",
            "body_hash",
            name=op.f("uq_deliveries_shop_id_topic_event_id_body_hash"),
        ),
    )
    op.create_index(
        "ix_deliveries_shop_id_due",
        "deliveries",
        ["shop_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_events_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_shop_id_id", "events", ["shop_id", "id"], unique=False)
    op.create_index("ix_events_shop_id_order_id", "events", ["shop_id", "order_id"], unique=False)
    op.create_table(
        "items",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("is_tracked", sa.Boolean(), nullable=False),
        sa.Column("lead_time_days", sa.BigInteger(), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("has_queue", sa.Boolean(), nullable=False),
        sa.Column("headroom", sa.BigInteger(), nullable=True),
        sa.Column("unbalanced_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stirred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_items_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "item_id", name=op.f("pk_items")),
    )
    op.create_index("ix_items_shop_id_look_at", "items", ["shop_id", "look_at"], unique=False)
    op.create_index("ix_items_shop_id_recheck_at", "items", ["shop_id", "recheck_at"], unique=False)
    op.create_table(
        "orders",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("is_gone", sa.Boolean(), nullable=False),
        sa.Column("is_located", sa.Boolean(), nullable=False),
        sa.Column("is_stale", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_orders_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_shop_id_judge_at", "orders", ["shop_id", "judge_at"], unique=False)
    op.create_index("ix_orders_shop_id_name", "orders", ["shop_id", "name"], unique=False)
    op.create_table(
        "pools",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_name", sa.String(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("committed", sa.BigInteger(), nullable=True),
        sa.Column("backordered", sa.BigInteger(), nullable=True),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("drift", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_pools_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "item_id", "location_id", name=op.f("pk_pools")),
    )
    op.create_table(
        "variants",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("is_resolved", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_variants_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "variant_id", name=op.f("pk_variants")),
    )
    op.create_index("ix_variants_shop_id_item_id", "variants", ["shop_id", "item_id"], unique=False)
    op.create_index(
        "ix_variants_shop_id_product_id", "variants", ["shop_id", "product_id"], unique=False
    )
    op.create_table(
        "lines",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("backordered", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"],
            ["orders.shop_id", "orders.order_id"],
            name=op.f("fk_lines_shop_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop_id", "order_id", "item_id", "location_id", name=op.f("pk_lines")),
    )
    op.create_index("ix_lines_shop_id_item_id", "lines", ["shop_id", "item_id"], unique=False)
    op.create_table(
        "order_items",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("backordered", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"],
            ["orders.shop_id", "orders.order_id"],
            name=op.f("fk_order_items_shop_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop_id", "order_id", "line_id", name=op.f("pk_order_items")),
    )
    op.create_index(
        "ix_order_items_shop_id_variant_id", "order_items", ["shop_id", "variant_id"], unique=False
    )
    op.create_table(
        "promises",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("short", sa.BigInteger(), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("short_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_expected_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"],
            ["orders.shop_id", "orders.order_id"],
            name=op.f("fk_promises_shop_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "shop_id", "order_id", "item_id", "location_id", name=op.f("pk_promises")
        ),
    )
    op.create_index("ix_promises_shop_id_item_id", "promises", ["shop_id", "item_id"], unique=False)
    op.create_table(
        "routes",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("route_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"],
            ["orders.shop_id", "orders.order_id"],
            name=op.f("fk_routes_shop_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop_id", "route_id", name=op.f("pk_routes")),
    )
    op.create_index("ix_routes_shop_id_order_id", "routes", ["shop_id", "order_id"], unique=False)
    op.create_table(
        "shown",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("intent", sa.JSON(), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"],
            ["orders.shop_id", "orders.order_id"],
            name=op.f("fk_shown_shop_id_order_id_orders"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop_id", "order_id", name=op.f("pk_shown")),
    )


def downgrade() -> None:
    op.drop_table("shown")
    op.drop_index("ix_routes_shop_id_order_id", table_name="routes")
    op.drop_table("routes")
    op.drop_index("ix_promises_shop_id_item_id", table_name="promises")
    op.drop_table("promises")
    op.drop_index("ix_order_items_shop_id_variant_id", table_name="order_items")
    op.drop_table("order_items")
    op.drop_index("ix_lines_shop_id_item_id", table_name="lines")
    op.drop_table("lines")
    op.drop_index("ix_variants_shop_id_product_id", table_name="variants")
    op.drop_index("ix_variants_shop_id_item_id", table_name="variants")
    op.drop_table("variants")
    op.drop_table("pools")
    op.drop_index("ix_orders_shop_id_name", table_name="orders")
    op.drop_index("ix_orders_shop_id_judge_at", table_name="orders")
    op.drop_table("orders")
    op.drop_index("ix_items_shop_id_recheck_at", table_name="items")
    op.drop_index("ix_items_shop_id_look_at", table_name="items")
    op.drop_table("items")
    op.drop_index("ix_events_shop_id_order_id", table_name="events")
    op.drop_index("ix_events_shop_id_id", table_name="events")
    op.drop_table("events")
    op.drop_index(
        "ix_deliveries_shop_id_due",
        table_name="deliveries",
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.drop_table("deliveries")
    op.drop_index("ix_arrivals_shop_id_item_id", table_name="arrivals")
    op.drop_table("arrivals")
    op.drop_table("shops")

"""Where arrivals come from and what became of them"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("arrivals") as arrivals:
        arrivals.alter_column("item_id", existing_type=sa.BigInteger(), nullable=True)
        arrivals.add_column(sa.Column("sku", sa.String(), nullable=False, server_default=""))
        arrivals.add_column(sa.Column("first_expected_on", sa.Date(), nullable=True))
        arrivals.add_column(sa.Column("ordered_on", sa.Date(), nullable=True))
        arrivals.add_column(sa.Column("supplier", sa.String(), nullable=False, server_default=""))
        arrivals.add_column(sa.Column("state", sa.String(), nullable=False, server_default="expected"))
        arrivals.add_column(sa.Column("source", sa.String(), nullable=False, server_default="typed"))
        arrivals.add_column(sa.Column("source_key", sa.String(), nullable=True))
        arrivals.add_column(sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
        arrivals.add_column(sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE arrivals SET first_expected_on = expected_on, updated_at = created_at")
    # When these were received was not written down: nothing may be learned from them.
    op.execute("UPDATE arrivals SET state = 'received' WHERE received >= quantity")
    op.execute(
        "UPDATE arrivals SET sku = COALESCE((SELECT sku FROM items"
        " WHERE items.shop_id = arrivals.shop_id AND items.item_id = arrivals.item_id), '')"
    )
    with op.batch_alter_table("arrivals") as arrivals:
        for name in ("sku", "supplier", "state", "source"):
            arrivals.alter_column(name, existing_type=sa.String(), server_default=None)
        arrivals.alter_column("first_expected_on", existing_type=sa.Date(), nullable=False)
        arrivals.alter_column("updated_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        arrivals.create_unique_constraint(
            op.f("uq_arrivals_shop_id_source_source_key"), ["shop_id", "source", "source_key"]
        )
    unknown = sa.text("item_id IS NULL")
    op.create_index(
        "ix_arrivals_shop_id_sku",
        "arrivals",
        ["shop_id", "sku"],
        postgresql_where=unknown,
        sqlite_where=unknown,
    )
    op.create_table(
        "uploads",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("date_order", sa.String(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_uploads_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "upload_id", name=op.f("pk_uploads")),
    )
    with op.batch_alter_table("shops") as shops:
        shops.add_column(sa.Column("inbound_at", sa.DateTime(timezone=True), nullable=True))
        shops.add_column(sa.Column("inbound_read_at", sa.DateTime(timezone=True), nullable=True))
        shops.add_column(sa.Column("inbound_places", sa.JSON(), server_default="[]", nullable=False))
        shops.add_column(sa.Column("api_token_digest", sa.String(), nullable=True))
        shops.create_unique_constraint(op.f("uq_shops_api_token_digest"), ["api_token_digest"])


def downgrade() -> None:
    with op.batch_alter_table("shops") as shops:
        shops.drop_constraint(op.f("uq_shops_api_token_digest"), type_="unique")
        shops.drop_column("api_token_digest")
        shops.drop_column("inbound_places")
        shops.drop_column("inbound_read_at")
        shops.drop_column("inbound_at")
    op.drop_table("uploads")
    op.drop_index("ix_arrivals_shop_id_sku", table_name="arrivals")
    op.execute("DELETE FROM arrivals WHERE item_id IS NULL")
    with op.batch_alter_table("arrivals") as arrivals:
        arrivals.drop_constraint(op.f("uq_arrivals_shop_id_source_source_key"), type_="unique")
        for name in (
            "updated_at",
            "received_at",
            "source_key",
            "source",
            "state",
            "supplier",
            "ordered_on",
            "first_expected_on",
            "sku",
        ):
            arrivals.drop_column(name)
        arrivals.alter_column("item_id", existing_type=sa.BigInteger(), nullable=False)

"""Barcodes, supplier SKUs and part numbers of items. They are read by the hour: nothing is known yet."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0032"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "item_codes",
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("told_by", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_item_codes_shop_id_shops")),
        sa.PrimaryKeyConstraint(
            "shop_id", "told_by", "item_id", "kind", "code", name=op.f("pk_item_codes")
        ),
    )
    op.create_index("ix_item_codes_shop_id_code", "item_codes", ["shop_id", "code"])
    with op.batch_alter_table("variants") as variants:
        variants.add_column(sa.Column("codes_read_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("variants") as variants:
        variants.drop_column("codes_read_at")
    op.drop_index("ix_item_codes_shop_id_code", table_name="item_codes")
    op.drop_table("item_codes")

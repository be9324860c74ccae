"""Long queues are kept as they were decided. None is yet: each is kept when its item is settled next, at
the latest by the hourly check."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key() -> list[sa.Column[int]]:
    return [
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "long_queues",
        *_key(),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sums", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_long_queues_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "item_id", "location_id", name=op.f("pk_long_queues")),
    )
    op.create_table(
        "long_queue_pages",
        *_key(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("page", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_long_queue_pages_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint(
            "shop_id", "item_id", "location_id", "kind", "page", name=op.f("pk_long_queue_pages")
        ),
    )
    with op.batch_alter_table("items") as items:
        items.add_column(
            sa.Column("has_long_queue", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    op.drop_column("items", "has_long_queue")
    op.drop_table("long_queue_pages")
    op.drop_table("long_queues")

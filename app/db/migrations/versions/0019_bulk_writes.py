"""Tags that a platform writes in the background, on many orders at once."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("bulk", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "bulk_writes",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_bulk_writes_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", name=op.f("pk_bulk_writes")),
    )


def downgrade() -> None:
    op.drop_table("bulk_writes")
    op.drop_column("orders", "bulk")

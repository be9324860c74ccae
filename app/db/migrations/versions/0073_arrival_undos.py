"""What a delivery was before somebody changed it, for ten minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "arrival_undos",
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("arrival_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_arrival_undos_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "arrival_id", name=op.f("pk_arrival_undos")),
    )


def downgrade() -> None:
    op.drop_table("arrival_undos")

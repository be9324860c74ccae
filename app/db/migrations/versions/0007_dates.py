"""How cautious promises are, on which days a shop works, and the clock of the law."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, tuple[sa.types.TypeEngine[Any], str]] = {
    "promise_quantile": (sa.Float(), "0.9"),
    "country": (sa.String(), ""),
    "handling_days": (sa.Integer(), "0"),
    "regime": (sa.String(), "none"),
    "tags_delay_notices": (sa.Boolean(), "false"),
}


def upgrade() -> None:
    for name, (kind, value) in _COLUMNS.items():
        op.add_column("shops", sa.Column(name, kind, nullable=False, server_default=value))
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("revised_on", sa.Date(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_notices_shop_id_shops")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_shop_id_order_id", "notices", ["shop_id", "order_id"])


def downgrade() -> None:
    op.drop_table("notices")
    for name in reversed(_COLUMNS):
        op.drop_column("shops", name)

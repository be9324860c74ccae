"""Tokens that end and are renewed, stores that are erased by themselves, tokens that work once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in _COLUMNS.items():
        op.add_column("shops", sa.Column(name, kind, nullable=True))
    op.create_table(
        "used_tokens",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("jti", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_used_tokens_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "jti", name=op.f("pk_used_tokens")),
    )


def downgrade() -> None:
    op.drop_table("used_tokens")
    for name in reversed(_COLUMNS):
        op.drop_column("shops", name)


_COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "token_until": sa.DateTime(timezone=True),
    "refresh_token_encrypted": sa.String(),
    "refresh_until": sa.DateTime(timezone=True),
    "renewing_owner": sa.String(),
    "renewing_until": sa.DateTime(timezone=True),
    "erase_at": sa.DateTime(timezone=True),
}

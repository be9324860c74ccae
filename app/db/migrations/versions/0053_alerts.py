"""Who gets email alerts, and what each was told."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert_subscriptions",
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_alert_subscriptions_shop_id_shops")
        ),
        sa.PrimaryKeyConstraint("shop_id", "email", name=op.f("pk_alert_subscriptions")),
    )
    op.create_table(
        "alerts_told",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "email"],
            ["alert_subscriptions.shop_id", "alert_subscriptions.email"],
            name=op.f("fk_alerts_told_shop_id_email_alert_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("shop_id", "email", "key", name=op.f("pk_alerts_told")),
    )


def downgrade() -> None:
    op.drop_table("alerts_told")
    op.drop_table("alert_subscriptions")

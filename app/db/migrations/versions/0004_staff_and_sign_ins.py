"""Staff, and who is signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("link_digest", sa.String(), nullable=True),
        sa.Column("link_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_staff_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "email", name=op.f("pk_staff")),
    )
    op.create_index("ix_staff_email", "staff", ["email"], unique=False)
    op.create_index("ix_staff_link_digest", "staff", ["link_digest"], unique=False)
    op.create_table(
        "sign_ins",
        sa.Column("shop_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("is_embedded", sa.Boolean(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_sign_ins_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "digest", name=op.f("pk_sign_ins")),
    )
    op.create_index("ix_sign_ins_digest", "sign_ins", ["digest"], unique=False)
    op.create_index("ix_sign_ins_shop_id_subject", "sign_ins", ["shop_id", "subject"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_sign_ins_shop_id_subject", table_name="sign_ins")
    op.drop_index("ix_sign_ins_digest", table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_index("ix_staff_link_digest", table_name="staff")
    op.drop_index("ix_staff_email", table_name="staff")
    op.drop_table("staff")

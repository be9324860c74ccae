"""How items are sold that are out of stock. Nothing was changed of it so far, and it is off."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0067"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "selling",
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("ours", sa.JSON(), nullable=True),
        sa.Column("was", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_selling_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "item_id", "target_id", "name", name=op.f("pk_selling")),
    )
    op.create_table(
        "selling_checks",
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_selling_checks_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "item_id", name=op.f("pk_selling_checks")),
    )
    op.create_index("ix_selling_checks_shop_id_due_at", "selling_checks", ["shop_id", "due_at"])
    op.add_column("shops", sa.Column("selling", sa.String(), nullable=False, server_default="off"))
    op.add_column("shops", sa.Column("longest_wait_days", sa.Integer(), nullable=True))
    op.add_column("shops", sa.Column("most_ahead", sa.Integer(), nullable=True))
    op.add_column(
        "shops", sa.Column("most_stopped_items", sa.Integer(), nullable=False, server_default="50")
    )
    op.add_column("items", sa.Column("most_ahead", sa.Integer(), nullable=True))
    op.add_column(
        "items", sa.Column("sells_freely", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    for table, names in (
        ("items", ("sells_freely", "most_ahead")),
        ("shops", ("most_stopped_items", "most_ahead", "longest_wait_days", "selling")),
    ):
        for name in names:
            op.drop_column(table, name)
    op.drop_index("ix_selling_checks_shop_id_due_at", table_name="selling_checks")
    op.drop_table("selling_checks")
    op.drop_table("selling")

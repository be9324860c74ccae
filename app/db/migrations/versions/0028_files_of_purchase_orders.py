"""How files are to be read, by header line; lists of everything that is open."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0012"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "file_layouts",
        sa.Column("shop_id", _ROW_ID, nullable=False),
        sa.Column("header_key", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_file_layouts_shop_id_shops")),
        sa.PrimaryKeyConstraint("shop_id", "header_key", name=op.f("pk_file_layouts")),
    )
    # The build before knows `date_order` alone; its uploads are kept for a day.
    op.add_column("uploads", sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("arrivals", sa.Column("list_name", sa.String(), nullable=True))
    op.add_column("arrivals", sa.Column("stock_when_told", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("arrivals", "stock_when_told")
    op.drop_column("arrivals", "list_name")
    op.drop_column("uploads", "options")
    op.drop_table("file_layouts")

"""When the day ends for orders and goods, whose calendars count besides, and days told as a range."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_TEXTS = ("cut_off", "carrier_country", "supplier_countries")


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("shops", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column(
        "shops", sa.Column("says_range", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("promises", sa.Column("early_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("promises", "early_on")
    for name in ("says_range", *_TEXTS):
        op.drop_column("shops", name)

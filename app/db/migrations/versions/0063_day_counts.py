"""Events say whether the chart of days counts them, and when. Those that are there are asked shop by
shop by the hourly check: an update of all would hold up the build that still works beside this one."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0044"
branch_labels = None
depends_on = None

_COUNTS = sa.text("counts_as <> ''")
_NOT_ASKED = sa.text("kind = 'shown' AND counts_as IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("counts_as", sa.String(), nullable=True))
        events.add_column(sa.Column("counted_in", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_events_shop_id_counted_in",
        "events",
        ["shop_id", "counted_in", "counts_as"],
        postgresql_where=_COUNTS,
        sqlite_where=_COUNTS,
    )
    op.create_index(
        "ix_events_shop_id_at_not_asked",
        "events",
        ["shop_id", "at"],
        postgresql_where=_NOT_ASKED,
        sqlite_where=_NOT_ASKED,
    )


def downgrade() -> None:
    op.drop_index("ix_events_shop_id_at_not_asked", table_name="events")
    op.drop_index("ix_events_shop_id_counted_in", table_name="events")
    op.drop_column("events", "counted_in")
    op.drop_column("events", "counts_as")

"""Events say whether the chart of days counts them, and when; those of the last weeks are asked here."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0044"
branch_labels = None
depends_on = None

_CHARTED = timedelta(days=32)
_COUNTS = sa.text("counts_as <> ''")
_INDEX = "ix_events_shop_id_counted_in"

# The quarter of an hour, in seconds since 1970: of one that waits that since which it does.
_BECOMES = """(after LIKE 'backordered%' OR after LIKE 'preorder%' OR after LIKE 'review%')
  AND NOT (before LIKE 'backordered%' OR before LIKE 'preorder%' OR before LIKE 'review%')"""
_SINCE = """(SELECT short_since FROM orders
  WHERE orders.shop_id = events.shop_id AND orders.order_id = events.order_id)"""
_MOMENT = f"CASE WHEN {_BECOMES} THEN coalesce({_SINCE}, at) ELSE at END"
_SECONDS = {
    "postgresql": f"CAST(floor(extract(epoch FROM {_MOMENT}) / 900) * 900 AS bigint)",
    "sqlite": f"CAST(strftime('%s', {_MOMENT}) AS integer) / 900 * 900",
}


def upgrade() -> None:
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("counts_as", sa.String(), nullable=True))
        events.add_column(sa.Column("counted_in", sa.BigInteger(), nullable=True))
    seconds = _SECONDS[op.get_bind().dialect.name]
    op.get_bind().execute(
        sa.text(
            f"""UPDATE events SET counted_in = {seconds},
              counts_as = CASE WHEN {_BECOMES} THEN 'backordered'
                WHEN after LIKE 'released%' AND NOT before LIKE 'released%' THEN 'released'
                ELSE '' END
            WHERE kind = 'shown' AND at >= :since"""  # noqa: S608 -- our own words
        ).bindparams(sa.bindparam("since", type_=sa.DateTime(timezone=True))),
        {"since": datetime.now(UTC) - _CHARTED},
    )
    op.create_index(
        _INDEX,
        "events",
        ["shop_id", "counted_in", "counts_as"],
        postgresql_where=_COUNTS,
        sqlite_where=_COUNTS,
    )


def downgrade() -> None:
    op.drop_index(_INDEX, table_name="events")
    op.drop_column("events", "counted_in")
    op.drop_column("events", "counts_as")

"""What happened."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import ROW_ID, Base

_COUNTS = sa.text("counts_as <> ''")
_NOT_ASKED = sa.text("kind = 'shown' AND counts_as IS NULL")


class Event(Base):
    """The audit: what changed, from what, to what, why, and which delivery or arrival caused it.
    Append-only; it outlives the order it speaks of.

    `counts_as`: what the chart of days counts it as, if it does (None: not asked yet), in the quarter of
    an hour that begins at `counted_in`, in seconds since 1970 (see `app.db.day_counts`)."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_shop_id_order_id", "shop_id", "order_id"),
        sa.Index("ix_events_shop_id_id", "shop_id", "id"),
        sa.Index("ix_events_shop_id_at", "shop_id", "at", "id"),
        sa.Index("ix_events_shop_id_kind_at", "shop_id", "kind", "at", "id"),
        sa.Index(
            "ix_events_shop_id_counted_in",
            *("shop_id", "counted_in", "counts_as"),
            postgresql_where=_COUNTS,
            sqlite_where=_COUNTS,
        ),
        sa.Index(
            "ix_events_shop_id_at_not_asked",
            *("shop_id", "at"),
            postgresql_where=_NOT_ASKED,
            sqlite_where=_NOT_ASKED,
        ),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    order_id: Mapped[int | None]
    item_id: Mapped[int | None]
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str] = mapped_column(default="")
    why: Mapped[str] = mapped_column(default="")
    cause: Mapped[str | None]
    counts_as: Mapped[str | None]
    counted_in: Mapped[int | None]

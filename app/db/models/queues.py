"""Long queues as they were decided, so that a page that shows a screen of one reads a screen of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base


class LongQueue(Base):
    """The queue of an item at a location as it was decided at `kept_at`; `sums` is a JSON text of
    `app.core.queue_view.QueueSums`. Items that few orders wait for have none (see `StockItem`)."""

    __tablename__ = "long_queues"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kept_at: Mapped[datetime]
    sums: Mapped[str] = mapped_column(sa.Text())


class LongQueuePage(Base):
    """So many lines of it as a page shows, in turn from page 1: `lines` is a JSON text of
    `app.core.queue_view.QueueLine`s, or, if `kind` is "outside", of orders and their units. `digest`
    tells pages apart without reading them."""

    __tablename__ = "long_queue_pages"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str]
    lines: Mapped[str] = mapped_column(sa.Text())

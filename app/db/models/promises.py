"""What we say about orders, and what they show of it."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import ROW_ID, Base


class PromiseRow(Base):
    """What we say about one line that is short, or was and has not been judged since (`short` 0).
    `short_since` is when it was found short first, `waiting_since` since when it waits really (None: the
    build before wrote it), `first_expected_on` the first day promised since, `late_percent` how likely
    it is that it comes after that (None: nobody knows), `early_on`, before `expected_on`, the day by
    which half of all such cases come (None: no range is told); `last_short` how it stood when it was
    last short for sure (see `app.core.endings.LastShort`)."""

    __tablename__ = "promises"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_promises_shop_id_item_id", "shop_id", "item_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    short: Mapped[int]
    expected_on: Mapped[date | None]
    basis: Mapped[str]
    words: Mapped[str]
    short_since: Mapped[datetime]
    waiting_since: Mapped[datetime | None]
    first_expected_on: Mapped[date | None]
    last_short: Mapped[Any | None] = mapped_column(sa.JSON(none_as_null=True))
    late_percent: Mapped[int | None] = mapped_column(sa.Integer())
    early_on: Mapped[date | None]


class NoticeRow(Base):
    """The log of what was told to a buyer about a delay and what they answered, append-only. `kind` is
    one of `app.core.regimes.NoticeKind`; `revised_on` is the day that was named (None: unknown); `by`
    is who says so, never the buyer's name."""

    __tablename__ = "notices"
    __table_args__ = (sa.Index("ix_notices_shop_id_order_id", "shop_id", "order_id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    order_id: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str]
    revised_on: Mapped[date | None]
    by: Mapped[str]
    recorded_at: Mapped[datetime]


class ShownRow(Base):
    """What an order shows by our own doing (see `app.core.desired.Shown`). `intent` is what was about
    to be sent when its answer was still out: tags found on the order that stand in it are ours.
    `foreign` is what others did to it (see `app.core.foreign.Foreign`)."""

    __tablename__ = "shown"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shown: Mapped[dict[str, Any]]
    intent: Mapped[dict[str, Any] | None]
    foreign: Mapped[dict[str, Any] | None]
    written_at: Mapped[datetime | None]


IN_BULK, TAGGED = "in bulk", "tagged"


class BulkWriteRow(Base):
    """Tags being written in the background, or a rest from it until `due_at` (see
    `app.db.bulk_writes`). `parts` are its operations: the platform's id of each, and its orders in the
    order of its lines."""

    __tablename__ = "bulk_writes"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    state: Mapped[str]
    begun_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column("look_at")
    parts: Mapped[list[Any]]

"""Units that we hold back from shipping."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import ROW_ID, Base


class HoldRow(Base):
    """A hold of ours on a part of an order. `state`: "placing" (about to be sent: it may stand or not),
    "held", or what became of it (see `app.db.holds`), since `ended_at`. `hold_id` is the platform's own,
    None until it is known; it was last seen to stand at `seen_at`. `units` are those it holds, [item,
    units] each; `until` the day it says (None: no date)."""

    __tablename__ = "holds"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_holds_shop_id_order_id", "shop_id", "order_id"),
        sa.Index("ix_holds_shop_id_part_id", "shop_id", "part_id"),
    )

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int]
    order_id: Mapped[int]
    location_id: Mapped[int]
    part_id: Mapped[int]
    hold_id: Mapped[int | None]
    handle: Mapped[str]
    until: Mapped[date | None]
    units: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str]
    placed_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class HoldCheckRow(Base):
    """An order whose holds are to be compared with what should be held, when; `attempts` is how often
    that failed; `must_read` if others may have done something to them."""

    __tablename__ = "hold_checks"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_hold_checks_shop_id_due_at", "shop_id", "due_at"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    must_read: Mapped[bool] = mapped_column(default=False)

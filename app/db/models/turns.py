"""Orders that a restock served before older ones that it could not complete."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base


class TurnRow(Base):
    """An order (`order_id`, with all its `units` of an item at a location) that took the turn of another
    (`passed_id`), which stood in the queue by this priority (then) and time. Without units
    the turn is none any more, for it took another one since. Kept for as long as the order that
    was passed over: it bounds how often that is."""

    __tablename__ = "turns"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "passed_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_turns_shop_id_passed_id", "shop_id", "passed_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    passed_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    units: Mapped[int] = mapped_column(sa.Integer())
    priority: Mapped[int] = mapped_column(sa.Integer())
    placed_at: Mapped[datetime]
    at: Mapped[datetime]

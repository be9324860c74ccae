"""Units that ship from another location than before."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base


class MoveRow(Base):
    """An item of an order that we moved from a location (`from_id`) to another, or that somebody else
    moved to the location `from_id` (`item_id` 0: all items): it is not moved from there again. `state`
    as in `app.core.states.MoveState`. `there_before`: units of it that were to ship from `to_id` before
    it was sent; more of them tell that it was done, though no answer came."""

    __tablename__ = "moves"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    to_id: Mapped[int]
    units: Mapped[int] = mapped_column(sa.Integer())
    there_before: Mapped[int] = mapped_column(sa.Integer(), default=0, server_default="0")
    state: Mapped[str]
    at: Mapped[datetime]

"""Cancellations of units that can't be served: prepared, and what a person said of them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import ROW_ID, Base


class RefundRow(Base):
    """Units of an order that are to be cancelled, once a person confirms it. `lines` are
    [line, location, units, outstanding] each, `quote` is what the platform gives back for them (see
    `app.platforms.base.refunds`), `why` what is said of each. `key` names the request to the platform.
    `state`: see `app.db.refunds.RefundState`."""

    __tablename__ = "refunds"
    __table_args__ = (sa.Index("ix_refunds_shop_id_order_id", "shop_id", "order_id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    order_id: Mapped[int]
    key: Mapped[str]
    lines: Mapped[list[Any]] = mapped_column(default=list)
    quote: Mapped[dict[str, Any]] = mapped_column(default=dict)
    why: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str]
    notifies_buyer: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[str] = mapped_column(default="")
    prepared_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    by: Mapped[str] = mapped_column(default="")

"""How items are sold that are out of stock: what we changed of it, and what is to be looked at."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base


class SellingRow(Base):
    """A setting of the platform that we changed, or are about to (see `app.core.takeback.Kept`): which
    (`app.core.selling.SettingName`), of what (Shopify: the variant; BigCommerce: the location), since
    when, and why, in words; `written_at` is when we last sent it. It outlives its item: what we changed
    must be given back."""

    __tablename__ = "selling"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    target_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    before: Mapped[Any | None] = mapped_column(sa.JSON())
    ours: Mapped[Any | None] = mapped_column(sa.JSON())
    was: Mapped[Any | None] = mapped_column(sa.JSON())
    state: Mapped[str]
    since: Mapped[datetime]
    written_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(default="")


class SellingCheckRow(Base):
    """An item of which is to be seen how it is sold, when; `attempts` is how often in a row the platform
    refused that, and `problem` what it said last."""

    __tablename__ = "selling_checks"
    __table_args__ = (sa.Index("ix_selling_checks_shop_id_due_at", "shop_id", "due_at"),)

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    problem: Mapped[str | None]

"""What is sold, and how much of it there is."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import Base
from app.db.models.orders import LineItemRow, SellingPlanRow


class StockItem(Base):
    """What stock is counted for. `kind` is backorder (it comes again), preorder (not out before
    `release_on`) or discontinued (it never comes again). `stock_due_at` is when its stock must be read
    (None: settled), `cause` says what asked for it. `has_queue`: some pool is below zero, or a line
    of it is or was short. `has_long_queue`: so many wait that what was decided is kept for its page
    (see `app.db.models.queues`). `headroom` is what was free when last read less what was ordered
    since: a guess that only decides how soon to look. `unbalanced_since` is when the books of the
    item stopped balancing, `attempts` how often they were read since. `last_event_at` is when anything
    was last told of its stock; where the platform's readings lag, it is looked at once more at
    `settle_again_at`, when they may show what they did not. What asked for that told `told_available`
    of the one pool at `told_location_id`; None where it may be about any. `most_ahead` units
    of it may wait at once (None: as the shop has it); with `sells_freely` we never change how it is
    sold. (`ordered_at` and `freed`
    are the version before's alone.)"""

    __tablename__ = "items"
    __table_args__ = (
        sa.Index("ix_items_shop_id_look_at", "shop_id", "look_at"),
        sa.Index("ix_items_shop_id_recheck_at", "shop_id", "recheck_at"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    is_tracked: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str] = mapped_column(default="backorder")
    release_on: Mapped[date | None]
    lead_time_days: Mapped[int | None]
    stock_due_at: Mapped[datetime | None] = mapped_column("look_at")
    cause: Mapped[str | None]
    has_queue: Mapped[bool] = mapped_column(default=False)
    has_long_queue: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    headroom: Mapped[int | None]
    unbalanced_since: Mapped[datetime | None]
    last_event_at: Mapped[datetime | None] = mapped_column("stirred_at")
    ordered_at: Mapped[datetime | None]
    # Of all JSON types this one alone has values that DISTINCT can compare.
    freed: Mapped[list[Any]] = mapped_column(
        sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), default=list
    )
    settle_again_at: Mapped[datetime | None] = mapped_column("recheck_at")
    told_location_id: Mapped[int | None]
    told_available: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    problem: Mapped[str | None]
    most_ahead: Mapped[int | None] = mapped_column(sa.Integer())
    sells_freely: Mapped[bool] = mapped_column(default=False)


class Variant(Base):
    """Which item a variant sells: what an order names is not what stock is counted for. `item_id`
    is None for a variant without stock; `is_resolved` is False until somebody has asked. `product_id`
    is known where the platform's webhooks name products. `codes_read_at` is when its other codes were
    last told (see `ItemCodeRow`)."""

    __tablename__ = "variants"
    __table_args__ = (
        sa.Index("ix_variants_shop_id_item_id", "shop_id", "item_id"),
        sa.Index("ix_variants_shop_id_product_id", "shop_id", "product_id"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int | None]
    product_id: Mapped[int | None]
    is_resolved: Mapped[bool] = mapped_column(default=False)
    codes_read_at: Mapped[datetime | None]


class ItemCodeRow(Base):
    """A code of an item besides its SKU, spelled as codes are compared (see `app.core.item_codes`).
    `told_by` is the variant that has it, 0 where an order to a supplier names it."""

    __tablename__ = "item_codes"
    __table_args__ = (sa.Index("ix_item_codes_shop_id_code", "shop_id", "code"),)

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    told_by: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class PoolRow(Base):
    """One item at one location as last read (see `app.platforms.base.Pool`). `supply` is what could
    serve open orders then. `drift` is the committed units that nothing we may read explains, below zero
    the open units that the platform does not commit; both are said on the status page. Of those above
    zero `drift_since` tells how many came since when, in seconds: [units, moment]; what was there
    before the pool was first read is older demand, served first. `is_reckoned` if drift was worked out
    at all: nobody asks while nobody is short."""

    __tablename__ = "pools"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_name: Mapped[str] = mapped_column(default="")
    on_hand: Mapped[int]
    available: Mapped[int]
    committed: Mapped[int | None]
    backordered: Mapped[int | None]
    supply: Mapped[int]
    drift: Mapped[int] = mapped_column(default=0)
    drift_since: Mapped[list[Any]] = mapped_column(
        sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), default=list
    )
    is_reckoned: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime]


class ReservationRow(Base):
    """Units of an item that are committed to something that is no order, as last read (see
    `app.platforms.base.Reservation`)."""

    __tablename__ = "reservations"
    __table_args__ = (sa.Index("ix_reservations_shop_id_item_id", "shop_id", "item_id"),)

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    location_id: Mapped[int | None]
    quantity: Mapped[int]
    placed_at: Mapped[datetime]


# How the tables meet: a line item names a variant, a variant sells an item.
NAMES = sa.and_(Variant.shop_id == LineItemRow.shop_id, Variant.variant_id == LineItemRow.variant_id)
BOUGHT_BY = sa.and_(
    SellingPlanRow.shop_id == LineItemRow.shop_id,
    SellingPlanRow.plan_id == LineItemRow.selling_plan_id,
)
SELLS = sa.and_(StockItem.shop_id == Variant.shop_id, StockItem.item_id == Variant.item_id)

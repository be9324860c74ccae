"""Our copy of the orders, and what they take of the stock."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models.base import ROW_ID, Base


def _partial_index(name: str, *columns: str, where: str) -> sa.Index:
    """An index of orders that only those in a certain state are in."""
    condition = sa.text(where)
    return sa.Index(
        f"ix_orders_shop_id_{name}",
        "shop_id",
        *columns,
        postgresql_where=condition,
        sqlite_where=condition,
    )


class Order(Base):
    """Our copy of one order. `updated_at` is the platform's own. `is_located`: its lines have been
    read since its items last changed. `is_stale`: something changed that no webhook told, so it must
    be read. `asked_at` is when the platform was last asked for it since. `write_due_at` is when its
    desired state must be compared with what it shows; while `held_at` is set a person holds that back.
    `is_ranked_by_hand`: a person set its priority, and no rule changes it.

    Sums of its promises, so that lists need not add them up: `short` units, `short_value` their price
    as far as it is known (see `app.platforms.base.LineItem`), `short_since` since when the first of
    them waits, `expected_on` the last (None: not short, or nobody knows), `unbacked_on` the first day
    that is promised with no arrival behind it, `late_percent` the likeliest of them to be late (see
    `PromiseRow`). `released_on` is the day on which it was written that its stock has come, `waits_as`
    the status that was written last, while that is one of waiting. `bulk` says where it is in a write
    of many orders (see `app.db.bulk_writes`). `tags` are those it carries (see
    `app.db.order_copies.kept_tags`)."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.Index("ix_orders_shop_id_judge_at", "shop_id", "judge_at"),
        # Lists: all orders by time, those short by each of their sorts, and the few that need somebody.
        # `text_pattern_ops`: the beginning of a number is looked up whatever the database's collation.
        sa.Index(
            "ix_orders_shop_id_name", "shop_id", "name", postgresql_ops={"name": "text_pattern_ops"}
        ),
        sa.Index("ix_orders_shop_id_placed_at", "shop_id", "placed_at", "order_id"),
        _partial_index("short", "placed_at", "order_id", where="short > 0"),
        _partial_index("short_since", "short_since", "order_id", where="short > 0"),
        _partial_index("expected_on", "expected_on", "order_id", where="short > 0"),
        _partial_index("unbacked_on", "unbacked_on", where="unbacked_on IS NOT NULL"),
        _partial_index("late_percent", "late_percent", where="late_percent IS NOT NULL"),
        _partial_index("preorder", "placed_at", "order_id", where="waits_as = 'preorder'"),
        _partial_index("released_on", "released_on", where="released_on IS NOT NULL"),
        _partial_index("problem", "placed_at", "order_id", where="problem IS NOT NULL"),
        _partial_index("held_at", "placed_at", "order_id", where="held_at IS NOT NULL"),
    )

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    placed_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    priority: Mapped[int] = mapped_column(sa.Integer(), default=0)
    is_ranked_by_hand: Mapped[bool] = mapped_column(default=False)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    is_gone: Mapped[bool] = mapped_column(default=False)
    is_located: Mapped[bool] = mapped_column(default=False)
    is_stale: Mapped[bool] = mapped_column(default=False)
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    write_due_at: Mapped[datetime | None] = mapped_column("judge_at")
    held_at: Mapped[datetime | None]
    short: Mapped[int] = mapped_column(default=0)
    short_value: Mapped[int | None]
    short_since: Mapped[datetime | None]
    expected_on: Mapped[date | None]
    unbacked_on: Mapped[date | None]
    late_percent: Mapped[int | None] = mapped_column(sa.Integer())
    released_on: Mapped[date | None]
    waits_as: Mapped[str] = mapped_column(default="")
    bulk: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    problem: Mapped[str | None]
    tags: Mapped[str] = mapped_column(sa.Text(), default="", server_default="")


class LineItemRow(Base):
    """One line item of an order, as last told (see `app.platforms.base.LineItem`)."""

    __tablename__ = "order_items"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_order_items_shop_id_variant_id", "shop_id", "variant_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    variant_id: Mapped[int]
    ordered: Mapped[int]
    outstanding: Mapped[int]
    backordered: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    sku: Mapped[str]
    unit_price: Mapped[int | None]
    selling_plan_id: Mapped[int | None]


class SellingPlanRow(Base):
    """A selling plan that orders name. `reserves_late`: whether stock is committed to what it sold no
    sooner than it may ship; None where the platform does not tell. `read_at` is None until it was
    asked."""

    __tablename__ = "selling_plans"

    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reserves_late: Mapped[bool | None]
    read_at: Mapped[datetime | None]


class LineRow(Base):
    """The outstanding units of one item in one order at one location (see `app.core.model.Line`).

    `parts`: of each of its line items its id, and the figures of `app.core.taken.Units`; None where
    it is not remembered what the order took."""

    __tablename__ = "lines"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_lines_shop_id_item_id", "shop_id", "item_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    location_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quantity: Mapped[int]
    backordered: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int | None]
    parts: Mapped[list[Any] | None]
    waiting: Mapped[int] = mapped_column(default=0)


class DemandChangeRow(Base):
    """What one change of an order took of an item's figures, kept for as long as readings may not show
    it (see `app.core.freshness.DemandChange`)."""

    __tablename__ = "demand_changes"
    __table_args__ = (sa.Index("ix_demand_changes_shop_id_item_id", "shop_id", "item_id"),)

    id: Mapped[int] = mapped_column(ROW_ID, primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shops.id"))
    order_id: Mapped[int]
    item_id: Mapped[int]
    location_id: Mapped[int]
    at: Mapped[datetime]
    units: Mapped[int]
    short: Mapped[int] = mapped_column(default=0)


class DoubtRow(Base):
    """An order of which the figures of an item can't tell yet whether it is short: what it shows stands
    until they can, at the latest `until`."""

    __tablename__ = "doubts"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_doubts_shop_id_item_id", "shop_id", "item_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until: Mapped[datetime]


class RouteRow(Base):
    """A routed part of an order by the platform's own id, so that a webhook that names only the part
    finds its order."""

    __tablename__ = "routes"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["shop_id", "order_id"], ["orders.shop_id", "orders.order_id"], ondelete="CASCADE"
        ),
        sa.Index("ix_routes_shop_id_order_id", "shop_id", "order_id"),
    )

    shop_id: Mapped[int] = mapped_column(primary_key=True)
    route_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    order_id: Mapped[int]

"""The open units of our orders, by item and by order."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import BOUGHT_BY, NAMES, LineItemRow, LineRow, Order, SellingPlanRow, Variant
from app.db.stale_orders import is_doubtful, orders_by_id


@dataclass(frozen=True, slots=True)
class OpenDemand:
    """One order's open demand for one item. `quantity` is what its line items say, `backordered` of it
    short at placement where the platform tells; `at` and `backordered_at` are the same by the location
    that ships it, once the order has been located, and `taken_at` those that have lowered the figures,
    where that depends on settings. `planned` units were bought by a selling plan that reserves no sooner
    than it is fulfilled, or may (`late`: surely, if it is known whether they may ship); `waiting_at` are
    those by location that are on hold or scheduled. `is_doubtful`: see the function."""

    order_id: int
    placed_at: datetime
    priority: int
    is_located: bool
    is_stale: bool
    first_seen_at: datetime
    updated_at: datetime
    is_doubtful: bool
    asked_at: datetime | None
    quantity: int
    backordered: int
    at: Mapping[int, int]
    backordered_at: Mapping[int, int]
    taken_at: Mapping[int, int]
    planned: int = 0
    late: int = 0
    waiting_at: Mapping[int, int] = field(default_factory=dict)


class _Open(NamedTuple):
    """What of an order matters here: a queue may be of many thousands, and a row of the table has forty
    columns."""

    order_id: int
    placed_at: datetime
    priority: int
    is_located: bool
    is_stale: bool
    first_seen_at: datetime
    updated_at: datetime
    seen_at: datetime
    asked_at: datetime | None


class _Located(NamedTuple):
    """Likewise of its units of an item at a location."""

    item_id: int
    location_id: int
    quantity: int
    backordered: int
    taken: int | None
    waiting: int


_OF_ORDER: tuple[Any, ...] = tuple(getattr(Order, name) for name in _Open._fields)
_OF_LINE: tuple[Any, ...] = tuple(getattr(LineRow, name) for name in _Located._fields)
_ORDER_BEGINS = len(_Located._fields)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """An order's open units as it was settled, by item and location, where it is located."""

    is_cancelled: bool
    is_located: bool
    lines: Mapping[tuple[int, int], int]


def open_demand(
    session: Session, shop_id: int, item_ids: Collection[int]
) -> dict[int, list[OpenDemand]]:
    """Every order that takes, or may take, units of these items, by item."""
    orders: dict[tuple[int, int], _Open] = {}
    told: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    located: dict[tuple[int, int], list[_Located]] = defaultdict(list)
    for item_id, units, short, planned, late, *of_order in session.execute(
        _told_demand(shop_id, item_ids)
    ):
        order = _Open(*of_order)
        orders[item_id, order.order_id] = order
        told[item_id, order.order_id] = int(units), int(short), int(planned), int(late)
    for row in session.execute(_located_demand(shop_id, item_ids)):
        line, order = _Located._make(row[:_ORDER_BEGINS]), _Open._make(row[_ORDER_BEGINS:])
        orders[line.item_id, order.order_id] = order
        located[line.item_id, order.order_id].append(line)
    result: dict[int, list[OpenDemand]] = {item_id: [] for item_id in item_ids}
    for key, order in orders.items():
        demand = _open_demand_of(order, told.get(key, (0, 0, 0, 0)), located.get(key, []))
        if demand.quantity or order.is_stale:
            result[key[0]].append(demand)
    return result


def _open_demand_of(
    order: _Open, told: tuple[int, int, int, int], located: Sequence[_Located]
) -> OpenDemand:
    """`told` are the units outstanding, backordered, and bought by a plan that may reserve late, and
    that surely does, by the line items."""
    lines = located if order.is_located else []
    quantity, backordered, planned, late = told
    if located and not order.is_located:
        late = 0  # it was routed once: it may have been let go since
    if order.is_located:
        quantity = sum(line.quantity for line in lines)
        backordered = sum(line.backordered for line in lines)
    return OpenDemand(
        order_id=order.order_id,
        placed_at=order.placed_at,
        priority=order.priority,
        is_located=order.is_located,
        is_stale=order.is_stale,
        first_seen_at=order.first_seen_at,
        updated_at=order.updated_at,
        is_doubtful=is_doubtful(order.updated_at, order.seen_at),
        asked_at=order.asked_at,
        quantity=quantity,
        backordered=backordered,
        at={line.location_id: line.quantity for line in lines},
        backordered_at={line.location_id: line.backordered for line in lines},
        taken_at={line.location_id: line.taken for line in lines if line.taken is not None},
        planned=planned,
        late=late,
        waiting_at={line.location_id: line.waiting for line in lines},
    )


def _told_demand(shop_id: int, item_ids: Collection[int]) -> sa.Select[Any]:
    """Units outstanding, backordered, and bought by a selling plan that may reserve late, or surely
    does, by item and order as the line items say; none outstanding only where the order is stale. Of an
    order that is located they matter only if it is stale, or for what a plan has sold: in a queue of
    many thousands few are read."""
    is_late = SellingPlanRow.reserves_late
    may_be_late = sa.and_(LineItemRow.selling_plan_id > 0, is_late.is_not(False))
    by_plan = sa.case((may_be_late, LineItemRow.outstanding), else_=0)
    by_late_plan = sa.case((is_late.is_(True), LineItemRow.outstanding), else_=0)
    told = (
        sa.select(
            Variant.item_id,
            LineItemRow.order_id,
            sa.func.sum(LineItemRow.outstanding).label("units"),
            sa.func.sum(LineItemRow.backordered).label("short"),
            sa.func.sum(by_plan).label("planned"),
            sa.func.sum(by_late_plan).label("late"),
        )
        .join(Variant, NAMES)
        .join(Order, _mine(LineItemRow))
        .outerjoin(SellingPlanRow, BOUGHT_BY)
        .where(
            LineItemRow.shop_id == shop_id, Variant.item_id.in_(item_ids), Order.is_cancelled.is_(False)
        )
        .where(sa.or_(Order.is_located.is_(False), Order.is_stale, LineItemRow.selling_plan_id > 0))
        .group_by(Variant.item_id, LineItemRow.order_id)
        .subquery()
    )
    return (
        sa.select(told.c.item_id, told.c.units, told.c.short, told.c.planned, told.c.late, *_OF_ORDER)
        .join(Order, sa.and_(Order.shop_id == shop_id, Order.order_id == told.c.order_id))
        .where(sa.or_(told.c.units > 0, Order.is_stale))
    )


def _mine(table: type[LineItemRow | LineRow]) -> sa.ColumnElement[bool]:
    return sa.and_(Order.shop_id == table.shop_id, Order.order_id == table.order_id)


def _located_demand(shop_id: int, item_ids: Collection[int]) -> sa.Select[Any]:
    return (
        sa.select(*_OF_LINE, *_OF_ORDER)
        .join(Order, _mine(LineRow))
        .where(LineRow.shop_id == shop_id, LineRow.item_id.in_(item_ids), Order.is_cancelled.is_(False))
    )


def outstanding_of(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, Outstanding]:
    """The open units of these orders, as the mirror has them."""
    lines: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
    where = (LineRow.shop_id == shop_id, LineRow.order_id.in_(order_ids))
    for row in session.scalars(sa.select(LineRow).where(*where)):
        lines[row.order_id][row.item_id, row.location_id] = row.quantity
    return {
        order_id: Outstanding(order.is_cancelled, order.is_located, lines[order_id])
        for order_id, order in orders_by_id(session, shop_id, order_ids).items()
    }

"""What became of units that were short and are not any more."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import Ending, still_to_ship
from app.db.models import NAMES, LineItemRow, Order, PromiseRow, Variant
from app.db.showing import items_shown
from app.db.statements import chunks


def endings_of(
    session: Session,
    shop_id: int,
    item_id: int,
    rows: Mapping[tuple[int, int], PromiseRow],
    *,
    is_counted: bool,
) -> dict[int, Ending]:
    """What became of the short units of the item, by order, where nothing of it is short any more."""
    short: Counter[int] = Counter()
    for row in rows.values():
        short[row.order_id] += row.short
    waiting = +short
    if not is_counted:
        return dict.fromkeys(waiting, Ending.UNCOUNTED)
    left, units = _left_of(session, shop_id, item_id, waiting)
    named = {order_id for order_id, one in units.items() if one.ordered}
    return {
        order_id: Ending.STOCK if left[order_id] else _without_stock(is_named=order_id in named)
        for order_id in waiting
    }


def _without_stock(*, is_named: bool) -> Ending:
    return Ending.SHIPPED if is_named else Ending.LEFT


class _Units(NamedTuple):
    """Of one item in one order, by its line items."""

    ordered: int
    outstanding: int


def _units_of_item(
    session: Session, shop_id: int, item_id: int, order_ids: Collection[int]
) -> dict[int, _Units]:
    """By order; what was cancelled or deleted has none."""
    found: dict[int, _Units] = {}
    columns = (
        LineItemRow.order_id,
        sa.func.sum(LineItemRow.ordered),
        sa.func.sum(LineItemRow.outstanding),
    )
    mine = sa.and_(Order.shop_id == LineItemRow.shop_id, Order.order_id == LineItemRow.order_id)
    for some in chunks(order_ids):
        statement = (
            sa.select(*columns)
            .join(Variant, NAMES)
            .join(Order, mine)
            .where(
                LineItemRow.shop_id == shop_id,
                LineItemRow.order_id.in_(some),
                Variant.item_id == item_id,
                Order.is_cancelled.is_(False),
                Order.is_gone.is_(False),
            )
            .group_by(LineItemRow.order_id)
        )
        found |= {row[0]: _Units(int(row[1]), int(row[2])) for row in session.execute(statement)}
    return found


def _left_of(
    session: Session, shop_id: int, item_id: int, short: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, _Units]]:
    """How many of the units that these orders are called short of are still to be shipped, as far as
    what they show of the item lets us tell, and all they have of it."""
    said = {
        order_id: next((each for each in items if each.item_id == item_id), None)
        for order_id, items in items_shown(session, shop_id, short).items()
    }
    units = _units_of_item(session, shop_id, item_id, short)
    left = {}
    for order_id, count in short.items():
        # What the order shows tells how many units it had when it was called short, and so what became
        # of those that are gone.
        was, has = said.get(order_id), units.get(order_id, _Units(0, 0))
        left[order_id] = (
            min(count, has.outstanding)
            if was is None
            else still_to_ship(was, ordered=has.ordered, outstanding=has.outstanding)
        )
    return left, units

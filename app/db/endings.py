"""What became of units that were short and are not any more."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import still_to_ship
from app.core.endings import Ending, LastKnownShort, OrderLocation, SupplyEvidence, WasShort, how_served
from app.db.models import NAMES, LineItemRow, LineRow, Order, PromiseRow, Variant
from app.db.showing import items_shown
from app.db.statements import chunks


def endings_of(
    session: Session,
    shop_id: int,
    item_id: int,
    rows: Mapping[OrderLocation, PromiseRow],
    *,
    is_counted: bool,
    seen: SupplyEvidence,
) -> dict[int, Ending]:
    """What became of the units of the item that these rows were short of, by order, where nothing of it
    is short any more and nobody was told."""
    short: Counter[int] = Counter()
    for row in rows.values():
        short[row.order_id] += row.short
    if not is_counted:
        return dict.fromkeys(short, Ending.UNCOUNTED)
    left = _left_of(session, shop_id, item_id, short)
    located = _located(session, shop_id, item_id, short)
    lines: dict[int, list[WasShort]] = defaultdict(list)
    for row in rows.values():
        at = located.get(row.order_id, {row.location_id: left[row.order_id].outstanding})
        last = None if row.last_short is None else LastKnownShort(*row.last_short)
        least = seen.least.get(row.location_id)
        lines[row.order_id].append(WasShort(last, at.get(row.location_id, 0), least))
    return {order_id: _ending(left[order_id], lines[order_id]) for order_id in short}


def items_with_untold_endings(session: Session, shop_id: int, item_ids: Collection[int]) -> set[int]:
    """Those of the items for which an order waited that was not told yet that it does no more."""
    found: set[int] = set()
    for some in chunks(item_ids):
        where = (
            PromiseRow.shop_id == shop_id,
            PromiseRow.item_id.in_(some),
            PromiseRow.short == 0,
        )
        found |= set(session.scalars(sa.select(PromiseRow.item_id).where(*where).distinct()))
    return found


def _located(
    session: Session, shop_id: int, item_id: int, order_ids: Collection[int]
) -> dict[int, dict[int, int]]:
    """Units of the item by order and location, of orders of which it is known where they lie."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for some in chunks(order_ids):
        where = (LineRow.shop_id == shop_id, LineRow.item_id == item_id, LineRow.order_id.in_(some))
        for row in session.scalars(sa.select(LineRow).where(*where)):
            found[row.order_id][row.location_id] = row.quantity
    return dict(found)


def _ending(left: "_Left", lines: Sequence[WasShort]) -> Ending:
    if left.still_to_ship:
        return how_served(lines, taken_out=left.taken_out)
    return Ending.SHIPPED if left.is_named else Ending.LEFT


class _Left(NamedTuple):
    """How many of the units that an order was short of are still to be shipped, and how many units in
    all, how many were taken out since it was said to wait, and whether it names the item still."""

    still_to_ship: int
    outstanding: int
    taken_out: int
    is_named: bool


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


def _left_of(session: Session, shop_id: int, item_id: int, short: Mapping[int, int]) -> dict[int, _Left]:
    """By order, as far as what it shows of the item lets us tell; `short` are the units that each was
    called short of until now."""
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
        still = (
            min(count or has.outstanding, has.outstanding)
            if was is None
            else still_to_ship(was, ordered=has.ordered, outstanding=has.outstanding)
        )
        taken_out = max(0, was.ordered - has.ordered) if was else 0
        left[order_id] = _Left(still, has.outstanding, taken_out, has.ordered > 0)
    return left

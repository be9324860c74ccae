"""Orders that must be compared with what they show."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import ItemState, OrderState, Shown
from app.core.endings import Ending
from app.core.foreign import Foreign
from app.db.foreign import foreign_of
from app.db.models import (
    IN_BULK,
    NAMES,
    SELLS,
    TAGGED,
    LineItemRow,
    LineRow,
    Order,
    PromiseRow,
    Shop,
    ShownRow,
    StockItem,
    Variant,
)
from app.db.statements import chunks


def is_settled() -> sa.ColumnElement[bool]:
    """The condition on `Order` that none of its items must still be looked at: only then can it be
    judged, from all of them together."""
    unsettled = (
        sa.select(LineItemRow.order_id)
        .join(Variant, NAMES)
        .outerjoin(StockItem, SELLS)
        .where(LineItemRow.shop_id == Order.shop_id, LineItemRow.order_id == Order.order_id)
        .where(sa.or_(StockItem.stock_due_at.is_not(None), Variant.is_resolved.is_(False)))
    )
    return ~unsettled.correlate(Order).exists()


def is_ready() -> sa.ColumnElement[bool]:
    """The condition on `Order` that it can be judged, and that neither a person nor a write of many
    orders holds it back."""
    return sa.and_(is_settled(), Order.held_at.is_(None), Order.bulk != IN_BULK)


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order that is due to be judged: its state, what it shows, what was about to be sent when we
    last heard nothing back, and what others did to it. `is_tagged`: its tags have been written in bulk
    as was intended, and nothing else has."""

    name: str
    is_located: bool
    state: OrderState
    shown: Shown
    intent: Shown | None
    is_tagged: bool = False
    foreign: Foreign = field(default=Foreign())

    @property
    def order_id(self) -> int:
        """The order's own number."""
        return self.state.order_id


def judge_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, at: datetime | None
) -> None:
    """These orders must be compared with what they show (None: they need not any more). On those that
    are gone nothing is written."""
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some), Order.is_gone.is_(False))
        session.execute(sa.update(Order).where(*where).values(write_due_at=at))


def judge_showing(session: Session, shop_id: int, item_id: int, *, at: datetime) -> None:
    """Orders that name this item and show something of ours must be compared with that."""
    mine = sa.and_(ShownRow.shop_id == LineItemRow.shop_id, ShownRow.order_id == LineItemRow.order_id)
    named = (
        sa.select(LineItemRow.order_id)
        .join(Variant, NAMES)
        .join(ShownRow, mine)
        .where(Variant.shop_id == shop_id, Variant.item_id == item_id)
    )
    judge_orders(session, shop_id, set(session.scalars(named)), at=at)


def hasten_looks(session: Session, shop_id: int, *, now: datetime) -> None:
    """An order is judged from all its items together: look now at those of due orders that would be
    looked at later. Not while news are awaited, for which items may be waiting too."""
    poll_due_at = session.scalar(sa.select(Shop.poll_due_at).where(Shop.id == shop_id))
    if poll_due_at is not None and poll_due_at > now:
        return
    due = (
        sa.select(Variant.item_id)
        .join(LineItemRow, NAMES)
        .join(
            Order,
            sa.and_(Order.shop_id == LineItemRow.shop_id, Order.order_id == LineItemRow.order_id),
        )
        .where(Variant.shop_id == shop_id, Order.write_due_at <= now)
    )
    where = (
        StockItem.shop_id == shop_id,
        StockItem.stock_due_at > now,
        StockItem.unbalanced_since.is_(None),
        StockItem.item_id.in_(due),
    )
    session.execute(sa.update(StockItem).where(*where).values(stock_due_at=now))


_QUEUE = (Order.priority.desc(), Order.placed_at, Order.order_id)


def is_anything_due(session: Session, shop_id: int, *, now: datetime) -> bool:
    """Whether an item is to be looked at, or an order to be compared, by now."""
    items = sa.exists().where(StockItem.shop_id == shop_id, StockItem.stock_due_at <= now)
    orders = sa.exists().where(Order.shop_id == shop_id, Order.write_due_at <= now)
    return bool(session.scalar(sa.select(sa.or_(items, orders))))


def orders_to_judge(session: Session, shop_id: int, *, now: datetime, limit: int) -> list[DueOrder]:
    """Due orders none of whose items must still be looked at and that nobody holds back, longest
    waiting first."""
    where = (Order.shop_id == shop_id, Order.write_due_at <= now, is_ready())
    orders = session.scalars(sa.select(Order).where(*where).order_by(*_QUEUE).limit(limit)).all()
    return _due_orders(session, shop_id, orders)


def count_changing_status(session: Session, shop_id: int, *, now: datetime, limit: int) -> int:
    """How many of the orders that are to be judged now, up to a limit, begin to wait or have waited."""
    some = _changing_status(shop_id, now).limit(limit).subquery()
    return session.scalars(sa.select(sa.func.count()).select_from(some)).one()


def orders_changing_status(
    session: Session, shop_id: int, *, now: datetime, limit: int
) -> list[DueOrder]:
    """Those orders, in the order of the queue."""
    ids = session.scalars(_changing_status(shop_id, now).order_by(*_QUEUE).limit(limit)).all()
    return due_orders(session, shop_id, ids, now=now)


def _changing_status(shop_id: int, now: datetime) -> sa.Select[int]:
    begins, ends = Order.short > 0, Order.short == 0
    turns = sa.or_(sa.and_(begins, Order.waits_as == ""), sa.and_(ends, Order.waits_as != ""))
    due = (Order.shop_id == shop_id, Order.write_due_at <= now, is_ready(), Order.bulk == "")
    return sa.select(Order.order_id).where(*due, turns)


def due_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime
) -> list[DueOrder]:
    """Those of these orders that are to be judged now, in the order of the queue."""
    due = (
        Order.shop_id == shop_id,
        Order.write_due_at <= now,
        is_ready(),
        Order.order_id.in_(order_ids),
    )
    orders = session.scalars(sa.select(Order).where(*due).order_by(*_QUEUE)).all()
    return _due_orders(session, shop_id, orders)


def look_up_order(session: Session, shop_id: int, order_id: int) -> DueOrder | None:
    """One order as it would be judged, whether it is due or not."""
    orders = session.scalars(
        sa.select(Order).where(Order.shop_id == shop_id, Order.order_id == order_id)
    ).all()
    return next(iter(_due_orders(session, shop_id, orders)), None)


def _due_orders(session: Session, shop_id: int, orders: Sequence[Order]) -> list[DueOrder]:
    ids = [order.order_id for order in orders]
    items = _item_states(session, shop_id, ids)
    rows = session.scalars(
        sa.select(ShownRow).where(ShownRow.shop_id == shop_id, ShownRow.order_id.in_(ids))
    )
    shown = {row.order_id: row for row in rows}
    result = []
    for order in orders:
        row = shown.get(order.order_id)
        state = OrderState(
            order.order_id, order.is_cancelled or order.is_gone, items.get(order.order_id, [])
        )
        was = msgspec.convert(row.shown, Shown) if row else Shown()
        intent = msgspec.convert(row.intent, Shown) if row and row.intent else None
        due = DueOrder(
            order.name,
            order.is_located,
            state,
            was,
            intent,
            is_tagged=order.bulk == TAGGED,
            foreign=foreign_of(row),
        )
        result.append(due)
    return result


_ItemOf = tuple[int, int]
"""An order and an item."""


class _Short(NamedTuple):
    """Units short of an item of an order, the day the last of them is expected, and, where a range is
    told, its first day."""

    units: int
    expected_on: date | None
    early_on: date | None

    @property
    def range_from(self) -> date | None:
        """The first day of a range; None where a day is told."""
        if self.early_on is None or self.expected_on is None or self.early_on >= self.expected_on:
            return None
        return self.early_on


_NOTHING_SHORT = _Short(0, date.min, None)
# What the build before wrote is another sentence: of that nobody knows whether stock came.
_ENDINGS = frozenset(Ending)


def _item_states(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, list[ItemState]]:
    """Every item of these orders with what is outstanding and short of it, in line order."""
    short, ended = _short_by_item(session, shop_id, order_ids)
    located = _located_by_item(session, shop_id, order_ids)
    states: dict[int, dict[int, ItemState]] = defaultdict(dict)
    statement = (
        sa.select(LineItemRow, StockItem.item_id, StockItem.kind, StockItem.is_tracked, Order.is_located)
        .join(Variant, NAMES)
        .join(StockItem, SELLS)
        .join(
            Order,
            sa.and_(Order.shop_id == LineItemRow.shop_id, Order.order_id == LineItemRow.order_id),
        )
        .where(LineItemRow.shop_id == shop_id, LineItemRow.order_id.in_(order_ids))
        .order_by(LineItemRow.line_id)
    )
    for row, item_id, kind, is_tracked, is_located in session.execute(statement):
        waits = short.get((row.order_id, item_id), _Short(0, None, None))
        was = states[row.order_id].get(item_id)
        told = row.outstanding + (was.outstanding if was else 0)
        states[row.order_id][item_id] = ItemState(
            item_id=item_id,
            title=row.title,
            sku=row.sku,
            ordered=row.ordered + (was.ordered if was else 0),
            outstanding=located.get((row.order_id, item_id), 0) if is_located else told,
            short=waits.units,
            expected_on=waits.expected_on,
            kind=kind,
            is_counted=is_tracked,
            ended=None if waits.units else ended.get((row.order_id, item_id)),
            early_on=waits.range_from,
        )
    return {order_id: list(items.values()) for order_id, items in states.items()}


def _short_by_item(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> tuple[dict[_ItemOf, _Short], dict[_ItemOf, Ending]]:
    """What is short, by order and item, locations together; and how the waiting ended of those that are
    short no more and nobody was told."""
    where = (PromiseRow.shop_id == shop_id, PromiseRow.order_id.in_(order_ids))
    found: dict[_ItemOf, _Short] = {}
    ended: dict[_ItemOf, Ending] = {}
    for row in session.scalars(sa.select(PromiseRow).where(*where)):
        key = row.order_id, row.item_id
        if row.short == 0:
            ended[key] = Ending(row.words) if row.words in _ENDINGS else Ending.FREED
            continue
        units, day, first = found.get(key, _NOTHING_SHORT)
        latest = None if day is None or row.expected_on is None else max(day, row.expected_on)
        early = max(filter(None, (first, row.early_on or row.expected_on)), default=None)
        found[key] = _Short(units + row.short, latest, early)
    return found, ended


def _located_by_item(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[tuple[int, int], int]:
    statement = (
        sa.select(LineRow.order_id, LineRow.item_id, sa.func.sum(LineRow.quantity))
        .where(LineRow.shop_id == shop_id, LineRow.order_id.in_(order_ids))
        .group_by(LineRow.order_id, LineRow.item_id)
    )
    return {(order_id, item_id): int(units) for order_id, item_id, units in session.execute(statement)}


def settle_order(session: Session, shop_id: int, order_id: int) -> None:
    """The order shows what it should: it is not due any more, and its covered lines are forgotten."""
    where = (PromiseRow.shop_id == shop_id, PromiseRow.order_id == order_id, PromiseRow.short == 0)
    session.execute(sa.delete(PromiseRow).where(*where))
    settled = {"write_due_at": None, "attempts": 0, "problem": None, "bulk": ""}
    session.execute(
        sa.update(Order).where(Order.shop_id == shop_id, Order.order_id == order_id).values(**settled)
    )


def quarantine(session: Session, shop_id: int, order_id: int, problem: str, *, now: datetime) -> None:
    """One order could not be written: say why, and try it again later and later, at most hourly."""
    order = session.get_one(Order, (shop_id, order_id))
    order.problem, order.attempts, order.bulk = problem, order.attempts + 1, ""
    order.write_due_at = now + timedelta(seconds=min(3600, 15 * 2**order.attempts))

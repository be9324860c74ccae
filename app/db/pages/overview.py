"""The figures of a shop at a glance, and how its parts are doing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import DeliveryState, TurnEvent
from app.db.models import DeliveryRow, Event, Order, PoolRow, Shop, StockItem

_SHOWN_ON_PAGE = 20


@dataclass(frozen=True, slots=True)
class Totals:
    """How much of a shop waits, and since when the order that waits longest. `value` is what the units
    sell for, in ten-thousandths of the shop's currency; None where no price is known, and too little
    where `is_at_least`: of some orders none is."""

    orders: int
    units: int
    value: int | None
    is_at_least: bool
    oldest: Order | None


def count_waiting(session: Session, shop_id: int) -> Totals:
    """Orders and units that are short now."""
    where = (Order.shop_id == shop_id, Order.short > 0)
    sums = (
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(Order.short), 0),
        sa.func.count(Order.short_value),
        sa.func.sum(Order.short_value),
    )
    orders, units, priced, value = session.execute(sa.select(*sums).where(*where)).one()
    oldest = session.scalar(
        sa.select(Order).where(*where).order_by(Order.short_since, Order.order_id).limit(1)
    )
    return Totals(orders, int(units), None if value is None else int(value), priced < orders, oldest)


def count_short_by_shop(session: Session, shop_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Orders and units that are short now, by shop; shops where nothing is are left out."""
    statement = (
        sa.select(Order.shop_id, sa.func.count(), sa.func.sum(Order.short))
        .where(Order.shop_id.in_(shop_ids), Order.short > 0)
        .group_by(Order.shop_id)
    )
    return {shop_id: (orders, int(units)) for shop_id, orders, units in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class InboxState:
    """How the webhooks of a shop stand. `oldest_due_at` is of those that wait."""

    last_at: datetime | None
    due: int
    oldest_due_at: datetime | None
    failed: int


def read_inbox(session: Session, shop_id: int) -> InboxState:
    """Counted by their indexes: a busy shop keeps many deliveries that are done."""
    mine = DeliveryRow.shop_id == shop_id
    due = sa.and_(mine, DeliveryRow.state == DeliveryState.DUE)
    statement = sa.select(
        sa.select(sa.func.max(DeliveryRow.received_at)).where(mine).scalar_subquery(),
        sa.select(sa.func.count()).select_from(DeliveryRow).where(due).scalar_subquery(),
        sa.select(DeliveryRow.received_at)
        .where(due)
        .order_by(DeliveryRow.id)
        .limit(1)
        .scalar_subquery(),
        sa.select(sa.func.count())
        .select_from(DeliveryRow)
        .where(mine, DeliveryRow.state == DeliveryState.FAILED)
        .scalar_subquery(),
    )
    return InboxState(*session.execute(statement).one())


@dataclass(frozen=True, slots=True)
class Trouble:
    """Items whose books do not balance and units that nobody explains: some of each, and how many."""

    drifting: Sequence[tuple[PoolRow, StockItem]]
    drifting_count: int
    stuck: Sequence[StockItem]
    stuck_count: int


def read_trouble(session: Session, shop: Shop) -> Trouble:
    """What of the shop's stock does not add up."""
    drifts = (PoolRow.shop_id == shop.id, PoolRow.drift != 0)
    drifting = (
        sa.select(PoolRow, StockItem, sa.func.count().over())
        .join(
            StockItem,
            sa.and_(StockItem.shop_id == PoolRow.shop_id, StockItem.item_id == PoolRow.item_id),
        )
        .where(*drifts)
        .order_by(sa.func.abs(PoolRow.drift).desc(), PoolRow.item_id, PoolRow.location_id)
        .limit(_SHOWN_ON_PAGE)
    )
    stuck = (
        sa.select(StockItem, sa.func.count().over())
        .where(
            StockItem.shop_id == shop.id,
            StockItem.problem.is_not(None),
            StockItem.stock_due_at.is_not(None),
        )
        .order_by(StockItem.stock_due_at, StockItem.item_id)
        .limit(_SHOWN_ON_PAGE)
    )
    pools, items = session.execute(drifting).all(), session.execute(stuck).all()
    return Trouble(
        [(pool, item) for pool, item, _ in pools],
        pools[0][2] if pools else 0,
        [item for item, _ in items],
        items[0][1] if items else 0,
    )


def count_turns(session: Session, shop_id: int, *, since: datetime) -> dict[TurnEvent, int]:
    """How many orders were shipped, or may have been, before their turn, by what was told of each."""
    where = (Event.shop_id == shop_id, Event.kind.in_(list(TurnEvent)), Event.at >= since)
    orders = sa.func.count(sa.distinct(Event.order_id))
    statement = sa.select(Event.kind, orders).where(*where).group_by(Event.kind)
    return {TurnEvent(kind): count for kind, count in session.execute(statement)}

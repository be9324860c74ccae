"""The figures of a shop at a glance, and how its parts are doing."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.desired import Status
from app.core.states import DeliveryState, TurnEvent
from app.db.models import DeliveryRow, Event, Order, PoolRow, Shop, StockItem

_QUARTER_S = 900  # every zone's midnight falls on one
_SHOWN_ON_PAGE = 20
_COUNTED = (Status.RELEASED, Status.BACKORDERED)


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
class DayCount:
    """How many orders were called backordered on a day, and how many released."""

    day: date
    backordered: int
    released: int


def count_days(
    session: Session, shop_id: int, *, days: Sequence[date], since: datetime, zone: ZoneInfo
) -> list[DayCount]:
    """How many orders became backordered, or were released, on each of these days, the first of which
    begins at `since`. One that still waits counts on the day since which it does, the others on that on
    which it was written on them."""
    quarter = _quarter(Event.at)
    waits = Event.order_id.in_(
        sa.select(Order.order_id).where(Order.shop_id == shop_id, Order.short > 0)
    )
    became = sa.case(
        (Event.after.startswith(Status.RELEASED.value), Status.RELEASED.value),
        (
            sa.and_(
                Event.after.startswith(Status.BACKORDERED.value),
                sa.not_(Event.before.startswith(Status.BACKORDERED.value)),
                sa.not_(waits),
            ),
            Status.BACKORDERED.value,
        ),
    )
    # Not `became` itself, which would ask a second time of every order whether it waits.
    may_be = sa.or_(*(Event.after.startswith(status.value) for status in _COUNTED))
    statement = (
        sa.select(quarter, became, sa.func.count())
        .where(Event.shop_id == shop_id, Event.kind == "shown", Event.at >= since, may_be)
        .group_by(quarter, became)
    )
    counts: Counter[tuple[date, str | None]] = Counter()
    told = session.execute(statement).all()
    waiting = session.execute(_waiting_by_quarter(shop_id, since)).all()
    still = [(moment, Status.BACKORDERED.value, count) for moment, count in waiting]
    for moment, status, count in [*told, *still]:
        counts[datetime.fromtimestamp(int(moment), UTC).astimezone(zone).date(), status] += count
    return [
        DayCount(day, counts[day, Status.BACKORDERED.value], counts[day, Status.RELEASED.value])
        for day in days
    ]


def _quarter(moment: InstrumentedAttribute[Any]) -> sa.ColumnElement[int]:
    epoch = sa.extract("epoch", moment)
    return sa.cast(epoch - epoch % _QUARTER_S, sa.BigInteger)


def _waiting_by_quarter(shop_id: int, since: datetime) -> sa.Select[int, int]:
    quarter = _quarter(Order.short_since)
    waits = (Order.short > 0, Order.short_since >= since, Order.waits_as != "")
    return sa.select(quarter, sa.func.count()).where(Order.shop_id == shop_id, *waits).group_by(quarter)


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
            StockItem.shop_id == shop.id, StockItem.problem.is_not(None), StockItem.look_at.is_not(None)
        )
        .order_by(StockItem.look_at, StockItem.item_id)
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

"""What staff are told of by email: what is late, and what a shop's webhooks were like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import ArrivalState, TurnEvent
from app.db.models import ArrivalRow, DeliveryRow, Event, Order, PromiseRow

MOST = 200
"""So many of one kind are looked at; whoever has more of them opens the page."""

_WEEKS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class OverdueOrder:
    """An order that waits longer than the first date it was promised."""

    order_id: int
    name: str
    promised_on: date
    expected_on: date | None


def overdue_orders(session: Session, shop_id: int, *, today: date) -> list[OverdueOrder]:
    """The orders that should have shipped before `today` by the first date they were promised, oldest
    promise first."""
    promised_on = sa.func.min(PromiseRow.first_expected_on)
    statement = (
        sa.select(Order.order_id, Order.name, promised_on, Order.expected_on)
        .join(
            PromiseRow,
            sa.and_(PromiseRow.shop_id == Order.shop_id, PromiseRow.order_id == Order.order_id),
        )
        .where(
            Order.shop_id == shop_id,
            Order.short > 0,
            PromiseRow.shop_id == shop_id,
            PromiseRow.short > 0,
            PromiseRow.first_expected_on < today,
        )
        .group_by(Order.order_id, Order.name, Order.expected_on)
        .order_by(promised_on, Order.order_id)
        .limit(MOST)
    )
    return [
        OverdueOrder(order_id, name, promised, expected)
        for order_id, name, promised, expected in session.execute(statement)
        if promised is not None
    ]


@dataclass(frozen=True, slots=True)
class OutOfTurn:
    """An order that was shipped, or may be, before its turn."""

    kind: TurnEvent
    order_id: int
    name: str


def turns(session: Session, shop_id: int, *, since: datetime) -> list[OutOfTurn]:
    """What happened since then, latest first; each kind and order once, however many items it was
    about."""
    last = (
        sa.select(sa.func.max(Event.id).label("event_id"), Event.kind, Event.order_id)
        .where(Event.shop_id == shop_id, Event.kind.in_(list(TurnEvent)), Event.at >= since)
        .group_by(Event.kind, Event.order_id)
        .subquery()
    )
    mine = sa.and_(Order.shop_id == shop_id, Order.order_id == last.c.order_id)
    statement = (
        sa.select(last.c.kind, Order.order_id, Order.name)
        .join(Order, mine)
        .order_by(last.c.event_id.desc())
        .limit(MOST)
    )
    return [
        OutOfTurn(TurnEvent(kind), order_id, name) for kind, order_id, name in session.execute(statement)
    ]


def late_deliveries(session: Session, shop_id: int, *, today: date) -> Sequence[ArrivalRow]:
    """Deliveries that were expected before `today`, longest overdue first."""
    statement = (
        sa.select(ArrivalRow)
        .where(
            ArrivalRow.shop_id == shop_id,
            ArrivalRow.state == ArrivalState.EXPECTED,
            ArrivalRow.expected_on < today,
        )
        .order_by(ArrivalRow.expected_on, ArrivalRow.id)
        .limit(MOST)
    )
    return session.scalars(statement).all()


def count_released(session: Session, shop_id: int, *, since: date, before: date) -> int:
    """Orders whose stock came on one of these days, the last not among them."""
    where = (Order.shop_id == shop_id, Order.released_on >= since, Order.released_on < before)
    return session.scalar(sa.select(sa.func.count()).select_from(Order).where(*where)) or 0


def longest_quiet(session: Session, shop_id: int, *, now: datetime) -> timedelta | None:
    """The longest time between two webhooks of the last two weeks; None for fewer than three."""
    gap_s = sa.extract("epoch", DeliveryRow.received_at) - sa.extract(
        "epoch", sa.func.lag(DeliveryRow.received_at).over(order_by=DeliveryRow.received_at)
    )
    gaps = (
        sa.select(gap_s.label("gap_s"))
        .where(DeliveryRow.shop_id == shop_id, DeliveryRow.received_at >= now - _WEEKS)
        .subquery()
    )
    longest, count = session.execute(sa.select(sa.func.max(gaps.c.gap_s), sa.func.count())).one()
    return None if longest is None or count <= 2 else timedelta(seconds=float(longest))  # noqa: PLR2004 -- two gaps

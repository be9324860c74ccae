"""The log of notices about delays, and what the law asks for of the orders that wait."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.regimes import Notice, NoticeKind, Obligations, OrderFacts
from app.db.audit import record_event
from app.db.models import NoticeRow, Order
from app.db.statements import Given, Rows, is_one_of


@dataclass(frozen=True, slots=True)
class WaitingOrder:
    """An order that waits, and what it obliges to."""

    order_id: int
    name: str
    placed_at: datetime
    expected_on: date | None
    obligations: Obligations


def record_notice(
    session: Session,
    order: Order,
    kind: NoticeKind,
    *,
    at: datetime,
    revised_on: date | None,
    by: str,
    now: datetime,
) -> NoticeRow:
    """Append to the log that this was told, or answered, at that moment. Nothing in it is ever changed:
    who erred says so by a further entry."""
    row = NoticeRow(
        shop_id=order.shop_id,
        order_id=order.order_id,
        at=at,
        kind=kind.value,
        revised_on=revised_on,
        by=by,
        recorded_at=now,
    )
    session.add(row)
    named = f", {revised_on.isoformat()}" if revised_on else ""
    record_event(
        session,
        order.shop_id,
        "notice",
        at=now,
        order_id=order.order_id,
        after=f"{kind.value}{named}",
        why=f"recorded by {by}",
    )
    session.flush()
    return row


def waiting_orders(
    session: Session,
    shop_id: int,
    judge: Callable[[OrderFacts], Obligations | None],
    *,
    order_ids: Collection[int] | None = None,
) -> list[WaitingOrder]:
    """Every order that is short, or of these those that are, with its obligations by `judge`."""
    where = [
        Order.shop_id == shop_id,
        Order.short > 0,
        Order.is_cancelled.is_(False),
        Order.is_gone.is_(False),
    ]
    if order_ids is not None:
        where.append(is_one_of(Order.order_id, order_ids))
    log = _log_of(session, shop_id, where)
    waiting = []
    columns = sa.select(Order.order_id, Order.name, Order.placed_at, Order.expected_on).where(*where)
    for order_id, name, placed_at, expected_on in session.execute(columns):
        obligations = judge(OrderFacts(placed_at, expected_on, notices=log.get(order_id, ())))
        if obligations is not None:
            waiting.append(WaitingOrder(order_id, name, placed_at, expected_on, obligations))
    return waiting


def old_notices(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """What was recorded before then of orders that we hold no more: nothing shows it."""
    mine = (Order.shop_id == NoticeRow.shop_id, Order.order_id == NoticeRow.order_id)
    where = (NoticeRow.shop_id == shop_id, NoticeRow.recorded_at < before)
    return Rows(NoticeRow, NoticeRow.id, (*where, ~sa.exists().where(*mine)))


def _log_of(
    session: Session, shop_id: int, where: Sequence[sa.ColumnElement[bool]]
) -> dict[int, list[Notice]]:
    """What was told and answered, in the order in which it happened, by order."""
    found: dict[int, list[Notice]] = defaultdict(list)
    mine = sa.and_(Order.shop_id == NoticeRow.shop_id, Order.order_id == NoticeRow.order_id)
    columns = (NoticeRow.order_id, NoticeRow.at, NoticeRow.kind, NoticeRow.revised_on)
    statement = sa.select(*columns).join(Order, mine).where(NoticeRow.shop_id == shop_id, *where)
    for order_id, at, kind, revised_on in session.execute(
        statement.order_by(NoticeRow.at, NoticeRow.id)
    ):
        found[order_id].append(Notice(at, NoticeKind(kind), revised_on))
    return found

"""The tags that a platform is writing in the background on many orders of a shop: one such write at a
time, of one operation or several.

An order's `bulk` is IN_BULK while it is part of it, so that nobody else writes on it, and TAGGED once
its tags are as intended and the rest is still to be written.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import BulkWriteState
from app.db.models import IN_BULK, TAGGED, BulkWriteRow, Order
from app.db.statements import chunks


def find(session: Session, shop_id: int) -> BulkWriteRow | None:
    """The shop's write that is under way or rests."""
    return session.get(BulkWriteRow, shop_id)


def begin(session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime) -> None:
    """Keep, before anything is sent, that these orders are about to be written in bulk."""
    _keep(session, shop_id, BulkWriteState.BEGINNING, begun_at=now, due_at=now)
    _mark(session, shop_id, order_ids, IN_BULK)


def add_part(session: Session, shop_id: int, operation_id: int, order_ids: Sequence[int]) -> None:
    """An operation has begun, over these orders in this order; none are known of one that was found."""
    row = session.get_one(BulkWriteRow, shop_id)
    row.parts = [*row.parts, {"operation_id": operation_id, "order_ids": list(order_ids)}]


def look_later(session: Session, shop_id: int, *, at: datetime) -> None:
    """All its operations are known: ask then how far they are."""
    row = session.get_one(BulkWriteRow, shop_id)
    row.state, row.due_at = BulkWriteState.RUNNING, at


def end(
    session: Session,
    shop_id: int,
    *,
    tagged: Collection[int],
    rest_until: datetime | None,
    now: datetime,
) -> None:
    """It is over: these orders have their tags, its others are written like any other order."""
    mine = (Order.shop_id == shop_id, Order.bulk == IN_BULK)
    others = set(session.scalars(sa.select(Order.order_id).where(*mine))) - set(tagged)
    _mark(session, shop_id, tagged, TAGGED)
    _mark(session, shop_id, others, "")
    session.execute(sa.delete(BulkWriteRow).where(BulkWriteRow.shop_id == shop_id))
    if rest_until is not None:
        rest(session, shop_id, until=rest_until, now=now)


def rest(session: Session, shop_id: int, *, until: datetime, now: datetime) -> None:
    """Begin none before then."""
    _keep(session, shop_id, BulkWriteState.RESTING, begun_at=now, due_at=until)


def _mark(session: Session, shop_id: int, order_ids: Collection[int], bulk: str) -> None:
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some))
        session.execute(sa.update(Order).where(*where).values(bulk=bulk))


def _keep(session: Session, shop_id: int, state: str, *, begun_at: datetime, due_at: datetime) -> None:
    row = BulkWriteRow(shop_id=shop_id, state=state, begun_at=begun_at, due_at=due_at, parts=[])
    session.merge(row)

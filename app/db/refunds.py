"""Cancellations of units that can't be served: what was prepared, asked and done, by order."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.kinds import Kind
from app.core.unservable import OpenLine, ShortItem
from app.db.audit import record_event
from app.db.models import NAMES, LineItemRow, Order, PromiseRow, RefundRow, StockItem, Variant
from app.platforms.base.refunds import RefundLine, RefundQuote

CANCELLED_EVENT = "units canceled"


class RefundState(StrEnum):
    """Of a cancellation: shown to somebody, confirmed and sent (its answer may never have come), done,
    or not to be used any more."""

    PREPARED = "prepared"
    ASKED = "asked"
    DONE = "done"
    DROPPED = "dropped"


def short_items(session: Session, shop_id: int, order_id: int) -> list[ShortItem]:
    """What of an order is short. All of what will not be restocked counts as lost, unless a delivery
    serves every unit: which of them one serves, the queue alone tells."""
    sells = sa.and_(StockItem.shop_id == PromiseRow.shop_id, StockItem.item_id == PromiseRow.item_id)
    where = (PromiseRow.shop_id == shop_id, PromiseRow.order_id == order_id, PromiseRow.short > 0)
    statement = sa.select(PromiseRow, StockItem.kind).join(StockItem, sells).where(*where)
    return [
        ShortItem(
            row.item_id,
            row.location_id,
            row.short,
            lost=row.short if kind == Kind.DISCONTINUED and row.expected_on is None else 0,
        )
        for row, kind in session.execute(statement.order_by(PromiseRow.item_id, PromiseRow.location_id))
    ]


def open_lines(session: Session, shop_id: int, order_id: int) -> list[OpenLine]:
    """The order's line items as last told."""
    where = (LineItemRow.shop_id == shop_id, LineItemRow.order_id == order_id)
    statement = sa.select(LineItemRow, Variant.item_id).join(Variant, NAMES).where(*where)
    return [
        OpenLine(row.line_id, item_id, row.outstanding)
        for row, item_id in session.execute(statement.order_by(LineItemRow.line_id))
        if item_id is not None and row.outstanding > 0
    ]


def latest(session: Session, shop_id: int, order_id: int) -> RefundRow | None:
    """The last cancellation of the order that was prepared, but for those that were dropped."""
    where = (RefundRow.shop_id == shop_id, RefundRow.order_id == order_id)
    found = sa.select(RefundRow).where(*where, RefundRow.state != RefundState.DROPPED)
    return session.scalar(found.order_by(RefundRow.id.desc()).limit(1))


def find(session: Session, shop_id: int, order_id: int, key: str) -> RefundRow | None:
    """The cancellation that was prepared under that key."""
    where = (RefundRow.shop_id == shop_id, RefundRow.order_id == order_id, RefundRow.key == key)
    return session.scalar(sa.select(RefundRow).where(*where))


def prepare(
    session: Session,
    order: Order,
    lines: Sequence[RefundLine],
    quote: RefundQuote,
    *,
    why: Sequence[str],
    by: str,
    now: datetime,
) -> RefundRow:
    """Keep what is shown to somebody; what was prepared before is not to be used any more."""
    drop(session, order.shop_id, order.order_id)
    row = RefundRow(
        shop_id=order.shop_id,
        order_id=order.order_id,
        key=str(uuid.uuid4()),
        lines=msgspec.to_builtins(lines),
        quote=msgspec.to_builtins(quote),
        why=list(why),
        state=RefundState.PREPARED,
        prepared_at=now,
        by=by,
    )
    session.add(row)
    session.flush()
    return row


def drop(session: Session, shop_id: int, order_id: int) -> None:
    """What was prepared for the order and not confirmed is not to be used any more."""
    where = (RefundRow.shop_id == shop_id, RefundRow.order_id == order_id)
    session.execute(
        sa.update(RefundRow)
        .where(*where, RefundRow.state == RefundState.PREPARED)
        .values(state=RefundState.DROPPED)
    )


def take(
    session: Session, shop_id: int, order_id: int, key: str, *, by: str, notifies: bool, now: datetime
) -> RefundRow | None:
    """Confirm what was prepared under that key: whoever comes second, and so a second click, gets
    None."""
    where = (RefundRow.shop_id == shop_id, RefundRow.order_id == order_id, RefundRow.key == key)
    taken = session.execute(
        sa.update(RefundRow)
        .where(*where, RefundRow.state == RefundState.PREPARED)
        .values(state=RefundState.ASKED, asked_at=now, by=by, notifies_buyer=notifies)
        .returning(RefundRow.id)
    ).scalar()
    return None if taken is None else find(session, shop_id, order_id, key)


def unanswered(
    session: Session, shop_id: int, order_id: int, key: str, *, asked_before: datetime, now: datetime
) -> RefundRow | None:
    """What was sent and never answered, to be sent once more under the same key; by one at a time."""
    where = (RefundRow.shop_id == shop_id, RefundRow.order_id == order_id, RefundRow.key == key)
    again = session.execute(
        sa.update(RefundRow)
        .where(*where, RefundRow.state == RefundState.ASKED, RefundRow.asked_at < asked_before)
        .values(asked_at=now)
        .returning(RefundRow.id)
    ).scalar()
    return None if again is None else find(session, shop_id, order_id, key)


def finish(session: Session, row: RefundRow, *, order_name: str, now: datetime) -> None:
    """It was done: an event of the order says what, and by whom."""
    row.state, row.done_at, row.problem = RefundState.DONE, now, ""
    quote = quote_of(row)
    units = sum(line.units for line in lines_of(row))
    record_event(
        session,
        row.shop_id,
        CANCELLED_EVENT,
        at=now,
        order_id=row.order_id,
        before=f"{units} units of {order_name} could not be served",
        after=f"canceled, {quote.amount} {quote.currency} refunded",
        why=f"confirmed by {row.by}",
    )


def refuse(row: RefundRow, problem: str) -> None:
    """It was not done and will not be."""
    row.state, row.problem = RefundState.DROPPED, problem


def lines_of(row: RefundRow) -> list[RefundLine]:
    """The units that it is about."""
    return msgspec.convert(row.lines, list[RefundLine])


def quote_of(row: RefundRow) -> RefundQuote:
    """What goes back."""
    return msgspec.convert(row.quote, RefundQuote)

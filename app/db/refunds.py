"""Cancellations of units that can't be served: what was prepared, asked and done, by order."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.kinds import Kind
from app.core.unservable import OpenLine, ShortItem
from app.db.audit import record_event
from app.db.models import NAMES, LineItemRow, Order, PromiseRow, RefundRow, StockItem, Variant
from app.db.statements import Given, Rows
from app.platforms.base.refunds import RefundLine, RefundQuote

CANCELLED_EVENT = "units canceled"
CLOSED_EVENT = "cancellation closed"


class RefundState(StrEnum):
    """Of a cancellation: shown to somebody, confirmed and sent (its answer may never have come), done,
    or not to be used any more."""

    PREPARED = "prepared"
    ASKED = "asked"
    DONE = "done"
    DROPPED = "dropped"


# So many are told of; whoever has more of them has them named as these are seen to.
_MOST = 50

_PREPARED = RefundRow.state == RefundState.PREPARED
_ASKED = RefundRow.state == RefundState.ASKED


class Unanswered(NamedTuple):
    """A cancellation of an order whose answer never came."""

    key: str
    order_id: int
    order_name: str


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


def unanswered(session: Session, shop_id: int, *, asked_before: datetime) -> list[Unanswered]:
    """The cancellations that were sent before that moment and of which nobody knows whether they were
    done, oldest first."""
    mine = sa.and_(Order.shop_id == RefundRow.shop_id, Order.order_id == RefundRow.order_id)
    statement = (
        sa.select(RefundRow.key, Order.order_id, Order.name)
        .join(Order, mine)
        .where(RefundRow.shop_id == shop_id, _ASKED, RefundRow.asked_at < asked_before)
        .order_by(RefundRow.asked_at, RefundRow.id)
        .limit(_MOST)
    )
    return [Unanswered(*row) for row in session.execute(statement)]


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
) -> RefundRow | None:
    """Keep what is shown to somebody; what was prepared before is not to be used any more. None while
    another cancellation of the order was not answered."""
    _in_turn(session, order.shop_id, order.order_id)
    if session.scalar(sa.select(RefundRow.id).where(_of(order.shop_id, order.order_id, _ASKED))):
        return None
    before = _of(order.shop_id, order.order_id, _PREPARED)
    session.execute(sa.update(RefundRow).where(before).values(state=RefundState.DROPPED))
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


def take(session: Session, row: RefundRow, *, by: str, notifies: bool, now: datetime) -> bool:
    """Confirm what was prepared: whoever comes second, and so a second click, may not, nor anybody once
    another cancellation of the order was confirmed since it was prepared."""
    _in_turn(session, row.shop_id, row.order_id)
    since = sa.or_(_ASKED, RefundRow.asked_at > row.prepared_at)
    if session.scalar(sa.select(RefundRow.id).where(_of(row.shop_id, row.order_id, since)).limit(1)):
        return False
    values = {"asked_at": now, "by": by, "notifies_buyer": notifies}
    return _change(session, row, _PREPARED, state=RefundState.ASKED, **values)


def ask_again(session: Session, row: RefundRow, *, asked_before: datetime, now: datetime) -> bool:
    """Look what became of a request that was never answered; one at a time may."""
    return _change(session, row, _ASKED, RefundRow.asked_at < asked_before, asked_at=now)


def drop(session: Session, row: RefundRow) -> bool:
    """What was prepared and not confirmed is not to be used any more."""
    return _change(session, row, _PREPARED, state=RefundState.DROPPED)


def refuse(session: Session, row: RefundRow, problem: str, *, asked_at: datetime) -> bool:
    """What was asked at that moment was not done and will not be; it was not asked again since."""
    values = {"state": RefundState.DROPPED, "problem": problem}
    return _change(session, row, _ASKED, RefundRow.asked_at == asked_at, **values)


def doubt(session: Session, row: RefundRow, problem: str, *, asked_at: datetime | None) -> None:
    """The platform did not tell what became of what it was asked last at that moment: a person may close
    it."""
    _change(session, row, _ASKED, problem=problem, asked_at=asked_at)


def close(
    session: Session, row: RefundRow, *, order_name: str, asked_before: datetime, by: str, now: datetime
) -> bool:
    """A person has seen to what the platform did not tell; not while it may still be at it."""
    where = (_ASKED, RefundRow.problem != "", RefundRow.asked_at < asked_before)
    if not _change(session, row, *where, state=RefundState.DROPPED):
        return False
    record_event(
        session,
        row.shop_id,
        CLOSED_EVENT,
        at=now,
        order_id=row.order_id,
        before=f"cancellation of {_units(row)} of {order_name}, not answered",
        after="closed, the result is not known",
        why=f"closed by {by}",
    )
    return True


def finish(session: Session, row: RefundRow, *, order_name: str, now: datetime) -> None:
    """The platform says that it was done, and that is so whatever was thought of it before: an event of
    the order says what, and by whom."""
    is_new = RefundRow.state.in_([RefundState.ASKED, RefundState.DROPPED])
    if not _change(session, row, is_new, state=RefundState.DONE, done_at=now, problem=""):
        return
    quote = quote_of(row)
    record_event(
        session,
        row.shop_id,
        CANCELLED_EVENT,
        at=now,
        order_id=row.order_id,
        before=f"{_units(row)} of {order_name} could not be served",
        after=f"canceled, {_money(quote)}",
        why=f"confirmed by {row.by}",
    )


def _change(session: Session, row: RefundRow, *where: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change the row if that still is so; whether it was."""
    mine = _of(row.shop_id, row.order_id, RefundRow.id == row.id, *where)
    statement = sa.update(RefundRow).where(mine).values(**values).returning(RefundRow.id)
    return session.execute(statement).scalar() is not None


def _in_turn(session: Session, shop_id: int, order_id: int) -> None:
    """One at a time decides on an order's cancellations."""
    where = (Order.shop_id == shop_id, Order.order_id == order_id)
    session.execute(sa.select(Order.order_id).where(*where).with_for_update())


def _of(shop_id: int, order_id: int, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(RefundRow.shop_id == shop_id, RefundRow.order_id == order_id, *more)


def _money(quote: RefundQuote) -> str:
    if not quote.parts:
        return "no money refunded"
    if quote.is_by_hand:
        return f"refund of {quote.amount} {quote.currency} recorded, to be paid by hand"
    recorded = f", {quote.by_hand} of it to be paid by hand" if quote.by_hand else ""
    return f"refund of {quote.amount} {quote.currency} accepted{recorded}"


def _units(row: RefundRow) -> str:
    units = sum(line.units for line in lines_of(row))
    return "1 unit" if units == 1 else f"{units} units"


def lines_of(row: RefundRow) -> list[RefundLine]:
    """The units that it is about."""
    return msgspec.convert(row.lines, list[RefundLine])


def quote_of(row: RefundRow) -> RefundQuote:
    """What goes back."""
    return msgspec.convert(row.quote, RefundQuote)


def old_refunds(shop_id: Given[int], *, before: Given[datetime]) -> Rows:
    """What was prepared before then of orders that we hold no more, whatever became of it: the
    platform's own records tell of the money."""
    mine = (Order.shop_id == RefundRow.shop_id, Order.order_id == RefundRow.order_id)
    where = (RefundRow.shop_id == shop_id, RefundRow.prepared_at < before)
    return Rows(RefundRow, RefundRow.id, (*where, ~sa.exists().where(*mine)))

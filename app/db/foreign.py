"""What others did to what we wrote: heard of from copies of orders, looked at before it is put right."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import Shown
from app.core.foreign import Foreign, answer, sign_of
from app.db.models import Order, ShownRow
from app.db.statements import is_one_of
from app.platforms.base import OrderMarks, OrderSeen

# One write of ours is several to the platform, each told by a webhook of its own: what the first of
# them tell is old when the last has come.
_ECHOES_FOR, _HEARD_OUT_AFTER = timedelta(seconds=60), timedelta(seconds=20)


def hear_of_foreign_writes(
    session: Session, shop_id: int, copies: Sequence[OrderSeen], *, now: datetime
) -> None:
    """Have orders judged of which the newest of these copies shows something of ours that we did not
    write, or wrote and took away."""
    told = {copy.order_id: copy for copy in copies if copy.blocks is not None}
    rows = {
        row.order_id: row
        for row in session.scalars(
            sa.select(ShownRow).where(ShownRow.shop_id == shop_id, is_one_of(ShownRow.order_id, told))
        )
    }
    for order_id, copy in told.items():
        row = rows.get(order_id)
        if row is None and copy.blocks:
            row = ShownRow(shop_id=shop_id, order_id=order_id, shown=msgspec.to_builtins(Shown()))
            session.add(row)
        if row is not None:
            _hear(session, row, copy, now)
    session.flush()


def hear_of_marks(session: Session, shop_id: int, marks: Sequence[OrderMarks], *, now: datetime) -> None:
    """The same of orders of which we know what they show, and of which the platform's own list tells
    what stands on them now. Webhooks tell no more than the second: of what was written in that of our
    own write they can't say whether it was before or after it."""
    by_id = {one.order_id: one for one in marks}
    where = (ShownRow.shop_id == shop_id, is_one_of(ShownRow.order_id, by_id))
    for row in session.scalars(sa.select(ShownRow).where(*where)) if by_id else ():
        _hear(session, row, by_id[row.order_id], now)
    session.flush()


def _hear(session: Session, row: ShownRow, copy: OrderSeen | OrderMarks, now: datetime) -> None:
    known, blocks = foreign_of(row), copy.blocks or ""
    blocks = "" if blocks == known.fine else blocks
    sign = sign_of(blocks, copy.tags or (), msgspec.convert(row.shown, Shown))
    if not sign and not known.told:
        return
    row.foreign = msgspec.to_builtins(Foreign(sign, known.fine, known.answered))
    if sign:
        is_echo = row.written_at is not None and now - row.written_at < _ECHOES_FOR
        _judge_by(session, row, now + _HEARD_OUT_AFTER if is_echo else now)


def _judge_by(session: Session, row: ShownRow, at: datetime) -> None:
    where = (Order.shop_id == row.shop_id, Order.order_id == row.order_id)
    later = sa.or_(Order.write_due_at.is_(None), Order.write_due_at > at)
    # Of one that was set aside the platform takes a part of our write, and tells us of that part: it
    # would be tried again at once, for ever. Its own time comes, ever later.
    session.execute(
        sa.update(Order).where(*where, later, Order.problem.is_(None)).values(write_due_at=at)
    )


def foreign_of(row: ShownRow | None) -> Foreign:
    """What we know of others' writes on an order."""
    if row is None or row.foreign is None:
        return Foreign()
    return msgspec.convert(row.foreign, Foreign)


def put_right(
    session: Session, shop_id: int, order_id: int, sign: str, *, is_answer: bool, now: datetime
) -> None:
    """This foreign write is about to be put right; `is_answer`: see `app.core.foreign.answer`."""
    row = session.get(ShownRow, (shop_id, order_id))
    if row is not None:
        known = answer(sign, foreign_of(row), is_answer=is_answer, now=now)
        row.foreign = msgspec.to_builtins(known)
        session.flush()


def found_fine(session: Session, shop_id: int, order_id: int, blocks: str) -> None:
    """A look found that nothing of ours on the order is wrong; these blocks (their digest) are fine."""
    row = session.get(ShownRow, (shop_id, order_id))
    if row is not None:
        row.foreign = msgspec.to_builtins(Foreign("", blocks, foreign_of(row).answered))
        session.flush()

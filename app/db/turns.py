"""Which orders went before others that a restock could not complete."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.core.model import QueuePosition
from app.core.passing import Moved, Pass
from app.db.models import NAMES, SELLS, LineItemRow, Order, PromiseRow, StockItem, TurnRow, Variant
from app.db.statements import chunks, put_rows


def moved_at(session: Session, shop_id: int, item_id: int) -> dict[int, dict[int, Moved]]:
    """The places that orders took in an item's queues, by location and order. Nobody goes before an
    order of another priority than theirs: a turn counts while both have the same, whichever that is
    now, since a tag, a rule or a person may have changed it."""
    gone_first, passed = aliased(Order), aliased(Order)
    statement = (
        sa.select(TurnRow, passed.priority)
        .join(gone_first, _is(gone_first, shop_id, TurnRow.order_id))
        .join(passed, _is(passed, shop_id, TurnRow.passed_id))
        .where(TurnRow.shop_id == shop_id, TurnRow.item_id == item_id, TurnRow.units > 0)
        .where(gone_first.priority == passed.priority)
        .order_by(TurnRow.placed_at.desc(), TurnRow.passed_id.desc())
    )
    found: dict[int, dict[int, Moved]] = defaultdict(dict)
    for row, priority in session.execute(statement):
        # The last word is that of the first of those that it passed.
        turn = QueuePosition(priority, row.placed_at, row.passed_id)
        found[row.location_id][row.order_id] = Moved(turn, row.units)
    return found


def _is(
    order: type[Order], shop_id: int, order_id: InstrumentedAttribute[int]
) -> sa.ColumnElement[bool]:
    return sa.and_(order.shop_id == shop_id, order.order_id == order_id)


def record_passes(
    session: Session,
    shop_id: int,
    item_id: int,
    location_id: int,
    passes: Sequence[Pass],
    *,
    now: datetime,
) -> None:
    """Keep who went before whom. An order that went first once, and lost that turn because it wanted
    more, may do so again: then the earlier turn counts as one that was let, and is a place no more."""
    gone_first = TurnRow.order_id.in_([one.order_id for one in passes])
    there = (TurnRow.shop_id == shop_id, TurnRow.item_id == item_id, TurnRow.location_id == location_id)
    taken = sa.update(TurnRow).where(*there, gone_first, TurnRow.units > 0)
    session.execute(taken.values(units=0).execution_options(synchronize_session=False))
    key = {"shop_id": shop_id, "item_id": item_id, "location_id": location_id}
    rows = [
        key
        | {"order_id": one.order_id, "passed_id": line.order_id, "units": one.units, "at": now}
        | {"priority": line.place.priority, "placed_at": line.place.placed_at}
        for one in passes
        for line in one.over
    ]
    put_rows(session, TurnRow, rows, overwrite=("units", "priority", "placed_at", "at"))


def count_passed(session: Session, shop_id: int, order_ids: Collection[int]) -> Counter[int]:
    """How many others went before each of these orders, whatever the item."""
    return Counter({one: len(names) for one, names in went_before(session, shop_id, order_ids).items()})


def passed_over(session: Session, shop_id: int, item_id: int) -> set[int]:
    """All orders that let others go first for an item."""
    where = (TurnRow.shop_id == shop_id, TurnRow.item_id == item_id)
    return set(session.scalars(sa.select(TurnRow.passed_id).where(*where).distinct()))


def went_before(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of those that went before each of these orders, first first; of one that is gone its
    number."""
    mine = sa.and_(Order.shop_id == TurnRow.shop_id, Order.order_id == TurnRow.order_id)
    found: dict[int, list[str]] = {}
    for some in chunks(order_ids):
        statement = (
            sa.select(TurnRow.passed_id, TurnRow.order_id, Order.name, sa.func.min(TurnRow.at))
            .outerjoin(Order, mine)
            .where(TurnRow.shop_id == shop_id, TurnRow.passed_id.in_(some))
            .group_by(TurnRow.passed_id, TurnRow.order_id, Order.name)
            .order_by(sa.func.min(TurnRow.at), TurnRow.order_id)
        )
        for passed_id, order_id, name, _ in session.execute(statement):
            found.setdefault(passed_id, []).append(name or str(order_id))
    return found


def short_elsewhere(
    session: Session, shop_id: int, order_ids: Collection[int], *, item_id: int, location_id: int
) -> set[int]:
    """Which of these orders are short of anything but the item at this location."""
    here = sa.and_(PromiseRow.item_id == item_id, PromiseRow.location_id == location_id)
    found: set[int] = set()
    for some in chunks(order_ids):
        where = (PromiseRow.shop_id == shop_id, PromiseRow.order_id.in_(some), PromiseRow.short > 0)
        found |= set(session.scalars(sa.select(PromiseRow.order_id).where(*where, ~here)))
    return found


def due_elsewhere(
    session: Session, shop_id: int, order_ids: Collection[int], *, item_id: int
) -> set[int]:
    """Which of these orders want another item that is about to be looked at."""
    found: set[int] = set()
    for some in chunks(order_ids):
        wanted = (LineItemRow.order_id.in_(some), LineItemRow.outstanding > 0)
        due = (StockItem.item_id != item_id, StockItem.stock_due_at.is_not(None))
        statement = (
            sa.select(LineItemRow.order_id)
            .join(Variant, NAMES)
            .join(StockItem, SELLS)
            .where(LineItemRow.shop_id == shop_id, *wanted, *due)
        )
        found |= set(session.scalars(statement))
    return found

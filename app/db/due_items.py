"""Items whose stock must be read, and what makes them due."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import NAMES, SELLS, LineItemRow, PoolRow, StockItem, Variant
from app.db.statements import is_one_of

# An item with stock to spare is looked at a little later, so that many orders share one reading; one
# with plenty much later. A webhook that tells of stock below zero has it looked at at once.
LOOK_LATER = timedelta(seconds=10)
LOOK_MUCH_LATER = timedelta(minutes=5)
PLENTY = 10


class StockMove(NamedTuple):
    """What a webhook told of an item's stock: its own number, and which delivery it was."""

    item_id: int
    hint: int | None
    cause: str
    location_id: int | None = None


def patience(item: StockItem, free: int | None) -> timedelta:
    """How long a look may wait, by a guess of what is free: nothing, where somebody waits already."""
    if item.has_queue or free is None or free < 0:
        return timedelta(0)
    return LOOK_LATER if free < PLENTY else LOOK_MUCH_LATER


def items_of_variants(
    session: Session, shop_id: int, variant_ids: Collection[int]
) -> dict[int, StockItem]:
    """The stock item that each of these variants sells, where it is known."""
    statement = (
        sa.select(Variant.variant_id, StockItem)
        .join(StockItem, SELLS)
        .where(Variant.shop_id == shop_id, is_one_of(Variant.variant_id, variant_ids))
    )
    return dict(session.execute(statement).all())


def ask_for_look(item: StockItem, *, at: datetime, cause: str, told: StockMove | None = None) -> None:
    """The item's stock must be read by then; an earlier wish stands. `told` is what asks for it, where
    that is about a pool: all pools are to be read as soon as anything else asks too."""
    place = None if told is None or told.hint is None else told.location_id
    if item.stock_due_at is not None and item.told_location_id != place:
        place = None
    item.told_location_id = place
    item.told_available = None if place is None or told is None else told.hint
    if item.stock_due_at is None or at < item.stock_due_at:
        item.stock_due_at, item.cause = at, cause


def look_at_queues_of(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Look at the stock of what these orders name, where somebody waits for it."""
    variants = sa.select(LineItemRow.variant_id).where(
        LineItemRow.shop_id == shop_id, LineItemRow.order_id.in_(order_ids)
    )
    for item in items_of_variants(session, shop_id, set(session.scalars(variants))).values():
        if item.has_queue:
            ask_for_look(item, at=now, cause=cause)


def look_at_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Look at the stock of everything these orders name."""
    for items in items_of_orders(session, shop_id, order_ids).values():
        for item in items:
            ask_for_look(item, at=now, cause=cause)


def move_stock(
    session: Session, shop_id: int, item_ids: Mapping[int, int | None], *, now: datetime, cause: str
) -> None:
    """Stock of these items changed (see `move_stocks`)."""
    moves = [StockMove(item_id, hint, cause) for item_id, hint in item_ids.items()]
    move_stocks(session, shop_id, moves, now=now)


def move_stocks(session: Session, shop_id: int, moves: Sequence[StockMove], *, now: datetime) -> None:
    """Stock of items changed, in this order; a webhook's own number (None if it told none: then what was
    free before) only says how soon to look. Items that no order names are nobody's business."""
    known = {item.item_id: item for item in _items(session, shop_id, {one.item_id for one in moves})}
    for move in moves:
        item = known.get(move.item_id)
        if item is not None:
            item.last_event_at = now
            # The webhook's number decides how soon, never what: it is of a moment that has passed.
            free = item.headroom if move.hint is None else move.hint
            ask_for_look(item, at=now + patience(item, free), cause=move.cause, told=move)


def look_at_item(session: Session, shop_id: int, item_id: int, *, now: datetime, cause: str) -> None:
    """An item's settings changed: whatever was known of its stock may not hold."""
    for item in _items(session, shop_id, [item_id]):
        item.last_event_at = now
        ask_for_look(item, at=now, cause=cause)


def move_stock_of_product(
    session: Session, shop_id: int, product_id: int, *, now: datetime, cause: str
) -> None:
    """Stock of a product changed; all its items that orders name are looked at."""
    where = (Variant.shop_id == shop_id, Variant.product_id == product_id, Variant.item_id.is_not(None))
    item_ids = set(session.scalars(sa.select(Variant.item_id).where(*where)))
    move_stock(session, shop_id, {one: None for one in item_ids if one}, now=now, cause=cause)


def look_at_location(
    session: Session, shop_id: int, location_id: int, *, now: datetime, cause: str
) -> None:
    """A location went out of use: whoever waited there must be looked at again."""
    where = (PoolRow.shop_id == shop_id, PoolRow.location_id == location_id)
    for item in _items(session, shop_id, set(session.scalars(sa.select(PoolRow.item_id).where(*where)))):
        ask_for_look(item, at=now, cause=cause)


def _items(session: Session, shop_id: int, item_ids: Collection[int]) -> Sequence[StockItem]:
    return session.scalars(
        sa.select(StockItem).where(StockItem.shop_id == shop_id, StockItem.item_id.in_(item_ids))
    ).all()


def begin_rechecks(session: Session, shop_id: int, *, now: datetime) -> None:
    """What was told of these items must show in the platform's readings by now: look once more."""
    due = (StockItem.shop_id == shop_id, StockItem.settle_again_at <= now)
    values = {
        "stock_due_at": now,
        "settle_again_at": None,
        "cause": "looked at again, since readings lag",
    }
    session.execute(sa.update(StockItem).where(*due, StockItem.stock_due_at.is_(None)).values(**values))
    session.execute(sa.update(StockItem).where(*due).values(settle_again_at=None))


def due_items(session: Session, shop_id: int, *, now: datetime, limit: int) -> Sequence[StockItem]:
    """Items whose stock must be read now, longest due first, in one order whatever plan the database
    chooses: histories are played again by their seed."""
    where = (StockItem.shop_id == shop_id, StockItem.stock_due_at <= now)
    return session.scalars(
        sa.select(StockItem)
        .where(*where)
        .order_by(StockItem.stock_due_at, StockItem.item_id)
        .limit(limit)
    ).all()


def unsettled_items(session: Session, shop_id: int) -> set[int]:
    """Items that are to be looked at, now or later."""
    where = (StockItem.shop_id == shop_id, StockItem.stock_due_at.is_not(None))
    return set(session.scalars(sa.select(StockItem.item_id).where(*where)))


def quarantine(session: Session, shop_id: int, item_id: int, problem: str, *, now: datetime) -> None:
    """One item could not be settled: say why, and try it again later and later, at most hourly."""
    item = lock_item(session, shop_id, item_id)
    item.problem, item.attempts = problem, item.attempts + 1
    item.stock_due_at = now + timedelta(seconds=min(3600, 15 * 2**item.attempts))


def lock_item(session: Session, shop_id: int, item_id: int) -> StockItem:
    """The item, held until the transaction ends, so that an arrival typed meanwhile is not missed."""
    where = (StockItem.shop_id == shop_id, StockItem.item_id == item_id)
    return session.scalars(
        sa.select(StockItem).where(*where).with_for_update().execution_options(populate_existing=True)
    ).one()


def look_at_waiting_items(session: Session, shop_id: int, *, now: datetime) -> None:
    """Look again at every item that somebody waits for, and a little later at all others that open
    orders name: a webhook may have been lost, and a day may have passed."""
    named = (
        sa.select(Variant.item_id)
        .join(LineItemRow, NAMES)
        .where(Variant.shop_id == shop_id, LineItemRow.outstanding > 0)
    )
    where = (
        StockItem.shop_id == shop_id,
        StockItem.stock_due_at.is_(None),
        sa.or_(StockItem.has_queue, StockItem.item_id.in_(named)),
    )
    soon, later = (sa.literal(moment, StockItem.stock_due_at.type) for moment in (now, now + LOOK_LATER))
    at = sa.case((StockItem.has_queue, soon), else_=later)
    session.execute(sa.update(StockItem).where(*where).values(stock_due_at=at, cause="hourly check"))


def items_of_orders(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, list[StockItem]]:
    """The stock items that each order names."""
    statement = (
        sa.select(LineItemRow.order_id, StockItem)
        .join(Variant, NAMES)
        .join(StockItem, SELLS)
        .where(LineItemRow.shop_id == shop_id, LineItemRow.order_id.in_(order_ids))
        .distinct()
    )
    found: dict[int, list[StockItem]] = defaultdict(list)
    for order_id, item in session.execute(statement):
        found[order_id].append(item)
    return found


def stuck_items(session: Session, shop_id: int) -> Sequence[StockItem]:
    """Items that can't be settled now, with the reason."""
    where = (
        StockItem.shop_id == shop_id,
        StockItem.problem.is_not(None),
        StockItem.stock_due_at.is_not(None),
    )
    return session.scalars(sa.select(StockItem).where(*where).order_by(StockItem.item_id)).all()

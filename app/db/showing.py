"""What orders show by our doing."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import WAITING, Shown, ShownItem, Status
from app.db.due_orders import settle_order
from app.db.models import Order, ShownRow
from app.db.stale_orders import is_doubtful
from app.db.statements import chunks, upsert


def orders_showing(session: Session, shop_id: int, order_ids: Collection[int]) -> set[int]:
    """Which of these orders show, by our doing, that they wait."""
    shown = items_shown(session, shop_id, order_ids)
    return {order_id for order_id, items in shown.items() if items}


def items_shown(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, tuple[ShownItem, ...]]:
    """What these orders show of their short items, by our doing."""
    found: dict[int, tuple[ShownItem, ...]] = {}
    for some in chunks(order_ids):
        where = (ShownRow.shop_id == shop_id, ShownRow.order_id.in_(some))
        for order_id, kept in session.execute(
            sa.select(ShownRow.order_id, ShownRow.shown).where(*where)
        ):
            found[order_id] = msgspec.convert(kept, Shown).items
    return found


def stale_orders_shown(session: Session, shop_id: int, *, seen_since: datetime) -> list[int]:
    """The orders that show something of ours though what we know of them may be out of date: stale
    ones, and doubtful ones of those seen since then (by the platform's clock) that wait for nothing. Of
    one that waits the books of its item tell."""
    mine = (ShownRow.shop_id == Order.shop_id) & (ShownRow.order_id == Order.order_id)
    may_be_doubtful = sa.and_(Order.seen_at >= seen_since, Order.short == 0)
    statement = (
        sa.select(Order.order_id, Order.is_stale, Order.updated_at, Order.seen_at)
        .join(ShownRow, mine)
        .where(Order.shop_id == shop_id, Order.is_gone.is_(False), Order.is_stale | may_be_doubtful)
        .order_by(Order.order_id)
    )
    return [
        order_id
        for order_id, is_stale, updated_at, seen_at in session.execute(statement)
        if is_stale or is_doubtful(updated_at, seen_at)
    ]


def orders_saying_notice(session: Session, shop_id: int) -> set[int]:
    """The orders that say by our tag that their buyers must be told of the delay."""
    says = ShownRow.shown["owes_notice"].as_boolean()
    mine = (ShownRow.shop_id == Order.shop_id) & (ShownRow.order_id == Order.order_id)
    where = (ShownRow.shop_id == shop_id, says.is_(True), Order.is_gone.is_(False))
    return set(session.scalars(sa.select(ShownRow.order_id).join(Order, mine).where(*where)))


def judge_all(session: Session, shop_id: int, *, at: datetime) -> None:
    """Every order that shows something of ours, or waits, must be compared with what it should show. On
    those that are gone nothing is written."""
    mine = (Order.shop_id == shop_id, Order.is_gone.is_(False))
    waits = sa.or_(Order.order_id.in_(_showing(shop_id)), Order.short > 0)
    session.execute(sa.update(Order).where(*mine, waits).values(write_due_at=at))


def count_showing(session: Session, shop_id: int) -> int:
    """How many orders that still exist show something of ours, or may: a write was not answered."""
    mine = (Order.shop_id == shop_id, Order.is_gone.is_(False), Order.order_id.in_(_showing(shop_id)))
    return session.scalars(sa.select(sa.func.count()).select_from(Order).where(*mine)).one()


def _showing(shop_id: int) -> sa.Select[int]:
    shows = ShownRow.shown["status"].as_string() != Status.NONE
    # A JSON column keeps "nothing" as a null of JSON, or of the database.
    is_sent = sa.cast(ShownRow.intent, sa.Text) != "null"
    return sa.select(ShownRow.order_id).where(ShownRow.shop_id == shop_id, sa.or_(shows, is_sent))


def intend(session: Session, shop_id: int, intents: Sequence[tuple[int, Shown, Shown]]) -> None:
    """Before sending: keep what is about to be shown beside what was, by order id, so that what
    arrives without our hearing of it is known as ours."""
    rows = [
        {
            "shop_id": shop_id,
            "order_id": order_id,
            "shown": msgspec.to_builtins(shown),
            "intent": msgspec.to_builtins(intent),
        }
        for order_id, shown, intent in intents
    ]
    if rows:
        upsert(session, ShownRow, rows)


def record_shown(session: Session, shop_id: int, order_id: int, shown: Shown, *, now: datetime) -> None:
    """The order shows this now. Lines that are covered have been told so and are forgotten."""
    row = {
        "shop_id": shop_id,
        "order_id": order_id,
        "shown": msgspec.to_builtins(shown),
        "intent": None,
        "written_at": now,
    }
    upsert(session, ShownRow, [row])
    session.execute(
        sa.update(Order)
        .where(Order.shop_id == shop_id, Order.order_id == order_id)
        .values(
            released_on=shown.released_on,
            waits_as=shown.status.value if shown.status in WAITING else "",
        )
    )
    settle_order(session, shop_id, order_id)

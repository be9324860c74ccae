"""What people see and say of items: who waits for them, what kind they are, what is coming."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.states import ArrivalState
from app.core.steps import in_days
from app.db.audit import record_event
from app.db.due_items import ask_for_look, lock_item
from app.db.due_orders import judge_orders
from app.db.models import ArrivalRow, PromiseRow, StockItem
from app.db.promises import promises_of_item
from app.db.statements import chunks, is_one_of


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item with how many orders and units wait for it, and the day of its next arrival."""

    item_id: int
    title: str
    sku: str
    kind: str
    problem: str | None
    orders: int
    units: int
    next_on: date | None


@dataclass(frozen=True, slots=True)
class ItemTerms:
    """What a merchant says of an item (see `app.db.models.StockItem`)."""

    kind: str
    release_on: date | None
    lead_time_days: int | None


def list_items(
    session: Session,
    shop_id: int,
    *,
    search: str,
    is_waiting_only: bool,
    today: date,
    offset: int,
    limit: int,
) -> Sequence[ListedItem]:
    """Items whose title or code holds `search`, those that most units are short of first."""
    waits, coming = _waits(shop_id), _next_arrivals(shop_id, today)
    units = sa.func.coalesce(waits.c.units, 0)
    statement = (
        sa.select(
            StockItem.item_id,
            StockItem.title,
            StockItem.sku,
            StockItem.kind,
            StockItem.problem,
            sa.func.coalesce(waits.c.orders, 0),
            sa.cast(units, sa.BigInteger),
            coming.c.next_on,
        )
        .join(waits, waits.c.item_id == StockItem.item_id, isouter=not is_waiting_only)
        .outerjoin(coming, coming.c.item_id == StockItem.item_id)
        .where(StockItem.shop_id == shop_id)
        .order_by(units.desc(), sa.func.lower(StockItem.title), StockItem.item_id)
        .offset(offset)
        .limit(limit)
    )
    if search:
        statement = statement.where(
            sa.or_(
                StockItem.title.icontains(search, autoescape=True),
                StockItem.sku.icontains(search, autoescape=True),
            )
        )
    return [ListedItem(*row) for row in session.execute(statement)]


def _waits(shop_id: int) -> sa.Subquery:
    return (
        sa.select(
            PromiseRow.item_id,
            sa.func.count(sa.distinct(PromiseRow.order_id)).label("orders"),
            sa.func.sum(PromiseRow.short).label("units"),
        )
        .where(PromiseRow.shop_id == shop_id, PromiseRow.short > 0)
        .group_by(PromiseRow.item_id)
        .subquery()
    )


def _next_arrivals(shop_id: int, today: date) -> sa.Subquery:
    return (
        sa.select(ArrivalRow.item_id, sa.func.min(ArrivalRow.expected_on).label("next_on"))
        .where(
            ArrivalRow.shop_id == shop_id,
            ArrivalRow.expected_on >= today,
            ArrivalRow.quantity > ArrivalRow.received,
        )
        .group_by(ArrivalRow.item_id)
        .subquery()
    )


def find_item(session: Session, shop_id: int, item_id: int) -> StockItem | None:
    """One item of this shop."""
    return session.get(StockItem, (shop_id, item_id))


def titles_of(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[int, str]:
    """What these items are called, in one read; one without a title, or gone, by its number."""
    titles = {one: f"Item {one}" for one in item_ids}
    for some in chunks(item_ids):
        where = (StockItem.shop_id == shop_id, is_one_of(StockItem.item_id, some))
        rows = session.execute(sa.select(StockItem.item_id, StockItem.title).where(*where))
        titles |= {item_id: title for item_id, title in rows if title}
    return titles


def arrivals_of_item(session: Session, shop_id: int, item_id: int) -> Sequence[ArrivalRow]:
    """Its arrivals, what has landed included and what was cancelled left out, soonest first."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.item_id == item_id,
        ArrivalRow.state != ArrivalState.CANCELLED,
    )
    order = (ArrivalRow.expected_on, ArrivalRow.id)
    return session.scalars(sa.select(ArrivalRow).where(*where).order_by(*order)).all()


def change_terms(session: Session, item: StockItem, terms: ItemTerms, *, by: str, now: datetime) -> None:
    """Say what kind an item is and how long it takes; its promises are made anew."""
    item = lock_item(session, item.shop_id, item.item_id)
    before = ItemTerms(item.kind, item.release_on, item.lead_time_days)
    if before == terms:
        return
    item.kind, item.release_on, item.lead_time_days = terms.kind, terms.release_on, terms.lead_time_days
    said = {"before": _terms_in_words(before), "after": _terms_in_words(terms)}
    _tell(session, item, "item changed", **said, by=by, now=now)
    ask_for_look(item, at=now, cause="item changed")
    if terms.kind != before.kind:  # the same promise means something else now
        waiting = promises_of_item(session, item.shop_id, item.item_id)
        judge_orders(session, item.shop_id, {order_id for order_id, _ in waiting}, at=now)


def _tell(
    session: Session, item: StockItem, kind: str, *, before: str, after: str, by: str, now: datetime
) -> None:
    record_event(
        session,
        item.shop_id,
        kind,
        at=now,
        item_id=item.item_id,
        before=before,
        after=after,
        why=f"by {by}",
    )


def _terms_in_words(terms: ItemTerms) -> str:
    words = [terms.kind]
    if terms.release_on:
        words.append(f"released on {terms.release_on.isoformat()}")
    if terms.lead_time_days is not None:
        words.append(f"lead time {in_days(terms.lead_time_days)}")
    return ", ".join(words)

"""What happened in a shop, filtered, page by page or all of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import Event, Order, StockItem
from app.db.pages.orders import find_items
from app.db.pages.paging import FIRST_PAGE, PAGE, Cursor, Page, PageRequest, Sort, cut_page

NEWEST_FIRST = Sort(Event.at, Event.id, is_descending=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of one kind, of the orders with that number or the items with that code or title,
    from a moment and before another; and which page of them."""

    kind: str = ""
    text: str = ""
    since: datetime | None = None
    before: datetime | None = None
    turn: PageRequest = FIRST_PAGE


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """One event with what people call its order and item."""

    event: Event
    order_name: str
    item_title: str
    item_sku: str


def list_events(session: Session, shop_id: int, wanted: Wanted) -> Page[NamedEvent]:
    """One page of events, newest first."""
    turn = wanted.turn
    where = [Event.shop_id == shop_id, *_conditions(session, shop_id, wanted)]
    if turn.place is not None:
        where.append(NEWEST_FIRST.beyond(turn.place, backwards=turn.backwards))
    clauses = NEWEST_FIRST.clauses(backwards=turn.backwards)
    statement = sa.select(Event).where(*where).order_by(*clauses).limit(PAGE + 1)
    found = cut_page(session.scalars(statement).all(), NEWEST_FIRST, turn)
    return Page(_named(session, shop_id, found.rows), found.before, found.after)


def walk_events(session: Session, shop_id: int, wanted: Wanted) -> Iterator[NamedEvent]:
    """All of them, newest first, a page at a time in memory."""
    after: Cursor | None = None
    while True:
        page = list_events(session, shop_id, replace(wanted, turn=PageRequest(after)))
        yield from page.rows
        if page.after is None:
            return
        after = page.after
        session.expunge_all()


def list_kinds(session: Session, shop_id: int, known: Sequence[str]) -> list[str]:
    """Which of these kinds have happened here."""
    asked = [
        sa.exists().where(Event.shop_id == shop_id, Event.kind == kind).label(f"kind_{place}")
        for place, kind in enumerate(known)
    ]
    answers = session.execute(sa.select(*asked)).one() if asked else ()
    return [kind for kind, has_happened in zip(known, answers, strict=True) if has_happened]


def _conditions(session: Session, shop_id: int, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.kind:
        where.append(Event.kind == wanted.kind)
    if wanted.since is not None:
        where.append(Event.at >= wanted.since)
    if wanted.before is not None:
        where.append(Event.at < wanted.before)
    if wanted.text:
        where.append(_about(session, shop_id, wanted.text))
    return where


def _about(session: Session, shop_id: int, text: str) -> sa.ColumnElement[bool]:
    """Of the order with that number, or else of items so called."""
    names = (text, f"#{text}")
    orders = session.scalars(
        sa.select(Order.order_id).where(Order.shop_id == shop_id, Order.name.in_(names))
    ).all()
    if orders:
        return Event.order_id.in_(orders)
    return Event.item_id.in_(find_items(session, shop_id, text))


def _named(session: Session, shop_id: int, events: Sequence[Event]) -> list[NamedEvent]:
    order_ids = {event.order_id for event in events if event.order_id is not None}
    item_ids = {event.item_id for event in events if event.item_id is not None}
    orders = sa.select(Order.order_id, Order.name).where(
        Order.shop_id == shop_id, Order.order_id.in_(order_ids)
    )
    items = sa.select(StockItem.item_id, StockItem.title, StockItem.sku).where(
        StockItem.shop_id == shop_id, StockItem.item_id.in_(item_ids)
    )
    names = dict(session.execute(orders).all())
    titles = {item_id: (title, sku) for item_id, title, sku in session.execute(items)}
    return [
        NamedEvent(event, names.get(event.order_id or 0, ""), *titles.get(event.item_id or 0, ("", "")))
        for event in events
    ]

"""The list of orders: who is short now, and in what state each of them is."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import Status
from app.core.risk import AT_RISK_PERCENT
from app.db.models import NAMES, LineItemRow, Order, PromiseRow, StockItem, Variant
from app.db.order_names import is_numbered
from app.db.pages import order_filters
from app.db.pages.order_filters import NO_FILTERS, Filters
from app.db.pages.paging import FIRST_PAGE, PAGE, Cursor, Page, PageRequest, Sort, cut_page

RISK_DAYS = 3
"""Where no chance is known, a promise is at risk when its day is this near and no arrival covers it."""

COUNTED = 1000
"""Lists are counted up to here; whoever looks at longer ones does not need to know more."""

_ITEMS_FOUND = 200


@dataclass(frozen=True, slots=True)
class State:
    """One state an order can be in: as a condition on rows, and on one that was read. Of several that
    hold, the first in `STATES` comes first on the page."""

    name: str
    condition: Callable[[date], sa.ColumnElement[bool]]
    holds: Callable[[Order, date], bool]


def _soon(today: date) -> date:
    return today + timedelta(days=RISK_DAYS)


STATES: tuple[State, ...] = (
    State(
        "failed",
        lambda today: Order.problem.is_not(None),
        lambda order, today: order.problem is not None,
    ),
    State(
        "held",
        lambda today: Order.held_at.is_not(None),
        lambda order, today: order.held_at is not None,
    ),
    State(
        "pending",
        lambda today: sa.and_(
            Order.write_due_at.is_not(None), Order.problem.is_(None), Order.held_at.is_(None)
        ),
        lambda order, today: (
            order.write_due_at is not None and order.problem is None and order.held_at is None
        ),
    ),
    State(
        "undated",
        lambda today: sa.and_(Order.short > 0, Order.expected_on.is_(None)),
        lambda order, today: order.short > 0 and order.expected_on is None,
    ),
    State(
        "risk",
        lambda today: sa.or_(
            Order.late_percent >= AT_RISK_PERCENT,
            sa.and_(Order.late_percent.is_(None), Order.unbacked_on <= _soon(today)),
        ),
        lambda order, today: (
            order.late_percent >= AT_RISK_PERCENT
            if order.late_percent is not None
            else order.unbacked_on is not None and order.unbacked_on <= _soon(today)
        ),
    ),
    State(
        "preorder",
        lambda today: sa.and_(Order.short > 0, Order.waits_as == Status.PREORDER.value),
        lambda order, today: order.short > 0 and order.waits_as == Status.PREORDER.value,
    ),
    State(
        "short",
        lambda today: Order.short > 0,
        lambda order, today: order.short > 0,
    ),
    State(
        "released",
        lambda today: Order.released_on == today,
        lambda order, today: order.released_on == today,
    ),
)

LISTS = {state.name: state.condition for state in STATES} | {"all": lambda today: sa.true()}

SORTS: Mapping[str, Sort] = {
    "placed": Sort(Order.placed_at, Order.order_id),
    "newest": Sort(Order.placed_at, Order.order_id, is_descending=True),
    "waiting": Sort(Order.short_since, Order.order_id),
    "expected": Sort(Order.expected_on, Order.order_id),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list of which day, searched for `text`, in which order, and which page of it; `now` is the
    moment that waits are counted to."""

    today: date
    list_name: str = "short"
    sort_name: str = "placed"
    text: str = ""
    turn: PageRequest = FIRST_PAGE
    filters: Filters = NO_FILTERS
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShortLine:
    """Units of one item that an order waits for."""

    item_id: int
    title: str
    sku: str
    short: int


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """One row of the list. `outstanding` counts the units still to ship of items that have stock."""

    order: Order
    states: tuple[str, ...]
    outstanding: int
    lines: Sequence[ShortLine]


def list_orders(session: Session, shop_id: int, wanted: Wanted) -> Page[ListedOrder]:
    """One page of orders."""
    found = _find_orders(session, shop_id, wanted)
    ids = [order.order_id for order in found.rows]
    lines = _short_lines(session, shop_id, ids)
    outstanding = _outstanding(session, shop_id, ids)
    rows = [
        ListedOrder(
            order,
            states_of(order, today=wanted.today),
            outstanding.get(order.order_id, 0),
            lines.get(order.order_id, ()),
        )
        for order in found.rows
    ]
    return Page(rows, found.before, found.after)


def states_of(order: Order, *, today: date) -> tuple[str, ...]:
    """The states that an order is in, the most important first."""
    return tuple(state.name for state in STATES if state.holds(order, today))


def _find_orders(session: Session, shop_id: int, wanted: Wanted) -> Page[Order]:
    sort, turn = SORTS[wanted.sort_name], wanted.turn
    where = _where(session, shop_id, wanted)
    if turn.place is not None:
        where.append(sort.beyond(turn.place, backwards=turn.backwards))
    statement = (
        sa.select(Order).where(*where).order_by(*sort.clauses(backwards=turn.backwards)).limit(PAGE + 1)
    )
    return cut_page(session.scalars(statement).all(), sort, turn)


def _where(session: Session, shop_id: int, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    where = [Order.shop_id == shop_id, LISTS[wanted.list_name](wanted.today)]
    where += order_filters.conditions(shop_id, wanted.filters, now=wanted.now)
    if wanted.text:
        where.append(_matches(session, shop_id, wanted))
    return where


@dataclass(frozen=True, slots=True)
class Sums:
    """What a whole list comes to: orders, units backordered, and their price as far as it is known."""

    orders: int
    units: int
    value: int | None


def sum_list(session: Session, shop_id: int, wanted: Wanted) -> Sums:
    """Of all its pages."""
    sums = (
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(Order.short), 0),
        sa.func.sum(Order.short_value),
    )
    statement = sa.select(*sums).where(*_where(session, shop_id, wanted))
    orders, units, value = session.execute(statement).one()
    return Sums(orders, int(units), None if value is None else int(value))


def walk_orders(session: Session, shop_id: int, wanted: Wanted) -> Iterator[ListedOrder]:
    """All of a list, a page at a time in memory."""
    after: Cursor | None = None
    while True:
        page = list_orders(session, shop_id, replace(wanted, turn=PageRequest(after)))
        yield from page.rows
        if page.after is None:
            return
        after = page.after
        session.expunge_all()


def _matches(session: Session, shop_id: int, wanted: Wanted) -> sa.ColumnElement[bool]:
    """Orders whose number begins with the text; if there are none, those with an item whose code or
    title contains it; else those that wait for a delivery of that purchase order or supplier, or carry
    that tag. One question each, since one that allows for all can use no index."""
    number = is_numbered(session, shop_id, wanted.text)
    if session.scalar(sa.select(Order.order_id).where(Order.shop_id == shop_id, number).limit(1)):
        return number
    items = find_items(session, shop_id, wanted.text)
    coming = () if items else order_filters.items_coming(session, shop_id, wanted.text)
    if not items and not coming:
        return order_filters.has_tag(wanted.text)
    if coming or wanted.list_name in ("short", "preorder", "undated", "risk"):
        lines = sa.select(PromiseRow.order_id).where(
            PromiseRow.shop_id == shop_id, PromiseRow.item_id.in_(items or coming), PromiseRow.short > 0
        )
    else:
        lines = (
            sa.select(LineItemRow.order_id)
            .join(Variant, NAMES)
            .where(LineItemRow.shop_id == shop_id, Variant.item_id.in_(items))
        )
    return Order.order_id.in_(lines)


def find_items(session: Session, shop_id: int, text: str) -> Sequence[int]:
    """Items whose code or title contains the text, whatever its case."""
    named = sa.or_(
        StockItem.sku.icontains(text, autoescape=True), StockItem.title.icontains(text, autoescape=True)
    )
    return session.scalars(
        sa.select(StockItem.item_id).where(StockItem.shop_id == shop_id, named).limit(_ITEMS_FOUND)
    ).all()


def _short_lines(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, list[ShortLine]]:
    """What these orders wait for, locations together, most units first."""
    units = sa.func.sum(PromiseRow.short)
    statement = (
        sa.select(PromiseRow.order_id, StockItem.item_id, StockItem.title, StockItem.sku, units)
        .join(
            StockItem,
            sa.and_(StockItem.shop_id == PromiseRow.shop_id, StockItem.item_id == PromiseRow.item_id),
        )
        .where(PromiseRow.shop_id == shop_id, PromiseRow.order_id.in_(order_ids), PromiseRow.short > 0)
        .group_by(PromiseRow.order_id, StockItem.item_id, StockItem.title, StockItem.sku)
        .order_by(PromiseRow.order_id, units.desc(), StockItem.item_id)
    )
    found: dict[int, list[ShortLine]] = {}
    for order_id, item_id, title, sku, short in session.execute(statement):
        found.setdefault(order_id, []).append(ShortLine(item_id, title, sku, int(short)))
    return found


def _outstanding(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, int]:
    statement = (
        sa.select(LineItemRow.order_id, sa.func.sum(LineItemRow.outstanding))
        .join(Variant, NAMES)
        .where(
            LineItemRow.shop_id == shop_id,
            LineItemRow.order_id.in_(order_ids),
            Variant.item_id.is_not(None),
        )
        .group_by(LineItemRow.order_id)
    )
    return {order_id: int(units) for order_id, units in session.execute(statement)}


def count_lists(session: Session, shop_id: int, *, today: date) -> dict[str, int]:
    """How many orders each list but that of all holds, up to one more than `COUNTED`."""
    names = [name for name in LISTS if name != "all"]
    counts = [
        sa.select(sa.func.count())
        .select_from(
            sa.select(Order.order_id)
            .where(Order.shop_id == shop_id, LISTS[name](today))
            .limit(COUNTED + 1)
            .subquery()
        )
        .scalar_subquery()
        .label(name)
        for name in names
    ]
    return dict(zip(names, session.execute(sa.select(*counts)).one(), strict=True))


@dataclass(frozen=True, slots=True)
class Pick:
    """Units of one item to take from the shelf, and the orders they are for, with how many each."""

    title: str
    sku: str
    units: int
    orders: Sequence[tuple[int, str, int]]


_MOST_PICKED = 2000


def pick_list(session: Session, shop_id: int, *, day: date) -> list[Pick]:
    """All that is still to ship of the orders that were released on a day, by item."""
    mine = sa.and_(Order.shop_id == LineItemRow.shop_id, Order.order_id == LineItemRow.order_id)
    columns = (LineItemRow.title, LineItemRow.sku, Order.order_id, Order.name)
    units = sa.func.sum(LineItemRow.outstanding)
    statement = (
        sa.select(*columns, units)
        .join(Order, mine)
        .where(
            Order.shop_id == shop_id,
            Order.released_on == day,
            Order.is_cancelled.is_(False),
            LineItemRow.outstanding > 0,
        )
        .group_by(*columns, Order.placed_at)
        .order_by(LineItemRow.title, LineItemRow.sku, Order.placed_at, Order.order_id)
        .limit(_MOST_PICKED)
    )
    found: dict[tuple[str, str], list[tuple[int, str, int]]] = {}
    for title, sku, order_id, name, count in session.execute(statement):
        found.setdefault((title, sku), []).append((order_id, name, int(count)))
    return [
        Pick(title, sku, sum(count for _, _, count in picked), picked)
        for (title, sku), picked in found.items()
    ]

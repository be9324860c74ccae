"""The list of orders: who is short now, and in what state each of them is."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import Status
from app.db.models import NAMES, LineItemRow, Order, PromiseRow, StockItem, Variant
from app.db.pages.paging import FIRST_PAGE, PAGE, Page, Sort, Turn, cut_page

RISK_DAYS = 3
"""A promise is at risk when its day is this near and no arrival covers it."""

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
            Order.judge_at.is_not(None), Order.problem.is_(None), Order.held_at.is_(None)
        ),
        lambda order, today: (
            order.judge_at is not None and order.problem is None and order.held_at is None
        ),
    ),
    State(
        "undated",
        lambda today: sa.and_(Order.short > 0, Order.expected_on.is_(None)),
        lambda order, today: order.short > 0 and order.expected_on is None,
    ),
    State(
        "risk",
        lambda today: Order.unbacked_on <= _soon(today),
        lambda order, today: order.unbacked_on is not None and order.unbacked_on <= _soon(today),
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
    """Which list of which day, searched for `text`, in which order, and which page of it."""

    today: date
    list_name: str = "short"
    sort_name: str = "placed"
    text: str = ""
    turn: Turn = FIRST_PAGE


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
    where = [Order.shop_id == shop_id, LISTS[wanted.list_name](wanted.today)]
    if wanted.text:
        where.append(_matches(session, shop_id, wanted))
    if turn.place is not None:
        where.append(sort.beyond(turn.place, backwards=turn.backwards))
    statement = (
        sa.select(Order).where(*where).order_by(*sort.clauses(backwards=turn.backwards)).limit(PAGE + 1)
    )
    return cut_page(session.scalars(statement).all(), sort, turn)


def _matches(session: Session, shop_id: int, wanted: Wanted) -> sa.ColumnElement[bool]:
    """Orders whose number begins with the text; if there are none, those with an item whose code or
    title contains it. Two questions, since one that allows for both can use no index."""
    number = _numbered(session, shop_id, wanted.text)
    if session.scalar(sa.select(Order.order_id).where(Order.shop_id == shop_id, number).limit(1)):
        return number
    items = find_items(session, shop_id, wanted.text)
    if wanted.list_name in ("short", "preorder", "undated", "risk"):
        lines = sa.select(PromiseRow.order_id).where(
            PromiseRow.shop_id == shop_id, PromiseRow.item_id.in_(items), PromiseRow.short > 0
        )
    else:
        lines = (
            sa.select(LineItemRow.order_id)
            .join(Variant, NAMES)
            .where(LineItemRow.shop_id == shop_id, Variant.item_id.in_(items))
        )
    return Order.order_id.in_(lines)


def _numbered(session: Session, shop_id: int, text: str) -> sa.ColumnElement[bool]:
    """People say 1042 where the shop writes #1042, or ME-1042: what the newest order has before its
    digits may be left out."""
    newest = session.scalar(
        sa.select(Order.name)
        .where(Order.shop_id == shop_id)
        .order_by(Order.placed_at.desc(), Order.order_id.desc())
        .limit(1)
    )
    own = re.match(r"\D*", newest or "")
    beginnings = {text, f"#{text}", f"{own[0] if own else ''}{text}", text.upper()}
    return sa.or_(*(Order.name.startswith(one, autoescape=True) for one in sorted(beginnings)))


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

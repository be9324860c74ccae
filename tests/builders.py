"""Values for tests, which name only what they are about: `line(5, placed=1)`, `arrival(7, on="…")`."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.desired import ItemState, OrderState, Shown, ShownItem, Status
from app.core.endings import Ending
from app.core.model import Allocatable, Arrival
from app.db import shops
from app.db.models import Shop
from app.platforms.base import (
    Delivery,
    Fact,
    ItemStock,
    LineItem,
    LocatedLine,
    OrderSeen,
    Pool,
    Routing,
    StockMoved,
)

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ITEM, LOCATION = 31, 41


def day(text: str) -> date:
    """A date as people write it: 2026-12-05."""
    return date.fromisoformat(text)


def days(number: int) -> date:
    """So many days after today."""
    return TODAY + timedelta(days=number)


def seconds(number: float) -> datetime:
    """So many seconds after now."""
    return NOW + timedelta(seconds=number)


def minute(number: int) -> datetime:
    """The moment at which orders are placed: a day before now, and so many minutes."""
    return NOW - timedelta(days=1) + timedelta(minutes=number)


def line(
    quantity: int, *, placed: int = 1, order: int | None = None, at: int = LOCATION, priority: int = 0
) -> Allocatable:
    """Units of an order placed in that minute; its id is the minute too unless told otherwise."""
    return Allocatable(placed if order is None else order, ITEM, at, quantity, minute(placed), priority)


def arrival(quantity: int, *, on: str | date = "2026-12-05", number: int = 1) -> Arrival:
    """Units that are expected on that day."""
    return Arrival(number, quantity, day(on) if isinstance(on, str) else on)


def item_state(
    short: int = 0,
    *,
    of: int = 1,
    ordered: int | None = None,
    on: str | None = None,
    item: int = ITEM,
    title: str = "Blue Mug",
    sku: str = "MUG-BLUE",
    kind: str = "backorder",
    is_counted: bool = True,
    ended: Ending | None = None,
) -> ItemState:
    """An item of an order: so many `short` of the outstanding ones."""
    held = of if ordered is None else ordered
    expected = day(on) if on else None
    return ItemState(item, title, sku, held, of, short, expected, kind, is_counted, ended)


def order_state(*items: ItemState, order: int = 1, is_cancelled: bool = False) -> OrderState:
    """An order as the books have it."""
    return OrderState(order, is_cancelled, items)


def shown_item(
    short: int, *, of: int = 1, ordered: int | None = None, on: str | None = None, item: int = ITEM
) -> ShownItem:
    """What was last said of a short item."""
    return ShownItem(item, of if ordered is None else ordered, of, short, day(on) if on else None)


def shown(*items: ShownItem, status: Status = Status.BACKORDERED, tags: Collection[str] = ()) -> Shown:
    """What an order shows by our own doing."""
    return Shown(status, items, tags=frozenset(tags))


def pool(available: int, *, committed: int = 0, at: int = LOCATION) -> Pool:
    """A pool as the platform tells it."""
    return Pool(at, f"Location {at}", available + committed, available, committed)


def item_stock(*pools: Pool, item: int = ITEM) -> ItemStock:
    """All pools of one item."""
    return ItemStock(item, True, pools)


def order_item(
    outstanding: int,
    *,
    ordered: int | None = None,
    variant: int = 21,
    number: int = 1,
    price: int | None = None,
    backordered: int = 0,
) -> LineItem:
    """A line item."""
    quantity = outstanding if ordered is None else ordered
    return LineItem(
        number, variant, quantity, outstanding, "Blue Mug", "MUG-BLUE", backordered, unit_price=price
    )


def routed(quantity: int, *, item: int = ITEM, at: int = LOCATION, route: int = 51) -> Routing:
    """All units of one item to ship from one place."""
    return Routing((LocatedLine(item, at, quantity),), (route,))


def order_seen(
    *items: LineItem,
    order: int = 1,
    placed: int = 1,
    updated: int = 0,
    routing: Routing | None = None,
    is_cancelled: bool = False,
    knows_items: bool = True,
) -> OrderSeen:
    """A copy of an order, changed so many seconds after now."""
    told = items if knows_items else None
    return OrderSeen(order, f"#{order}", minute(placed), seconds(updated), is_cancelled, told, routing)


def delivery(
    number: str = "d-1", *facts: Fact, event: str | None = None, body: str = "b-1", **rest: object
) -> Delivery:
    """A webhook delivery; it says that stock moved unless told otherwise."""
    told = facts or (StockMoved(ITEM),)
    return Delivery("a.myshopify.com", "some/topic", number, event, body, NOW, told, **rest)  # type: ignore[arg-type]


def installed_shop(session: Session, domain: str = "a.myshopify.com") -> Shop:
    """A shop that has just connected, with nothing due."""
    shop = shops.install_shop(session, platform="shopify", domain=domain, now=NOW)
    shop.hourly_check_at, shop.subscribed_at = NOW + timedelta(hours=1), NOW
    session.flush()
    return shop

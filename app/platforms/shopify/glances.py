"""Reading the least of orders before they are written: a point each, with the stock that decides."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import asdict

from app.platforms.base import Glance, ItemStock, OrderGlance
from app.platforms.shopify import queries
from app.platforms.shopify.answers import (
    QUANTITY_NAMES,
    OrderNode,
    Stamp,
    StockNode,
    StockThere,
    order_now,
    stock_there,
    typed,
)
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids
from app.platforms.shopify.payloads import Moment
from app.platforms.shopify.queries import MOST_IDS, MOST_POINTS
from app.platforms.shopify.reads import LEVEL_COUNTS, fetch_stock, whole_stock


class _GlanceNode(Stamp, frozen=True, rename="camel"):
    """A stamp with the order's name and place in the queue."""

    name: str
    processed_at: Moment


class _Answer(msgspec.Struct, frozen=True):
    orders: tuple[_GlanceNode | None, ...]
    stock: tuple[StockNode | None, ...] = ()


class _AnswerThere(msgspec.Struct, frozen=True):
    orders: tuple[_GlanceNode | None, ...]
    stock: tuple[StockThere | None, ...]


def glance(client: ShopifyClient, order_ids: Sequence[int], item_ids: Sequence[int]) -> Glance:
    """Orders and stock in one request where both fit into one, else the stock last. Raises `TryLater`
    if the stock is torn each time it is read."""
    with_stock = item_ids if _cost(order_ids, item_ids) <= MOST_POINTS else ()
    found: list[_GlanceNode | None] = []
    stock: tuple[ItemStock, ...] | None = None
    for start in range(0, len(order_ids), MOST_IDS):
        answer = _read(client, order_ids[start : start + MOST_IDS], with_stock)
        found += answer.orders
        stock = whole_stock(with_stock, answer.stock) if with_stock else None
    if stock is None:
        stock = tuple(fetch_stock(client, item_ids))
    return Glance(tuple(_glance(node) for node in found if node is not None), stock)


def glance_at(
    client: ShopifyClient, order_ids: Sequence[int], item_ids: Sequence[int], *, location_id: int
) -> Glance:
    """Orders, and of the items what is at one location, in one request. An item that has no stock there,
    or whose stock is torn, is left out."""
    location = gid("Location", location_id)
    variables = {
        "ids": gids("Order", order_ids),
        "stock": gids("InventoryItem", item_ids),
        "location": location,
        "names": QUANTITY_NAMES,
    }
    cost = len(order_ids) * queries.GLANCE_COST + len(item_ids) * (1 + queries.LEVEL_THERE_COST)
    found = typed(client.execute(queries.GLANCE_AT, variables, cost=cost), _AnswerThere)
    there = (stock_there(item, location) for item in found.stock if item is not None)
    return Glance(
        tuple(_glance(node) for node in found.orders if node is not None),
        tuple(stock for stock in there if stock is not None),
    )


def _cost(order_ids: Sequence[int], item_ids: Sequence[int]) -> int:
    stock = len(item_ids) * queries.stock_cost(LEVEL_COUNTS[0])
    return len(order_ids) * queries.GLANCE_COST + stock


def _read(client: ShopifyClient, order_ids: Sequence[int], item_ids: Sequence[int]) -> _Answer:
    variables = {
        "ids": gids("Order", order_ids),
        "stock": gids("InventoryItem", item_ids),
        "levels": LEVEL_COUNTS[0],
        "names": QUANTITY_NAMES,
    }
    cost = _cost(order_ids, item_ids)
    return typed(client.execute(queries.GLANCE, variables, cost=cost), _Answer)


def _glance(node: _GlanceNode) -> OrderGlance:
    known = {key: value for key, value in asdict(node).items() if key in OrderNode.__struct_fields__}
    return OrderGlance(order_now(OrderNode(**known)), node.untouched_units)

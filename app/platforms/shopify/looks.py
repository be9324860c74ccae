"""A look at orders and stock just before something is written: both in one request where they fit."""

from collections.abc import Sequence

import msgspec

from app.platforms.base import OrderAsk, PreWriteRead
from app.platforms.shopify import queries
from app.platforms.shopify.answers import (
    QUANTITY_NAMES,
    OrderNode,
    StockNode,
    is_complete,
    order_now,
    typed,
)
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gids
from app.platforms.shopify.queries import MOST_IDS, MOST_POINTS, OrderQuery, OrderSize
from app.platforms.shopify.reads import (
    LEVEL_COUNTS,
    ORDER_SIZES,
    TORN_READS,
    distinct,
    fetch_stock,
    first_rung,
    order_nodes,
    stock_by_id,
    torn,
)


def look(
    client: ShopifyClient, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool
) -> PreWriteRead:
    """Orders and stock in one request where both fit into one, else the stock last. Raises `TryLater`
    if the stock is torn each time it is read."""
    asks = list({ask.order_id: ask for ask in asks}.values())
    item_ids = distinct(item_ids)
    query = queries.LOOK_WHOLE if with_items else queries.LOOK
    size = _common_size(asks, item_ids, query=query)
    if size is None:
        return _look_in_parts(client, asks, item_ids, with_items=with_items)
    for _ in range(TORN_READS):
        answer = _look_once(client, asks, item_ids, query=query, size=size)
        if not answer.fits(size):
            return _look_in_parts(client, asks, item_ids, with_items=with_items)
        stock = stock_by_id(dict(zip(item_ids, answer.stock, strict=True)))
        if len(stock) == len(item_ids):
            orders = (order_now(order) for order in answer.orders if order is not None)
            return PreWriteRead(tuple(orders), tuple(stock.values()))
    raise torn(item_ids)


def _common_size(
    asks: Sequence[OrderAsk], item_ids: Sequence[int], *, query: OrderQuery
) -> OrderSize | None:
    """The size that holds every order, if all orders and items then fit into one request."""
    rung = max(map(first_rung, asks), default=0)
    if rung == len(ORDER_SIZES) or len(asks) > MOST_IDS or len(item_ids) > MOST_IDS:
        return None
    size = ORDER_SIZES[rung]
    return size if _look_cost(asks, item_ids, query=query, size=size) <= MOST_POINTS else None


def _look_cost(
    asks: Sequence[OrderAsk], item_ids: Sequence[int], *, query: OrderQuery, size: OrderSize
) -> int:
    return len(asks) * query.cost(size) + len(item_ids) * queries.stock_cost(LEVEL_COUNTS[0])


class _LookAnswer(msgspec.Struct, frozen=True):
    orders: tuple[OrderNode | None, ...]
    stock: tuple[StockNode | None, ...]

    def fits(self, size: OrderSize) -> bool:
        """Whether every list is shorter than asked, so that none can go on."""
        orders = all(order is None or is_complete(order, size) for order in self.orders)
        levels = (item.inventory_levels.nodes for item in self.stock if item is not None)
        return orders and all(len(nodes) < LEVEL_COUNTS[0] for nodes in levels)


def _look_once(
    client: ShopifyClient,
    asks: Sequence[OrderAsk],
    item_ids: Sequence[int],
    *,
    query: OrderQuery,
    size: OrderSize,
) -> _LookAnswer:
    variables = {
        "ids": gids("Order", [ask.order_id for ask in asks]),
        "items": size.items,
        "routes": size.routes,
        "stock": gids("InventoryItem", item_ids),
        "levels": LEVEL_COUNTS[0],
        "names": QUANTITY_NAMES,
    }
    cost = _look_cost(asks, item_ids, query=query, size=size)
    return typed(client.execute(query.document, variables, cost=cost), _LookAnswer)


def _look_in_parts(
    client: ShopifyClient, asks: Sequence[OrderAsk], item_ids: Sequence[int], *, with_items: bool
) -> PreWriteRead:
    nodes = order_nodes(client, asks, query=queries.SHOWN_WHOLE if with_items else queries.SHOWN)
    orders = tuple(order_now(order) for order in nodes.values() if order is not None)
    return PreWriteRead(orders, tuple(fetch_stock(client, item_ids)))

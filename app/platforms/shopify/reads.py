"""Reading variants, stock and orders, many in a request, each answer complete.

A list may be longer than a query asked for. Where it came back as long as asked, what it belongs to
is read again, a rung higher on a ladder of sizes, and above the ladder alone and page by page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from app.core.bounds import within_reach
from app.core.note import digest_of_blocks
from app.errors import TryLater
from app.platforms.base import (
    ChangedOrders,
    ItemStock,
    OrderAsk,
    OrderGone,
    OrderMarks,
    OrderSeen,
    VariantSeen,
)
from app.platforms.shopify import queries
from app.platforms.shopify.answers import (
    OVER,
    QUANTITY_NAMES,
    LevelNode,
    LineItemNode,
    Nodes,
    OrderNode,
    PageInfo,
    PlanNode,
    RouteLine,
    RouteNode,
    Stamp,
    StockNode,
    VariantNode,
    is_complete,
    item_stock,
    optional,
    order_seen,
    typed,
    variant_seen,
)
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids, number_of
from app.platforms.shopify.queries import MOST_IDS, MOST_POINTS, OrderQuery, OrderSize

T = TypeVar("T")

ORDER_SIZES = (
    OrderSize(items=3, routes=2),
    OrderSize(items=5, routes=2),
    OrderSize(items=10, routes=5),
    OrderSize(items=25, routes=8),
)
UNKNOWN_ITEMS = 9
UNKNOWN_ROUTES = 4
LEVEL_COUNTS = (10, 50, MOST_IDS)
TORN_READS = 4
TORN_WAIT_S = 2.0


def batches(values: Sequence[T], *, each: int) -> Iterator[Sequence[T]]:
    """Values in as few requests as ids and points allow, where one value costs `each` points."""
    size = max(1, min(MOST_IDS, MOST_POINTS // each))
    for start in range(0, len(values), size):
        yield values[start : start + size]


def fetch_variants(client: ShopifyClient, variant_ids: Sequence[int]) -> list[VariantSeen]:
    """Which items these variants sell. One that was deleted has no item and no title."""
    return [
        VariantSeen(variant_id, None, title="", is_tracked=False) if node is None else variant_seen(node)
        for batch in batches(distinct(variant_ids), each=queries.VARIANT_COST)
        for variant_id, node in zip(batch, _variant_nodes(client, batch), strict=True)
    ]


def _variant_nodes(client: ShopifyClient, variant_ids: Sequence[int]) -> list[VariantNode | None]:
    variables = {"ids": gids("ProductVariant", variant_ids)}
    cost = len(variant_ids) * queries.VARIANT_COST
    data = client.execute(queries.VARIANTS, variables, cost=cost)
    return typed(data["nodes"], list[VariantNode | None])


def fetch_selling_plans(client: ShopifyClient, plan_ids: Sequence[int]) -> dict[int, bool]:
    """Whether these selling plans reserve stock no sooner than it is fulfilled; deleted ones are left
    out: https://shopify.dev/docs/api/admin-graphql/latest/objects/SellingPlanInventoryPolicy"""
    found: dict[int, bool] = {}
    for batch in batches(distinct(plan_ids), each=queries.PLAN_COST):
        variables = {"ids": gids("SellingPlan", batch)}
        data = client.execute(queries.PLANS, variables, cost=len(batch) * queries.PLAN_COST)
        nodes = typed(data["nodes"], list[PlanNode | None])
        found |= {number_of(node.id): node.reserves_late for node in nodes if node is not None}
    return found


def fetch_stock(client: ShopifyClient, item_ids: Sequence[int]) -> list[ItemStock]:
    """The pools of many items. Raises `TryLater` for an item that is torn each time it is read."""
    found: dict[int, ItemStock] = {}
    waiting = distinct(item_ids)
    for _ in range(TORN_READS):
        found |= stock_by_id(_stock_nodes(client, waiting))
        waiting = [item_id for item_id in waiting if item_id not in found]
        if not waiting:
            return [found[item_id] for item_id in distinct(item_ids)]
    raise torn(waiting)


def torn(item_ids: Sequence[int]) -> TryLater:
    """What to raise for items whose stock changed each time it was read."""
    named = ", ".join(str(item_id) for item_id in item_ids[:5])
    return TryLater(f"the stock of item {named} changed each time it was read", after_s=TORN_WAIT_S)


def stock_by_id(nodes: Mapping[int, StockNode | None]) -> dict[int, ItemStock]:
    """Torn items are left out; deleted ones are untracked."""
    stock = {
        item_id: ItemStock(item_id, is_tracked=False, pools=()) if node is None else item_stock(node)
        for item_id, node in nodes.items()
    }
    return {item_id: item for item_id, item in stock.items() if item is not None}


def whole_stock(
    item_ids: Sequence[int], nodes: Sequence[StockNode | None]
) -> tuple[ItemStock, ...] | None:
    """The pools of these items as read with the least number of levels; None if one is torn or may
    have more."""
    if any(node is not None and _may_go_on(node, LEVEL_COUNTS[0]) for node in nodes):
        return None
    stock = stock_by_id(dict(zip(item_ids, nodes, strict=True)))
    return tuple(stock.values()) if len(stock) == len(item_ids) else None


def _may_go_on(node: StockNode, levels: int) -> bool:
    return len(node.inventory_levels.nodes) >= levels


def _stock_nodes(client: ShopifyClient, item_ids: Sequence[int]) -> dict[int, StockNode | None]:
    found: dict[int, StockNode | None] = {}
    waiting = list(item_ids)
    for levels in LEVEL_COUNTS:
        for batch in batches(waiting, each=queries.stock_cost(levels)):
            nodes = _stock_batch(client, batch, levels=levels)
            found |= {
                item_id: node
                for item_id, node in zip(batch, nodes, strict=True)
                if node is None or len(node.inventory_levels.nodes) < levels
            }
        waiting = [item_id for item_id in waiting if item_id not in found]
    return found | {item_id: _whole_stock(client, item_id) for item_id in waiting}


def _stock_batch(client: ShopifyClient, ids: Sequence[int], *, levels: int) -> list[StockNode | None]:
    variables = {"ids": gids("InventoryItem", ids), "levels": levels, "names": QUANTITY_NAMES}
    data = client.execute(queries.STOCK, variables, cost=len(ids) * queries.stock_cost(levels))
    return typed(data["nodes"], list[StockNode | None])


def _whole_stock(client: ShopifyClient, item_id: int) -> StockNode | None:
    levels: list[LevelNode] = []
    page = PageInfo()
    while True:
        ask = {"id": gid("InventoryItem", item_id), "after": page.end_cursor, "names": QUANTITY_NAMES}
        data = client.execute(queries.WHOLE_STOCK, ask, cost=queries.WHOLE_STOCK_COST)
        item = optional(data["inventoryItem"], StockNode)
        if item is None:
            return None
        levels += item.inventory_levels.nodes
        page = item.inventory_levels.page_info
        if not page.has_next_page:
            return replace(item, inventory_levels=Nodes(tuple(levels)))


def fetch_orders(
    client: ShopifyClient, asks: Sequence[OrderAsk], *, with_items: bool
) -> list[OrderSeen | OrderGone]:
    """One answer an order, in the order of the asks."""
    nodes = order_nodes(client, asks, query=queries.ORDERS if with_items else queries.ROUTINGS)
    return [
        OrderGone(order_id) if node is None else order_seen(node)
        for order_id in distinct([ask.order_id for ask in asks])
        for node in [nodes[order_id]]
    ]


def order_nodes(
    client: ShopifyClient, asks: Sequence[OrderAsk], *, query: OrderQuery
) -> dict[int, OrderNode | None]:
    """The orders by id, each whole; None for one that is gone."""
    found: dict[int, OrderNode | None] = {}
    rungs = {ask.order_id: first_rung(ask) for ask in asks}
    for rung, size in enumerate(ORDER_SIZES):
        waiting = [order_id for order_id, own in rungs.items() if own == rung]
        for batch in batches(waiting, each=query.cost(size)):
            nodes = _order_batch(client, batch, query=query, size=size)
            for order_id, node in zip(batch, nodes, strict=True):
                if node is None or is_complete(node, size):
                    found[order_id] = node
                else:
                    rungs[order_id] = rung + 1
    too_large = [order_id for order_id in rungs if order_id not in found]
    return found | {order_id: _whole_order(client, order_id) for order_id in too_large}


def first_rung(ask: OrderAsk) -> int:
    """The first size whose lists would come back shorter than asked."""
    items = ask.item_count or UNKNOWN_ITEMS
    routes = ask.route_count or UNKNOWN_ROUTES
    fitting = (
        rung for rung, size in enumerate(ORDER_SIZES) if size.items > items and size.routes > routes
    )
    return next(fitting, len(ORDER_SIZES))


def _order_batch(
    client: ShopifyClient, ids: Sequence[int], *, query: OrderQuery, size: OrderSize
) -> list[OrderNode | None]:
    variables = {"ids": gids("Order", ids), "items": size.items, "routes": size.routes}
    data = client.execute(query.document, variables, cost=len(ids) * query.cost(size))
    return typed(data["nodes"], list[OrderNode | None])


def _whole_order(client: ShopifyClient, order_id: int) -> OrderNode | None:
    """One order page by page. Raises `TryLater` if it changed between the pages."""
    order = _paged_order(client, order_id)
    if order is None or order.fulfillment_orders is None:
        return None
    routes = [_with_lines(client, route) for route in order.fulfillment_orders.nodes]
    data = client.execute(queries.UPDATED_AT, {"id": order.id}, cost=queries.UPDATED_AT_COST)
    after = data["order"] and data["order"]["updatedAt"]
    if after is None or datetime.fromisoformat(after) != order.updated_at:
        raise TryLater(f"order {order.name} changed while it was read", after_s=TORN_WAIT_S)
    return replace(order, fulfillment_orders=Nodes(tuple(routes)))


def _paged_order(client: ShopifyClient, order_id: int) -> OrderNode | None:
    items: list[LineItemNode] = []
    routes: list[RouteNode] = []
    variables: dict[str, Any] = {"id": gid("Order", order_id), "itemsAfter": None, "routesAfter": None}
    while True:
        data = client.execute(queries.WHOLE_ORDER, variables, cost=queries.WHOLE_COST)
        order = optional(data["order"], OrderNode)
        if order is None or order.line_items is None or order.fulfillment_orders is None:
            return None
        items += order.line_items.nodes
        routes += order.fulfillment_orders.nodes
        pages = order.line_items.page_info, order.fulfillment_orders.page_info
        if not any(page.has_next_page for page in pages):
            return replace(
                order, line_items=Nodes(tuple(items)), fulfillment_orders=Nodes(tuple(routes))
            )
        # A list that has ended keeps its last cursor, so that it stays empty and does not start over.
        for name, page in zip(("itemsAfter", "routesAfter"), pages, strict=True):
            variables[name] = page.end_cursor or variables[name]


def _with_lines(client: ShopifyClient, route: RouteNode) -> RouteNode:
    lines: list[RouteLine] = []
    page = PageInfo(has_next_page=route.status not in OVER)
    while page.has_next_page:
        variables = {"id": route.id, "after": page.end_cursor}
        data = client.execute(queries.ROUTE_LINES, variables, cost=queries.ROUTE_LINES_COST)
        if data["fulfillmentOrder"] is None:
            raise TryLater(f"{route.id} was replaced while it was read", after_s=TORN_WAIT_S)
        part = typed(data["fulfillmentOrder"]["lineItems"], Nodes[RouteLine])
        lines += part.nodes
        page = part.page_info
    return replace(route, line_items=Nodes(tuple(lines)))


def complete_orders(
    client: ShopifyClient, nodes: Sequence[OrderNode], *, size: OrderSize
) -> tuple[OrderSeen, ...]:
    """The orders of a page, those that did not fit into its `size` read again with routing. Orders
    deleted meanwhile are left out."""
    asks = [_larger_ask(node) for node in nodes if not is_complete(node, size)]
    larger = order_nodes(client, asks, query=queries.ORDERS)
    latest = [larger.get(number_of(node.id), node) for node in nodes]
    return tuple(order_seen(node) for node in latest if node is not None)


def _larger_ask(node: OrderNode) -> OrderAsk:
    items, routes = node.line_items or Nodes(), node.fulfillment_orders or Nodes()
    return OrderAsk(number_of(node.id), item_count=len(items.nodes), route_count=len(routes.nodes))


def fetch_changed_orders(client: ShopifyClient, since: datetime) -> ChangedOrders:
    """One page of changed orders, without what changed: most were told by webhooks already. Where one
    second holds more changes than a page, its pages are read on: the next call could not get past it."""
    updated_at: dict[int, datetime] = {}
    untouched: dict[int, int] = {}
    marks: list[OrderMarks] = []
    seen_until, page = since, PageInfo(has_next_page=True)
    while page.has_next_page and seen_until <= since:
        answer = _changed_page(client, since, after=page.end_cursor)
        updated_at |= {number_of(node.id): within_reach(node.updated_at) for node in answer.nodes}
        untouched |= {
            number_of(node.id): units
            for node in answer.nodes
            if (units := node.untouched_units) is not None
        }
        marks += [
            OrderMarks(number_of(node.id), digest_of_blocks(node.note or ""), frozenset(node.tags))
            for node in answer.nodes
        ]
        seen_until = max([since, *updated_at.values()])
        page = answer.page_info
    return ChangedOrders(
        updated_at,
        seen_until,
        is_complete=not page.has_next_page,
        untouched=untouched,
        marks=tuple(marks),
    )


def _changed_page(client: ShopifyClient, since: datetime, *, after: str | None) -> Nodes[Stamp]:
    # Unquoted times are cut at the first colon and read in the shop's time zone.
    moment = since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    variables = {"first": queries.CHANGED_FIRST, "after": after, "query": f"updated_at:>='{moment}'"}
    data = client.execute(queries.CHANGED_ORDERS, variables, cost=queries.CHANGED_COST)
    return typed(data["orders"], Nodes[Stamp])


def distinct(ids: Iterable[int]) -> list[int]:
    """Each id once, in the order given."""
    return list(dict.fromkeys(ids))

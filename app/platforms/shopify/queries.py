"""Every GraphQL document we send, each with its requested cost.

Costs follow the documented rule (shopify.dev/docs/api/usage/limits): an object 1, a connection as
many times its node as asked for, a mutation 10. What Shopify really charges is less; the documented
figure is the one a request is refused by.
"""

from collections.abc import Callable
from typing import NamedTuple

MOST_POINTS = 900
"""Of the 1,000 that one request may cost."""
MOST_IDS = 250
MUTATION_COST = 10
COUNT_COST = 10
PAGE_COST = 2
"""A connection's pageInfo, and the connection itself."""


class OrderSize(NamedTuple):
    """How many line items and fulfillment orders a query asks of each order. A list that comes back
    as long as asked may be incomplete; this spares a pageInfo, itself an object, in each list."""

    items: int
    routes: int


class OrderQuery(NamedTuple):
    """A document that reads orders by id, and what one order of a size costs in it."""

    document: str
    cost: Callable[[OrderSize], int]


_SEEN = "id name processedAt updatedAt cancelledAt tags note"
_ITEM = "id currentQuantity unfulfilledQuantity title variantTitle sku variant { id }"
_ROUTE = "id status assignedLocation { location { id } }"
_ROUTE_LINE = "inventoryItemId remainingQuantity"
_ROUTING = f"""fulfillmentOrders(first: $routes) {{
      nodes {{ {_ROUTE} lineItems(first: $items) {{ nodes {{ {_ROUTE_LINE} }} }} }}
    }}"""
_PLANNED_ITEM = f"{_ITEM} sellingPlan {{ sellingPlanId }}"
_PRICED_ITEM = f"{_PLANNED_ITEM} originalUnitPriceSet {{ shopMoney {{ amount }} }}"
_ITEMS = f"lineItems(first: $items) {{ nodes {{ {_ITEM} }} }}"
_PLANNED_ITEMS = f"lineItems(first: $items) {{ nodes {{ {_PLANNED_ITEM} }} }}"
_LEVEL = """location { id name isActive }
        quantities(names: $names) { name quantity }"""
_STOCK = f"""id sku tracked
      inventoryLevels(first: $levels) {{ nodes {{ {_LEVEL} }} }}"""

ITEM_COST = 2
PLANNED_ITEM_COST = ITEM_COST + 1
PRICED_ITEM_COST = PLANNED_ITEM_COST + 2
"""Imports alone ask for prices: other orders are told with them, and what is known stays known."""
ROUTE_COST = 3
LEVEL_COST = 3


def routing_cost(size: OrderSize) -> int:
    """One order with its fulfillment orders."""
    return 1 + size.routes * (ROUTE_COST + size.items)


def order_cost(size: OrderSize) -> int:
    """One order with its fulfillment orders and its line items."""
    return routing_cost(size) + size.items * ITEM_COST


def planned_order_cost(size: OrderSize) -> int:
    """The same with the selling plans of its line items."""
    return routing_cost(size) + size.items * PLANNED_ITEM_COST


def stock_cost(levels: int) -> int:
    """One inventory item with its levels."""
    return 1 + levels * LEVEL_COST


ORDERS = OrderQuery(
    f"""query Orders($ids: [ID!]!, $items: Int!, $routes: Int!) {{
  nodes(ids: $ids) {{ ... on Order {{
    {_SEEN}
    {_PLANNED_ITEMS}
    {_ROUTING}
  }} }}
}}""",
    planned_order_cost,
)

ROUTINGS = OrderQuery(
    f"""query Routings($ids: [ID!]!, $items: Int!, $routes: Int!) {{
  nodes(ids: $ids) {{ ... on Order {{
    {_SEEN}
    {_ROUTING}
  }} }}
}}""",
    routing_cost,
)

SHOWN = OrderQuery(
    f"""query Shown($ids: [ID!]!, $items: Int!, $routes: Int!) {{
  nodes(ids: $ids) {{ ... on Order {{
    {_SEEN}
    {_ROUTING}
  }} }}
}}""",
    routing_cost,
)

SHOWN_WHOLE = OrderQuery(
    f"""query ShownWhole($ids: [ID!]!, $items: Int!, $routes: Int!) {{
  nodes(ids: $ids) {{ ... on Order {{
    {_SEEN}
    {_ITEMS}
    {_ROUTING}
  }} }}
}}""",
    order_cost,
)


def _look(name: str, items: str) -> str:
    return f"""query {name}(
  $ids: [ID!]!, $items: Int!, $routes: Int!, $stock: [ID!]!, $levels: Int!, $names: [String!]!
) {{
  orders: nodes(ids: $ids) {{ ... on Order {{
    {_SEEN}
    {items}
    {_ROUTING}
  }} }}
  stock: nodes(ids: $stock) {{ ... on InventoryItem {{
      {_STOCK}
  }} }}
}}"""


LOOK = OrderQuery(_look("Look", ""), routing_cost)
LOOK_WHOLE = OrderQuery(_look("LookWhole", _ITEMS), order_cost)

GLANCE_COST = 1
GLANCE = f"""query Glance($ids: [ID!]!, $stock: [ID!]!, $levels: Int!, $names: [String!]!) {{
  orders: nodes(ids: $ids) {{ ... on Order {{
    {_SEEN} edited displayFulfillmentStatus currentSubtotalLineItemsQuantity
  }} }}
  stock: nodes(ids: $stock) {{ ... on InventoryItem {{
      {_STOCK}
  }} }}
}}"""


def parts_cost(size: OrderSize) -> int:
    """One order with its fulfillment orders and their holds."""
    return 1 + size.routes * (4 + size.items)


PARTS = """query Parts($ids: [ID!]!, $items: Int!, $routes: Int!) {
  nodes(ids: $ids) { ... on Order {
    id tags
    fulfillmentOrders(first: $routes) { nodes {
      id status assignedLocation { location { id } }
      fulfillmentHolds { id handle heldByRequestingApp }
      lineItems(first: $items) { nodes { id inventoryItemId remainingQuantity totalQuantity } }
    } }
  } }
}"""


def movable_cost(lines: int) -> int:
    """One fulfillment order with the one location that is asked about."""
    return 4 + lines


MOVABLE = """query Movable($id: ID!, $locations: [ID!]!, $lines: [ID!]!, $items: Int!) {
  fulfillmentOrder(id: $id) {
    supportedActions { action }
    locationsForMove(first: 1, locationIds: $locations, lineItemIds: $lines) { nodes {
      movable message availableLineItems(first: $items) { nodes { id } }
    } }
  }
}"""

LEVEL_THERE_COST = 2
GLANCE_AT = f"""query GlanceAt($ids: [ID!]!, $stock: [ID!]!, $location: ID!, $names: [String!]!) {{
  orders: nodes(ids: $ids) {{ ... on Order {{
    {_SEEN} edited displayFulfillmentStatus currentSubtotalLineItemsQuantity
  }} }}
  stock: nodes(ids: $stock) {{ ... on InventoryItem {{
    id sku tracked
    level: inventoryLevel(locationId: $location) {{ quantities(names: $names) {{ name quantity }} }}
  }} }}
}}"""
"""A level asked for by its place costs half of a list of one: no list, and no location in it."""

WHOLE_ITEMS = 200
WHOLE_ROUTES = 50
WHOLE_COST = 1 + WHOLE_ITEMS * ITEM_COST + WHOLE_ROUTES * ROUTE_COST + 2 * PAGE_COST
WHOLE_ORDER = f"""query WholeOrder($id: ID!, $itemsAfter: String, $routesAfter: String) {{
  order(id: $id) {{
    {_SEEN}
    lineItems(first: {WHOLE_ITEMS}, after: $itemsAfter) {{
      nodes {{ {_ITEM} }} pageInfo {{ hasNextPage endCursor }}
    }}
    fulfillmentOrders(first: {WHOLE_ROUTES}, after: $routesAfter) {{
      nodes {{ {_ROUTE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

UPDATED_AT_COST = 1
UPDATED_AT = "query UpdatedAt($id: ID!) { order(id: $id) { updatedAt } }"

ROUTE_LINES_COST = 1 + MOST_IDS + PAGE_COST
ROUTE_LINES = f"""query RouteLines($id: ID!, $after: String) {{
  fulfillmentOrder(id: $id) {{
    lineItems(first: {MOST_IDS}, after: $after) {{
      nodes {{ {_ROUTE_LINE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

STOCK = f"""query Stock($ids: [ID!]!, $levels: Int!, $names: [String!]!) {{
  nodes(ids: $ids) {{ ... on InventoryItem {{
      {_STOCK}
  }} }}
}}"""

WHOLE_STOCK_COST = stock_cost(MOST_IDS) + PAGE_COST
WHOLE_STOCK = f"""query WholeStock($id: ID!, $after: String, $names: [String!]!) {{
  inventoryItem(id: $id) {{
    id sku tracked
    inventoryLevels(first: {MOST_IDS}, after: $after) {{
      nodes {{ {_LEVEL} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

VARIANT_COST = 3
VARIANTS = """query Variants($ids: [ID!]!) {
  nodes(ids: $ids) { ... on ProductVariant {
    id title barcode product { title } inventoryItem { id sku tracked }
  } }
}"""

PLAN_COST = 2
PLANS = """query SellingPlans($ids: [ID!]!) {
  nodes(ids: $ids) { ... on SellingPlan { id inventoryPolicy { reserve } } }
}"""

CHANGED_FIRST = MOST_IDS
CHANGED_COST = CHANGED_FIRST + PAGE_COST
CHANGED_ORDERS = """query ChangedOrders($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
    nodes {
      id updatedAt cancelledAt edited displayFulfillmentStatus currentSubtotalLineItemsQuantity note tags
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

OPEN_ITEMS = 10
OPEN_FIRST = (MOST_POINTS - PAGE_COST) // (1 + OPEN_ITEMS * PRICED_ITEM_COST)
OPEN_COST = OPEN_FIRST * (1 + OPEN_ITEMS * PRICED_ITEM_COST) + PAGE_COST
OPEN_ORDERS = f"""query OpenOrders($first: Int!, $after: String, $query: String!, $items: Int!) {{
  orders(first: $first, after: $after, sortKey: ID, query: $query) {{
    nodes {{
    {_SEEN}
    lineItems(first: $items) {{ nodes {{ {_PRICED_ITEM} }} }}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

OPEN = "status:open -fulfillment_status:fulfilled"
"""Neither cancelled, archived nor wholly shipped: unfulfilled, partial, scheduled, on hold and in
progress alike, and whatever state comes next. No list of states would do: IN_PROGRESS can not be
searched for. An archived order with unshipped units is found by the balance with `committed`."""

COUNT_ORDERS = "query CountOrders($query: String!) { ordersCount(query: $query, limit: null) { count } }"

# Parents and children in turn: a step of an import must not need the whole file.
BULK_COST = MUTATION_COST + PAGE_COST
BULK_START = """mutation BulkStart($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) {
    bulkOperation { id } userErrors { field message }
  }
}"""
BULK_OPEN_ORDERS = f"""{{
  orders(query: "{OPEN}") {{ edges {{ node {{
    {_SEEN}
    lineItems {{ edges {{ node {{ {_PRICED_ITEM} }} }} }}
  }} }} }}
}}"""
BULK_WRITE_COST = 2 * MUTATION_COST
STAGE_UPLOADS = """mutation StageUploads($input: [StagedUploadInput!]!) {
  stagedUploadsCreate(input: $input) {
    stagedTargets { url parameters { name value } } userErrors { field message }
  }
}"""
BULK_WRITE = """mutation BulkWrite($mutation: String!, $path: String!) {
  bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path) {
    bulkOperation { id } userErrors { field message }
  }
}"""
BULK_CANCEL = """mutation BulkCancel($id: ID!) {
  bulkOperationCancel(id: $id) { userErrors { field message } }
}"""
BULK_WRITES_FIRST = 50
BULK_WRITES_COST = BULK_WRITES_FIRST + PAGE_COST
BULK_WRITES = f"""query BulkWrites($query: String!) {{
  bulkOperations(first: {BULK_WRITES_FIRST}, query: $query) {{ nodes {{ id }} }}
}}"""
BULK_STATE_COST = 1
BULK_STATE = "query BulkState($id: ID!) { bulkOperation(id: $id) { status errorCode url } }"

PROFILE_COST = 3
PROFILE = """query Profile {
  shop { name ianaTimezone myshopifyDomain currencyCode }
  currentAppInstallation { accessScopes { handle } }
}"""
LOCALE_COST = 1
LOCALES = "query Locales { shopLocales { locale primary } }"

SUBSCRIPTIONS_COST = MOST_IDS + PAGE_COST
SUBSCRIPTIONS = f"""query Subscriptions($after: String) {{
  webhookSubscriptions(first: {MOST_IDS}, after: $after) {{
    nodes {{ id topic uri includeFields }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

"""The documents about goods: on their way in shipments and transfers, ordered of suppliers, and reserved
by drafts and transfers. Costs as in `app.platforms.shopify.queries`."""

from app.platforms.shopify.queries import MOST_IDS, PAGE_COST

SHIPMENTS_FIRST = 200
SHIPMENTS_COST = SHIPMENTS_FIRST + PAGE_COST
SHIPMENTS = f"""query Shipments($query: String!, $after: String) {{
  inventoryShipments(first: {SHIPMENTS_FIRST}, after: $after, query: $query) {{
    nodes {{ id }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

_SHIPMENT = "id name dateReceived tracking { arrivesAt }"
_SHIPMENT_LINE = "id quantity acceptedQuantity unreceivedQuantity inventoryItem { id sku }"
SHIPMENT_LINES = 40
SHIPMENT_COST = 2 + SHIPMENT_LINES * 2
SHIPMENTS_WITH_LINES = f"""query ShipmentsWithLines($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on InventoryShipment {{
    {_SHIPMENT}
    lineItems(first: {SHIPMENT_LINES}) {{ nodes {{ {_SHIPMENT_LINE} }} }}
  }} }}
}}"""

WHOLE_SHIPMENT_COST = 2 + MOST_IDS * 2 + PAGE_COST
WHOLE_SHIPMENT = f"""query WholeShipment($id: ID!, $after: String) {{
  inventoryShipment(id: $id) {{
    {_SHIPMENT}
    lineItems(first: {MOST_IDS}, after: $after) {{
      nodes {{ {_SHIPMENT_LINE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}"""

# A transfer of more shipments than this is rare; those beyond keep their own names.
TRANSFER_SHIPMENTS = 15
TRANSFERS_FIRST = 50
TRANSFERS_COST = TRANSFERS_FIRST * (1 + TRANSFER_SHIPMENTS) + PAGE_COST
TRANSFERS = f"""query Transfers($query: String!, $after: String) {{
  inventoryTransfers(first: {TRANSFERS_FIRST}, after: $after, query: $query) {{
    nodes {{ name referenceName shipments(first: {TRANSFER_SHIPMENTS}) {{ nodes {{ id }} }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

PURCHASE_ORDERS_FIRST = 200
PURCHASE_ORDERS_COST = PURCHASE_ORDERS_FIRST + PAGE_COST
PURCHASE_ORDERS = f"""query PurchaseOrders($after: String) {{
  inventoryPurchaseOrders(first: {PURCHASE_ORDERS_FIRST}, after: $after) {{
    nodes {{ id status orderedAt archivedAt }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

_PURCHASE_LINE = "id totalQuantity supplierSku inventoryItem { id sku }"
PURCHASE_ORDER_LINES, PURCHASE_ORDER_TRANSFERS = 40, 5
PURCHASE_ORDER_COST = 5 + PURCHASE_ORDER_LINES * 2 + PURCHASE_ORDER_TRANSFERS * (1 + TRANSFER_SHIPMENTS)


def _purchase_orders(name: str, more: str) -> str:
    return f"""query {name}($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on InventoryPurchaseOrder {{
    id name orderedAt origin {{ supplierName }} destination {{ location {{ id }} }}
    lineItems(first: {PURCHASE_ORDER_LINES}) {{ nodes {{ {_PURCHASE_LINE} }} }}
    {more}
  }} }}
}}"""


WHOLE_PURCHASE_ORDERS = _purchase_orders(
    "WholePurchaseOrders",
    f"transfers(first: {PURCHASE_ORDER_TRANSFERS}) "
    f"{{ nodes {{ shipments(first: {TRANSFER_SHIPMENTS}) {{ nodes {{ id }} }} }} }}",
)
# Transfers and their shipments take scopes of their own.
PURCHASE_ORDERS_ALONE = _purchase_orders("PurchaseOrdersAlone", "")
PURCHASE_LINES_COST = 1 + MOST_IDS * 2 + PAGE_COST
PURCHASE_LINES = f"""query PurchaseLines($id: ID!, $after: String) {{
  node(id: $id) {{ ... on InventoryPurchaseOrder {{
    lineItems(first: {MOST_IDS}, after: $after) {{
      nodes {{ {_PURCHASE_LINE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }} }}
}}"""

DRAFTS_FIRST = 100
DRAFTS_COST = DRAFTS_FIRST + PAGE_COST
DRAFTS = f"""query Drafts($query: String!, $after: String) {{
  draftOrders(first: {DRAFTS_FIRST}, after: $after, query: $query) {{
    nodes {{ id name createdAt reserveInventoryUntil }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

DRAFT_LINES_FIRST = 200
DRAFT_LINES_COST = 1 + DRAFT_LINES_FIRST * 3 + PAGE_COST
DRAFT_LINES = f"""query DraftLines($id: ID!, $after: String) {{
  node(id: $id) {{ ... on DraftOrder {{
    lineItems(first: {DRAFT_LINES_FIRST}, after: $after) {{
      nodes {{ quantity variant {{ inventoryItem {{ id }} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }} }}
}}"""

OPEN_TRANSFERS_FIRST = 100
OPEN_TRANSFERS_COST = OPEN_TRANSFERS_FIRST * 3 + PAGE_COST
OPEN_TRANSFERS = f"""query OpenTransfers($query: String!, $after: String) {{
  inventoryTransfers(first: {OPEN_TRANSFERS_FIRST}, after: $after, query: $query) {{
    nodes {{ id name dateCreated origin {{ location {{ id }} }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}"""

TRANSFER_LINES_COST = 1 + MOST_IDS * 2 + PAGE_COST
TRANSFER_LINES = f"""query TransferLines($id: ID!, $after: String) {{
  node(id: $id) {{ ... on InventoryTransfer {{
    lineItems(first: {MOST_IDS}, after: $after) {{
      nodes {{ totalQuantity shippedQuantity inventoryItem {{ id }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }} }}
}}"""

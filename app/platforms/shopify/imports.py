"""The initial import of open orders, a step at a time.

A cursor says in one string where to go on, so that an import survives a restart:
`page:<total>:<after>` walks the orders; `bulk:<total>:<operation>:<offset>` waits for a bulk operation
and then reads its file from a byte on (shopify.dev/docs/api/usage/bulk-operations/queries). The file's
address is asked for anew in each step: it is signed and expires.
"""

from contextlib import closing
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from app.errors import TryLater
from app.platforms.base import ImportPage, OrderSeen
from app.platforms.http import jittered_s
from app.platforms.shopify import queries
from app.platforms.shopify.answers import LineItemNode, Nodes, OrderNode, order_items, order_seen, typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, number_of
from app.platforms.shopify.queries import OrderSize
from app.platforms.shopify.reads import complete_orders

T = TypeVar("T")

BULK_FROM_ORDERS = 1000
BULK_STEP_ORDERS = 250
BULK_POLL_S = 5.0
UNDER_WAY = frozenset({"CREATED", "RUNNING"})


def fetch_open_orders(client: ShopifyClient, cursor: str | None) -> ImportPage:
    """The next step. More than 1,000 orders are prepared by Shopify in bulk; where it will not or
    fails, they are walked page by page instead. Raises `ValueError` for a cursor that is not ours."""
    if cursor is None:
        return _start(client)
    kind, total, rest = cursor.split(":", 2)
    return _STEPS[kind](client, int(total), rest)


def _start(client: ShopifyClient) -> ImportPage:
    data = client.execute(queries.COUNT_ORDERS, {"query": queries.OPEN}, cost=queries.COUNT_COST)
    total = int(data["ordersCount"]["count"])
    if total <= BULK_FROM_ORDERS:
        return _page(client, total, "")
    variables = {"query": queries.BULK_OPEN_ORDERS}
    data = client.execute(queries.BULK_START, variables, cost=queries.BULK_COST)
    operation = data["bulkOperationRunQuery"]["bulkOperation"]
    if operation is None:
        return _page(client, total, "")
    return _not_yet(total, f"{number_of(operation['id'])}:0")


def _not_yet(total: int, rest: str) -> ImportPage:
    return ImportPage((), cursor=f"bulk:{total}:{rest}", total=total, retry_after_s=BULK_POLL_S)


def _page(client: ShopifyClient, total: int, after: str) -> ImportPage:
    variables = {
        "first": queries.OPEN_FIRST,
        "after": after or None,
        "query": queries.OPEN,
        "items": queries.OPEN_ITEMS,
    }
    data = client.execute(queries.OPEN_ORDERS, variables, cost=queries.OPEN_COST)
    answer = typed(data["orders"], Nodes[OrderNode])
    size = OrderSize(items=queries.OPEN_ITEMS, routes=1)
    orders = complete_orders(client, answer.nodes, size=size)
    goes_on = answer.page_info.has_next_page
    return ImportPage(orders, f"page:{total}:{answer.page_info.end_cursor}" if goes_on else None, total)


def _bulk(client: ShopifyClient, total: int, rest: str) -> ImportPage:
    operation, offset = rest.split(":")
    variables = {"id": gid("BulkOperation", int(operation))}
    data = client.execute(queries.BULK_STATE, variables, cost=queries.BULK_STATE_COST)
    state: dict[str, Any] = data["bulkOperation"] or {"status": "EXPIRED", "url": None}
    if state["status"] in UNDER_WAY:
        return _not_yet(total, rest)
    if state["status"] != "COMPLETED":
        return _page(client, total, "")
    if state["url"] is None:  # nothing was found
        return ImportPage((), cursor=None, total=total)
    part = _read_file(client, state["url"], offset=int(offset))
    cursor = None if part.next_offset is None else f"bulk:{total}:{operation}:{part.next_offset}"
    return ImportPage(part.orders, cursor, total)


_STEPS = {"page": _page, "bulk": _bulk}


class _FilePart(NamedTuple):
    """Some orders of a bulk file, and the byte at which the next one starts (None: that was all)."""

    orders: tuple[OrderSeen, ...]
    next_offset: int | None


class _FileLine(msgspec.Struct, frozen=True):
    parent_id: str | None = msgspec.field(default=None, name="__parentId")


def _read_file(client: ShopifyClient, url: str, *, offset: int) -> _FilePart:
    """A step's orders. Each order's line is followed by those of its line items."""
    orders: list[OrderNode] = []
    items: dict[str, list[LineItemNode]] = {}
    next_offset = None
    with closing(client.http.stream_lines(url, offset=offset)) as lines:
        for line in lines:
            parent_id = _read_line(line, _FileLine).parent_id
            if parent_id is not None:
                items[parent_id].append(_read_line(line, LineItemNode))
            elif len(orders) == BULK_STEP_ORDERS:
                next_offset = offset
                break
            else:
                orders.append(_read_line(line, OrderNode))
                items[orders[-1].id] = []
            offset += len(line)
    seen = (replace(order_seen(order), items=order_items(items[order.id])) for order in orders)
    return _FilePart(tuple(seen), next_offset)


def _read_line(line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TryLater("the bulk file can not be read", after_s=jittered_s(), is_failure=True) from error

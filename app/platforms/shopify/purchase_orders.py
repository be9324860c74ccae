"""Orders to suppliers that a merchant keeps in Shopify's admin. Apps may read them since 2026-10.

A purchase order has a supplier and a moment at which it was ordered, but no day of arrival, and nothing
tells what came of it: the transfers that are linked to it have shipments, which do.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC

import msgspec
import structlog

from app.errors import NeedsMerchant
from app.platforms.base import PurchaseLine, PurchaseOrder
from app.platforms.http import PlatformRefused
from app.platforms.shopify import goods_queries
from app.platforms.shopify.answers import Nodes, PageInfo, Ref, typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids, number_of
from app.platforms.shopify.payloads import Moment
from app.platforms.shopify.profile import INBOUND_SCOPES, PURCHASE_ORDERS_SCOPE
from app.platforms.shopify.reads import batches
from app.platforms.text import printable

log = structlog.get_logger()

_FIRST_VERSION = "2026-10"


class _Listed(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    status: str
    ordered_at: Moment | None = None
    archived_at: Moment | None = None


class _Supplier(msgspec.Struct, frozen=True, rename="camel"):
    supplier_name: str | None = None


class _Place(msgspec.Struct, frozen=True):
    location: Ref | None = None


class _Item(msgspec.Struct, frozen=True):
    id: str
    sku: str | None = None


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    total_quantity: int
    inventory_item: _Item | None = None
    supplier_sku: str | None = None


class _Transfer(msgspec.Struct, frozen=True):
    shipments: Nodes[Ref] = Nodes()


class _Order(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    name: str
    ordered_at: Moment | None = None
    origin: _Supplier | None = None
    destination: _Place | None = None
    line_items: Nodes[_Line] = Nodes()
    transfers: Nodes[_Transfer] = Nodes()


def fetch_purchase_orders(
    client: ShopifyClient, known: Collection[int], *, scopes: Sequence[str]
) -> list[PurchaseOrder] | None:
    """See `app.platforms.base.Platform.fetch_purchase_orders`. Nobody's shop stands still because its
    purchase orders can't be read: a merchant may hide them from whoever installed the app, and we know
    the query from its description alone."""
    if PURCHASE_ORDERS_SCOPE not in scopes or client.api_version < _FIRST_VERSION:
        return None
    try:
        listed = [number for number in _open(client) if number not in known]
        has_transfers = all(scope in scopes for scope in INBOUND_SCOPES)
        return [_order(client, one) for one in _whole(client, listed, has_transfers=has_transfers)]
    except (NeedsMerchant, PlatformRefused) as refused:
        log.warning("purchase orders can't be read", shop=client.domain, reason=str(refused))
        return None


def _open(client: ShopifyClient) -> Iterator[int]:
    """No term of search is documented, so all are listed; that costs a point each."""
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        variables = {"after": page.end_cursor}
        data = client.execute(
            goods_queries.PURCHASE_ORDERS, variables, cost=goods_queries.PURCHASE_ORDERS_COST
        )
        answer = typed(data["inventoryPurchaseOrders"], Nodes[_Listed])
        for one in answer.nodes:
            if one.status == "ORDERED" and one.ordered_at is not None and one.archived_at is None:
                yield number_of(one.id)
        page = answer.page_info


def _whole(client: ShopifyClient, numbers: Sequence[int], *, has_transfers: bool) -> Iterator[_Order]:
    document = (
        goods_queries.WHOLE_PURCHASE_ORDERS if has_transfers else goods_queries.PURCHASE_ORDERS_ALONE
    )
    for batch in batches(numbers, each=goods_queries.PURCHASE_ORDER_COST):
        variables = {"ids": gids("InventoryPurchaseOrder", batch)}
        cost = len(batch) * goods_queries.PURCHASE_ORDER_COST
        nodes = typed(client.execute(document, variables, cost=cost)["nodes"], list[_Order | None])
        # One that is gone, or is a draft again, since it was listed is no order.
        yield from (node for node in nodes if node is not None and node.ordered_at is not None)


def _order(client: ShopifyClient, one: _Order) -> PurchaseOrder:
    assert one.ordered_at is not None  # noqa: S101 -- `_whole` leaves others out
    lines = one.line_items.nodes
    if len(lines) >= goods_queries.PURCHASE_ORDER_LINES:
        lines = tuple(_lines(client, number_of(one.id)))
    place = one.destination.location if one.destination is not None else None
    return PurchaseOrder(
        order_id=number_of(one.id),
        name=printable(one.name),
        supplier=printable(one.origin.supplier_name) if one.origin is not None else "",
        ordered_at=one.ordered_at.astimezone(UTC),
        location_id=None if place is None else number_of(place.id),
        lines=tuple(
            PurchaseLine(
                number_of(line.id),
                number_of(line.inventory_item.id),
                printable(line.inventory_item.sku),
                line.total_quantity,
                printable(line.supplier_sku),
            )
            for line in lines
            if line.inventory_item is not None and line.total_quantity > 0
        ),
        shipment_ids=tuple(
            number_of(shipment.id)
            for transfer in one.transfers.nodes
            for shipment in transfer.shipments.nodes
        ),
    )


def _lines(client: ShopifyClient, number: int) -> Iterator[_Line]:
    page = PageInfo(has_next_page=True)
    while page.has_next_page:
        variables = {"id": gid("InventoryPurchaseOrder", number), "after": page.end_cursor}
        data = client.execute(
            goods_queries.PURCHASE_LINES, variables, cost=goods_queries.PURCHASE_LINES_COST
        )
        if data["node"] is None:
            return
        answer = typed(data["node"]["lineItems"], Nodes[_Line])
        yield from answer.nodes
        page = answer.page_info

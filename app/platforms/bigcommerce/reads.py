"""What is read from a store: orders, variants, stock, and what is about to be written."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
from msgspec.structs import replace

from app.platforms.base import (
    ChangedOrders,
    ImportPage,
    ItemStock,
    OrderAsk,
    OrderGone,
    OrderNow,
    OrderSeen,
    PreWriteRead,
    VariantSeen,
)
from app.platforms.bigcommerce.answers import (
    Consignments,
    InventoryItem,
    Line,
    OrderBody,
    Product,
    Shipping,
    Variant,
    codes_of,
    moment,
    order_seen,
    pools_of,
    read,
)
from app.platforms.bigcommerce.client import BigCommerceClient
from app.platforms.bigcommerce.store_config_cache import StoreConfigCache
from app.platforms.text import printable

# The most that one request takes, by the documentation of each endpoint.
ORDERS_AT_ONCE = 250
ITEMS_AT_ONCE = 1000

# Orders whose numbers lie this near to each other are read as one range: a store numbers its orders one
# by one, and more than that would mostly be orders that nobody asked for.
_RANGE = 50

# The statuses of orders that may still be shipped, in the order in which they are imported.
OPEN_STATUSES = (1, 3, 7, 8, 9, 11, 12, 13, 14)

# Products with options whose codes are read in one go.
_PRODUCTS_WITH_CODES = 20

_WITH_LINES: Mapping[str, str | int] = {
    "include": "consignments.line_items",
    "consignment_structure": "object",
}


def fetch_orders(
    client: BigCommerceClient, store_config: StoreConfigCache, asks: Sequence[OrderAsk]
) -> list[OrderSeen | OrderGone]:
    """The orders asked for, whole, one answer each and in that order."""
    found = fetch_bodies(client, [ask.order_id for ask in asks])
    seen = {order.order_id: order for order in _seen(store_config, list(found.values()))}
    return [seen.get(ask.order_id) or OrderGone(ask.order_id) for ask in asks]


def _seen(store_config: StoreConfigCache, orders: Sequence[OrderBody]) -> list[OrderSeen]:
    """These orders in our words, by what the store does the same way every day. Whether lists leave out
    archived orders is not documented: none of them is an order that waits."""
    orders = [order for order in orders if not order.is_deleted]
    if not orders:
        return []
    default_id = store_config.default_location_id()
    store_config.learn_variants(
        [
            Variant(line.variant_id, line.product_id, line.sku)
            for order in orders
            for line in order.every_line()
            if line.variant_id and line.product_id
        ]
    )
    products = store_config.products(
        {line.product_id or 0 for order in orders for line in order.every_line()}
    )
    return [
        order_seen(
            order,
            default_location_id=default_id,
            products=products,
            rules=store_config.stock_rules(order.channel_of_settings),
        )
        for order in orders
    ]


def fetch_bodies(client: BigCommerceClient, order_ids: Sequence[int]) -> dict[int, OrderBody]:
    """The orders by number, as BigCommerce tells them; those that are gone or archived are missing."""
    found: dict[int, OrderBody] = {}
    for some in _ranges(sorted(set(order_ids))):
        if len(some) > 1:
            span = {"min_id": some[0], "max_id": some[-1], "limit": ORDERS_AT_ONCE}
            found |= {order.id: order for order in _list_orders(client, span) if order.id in some}
        for order_id in some:
            if order_id not in found and (order := _fetch_body(client, order_id)):
                found[order_id] = order
    return {order_id: order for order_id, order in found.items() if not order.is_deleted}


def _ranges(order_ids: Sequence[int]) -> Iterator[list[int]]:
    some: list[int] = []
    for order_id in order_ids:
        if some and order_id - some[0] >= _RANGE:
            yield some
            some = []
        some.append(order_id)
    if some:
        yield some


def _fetch_body(client: BigCommerceClient, order_id: int) -> OrderBody | None:
    answer = client.request(
        "GET", f"/v2/orders/{order_id}", params=_WITH_LINES, expected=[HTTPStatus.NOT_FOUND]
    )
    if answer.status == HTTPStatus.NOT_FOUND or answer.body is None:
        return None
    return _whole(client, read(answer.body, OrderBody))


def _list_orders(client: BigCommerceClient, params: Mapping[str, str | int]) -> list[OrderBody]:
    body = client.get("/v2/orders", {**params, **_WITH_LINES})
    return [_whole(client, order) for order in read(body or [], list[OrderBody])]


def _whole(client: BigCommerceClient, order: OrderBody) -> OrderBody:
    """The order with all its lines. Those of a long order are read by themselves: what its consignments
    did not tell is taken as shipped."""
    told = order.consignments or Consignments()
    if order.is_whole:
        return order
    elsewhere = {line.id for line in replace(told, shipping=[]).every_line()}
    lines = [line for line in _fetch_lines(client, order.id) if line.id not in elsewhere]
    shipping = [Shipping(lines)]
    return replace(order, consignments=replace(told, shipping=shipping))


def _fetch_lines(client: BigCommerceClient, order_id: int) -> list[Line]:
    lines: list[Line] = []
    page = 1
    while True:
        params = {"page": page, "limit": ORDERS_AT_ONCE}
        some = read(client.get(f"/v2/orders/{order_id}/products", params) or [], list[Line])
        lines += some
        if len(some) < ORDERS_AT_ONCE:
            return lines
        page += 1


def fetch_changed_orders(
    client: BigCommerceClient, store_config: StoreConfigCache, since: datetime
) -> ChangedOrders:
    """Orders changed at or after a moment, whole, the oldest change first."""
    orders, is_complete = _changed_bodies(client, since)
    copies = _seen(store_config, orders)
    return ChangedOrders(
        updated_at={copy.order_id: copy.updated_at for copy in copies},
        seen_until=max([since, *(moment(order.date_modified) for order in orders)]),
        is_complete=is_complete,
        orders=tuple(copies),
    )


def _changed_bodies(client: BigCommerceClient, since: datetime) -> tuple[list[OrderBody], bool]:
    """One page, and whether it is the last. Where a whole page changed in the very second that is asked
    for (a bulk edit), the next ones too: asked again from there, it would be the same page."""
    orders: list[OrderBody] = []
    page = 1
    while True:
        params: Mapping[str, str | int] = {
            "min_date_modified": since.astimezone(UTC).isoformat(timespec="seconds"),
            "sort": "date_modified:asc",
            "limit": ORDERS_AT_ONCE,
            "page": page,
        }
        some = _list_orders(client, params)
        orders += some
        is_last = len(some) < ORDERS_AT_ONCE
        if is_last or moment(some[-1].date_modified) > since:
            return orders, is_last
        page += 1


def fetch_open_orders(
    client: BigCommerceClient, store_config: StoreConfigCache, cursor: str | None
) -> ImportPage:
    """The next page of the import, status by status. The cursor is "status/number/total": orders of
    that status with a higher number are still to come, of so many in all."""
    if cursor is None:
        cursor = f"{OPEN_STATUSES[0]}/0/{_count_open_orders(client)}"
    status_id, after_id, total = map(int, cursor.split("/"))
    orders = _list_orders(
        client,
        {"status_id": status_id, "min_id": after_id + 1, "sort": "id:asc", "limit": ORDERS_AT_ONCE},
    )
    copies = tuple(_seen(store_config, orders))
    if len(orders) == ORDERS_AT_ONCE:
        return ImportPage(copies, f"{status_id}/{orders[-1].id}/{total}", total)
    if status_id == OPEN_STATUSES[-1]:
        return ImportPage(copies, None, total)
    following = OPEN_STATUSES[OPEN_STATUSES.index(status_id) + 1]
    return ImportPage(copies, f"{following}/0/{total}", total)


class _StatusCount(msgspec.Struct):
    id: int
    count: int = 0


class _Counts(msgspec.Struct):
    statuses: list[_StatusCount] = []


def _count_open_orders(client: BigCommerceClient) -> int:
    counts = read(client.get("/v2/orders/count"), _Counts)
    return sum(status.count for status in counts.statuses if status.id in OPEN_STATUSES)


def fetch_variants(store_config: StoreConfigCache, variant_ids: Sequence[int]) -> list[VariantSeen]:
    """Which items these variants sell. One that does not exist any more has none."""
    found = store_config.variants(variant_ids)
    products = store_config.products({variant.product_id for variant in found.values()})
    return [_variant_seen(variant_id, found.get(variant_id), products) for variant_id in variant_ids]


def fetch_codes(store_config: StoreConfigCache, variant_ids: Sequence[int]) -> list[VariantSeen]:
    """The same with their codes, of the variants of few products: one page tells of 250 variants, and a
    product may have 600. A product without options has the codes of its only variant."""
    seen = fetch_variants(store_config, variant_ids)
    untold = {one.product_id for one in seen if one.codes is None and one.product_id}
    asked = sorted(untold)[:_PRODUCTS_WITH_CODES]
    codes = store_config.codes_of_variants(asked) if asked else {}
    return [
        replace(one, codes=codes.get(one.variant_id, ())) if one.product_id in asked else one
        for one in seen
        if one.product_id in asked or one.product_id not in untold
    ]


def _variant_seen(
    variant_id: int, variant: Variant | None, products: Mapping[int, Product]
) -> VariantSeen:
    product = products.get(variant.product_id) if variant else None
    if variant is None or product is None:
        return VariantSeen(variant_id, None, "")
    return VariantSeen(
        variant_id=variant_id,
        item_id=product.item_of(variant_id),
        title=printable(product.name),
        sku=printable(variant.sku),
        is_tracked=product.is_tracked,
        product_id=product.id,
        codes=codes_of(product) if product.base_variant_id == variant_id else None,
    )


def fetch_stock(
    client: BigCommerceClient, store_config: StoreConfigCache, item_ids: Sequence[int]
) -> list[ItemStock]:
    """The pools of many items; what is not tracked, or no more, has none."""
    found = fetch_inventory(client, store_config, item_ids)
    products = _products_of(store_config, found)
    return [_item_stock(item_id, found.get(item_id), products) for item_id in item_ids]


def fetch_inventory(
    client: BigCommerceClient, store_config: StoreConfigCache, item_ids: Sequence[int]
) -> dict[int, InventoryItem]:
    """What the inventory API tells of these items, by item; those that it does not know are missing."""
    found = {
        item.identity.variant_id: item
        for item in _fetch_inventory(client, "variant_id:in", item_ids)
        if item.identity.variant_id
    }
    return found | _fetch_shared(client, store_config, [one for one in item_ids if one not in found])


def _products_of(
    store_config: StoreConfigCache, found: Mapping[int, InventoryItem]
) -> dict[int, Product]:
    """The products of these items. Where stock is told of one that was not counted when we last asked,
    its tracking has been switched on since."""
    products = store_config.products({item.identity.product_id or 0 for item in found.values()})
    changed = {
        product.id
        for item_id, item in found.items()
        if (product := products.get(item.identity.product_id or 0)) and not product.counts(item_id)
    }
    return products | store_config.products_anew(changed)


def _item_stock(item_id: int, item: InventoryItem | None, products: Mapping[int, Product]) -> ItemStock:
    product = products.get(item.identity.product_id or 0) if item else None
    if item is None or product is None or not product.counts(item_id):
        return ItemStock(item_id, is_tracked=False, pools=())
    return ItemStock(item_id, is_tracked=True, pools=pools_of(item), sku=printable(item.identity.sku))


def _fetch_shared(
    client: BigCommerceClient, store_config: StoreConfigCache, item_ids: Sequence[int]
) -> dict[int, InventoryItem]:
    """The stock that variants of a product share, by the item that stands for it: BigCommerce names it
    by the product alone."""
    variants = store_config.variants(item_ids)
    products = store_config.products({variant.product_id for variant in variants.values()})
    items = {product.id: product.first_variant_id for product in products.values() if product.is_shared}
    return {
        item_id: told
        for told in _fetch_inventory(client, "product_id:in", sorted(items))
        if (item_id := items.get(told.identity.product_id or 0))
    }


def _fetch_inventory(
    client: BigCommerceClient, named_by: str, ids: Sequence[int]
) -> Iterator[InventoryItem]:
    for start in range(0, len(ids), ITEMS_AT_ONCE):
        params = {named_by: ",".join(map(str, ids[start : start + ITEMS_AT_ONCE]))}
        for page in client.pages("/v3/inventory/items", params, limit=ITEMS_AT_ONCE):
            yield from read(page, list[InventoryItem])


def look(
    client: BigCommerceClient,
    store_config: StoreConfigCache,
    asks: Sequence[OrderAsk],
    item_ids: Sequence[int],
) -> PreWriteRead:
    """The stock that decided, and the orders about to be written with their notes. The notes are read
    last: what staff write between that and our write is lost."""
    stock = fetch_stock(client, store_config, item_ids) if item_ids else []
    found = fetch_bodies(client, [ask.order_id for ask in asks])
    bodies = [found[ask.order_id] for ask in asks if ask.order_id in found]
    orders = [
        OrderNow(order=seen, note=body.staff_notes or "", tags=(), status_id=body.status_id)
        for body, seen in zip(bodies, _seen(store_config, bodies), strict=True)
    ]
    return PreWriteRead(tuple(orders), tuple(stock))

"""The root fields: lists, and single records by id."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify.call import Answer, Args, Call, iso, read_gid
from app.sandbox.shopify.nodes import (
    find_level,
    find_node,
    find_one,
    readable_orders,
    visible_fulfillment_orders,
)
from app.sandbox.shopify.paging import Page
from app.sandbox.shopify.records import FulfillmentOrder, Location, Order
from app.sandbox.shopify.search import Term
from app.sandbox.shopify.terms import (
    DRAFT_TERMS,
    FULFILLMENT_ORDER_TERMS,
    ITEM_TERMS,
    LOCATION_TERMS,
    OPERATION_TERMS,
    SHIPMENT_TERMS,
    SUBSCRIPTION_TERMS,
    VARIANT_TERMS,
    order_terms,
    searched,
    transfer_terms,
)

IDS_LIMIT = 250

ORDER_SORTS: Mapping[str, Callable[[Order], tuple[Any, ...]]] = {
    "ID": lambda order: (order.order_id,),
    "ORDER_NUMBER": lambda order: (order.number,),
    "CREATED_AT": lambda order: (iso(order.created_at), order.order_id),
    "PROCESSED_AT": lambda order: (iso(order.processed_at), order.order_id),
    "UPDATED_AT": lambda order: (iso(order.updated_at), order.order_id),
}

FULFILLMENT_ORDER_SORTS: Mapping[str, Callable[[FulfillmentOrder], tuple[Any, ...]]] = {
    "ID": lambda one: (one.fulfillment_order_id,),
    "UPDATED_AT": lambda one: (iso(one.updated_at), one.fulfillment_order_id),
}

LOCATION_SORTS: Mapping[str, Callable[[Location], tuple[Any, ...]]] = {
    "ID": lambda one: (one.location_id,),
    "NAME": lambda one: (one.name, one.location_id),
}


def _sorting(args: Args, sorts: Mapping[str, Any]) -> Any:
    key = args.get("sortKey") or "ID"
    if key not in sorts:
        raise GraphQLError(f"the sandbox doesn't sort by {key}")
    return sorts[key]


def _orders(root: None, call: Call, args: Args) -> Page:
    test = searched(call, args, order_terms(call))
    found = (one for one in readable_orders(call) if _is_found_yet(call, one) and test(one))
    return call.page(found, args, key=_sorting(args, ORDER_SORTS))


def _is_found_yet(call: Call, order: Order) -> bool:
    lag = timedelta(seconds=call.shop.faults.search_lag_s.get(order.order_id, 0))
    return order.updated_at + lag <= call.books.now()


def _orders_count(root: None, call: Call, args: Args) -> dict[str, Any]:
    count = sum(map(searched(call, args, order_terms(call)), readable_orders(call)))
    limit = args.get("limit") or count
    return {"count": min(count, limit), "precision": "EXACT" if count <= limit else "AT_LEAST"}


def _fulfillment_orders(root: None, call: Call, args: Args) -> Page:
    test = searched(call, args, FULFILLMENT_ORDER_TERMS)
    shown = (
        one
        for one in visible_fulfillment_orders(call)
        if (one.is_open or args.get("includeClosed")) and test(one)
    )
    return call.page(shown, args, key=_sorting(args, FULFILLMENT_ORDER_SORTS))


def _held_fulfillment_orders(root: None, call: Call, args: Args) -> Page:
    test = searched(call, args, FULFILLMENT_ORDER_TERMS)
    held = (one for one in visible_fulfillment_orders(call) if one.status == "ON_HOLD" and test(one))
    return call.page(held, args, key=lambda one: (one.fulfillment_order_id,))


def _locations(root: None, call: Call, args: Args) -> Page:
    test = searched(call, args, LOCATION_TERMS)
    every = call.books.locations.values()
    shown = (one for one in every if (one.is_active or args.get("includeInactive")) and test(one))
    return call.page(shown, args, key=_sorting(args, LOCATION_SORTS))


def _subscriptions(root: None, call: Call, args: Args) -> Page:
    test = searched(call, args, SUBSCRIPTION_TERMS)
    topics = set(args.get("topics") or ())
    found = [
        one
        for one in call.shop.webhooks.subscriptions.values()
        if test(one)
        and (not topics or one.topic.replace("/", "_").upper() in topics)
        and args.get("uri") in (None, one.uri)
    ]
    return call.page(found, args, key=lambda one: (one.subscription_id,))


def _listed(
    records: Callable[[Call], Iterable[Any]], terms: Mapping[str, Term], attribute: str
) -> Answer:
    """A list in the order of its ids, which is also the order of creation."""

    def answer(root: None, call: Call, args: Args) -> Page:
        if args.get("sortKey") not in (None, "ID", "CREATED_AT"):
            raise GraphQLError(f"the sandbox doesn't sort by {args['sortKey']}")
        found = filter(searched(call, args, terms), records(call))
        return call.page(found, args, key=lambda one: (getattr(one, attribute),))

    return answer


def _one(kind: str) -> Answer:
    return lambda root, call, args: find_one(call, kind, read_gid(args["id"], kind)[1])


def _location(root: None, call: Call, args: Args) -> Location | None:
    if args.get("id") is None:
        return next(iter(call.books.locations.values()), None)
    return call.books.locations.get(read_gid(args["id"], "Location")[1])


def _nodes(root: None, call: Call, args: Args) -> list[Any]:
    if len(args["ids"]) > IDS_LIMIT:
        raise GraphQLError(
            f"The input array size of ids is greater than the maximum allowed of {IDS_LIMIT}."
        )
    return [find_node(call, one) for one in args["ids"]]


def _transfers(root: None, call: Call, args: Args) -> Page:
    if args.get("sortKey") not in (None, "ID"):
        raise GraphQLError(f"the sandbox doesn't sort by {args['sortKey']}")
    found = filter(searched(call, args, transfer_terms(call)), call.books.transfers.values())
    return call.page(found, args, key=lambda one: (one.transfer_id,))


QUERY_ROOT: dict[str, Answer] = {
    "node": lambda root, call, args: find_node(call, args["id"]),
    "nodes": _nodes,
    "order": _one("Order"),
    "orders": _orders,
    "ordersCount": _orders_count,
    "fulfillmentOrder": _one("FulfillmentOrder"),
    "fulfillmentOrders": _fulfillment_orders,
    "manualHoldsFulfillmentOrders": _held_fulfillment_orders,
    "inventoryItem": _one("InventoryItem"),
    "inventoryItems": _listed(lambda call: call.books.items.values(), ITEM_TERMS, "item_id"),
    "inventoryLevel": lambda root, call, args: find_level(call, args["id"]),
    "productVariant": _one("ProductVariant"),
    "productVariants": _listed(lambda call: call.books.variants.values(), VARIANT_TERMS, "variant_id"),
    "locations": _locations,
    "location": _location,
    "shop": lambda root, call, args: call.shop,
    "shopLocales": lambda root, call, args: [call.shop.locale],
    "currentAppInstallation": lambda root, call, args: call.shop,
    "webhookSubscription": _one("WebhookSubscription"),
    "webhookSubscriptions": _subscriptions,
    "bulkOperation": _one("BulkOperation"),
    "bulkOperations": _listed(
        lambda call: call.shop.bulk_operations.values(), OPERATION_TERMS, "operation_id"
    ),
    "inventoryTransfers": _transfers,
    "draftOrders": _listed(lambda call: call.books.drafts.values(), DRAFT_TERMS, "draft_id"),
    "inventoryPurchaseOrder": _one("InventoryPurchaseOrder"),
    "inventoryPurchaseOrders": _listed(
        lambda call: call.books.purchase_orders.values(), {}, "purchase_order_id"
    ),
    "inventoryShipment": _one("InventoryShipment"),
    "inventoryShipments": _listed(
        lambda call: call.books.shipments.values(), SHIPMENT_TERMS, "shipment_id"
    ),
}

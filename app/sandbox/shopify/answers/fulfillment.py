"""What fulfillment orders, their lines and their holds answer."""

from collections.abc import Callable, Mapping
from typing import Any

from app.sandbox.shopify.answers.fields import always, gid_of, time_of, value_of
from app.sandbox.shopify.call import Answer, Args, Call, iso, read_gid
from app.sandbox.shopify.moves import locations_for_move
from app.sandbox.shopify.payloads import gid
from app.sandbox.shopify.records import FulfillmentLine, FulfillmentOrder, Line


def supported_actions(one: FulfillmentOrder) -> list[str]:
    """What may be done with a fulfillment order in its state."""
    if one.status == "ON_HOLD":
        return ["RELEASE_HOLD", "HOLD"]
    if one.status == "OPEN":
        return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE", "HOLD", "SPLIT", "MERGE"]
    return ["CREATE_FULFILLMENT", "REPORT_PROGRESS", "MOVE"] if one.status == "IN_PROGRESS" else []


def _locations_for_move(one: FulfillmentOrder, call: Call, args: Args) -> Any:
    """The locations asked about, or all, for the lines asked about, or all that are still to ship."""
    lines = {read_gid(each, "FulfillmentOrderLineItem")[1] for each in args.get("lineItemIds") or ()}
    places = args.get("locationIds")
    wanted = None if places is None else {read_gid(each, "Location")[1] for each in places}
    parts = [part for part in one.lines if part.remaining]
    found = locations_for_move(
        call.books, one, [part for part in parts if not lines or part.fulfillment_line_id in lines]
    )
    kept = [each for each in found if wanted is None or each.location.location_id in wanted]
    return call.page(kept, args, key=lambda each: (each.location.location_id,))


def _parts_of(name: str) -> Answer:
    return lambda one, call, args: call.page(
        getattr(one, name), args, key=lambda part: (part.fulfillment_line_id,)
    )


def _count_of(name: str) -> Answer:
    return lambda one, call, args: {"count": len(getattr(one, name)), "precision": "EXACT"}


LOCATION_FOR_MOVE: dict[str, Answer] = {
    "location": value_of("location"),
    "movable": value_of("movable"),
    "message": value_of("message"),
    "availableLineItems": _parts_of("available"),
    "availableLineItemsCount": _count_of("available"),
    "unavailableLineItems": _parts_of("unavailable"),
    "unavailableLineItemsCount": _count_of("unavailable"),
}

FULFILLMENT_ORDER: dict[str, Answer] = {
    "id": gid_of("FulfillmentOrder", "fulfillment_order_id"),
    "assignedLocation": lambda one, call, args: call.books.locations[one.location_id],
    "createdAt": time_of("created_at"),
    "updatedAt": time_of("updated_at"),
    "fulfillAt": time_of("fulfill_at"),
    "fulfillBy": always(None),
    "fulfillmentHolds": lambda one, call, args: list(one.holds),
    "lineItems": lambda one, call, args: call.page(
        one.lines, args, key=lambda part: (part.fulfillment_line_id,)
    ),
    "order": lambda one, call, args: call.books.orders[one.order_id],
    "orderId": gid_of("Order", "order_id"),
    "orderName": lambda one, call, args: call.books.orders[one.order_id].name,
    "orderProcessedAt": lambda one, call, args: iso(call.books.orders[one.order_id].processed_at),
    "requestStatus": always("UNSUBMITTED"),
    "locationsForMove": _locations_for_move,
    "status": value_of("status"),
    "supportedActions": lambda one, call, args: supported_actions(one),
}

ASSIGNED_LOCATION: dict[str, Answer] = {
    "location": lambda location, call, args: location,
    "name": value_of("name"),
}

SUPPORTED_ACTION: dict[str, Answer] = {
    "action": lambda action, call, args: action,
    "externalUrl": always(None),
}


def _line_of(part: FulfillmentLine, call: Call) -> Line:
    order_id = call.books.fulfillment_orders[part.fulfillment_order_id].order_id
    return call.books.orders[order_id].line(part.line_id)


def _via_line(answer: Callable[[Line, Call], Any]) -> Answer:
    return lambda part, call, args: answer(_line_of(part, call), call)


FULFILLMENT_ORDER_LINE: dict[str, Answer] = {
    "id": gid_of("FulfillmentOrderLineItem", "fulfillment_line_id"),
    "inventoryItemId": _via_line(lambda line, call: line.item_id and gid("InventoryItem", line.item_id)),
    "lineItem": _via_line(lambda line, call: line),
    "productTitle": _via_line(lambda line, call: line.title),
    "remainingQuantity": value_of("remaining"),
    "requiresShipping": always(True),
    "sku": _via_line(lambda line, call: line.sku or None),
    "totalQuantity": value_of("total"),
    "variant": _via_line(lambda line, call: call.books.variants.get(line.variant_id or 0)),
    "variantTitle": _via_line(lambda line, call: line.variant_title or None),
    "vendor": always(None),
}

HOLD: dict[str, Answer] = {
    "id": gid_of("FulfillmentHold", "hold_id"),
    "displayReason": lambda hold, call, args: hold.reason.replace("_", " ").capitalize(),
    "handle": value_of("handle"),
    "heldByApp": lambda hold, call, args: call.shop if hold.app == "us" else None,
    "heldByRequestingApp": lambda hold, call, args: hold.app == "us",
    "reason": value_of("reason"),
    "reasonNotes": value_of("notes"),
}


ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "FulfillmentOrder": FULFILLMENT_ORDER,
    "FulfillmentOrderLocationForMove": LOCATION_FOR_MOVE,
    "FulfillmentOrderAssignedLocation": ASSIGNED_LOCATION,
    "FulfillmentOrderSupportedAction": SUPPORTED_ACTION,
    "FulfillmentOrderLineItem": FULFILLMENT_ORDER_LINE,
    "FulfillmentHold": HOLD,
}

"""Moves of fulfillment orders.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentOrderMove
"""

from collections.abc import Mapping

from app.sandbox.records import Refused
from app.sandbox.shopify import marks, moves
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.refusals import Payload, refused, user_error


def _move(root: None, call: Call, args: Args) -> Payload:
    source = call.books.fulfillment_orders.get(read_gid(args["id"], "FulfillmentOrder")[1])
    place = read_gid(args["newLocationId"], "Location")[1]
    if source is None:
        return refused(user_error(["id"], "Fulfillment order does not exist."))
    if place not in call.books.locations:
        return refused(user_error(["newLocationId"], "Location does not exist."))
    lines = args.get("fulfillmentOrderLineItems") or []
    named = {read_gid(one["id"], "FulfillmentOrderLineItem")[1]: one["quantity"] for one in lines}
    try:
        moved = moves.move(call.books, source, place, quantities=named or None)
    except Refused as refusal:
        return refused(user_error(["id"], str(refusal)))
    detail = f"{moved.fulfillment_order_id} to {place}"
    marks.record(call.books, call.number, "moved", order_id=source.order_id, detail=detail)
    return {
        "movedFulfillmentOrder": moved,
        "originalFulfillmentOrder": source,
        "remainingFulfillmentOrder": None if source is moved else source,
        "userErrors": [],
    }


MUTATIONS: Mapping[str, Answer] = {"fulfillmentOrderMove": _move}

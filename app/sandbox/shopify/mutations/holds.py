"""Holds of fulfillment orders."""

from collections.abc import Mapping

from graphql import GraphQLError

from app.sandbox.shopify import holds, marks
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.refusals import Payload, refused, user_error

HOLD_HANDLE_LIMIT = 64


def _hold(root: None, call: Call, args: Args) -> Payload:
    target = call.books.fulfillment_orders.get(read_gid(args["id"], "FulfillmentOrder")[1])
    wish = args["fulfillmentHold"]
    if target is None:
        return refused(
            user_error(["id"], "Fulfillment order does not exist.", "FULFILLMENT_ORDER_NOT_FOUND")
        )
    if wish.get("externalId"):
        raise GraphQLError("the sandbox doesn't name holds by externalId")
    if len(wish.get("handle") or "") > HOLD_HANDLE_LIMIT:
        return refused(user_error(["fulfillmentHold", "handle"], "Handle is too long.", None))
    lines = wish.get("fulfillmentOrderLineItems") or []
    named = {read_gid(one["id"], "FulfillmentOrderLineItem")[1]: one["quantity"] for one in lines}
    if len(named) != len(lines):
        code = "DUPLICATED_FULFILLMENT_ORDER_LINE_ITEMS"
        return refused(user_error(["fulfillmentHold"], "The line items are not unique.", code))
    try:
        hold, remaining = holds.place(call.books, target, _hold_wish(wish, named))
    except holds.HoldRefused as refusal:
        return refused(user_error(["id"], str(refusal), refusal.code))
    detail = f"{hold.hold_id} {hold.reason} {hold.handle}"
    marks.record(call.books, call.number, "hold placed", order_id=target.order_id, detail=detail)
    return {
        "fulfillmentHold": hold,
        "fulfillmentOrder": target,
        "remainingFulfillmentOrder": remaining,
        "userErrors": [],
    }


def _hold_wish(wish: Args, named: Mapping[int, int]) -> holds.HoldWish:
    return holds.HoldWish(
        wish["reason"], wish.get("handle"), wish.get("reasonNotes"), holds.OUR_APP, named or None
    )


def _release(root: None, call: Call, args: Args) -> Payload:
    target = call.books.fulfillment_orders.get(read_gid(args["id"], "FulfillmentOrder")[1])
    if target is None:
        return refused(
            user_error(["id"], "Fulfillment order does not exist.", "FULFILLMENT_ORDER_NOT_FOUND")
        )
    if args.get("externalId"):
        raise GraphQLError("the sandbox doesn't name holds by externalId")
    named = args.get("holdIds")
    wanted = None if named is None else [read_gid(one, "FulfillmentHold")[1] for one in named]
    try:
        gone = holds.release(call.books, target, wanted)
    except holds.HoldRefused as refusal:
        return refused(user_error(["id"], str(refusal), refusal.code))
    for hold in gone:
        detail = f"{hold.hold_id} {hold.reason} {hold.handle}"
        marks.record(call.books, call.number, "hold released", order_id=target.order_id, detail=detail)
    return {"fulfillmentOrder": target, "userErrors": []}


MUTATIONS: Mapping[str, Answer] = {
    "fulfillmentOrderHold": _hold,
    "fulfillmentOrderReleaseHold": _release,
}

"""Refunds: units taken out of an order, and the money for them.

Since 2026-04 a key must name each request (`@idempotent`); one with a known key is answered as the first
was, and does nothing: https://shopify.dev/docs/api/usage/idempotent-requests
"""

from collections.abc import Mapping
from decimal import Decimal

from graphql import GraphQLError

from app.sandbox.records import Refused
from app.sandbox.shopify import marks, orders
from app.sandbox.shopify.call import Answer, Args, Call, read_gid
from app.sandbox.shopify.mutations.refusals import Payload, refused, user_error
from app.sandbox.shopify.records import Answered, Order

_MODELLED = {"orderId", "currency", "note", "notify", "refundLineItems", "transactions"}
_NO_ORDER = user_error(["orderId"], "Order does not exist")


def _refund_create(root: None, call: Call, args: Args) -> Payload:
    if not call.idempotency_key:
        raise GraphQLError(
            "The @idempotent directive is required for this mutation.",
            extensions={"code": "IDEMPOTENCY_KEY_REQUIRED"},
        )
    if call.idempotency_key in call.shop.keys_in_progress:
        raise GraphQLError(
            "This request is currently in progress, please try again.",
            extensions={"code": "IDEMPOTENCY_CONCURRENT_REQUEST"},
        )
    known = call.shop.idempotent.get(call.idempotency_key)
    if known is not None:
        if known.wish != args["input"]:
            raise GraphQLError(
                "The idempotency key was used with other parameters.",
                extensions={"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"},
            )
        answer: Payload = known.answer
        return answer
    answer = _refund(call, args["input"])
    call.shop.idempotent[call.idempotency_key] = Answered(args["input"], answer)
    return answer


def _refund(call: Call, wish: Args) -> Payload:
    if unknown := set(wish) - _MODELLED:
        unmodelled = [name for name in sorted(unknown) if wish[name]]
        if unmodelled:
            raise GraphQLError(f"the sandbox doesn't refund with {', '.join(unmodelled)}")
    order = call.books.orders.get(read_gid(wish["orderId"], "Order")[1])
    if order is None:
        return refused(_NO_ORDER)
    units: dict[int, int] = {}
    for line in wish.get("refundLineItems") or []:
        if line.get("restockType") != "CANCEL":
            raise GraphQLError("the sandbox refunds through the API only units that were not shipped")
        number = read_gid(line["lineItemId"], "LineItem")[1]
        units[number] = units.get(number, 0) + line["quantity"]
    money = sum((Decimal(one["amount"]) for one in wish.get("transactions") or []), Decimal())
    if money > refundable(order):
        return refused(user_error(["transactions"], "Refund amount exceeds what can be refunded"))
    try:
        orders.refund(call.books, order, units, restock="cancel", location_id=None)
    except Refused as refusal:
        return refused(user_error(["refundLineItems"], str(refusal)))
    order.refunded += money
    detail = f"{sum(units.values())} units, {money}"
    marks.record(call.books, call.number, "refund created", order_id=order.order_id, detail=detail)
    refund = order.refunds_told[-1]
    refund["note"] = wish.get("note")
    return {"order": order, "refund": refund, "userErrors": []}


def refundable(order: Order) -> Decimal:
    """What was paid and has not gone back: buyers pay the price of each unit, and no shipping."""
    return orders.paid(order) - order.refunded


MUTATIONS: Mapping[str, Answer] = {"refundCreate": _refund_create}

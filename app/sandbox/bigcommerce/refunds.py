"""Refunds by v3: quotes, and refunds that must name what a quote does.

A refund's payment is made in the background; an order takes one refund after the other. Buyers pay the
price of each unit by one gateway.
"""

from collections.abc import Mapping
from typing import Any

from app.sandbox.bigcommerce import orders
from app.sandbox.bigcommerce.call import NOT_FOUND, ApiError, Call, Handler, NotModelled, Reply
from app.sandbox.bigcommerce.payloads.words import PRICE, iso_date
from app.sandbox.bigcommerce.records import OFFLINE, Order
from app.sandbox.records import Refused

STORE_CREDIT = "storecredit"
TITLES = {
    STORE_CREDIT: "Store Credit",
    "custom": "Custom",
    "bankdeposit": "Bank Deposit",
    "testgateway": "Test Payment Gateway",
}


def _order(call: Call) -> Order:
    order = call.books.orders.get(call.ids["order_id"])
    if order is None:
        raise ApiError(404, NOT_FOUND)
    return order


def _units(call: Call, order: Order) -> dict[int, int]:
    units: dict[int, int] = {}
    for item in call.sent["items"]:
        if item["item_type"] != "PRODUCT":
            raise NotModelled(f"a refund of {item['item_type']}")
        line = next((one for one in order.lines if one.line_id == item["item_id"]), None)
        quantity = units.get(item["item_id"], 0) + item["quantity"]
        if line is None or not 0 < quantity <= line.current:
            raise ApiError(422, f"Item {item['item_id']} can't be refunded in that quantity.")
        units[line.line_id] = quantity
    return units


def _quote(call: Call) -> Reply:
    order = _order(call)
    amount = PRICE * sum(_units(call, order).values())
    shown = {
        "order_id": order.order_id,
        "total_refund_amount": amount,
        "total_refund_tax_amount": 0,
        "order_level_refund_amount": 0,
        "rounding": 0,
        "adjustment": 0,
        "tax_inclusive": True,
        "refund_methods": _methods(order, amount),
    }
    return Reply({"data": shown, "meta": {}}, 201)


def _methods(order: Order, amount: float) -> list[list[dict[str, Any]]]:
    """In the order of the specification's example: as store credit, as a mere note, and as it was
    paid."""
    if not order.provider:
        return []
    credit = min(amount, order.store_credit - _credit_given_back(order))
    paid = [_option(order.provider, amount - credit)] if amount > credit else []
    paid += [_option(STORE_CREDIT, credit)] if credit else []
    others = [[_option(STORE_CREDIT, amount)], [_option("custom", amount)]]
    return others if paid in others else [*others, paid]


def _credit_given_back(order: Order) -> float:
    payments = (payment for refund in order.refunds for payment in refund["payments"])
    given = (float(one["amount"]) for one in payments if one["provider_id"] == STORE_CREDIT)
    return sum(given)


def _option(provider: str, amount: float) -> dict[str, Any]:
    is_offline = provider in OFFLINE
    return {
        "provider_id": provider,
        "provider_description": TITLES[provider],
        "amount": amount,
        "offline": is_offline,
        "offline_provider": is_offline,
        "offline_reason": "This is an offline payment provider." if is_offline else "",
    }


def _create(call: Call) -> Reply:
    order = _order(call)
    units = _units(call, order)
    amount = PRICE * sum(units.values())
    payments = call.sent["payments"]
    if sum(one["amount"] for one in payments) != amount:
        raise ApiError(422, "The amount of the payments is not what the quote says.")
    try:
        orders.refund(call.books, order, units, restock=None)
    except Refused as refusal:
        raise ApiError(422, str(refusal)) from refusal
    detail = f"{sum(units.values())} units, {amount}"
    call.books.write("refund created", order, detail, request=call.number)
    made = _shown(call, order, amount)
    order.refunds.append(made)
    return Reply({"data": made, "meta": {}}, 201)


def _shown(call: Call, order: Order, amount: float) -> dict[str, Any]:
    return {
        "id": call.books.new_id("RefundOfOrder"),
        "order_id": order.order_id,
        "user_id": 0,
        "created": iso_date(call.books.now()),
        "reason": "",
        "total_amount": amount,
        "total_tax": 0,
        "uses_merchant_override_values": False,
        "items": [
            {
                "item_type": "PRODUCT",
                "item_id": item["item_id"],
                "reason": item.get("reason", ""),
                "quantity": item["quantity"],
                "adjustments": [],
                "requested_amount": PRICE * item["quantity"],
            }
            for item in call.sent["items"]
        ],
        "payments": [_payment(one) for one in call.sent["payments"]],
    }


def _payment(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": 1,
        "provider_id": sent["provider_id"],
        "amount": sent["amount"],
        "offline": sent["offline"],
        "is_declined": False,
        "declined_message": "",
        "transaction_id": "",
    }


def _list(call: Call) -> Reply:
    return Reply({"data": list(_order(call).refunds), "meta": {}})


HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("POST", "/orders/{order_id}/payment_actions/refund_quotes"): _quote,
    ("POST", "/orders/{order_id}/payment_actions/refunds"): _create,
    ("GET", "/orders/{order_id}/payment_actions/refunds"): _list,
}

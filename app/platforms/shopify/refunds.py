"""Refunds of units that were not shipped.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/refundCreate: with restock type CANCEL the
units are taken out of the order and of what is committed; nothing of what ships changes. Since 2026-04 a
key must name the request, and requests with the same key are done once:
https://shopify.dev/docs/api/usage/idempotent-requests.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from app.errors import TryLater
from app.platforms.base.refunds import Made, RefundLine, RefundPart, RefundQuote, RefundRequest
from app.platforms.http import PlatformRefused, jittered_s
from app.platforms.shopify.aliases import in_words
from app.platforms.shopify.answers import typed
from app.platforms.shopify.client import ShopifyClient
from app.platforms.shopify.ids import gid, gids, number_of
from app.platforms.shopify.queries import MUTATION_COST

QUOTE_COST = 40
QUOTE = """query RefundQuote($id: ID!, $ids: [ID!]!, $lines: [RefundLineItemInput!]!) {
  nodes(ids: $ids) { ... on LineItem { id unfulfilledQuantity currentQuantity } }
  order(id: $id) { cancelledAt suggestedRefund(refundLineItems: $lines) {
    amountSet { presentmentMoney { amount currencyCode } }
    suggestedTransactions {
      gateway formattedGateway amountSet { presentmentMoney { amount } }
      parentTransaction { id manualPaymentGateway }
    }
  } }
}"""
REFUND = """mutation Refund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id } userErrors { field message }
  }
}"""
MADE_COST = 100
MADE = """query RefundMade($id: ID!, $ids: [ID!]!) {
  nodes(ids: $ids) { ... on LineItem { id unfulfilledQuantity currentQuantity } }
  order(id: $id) { refunds(first: 50) { note } }
}"""
# After this a request with a new key may be sent; by any other error the first may still be done.
_FAILED = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
_IN_PROGRESS = "in progress"
_CHANGED = "The order has changed since Backline read it. Wait a minute, and prepare it again."


class _Money(msgspec.Struct, frozen=True, rename="camel"):
    amount: str
    currency_code: str = ""


class _Bag(msgspec.Struct, frozen=True, rename="camel"):
    presentment_money: _Money


class _Parent(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    manual_payment_gateway: bool = False


class _Transaction(msgspec.Struct, frozen=True, rename="camel"):
    amount_set: _Bag
    gateway: str | None = None
    formatted_gateway: str | None = None
    parent_transaction: _Parent | None = None


class _Suggested(msgspec.Struct, frozen=True, rename="camel"):
    amount_set: _Bag
    suggested_transactions: tuple[_Transaction, ...]


class _Order(msgspec.Struct, frozen=True, rename="camel"):
    cancelled_at: str | None = None
    suggested_refund: _Suggested | None = None


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    unfulfilled_quantity: int
    current_quantity: int


class _Refund(msgspec.Struct, frozen=True):
    note: str | None = None


class _Refunds(msgspec.Struct, frozen=True):
    refunds: tuple[_Refund, ...] = ()


class ShopifyRefunder:
    """See `app.platforms.base.refunds.Refunder` for what each method promises."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def quote(self, order_id: int, lines: Sequence[RefundLine]) -> RefundQuote:
        """Shopify's own suggestion, if the lines are still as they were read."""
        variables = {
            "id": gid("Order", order_id),
            "ids": gids("LineItem", [line.line_id for line in lines]),
            "lines": [_line_input(line) for line in lines],
        }
        data = self._client.execute(QUOTE, variables, cost=QUOTE_COST)
        order = typed(data["order"], _Order) if data["order"] else None
        there = _lines_of(data)
        open_units = {number: line.unfulfilled_quantity for number, line in there.items()}
        as_read = {line.line_id: line.outstanding for line in lines}
        if order is None or order.cancelled_at or open_units != as_read or not order.suggested_refund:
            return RefundQuote(problem=_CHANGED)
        ordered = [there[line.line_id].current_quantity for line in lines]
        return _quote(order.suggested_refund, ordered)

    def refund(self, request: RefundRequest) -> str:
        """One mutation, under the key of the request."""
        variables = {"input": _input(request), "key": request.key}
        answer = self._client.attempt(REFUND, variables, cost=MUTATION_COST)
        told = (answer.data or {}).get("refundCreate")
        if told is None:
            said = "; ".join(error.message for error in answer.errors) or "no reason given"
            if any(error.code == _FAILED for error in answer.errors):
                return said
            raise PlatformRefused(f"{self._client.domain} refused a refund: {said}")
        problem = "; ".join(map(in_words, told["userErrors"]))
        if _IN_PROGRESS in problem.lower():
            raise TryLater(f"{self._client.domain}: {problem}", after_s=jittered_s())
        return problem

    def made(self, request: RefundRequest) -> Made:
        """By the note of a refund, in which our key stands."""
        variables = {
            "id": gid("Order", request.order_id),
            "ids": gids("LineItem", [line.line_id for line in request.lines]),
        }
        data = self._client.execute(MADE, variables, cost=MADE_COST)
        told = typed(data["order"], _Refunds) if data["order"] else _Refunds()
        if any(request.key in (refund.note or "") for refund in told.refunds):
            return Made.YES
        ordered = {number: line.current_quantity for number, line in _lines_of(data).items()}
        return request.made_by(ordered, is_listed=False)


def _lines_of(data: Mapping[str, Any]) -> dict[int, _Line]:
    nodes = typed(data["nodes"], list[_Line | None])
    return {number_of(node.id): node for node in nodes if node is not None}


def _quote(told: _Suggested, ordered: Sequence[int]) -> RefundQuote:
    money = told.amount_set.presentment_money
    parts = tuple(map(_part, told.suggested_transactions))
    return RefundQuote(_total(parts), money.currency_code, parts, tuple(ordered))


def _total(parts: Sequence[RefundPart]) -> str:
    """What goes back is what the payments give: nothing, if the buyer has not paid yet."""
    return str(sum((Decimal(part.amount) for part in parts), Decimal("0.00")))


def _part(payment: _Transaction) -> RefundPart:
    """Where the money was taken by hand, Shopify gives none back: it records that somebody does."""
    parent = payment.parent_transaction
    return RefundPart(
        payment.gateway or "",
        payment.amount_set.presentment_money.amount,
        0 if parent is None else number_of(parent.id),
        is_offline=parent is not None and parent.manual_payment_gateway,
        title=payment.formatted_gateway or "",
    )


def _line_input(line: RefundLine) -> dict[str, Any]:
    return {
        "lineItemId": gid("LineItem", line.line_id),
        "quantity": line.units,
        "restockType": "CANCEL",
        "locationId": gid("Location", line.location_id),
    }


def _input(request: RefundRequest) -> dict[str, Any]:
    order = gid("Order", request.order_id)
    return {
        "orderId": order,
        "currency": request.quote.currency,
        "note": f"{request.note} ({request.key})",
        "notify": request.notifies_buyer,
        "refundLineItems": [_line_input(line) for line in request.lines],
        "transactions": [
            {
                "orderId": order,
                "kind": "REFUND",
                "gateway": part.gateway,
                "amount": part.amount,
                **({"parentId": gid("OrderTransaction", part.parent_id)} if part.parent_id else {}),
            }
            for part in request.quote.parts
        ],
    }

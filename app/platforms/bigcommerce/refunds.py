"""Refunds of units that were not shipped, by API v3.

A quote tells what goes back and by which payments; a refund must name the same amount. BigCommerce knows
no keys of requests: ours is written into the reason, by which a refund that was made already is found.
What becomes of the order's status is the store's own doing.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import msgspec

from app.platforms.base import LineItem, OrderAsk, OrderSeen
from app.platforms.base.refunds import (
    Made,
    RefundLine,
    RefundPart,
    RefundQuote,
    RefundRequest,
    units_of,
)
from app.platforms.bigcommerce import reads
from app.platforms.bigcommerce.answers import read
from app.platforms.bigcommerce.client import BigCommerceClient, words_of
from app.platforms.bigcommerce.store_config_cache import StoreConfigCache

_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_PRODUCT = "PRODUCT"
_STORE_CREDIT = "storecredit"
_CUSTOM = "custom"
_NO_METHOD = "BigCommerce offers no way to give the money back. Cancel the units in BigCommerce."
_LONGEST_REASON = 1000
# Keys of ours, in the reasons of refunds.
_KEY = re.compile(r"\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)")
_CLOCKS_APART = timedelta(minutes=2)
_CHANGED = "The order has changed since Backline read it. Wait a minute, and prepare it again."


class _Option(msgspec.Struct, frozen=True):
    provider_id: str
    amount: Decimal
    offline: bool = False
    provider_description: str = ""


_Method = tuple[_Option, ...]


class _Quote(msgspec.Struct, frozen=True):
    total_refund_amount: Decimal
    refund_methods: tuple[_Method, ...] = ()


class _QuoteBody(msgspec.Struct, frozen=True):
    data: _Quote


class _Item(msgspec.Struct, frozen=True):
    item_type: str = ""
    item_id: int = 0
    quantity: int = 0
    reason: str | None = None


class _Payment(msgspec.Struct, frozen=True):
    provider_id: str = ""
    amount: Decimal = Decimal()
    is_declined: bool = False


class _Refund(msgspec.Struct, frozen=True):
    created: datetime | None = None
    reason: str | None = None
    items: tuple[_Item, ...] = ()
    payments: tuple[_Payment, ...] = ()

    @property
    def reasons(self) -> str:
        """All that is said of why."""
        return " ".join(filter(None, (self.reason, *(one.reason for one in self.items))))

    def may_be(self, request: RefundRequest) -> bool:
        """Whether it is of just these units, not from before they were shown, and not another one of
        ours."""
        is_older = self.created is not None and self.created < request.prepared_at - _CLOCKS_APART
        return not is_older and self.units == request.units and not _KEY.search(self.reasons)

    @property
    def credit(self) -> Decimal:
        """What went back as store credit."""
        given = (one for one in self.payments if not one.is_declined)
        return sum((one.amount for one in given if one.provider_id == _STORE_CREDIT), Decimal())

    @property
    def units(self) -> Counter[int]:
        """What it takes out of the order, by line; of another kind of item by no line."""
        units: Counter[int] = Counter()
        for one in self.items:
            units[one.item_id if one.item_type == _PRODUCT else 0] += one.quantity
        return units


class _Refunds(msgspec.Struct, frozen=True):
    data: tuple[_Refund, ...] = ()


class _Order(msgspec.Struct, frozen=True):
    currency_code: str = ""
    default_currency_code: str = ""
    store_credit_amount: Decimal = Decimal()

    @property
    def currency(self) -> str:
        """What the buyer paid in, whatever prices were shown in."""
        return self.default_currency_code or self.currency_code


class BigCommerceRefunder:
    """See `app.platforms.base.refunds.Refunder` for what each method promises."""

    def __init__(self, client: BigCommerceClient, store_config: StoreConfigCache) -> None:
        self._client = client
        self._habits = store_config

    def quote(self, order_id: int, lines: Sequence[RefundLine]) -> RefundQuote:
        """The store's own quote, if the lines are still as they were read."""
        (order,) = reads.fetch_orders(self._client, self._habits, [OrderAsk(order_id)])
        if not isinstance(order, OrderSeen) or order.is_cancelled:
            return RefundQuote(problem=_CHANGED)
        there = {one.line_id: one for one in order.items or ()}
        if any(_open_units(there, line.line_id) != line.outstanding for line in lines):
            return RefundQuote(problem=_CHANGED)
        path = f"/v3/orders/{order_id}/payment_actions/refund_quotes"
        body = {"items": [_item(*each) for each in units_of(lines).items()]}
        answer = self._client.request("POST", path, json=body, expected=_REFUSED)
        if answer.status in _REFUSED:
            return RefundQuote(problem=f"BigCommerce gives no quote: {words_of(answer.body)}")
        told = read(answer.body, _QuoteBody).data
        paid = read(self._client.get(f"/v2/orders/{order_id}"), _Order)
        method = _method(told, credit_left=self._credit_left(order_id, paid))
        if not method:
            return RefundQuote(problem=_NO_METHOD)
        parts = tuple(map(_part, method))
        ordered = tuple(there[line.line_id].ordered for line in lines)
        return RefundQuote(_money(told.total_refund_amount), paid.currency, parts, ordered)

    def refund(self, request: RefundRequest) -> str:
        """One request."""
        answer = self._client.request(
            "POST", _path(request.order_id), json=request_body(request), expected=_REFUSED
        )
        return words_of(answer.body) if answer.status in _REFUSED else ""

    def made(self, request: RefundRequest) -> Made:
        """By our key in the reason of a refund, or by a refund of these units that the order lacks."""
        told = self._refunds(request.order_id)
        if any(request.key in refund.reasons for refund in told):
            return Made.YES
        (order,) = reads.fetch_orders(self._client, self._habits, [OrderAsk(request.order_id)])
        if not isinstance(order, OrderSeen):
            return Made.UNCLEAR
        ordered = {one.line_id: one.ordered for one in order.items or ()}
        is_listed = any(refund.may_be(request) for refund in told)
        return request.made_by(ordered, is_listed=is_listed)

    def _refunds(self, order_id: int) -> tuple[_Refund, ...]:
        return read(self._client.get(_path(order_id)), _Refunds).data

    def _credit_left(self, order_id: int, paid: _Order) -> Decimal:
        """What was paid with store credit and has not gone back as such."""
        if not paid.store_credit_amount:
            return Decimal()
        returned = sum((refund.credit for refund in self._refunds(order_id)), Decimal())
        return paid.store_credit_amount - returned


def _path(order_id: int) -> str:
    return f"/v3/orders/{order_id}/payment_actions/refunds"


def _open_units(there: Mapping[int, LineItem], line_id: int) -> int | None:
    return there[line_id].outstanding if line_id in there else None


def _money(amount: Decimal) -> str:
    """With two decimals, as money is written, or more where there are."""
    return str(
        max(amount, amount.quantize(Decimal("0.01")), key=lambda one: -int(one.as_tuple().exponent))
    )


def _method(quote: _Quote, *, credit_left: Decimal) -> _Method:
    """By the payments that were made, rather than as store credit or as a note of what somebody pays;
    where there are several, by one that moves all of the money."""
    is_credit_due = 0 < quote.total_refund_amount <= credit_left
    ranked = [(_rank(one, is_credit_due=is_credit_due), one) for one in quote.refund_methods if one]
    return min(ranked, key=lambda each: each[0])[1] if ranked else ()


def _rank(method: _Method, *, is_credit_due: bool) -> tuple[int, bool]:
    providers = {one.provider_id for one in method}
    if providers == {_STORE_CREDIT}:
        kind = 0 if is_credit_due else 3
    else:
        kind = 2 if providers == {_CUSTOM} else int(_CUSTOM in providers)
    return kind, any(one.offline for one in method)


def _part(option: _Option) -> RefundPart:
    return RefundPart(
        option.provider_id,
        _money(option.amount),
        is_offline=option.offline,
        title=option.provider_description,
    )


def _item(line_id: int, units: int) -> dict[str, Any]:
    return {"item_type": _PRODUCT, "item_id": line_id, "quantity": units}


def request_body(request: RefundRequest) -> dict[str, Any]:
    """What the endpoint takes: each line once."""
    reason = f"{request.note} ({request.key})"[-_LONGEST_REASON:]
    return {
        "items": [{**_item(*each), "reason": reason} for each in request.units.items()],
        "payments": [
            {
                "provider_id": part.gateway,
                "amount": float(part.amount),
                "offline": part.is_offline,
            }
            for part in request.quote.parts
        ],
    }

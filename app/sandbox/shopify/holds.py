"""Fulfillment holds: several apps and people may each hold a fulfillment order.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/fulfillmentOrderHold
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from app.sandbox.records import Refused
from app.sandbox.shopify import moves, payloads, routing
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import FulfillmentOrder, Hold

HOLDS_PER_APP = 10
OUR_APP = "us"


class HoldRefused(Refused):
    """A hold that can't be placed or released; `code` is Shopify's word for why, if it has one."""

    def __init__(self, code: str | None, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class HoldWish:
    """A hold as asked for. `quantities` (by fulfillment line id) makes it a partial one."""

    reason: str
    handle: str | None = None
    notes: str | None = None
    app: str | None = None
    quantities: Mapping[int, int] | None = None


def place(
    books: Books, target: FulfillmentOrder, wish: HoldWish
) -> tuple[Hold, FulfillmentOrder | None]:
    """Hold it. A partial hold keeps the id on the held part and returns the free part beside."""
    _check(target, wish)
    remaining = None
    if wish.quantities is not None:
        remaining = moves.set_aside(books, target, wish.quantities)
    hold = Hold(books.new_id("FulfillmentHold"), wish.reason, wish.handle, wish.notes, wish.app)
    is_first = not target.holds
    target.holds.append(hold)
    target.status, target.updated_at = "ON_HOLD", books.now()
    books.touch(books.orders[target.order_id])
    if is_first:
        body = payloads.held(books, target, hold, remaining=remaining)
        books.tell("fulfillment_orders/placed_on_hold", lambda: body)
    books.tell("fulfillment_holds/added", lambda: payloads.hold_event(books, target, hold))
    return hold, remaining


def _check(target: FulfillmentOrder, wish: HoldWish) -> None:
    own = [hold for hold in target.holds if hold.app == wish.app]
    if target.status not in ("OPEN", "SCHEDULED", "ON_HOLD"):
        raise HoldRefused(None, "The fulfillment order is not in a state that can be held.")
    if any(hold.handle == wish.handle for hold in own):
        raise HoldRefused(
            "DUPLICATE_FULFILLMENT_HOLD_HANDLE", "The handle is already in use by this app."
        )
    if len(own) >= HOLDS_PER_APP:
        raise HoldRefused(
            "FULFILLMENT_ORDER_HOLD_LIMIT_REACHED", "The app has reached its limit of holds."
        )
    if wish.quantities is None:
        return
    if target.holds:
        raise HoldRefused("FULFILLMENT_ORDER_NOT_SPLITTABLE", "The fulfillment order is not splittable.")
    remaining = {part.fulfillment_line_id: part.remaining for part in target.lines}
    for number, quantity in wish.quantities.items():
        if quantity <= 0:
            raise HoldRefused("GREATER_THAN_ZERO", "The line item quantity must be greater than 0.")
        if quantity > remaining.get(number, 0):
            raise HoldRefused("INVALID_LINE_ITEM_QUANTITY", "The line item quantity is invalid.")


def release(books: Books, target: FulfillmentOrder, hold_ids: Collection[int] | None) -> list[Hold]:
    """Release these holds, or everybody's if none are named; it opens when the last is gone."""
    if not target.holds:
        raise HoldRefused(None, "The fulfillment order is not on hold.")
    gone = [hold for hold in target.holds if hold_ids is None or hold.hold_id in hold_ids]
    if hold_ids is not None and len(gone) != len(set(hold_ids)):
        raise HoldRefused(None, "The fulfillment hold doesn't exist.")
    target.holds = [hold for hold in target.holds if hold not in gone]
    target.updated_at = books.now()
    books.touch(books.orders[target.order_id])
    for hold in gone:
        books.tell("fulfillment_holds/released", partial(payloads.hold_event, books, target, hold))
    if not target.holds:
        routing.reopen(books, target)
        books.tell("fulfillment_orders/hold_released", partial(payloads.routed, target))
    return gone

"""Orders: placed, edited, cancelled, refunded, shipped, deleted. Stock moves in the same moment;
fulfillment orders follow in the background (`routing`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from app.sandbox.buyers import invent_buyer
from app.sandbox.records import OutOfStock, Refused
from app.sandbox.shopify import payloads, routing, stock
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.marks import sorted_tags
from app.sandbox.shopify.records import Channel, Line, Order, Refunded, Restock, SellingPlan

FIRST_ORDER_NUMBER = 1001
SOURCE_NAMES = {"online": "web", "pos": "pos", "draft": "shopify_draft_order"}


@dataclass(frozen=True)
class OrderWish:
    """What a buyer asks for: (variant id, quantity), or (title, quantity) for a custom line; all by one
    selling plan, if any, that may reserve stock no sooner than it is fulfilled."""

    lines: Sequence[tuple[int | str, int]]
    processed_at: datetime | None = None
    note: str = ""
    tags: Sequence[str] = ()
    channel: Channel = "online"
    selling_plan_id: int | None = None
    reserves_on_fulfilment: bool = False


def place(books: Books, wish: OrderWish, *, routing_delay_s: float) -> Order:
    """Take an order: its units are committed at once, routed later."""
    lines = [(_new_line(books, what), quantity) for what, quantity in wish.lines]
    for line, quantity in lines:
        _refuse_oversell(books, line, quantity, channel=wish.channel)
    now = books.now()
    order = Order(
        order_id=books.new_id("Order"),
        number=FIRST_ORDER_NUMBER + books.placed_count,
        channel=wish.channel,
        buyer=invent_buyer(books.random, books.new_id("Customer")),
        created_at=now,
        processed_at=wish.processed_at or now,
        updated_at=now,
        note=wish.note,
        tags=sorted_tags(wish.tags),
    )
    books.placed_count += 1
    books.orders[order.order_id] = order
    if plan_id := wish.selling_plan_id:
        books.selling_plans[plan_id] = SellingPlan(plan_id, wish.reserves_on_fulfilment)
    for line, quantity in lines:
        order.lines.append(line)
        line.selling_plan_id = wish.selling_plan_id
        line.reserves_late = wish.reserves_on_fulfilment
        _order_more(books, line, quantity)
    _route_later(books, order, routing_delay_s)
    books.tell("orders/create", lambda: payloads.order(books, order))
    return order


def _new_line(books: Books, what: int | str) -> Line:
    number = books.new_id("LineItem")
    if isinstance(what, str):
        return Line(number, None, None, None, what, "", "")
    if what not in books.variants:
        raise Refused(f"there is no variant {what}")
    variant = books.variants[what]
    title, sku = variant.product_title, variant.sku
    return Line(number, what, variant.product_id, variant.item_id, title, variant.title, sku)


def _refuse_oversell(books: Books, line: Line, quantity: int, *, channel: Channel) -> None:
    if quantity < 1:
        raise Refused("a line needs at least one unit")
    _, has_all = stock.choose_location(books, line.item_id, quantity=quantity)
    if line.variant_id is None or has_all or channel != "online":
        return
    if books.variants[line.variant_id].policy == "DENY":
        raise OutOfStock(f"{line.title} is out of stock")


def _order_more(books: Books, line: Line, quantity: int) -> None:
    """What is added to a line whose stock is committed is committed as well, whatever its plan."""
    location_id, _ = stock.choose_location(books, line.item_id, quantity=quantity)
    is_begun = bool(line.open_at) and not any(line.uncommitted_at.values())
    is_reserved = is_begun or line.fulfilled > 0 or not line.reserves_late
    line.quantity += quantity
    stock.commit(books, line, location_id, quantity=quantity, is_reserved=is_reserved)


def _route_later(books: Books, order: Order, routing_delay_s: float) -> None:
    order.route_due_at = books.clock() + timedelta(seconds=routing_delay_s)
    books.touch(order)


@dataclass(frozen=True)
class EditWish:
    """New numbers of current units by line id, and lines to add."""

    quantities: Mapping[int, int]
    add: Sequence[tuple[int | str, int]] = ()
    restock: bool = True


def edit(books: Books, order: Order, wish: EditWish, *, routing_delay_s: float) -> None:
    """Change an order: stock follows at once, fulfillment orders in the background."""
    changes = _changes(order, wish)
    deltas = {line.line_id: wanted - line.current for line, wanted in changes}
    for line, wanted in changes:
        _change_line(books, order, line, wanted - line.current, restock=wish.restock)
    for what, quantity in wish.add:
        line = _new_line(books, what)
        order.lines.append(line)
        deltas[line.line_id] = quantity
        _order_more(books, line, quantity)
    order.is_edited = True
    _route_later(books, order, routing_delay_s)
    edit_id = books.new_id("OrderEdit")
    books.tell("orders/edited", lambda: payloads.edited(order, edit_id, deltas))


def _changes(order: Order, wish: EditWish) -> list[tuple[Line, int]]:
    if order.cancelled_at:
        raise Refused(f"order {order.name} is cancelled")
    changes = [(order.line(number), wanted) for number, wanted in wish.quantities.items()]
    for line, wanted in changes:
        if wanted < line.current - line.unfulfilled:
            raise Refused("shipped units can't be edited away")
    return changes


def _change_line(books: Books, order: Order, line: Line, delta: int, *, restock: bool) -> None:
    if delta > 0:
        _order_more(books, line, delta)
    elif delta < 0:
        routing.withdraw(books, order, line, quantity=-delta, restock=restock)


def cancel(books: Books, order: Order, *, restock: bool, reason: str) -> None:
    """Cancel what has not shipped at all; it can't be undone."""
    if order.cancelled_at or any(line.fulfilled for line in order.lines):
        raise Refused(f"order {order.name} can't be cancelled")
    open_before = [one for one in books.fulfillment_orders_of(order) if one.is_open]
    refunded = [(line, line.unfulfilled) for line in order.lines if line.unfulfilled]
    for line, quantity in refunded:
        routing.withdraw(books, order, line, quantity=quantity, restock=restock)
    for one in open_before:
        one.status = "CANCELLED"
    order.cancelled_at, order.cancel_reason, order.route_due_at = books.now(), reason, None
    order.closed_at, order.has_refund = books.now(), True
    books.touch(order)
    books.tell("orders/cancelled", lambda: payloads.order(books, order))
    _tell_refund(books, order, refunded, "cancel" if restock else "no_restock")
    for one in open_before:
        books.tell("fulfillment_orders/cancelled", partial(payloads.cancelled, one))


def refund(
    books: Books,
    order: Order,
    quantities: Mapping[int, int],
    *,
    restock: Restock,
    location_id: int | None,
) -> None:
    """Refund units: `cancel` and `no_restock` take unshipped ones first, `return` only shipped ones."""
    lines = [(order.line(number), quantity) for number, quantity in quantities.items()]
    for line, quantity in lines:
        _refuse_refund(line, quantity, restock)
    for line, quantity in lines:
        unshipped = 0 if restock == "return" else min(quantity, line.unfulfilled)
        if unshipped:
            routing.withdraw(books, order, line, quantity=unshipped, restock=restock == "cancel")
        line.returned += quantity - unshipped
        if restock == "return":
            _put_back(books, line, quantity, location_id)
    order.has_refund = True
    books.touch(order)
    _tell_refund(books, order, lines, restock)


def paid(order: Order) -> Decimal:
    """What the buyer paid."""
    return sum((Decimal(payloads.PRICE) * line.quantity for line in order.lines), Decimal())


def _refuse_refund(line: Line, quantity: int, restock: Restock) -> None:
    shipped = line.fulfilled - line.returned
    most = {"return": shipped, "cancel": line.unfulfilled, "no_restock": line.current}[restock]
    if not 0 < quantity <= most:
        raise Refused(f"{quantity} of {line.title} can't be refunded as {restock}")


def _put_back(books: Books, line: Line, quantity: int, location_id: int | None) -> None:
    if line.item_id is None or not books.is_counted(line):
        return
    places = [level.location_id for level in books.levels_of(line.item_id) if level.is_active]
    chosen = location_id if location_id is not None else next(iter(places), None)
    level = None if chosen is None else books.level(line.item_id, chosen)
    if level:
        stock.shift(books, level, available=quantity)


def _tell_refund(
    books: Books, order: Order, lines: Sequence[tuple[Line, int]], restock: Restock
) -> None:
    order.refunds.append([Refunded(line.line_id, quantity, restock) for line, quantity in lines])
    body = payloads.refund(books, order, lines, restock=restock)
    order.refunds_told.append(
        {
            "id": body["admin_graphql_api_id"],
            "legacyResourceId": str(body["id"]),
            "createdAt": body["created_at"],
            "note": body["note"],
        }
    )
    books.tell("refunds/create", lambda: body)


def fulfil(books: Books, order: Order, quantities: Mapping[int, int] | None) -> None:
    """Ship units by line id, or all that may be shipped."""
    fulfillment_id = books.new_id("Fulfillment")
    order.parcels[fulfillment_id] = routing.ship(books, order, quantities)
    body = payloads.fulfillment(books, order, fulfillment_id)
    is_done = not any(line.unfulfilled for line in order.lines)
    books.touch(order)
    books.tell("fulfillments/create", lambda: body)
    topic = "orders/fulfilled" if is_done else "orders/partially_fulfilled"
    books.tell(topic, lambda: payloads.order(books, order))


def unfulfil(books: Books, order: Order) -> None:
    """Cancel the last parcel: its units are to ship again. A returned unit can't be unshipped."""
    if not order.parcels or order.cancelled_at or any(line.returned for line in order.lines):
        raise Refused(f"order {order.name} has no parcel that can be cancelled")
    fulfillment_id = max(order.parcels)
    if not all(books.locations[one.location_id].is_active for one in order.parcels[fulfillment_id]):
        raise Refused("the location that shipped it is closed")
    body = payloads.fulfillment(books, order, fulfillment_id) | {"status": "cancelled"}
    order.cancelled_parcels[fulfillment_id] = order.parcels.pop(fulfillment_id)
    routing.unship(books, order, order.cancelled_parcels[fulfillment_id])
    books.touch(order)
    books.tell("fulfillments/update", lambda: body)


def delete(books: Books, order: Order) -> None:
    """Delete an order with everything that hangs on it; what it had committed is available again."""
    for line in order.lines:
        for location_id, quantity in list(line.open_at.items()):
            stock.uncommit(books, line, location_id, quantity=quantity)
    for number in order.fulfillment_order_ids:
        del books.fulfillment_orders[number]
    del books.orders[order.order_id]
    books.forget_owner(f"gid://shopify/Order/{order.order_id}")
    books.tell("orders/delete", lambda: {"id": order.order_id})


def close(books: Books, order: Order) -> None:
    """Archive an order: it is no longer open, though nothing else about it changes."""
    order.closed_at = books.now()
    books.touch(order)


def display_status(books: Books, order: Order) -> str:
    """Shopify's one word for how far an order is."""
    parts = [one for one in books.fulfillment_orders_of(order) if one.is_open]
    is_shipped = any(line.fulfilled for line in order.lines)
    if is_shipped and not any(line.unfulfilled for line in order.lines):
        return "FULFILLED"
    for status in ("ON_HOLD", "SCHEDULED"):
        if parts and all(one.status == status for one in parts):
            return status
    return "PARTIALLY_FULFILLED" if is_shipped else "UNFULFILLED"

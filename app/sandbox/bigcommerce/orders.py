"""Orders: placed, paid, edited, shipped, refunded, cancelled, archived. Stock moves in the same moment.

https://docs.bigcommerce.com/developer/api-reference/rest/admin/management/orders. Where it is silent: an
incomplete order takes stock only when it is paid; setting an order to Shipped or Completed ships what is
outstanding without a parcel; archiving an open order gives its units back, as cancelling it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.sandbox.bigcommerce import stock
from app.sandbox.bigcommerce.books import Books
from app.sandbox.bigcommerce.records import (
    AWAITING_FULFILLMENT,
    CANCELLED,
    COMPLETED,
    DECLINED,
    DONE,
    INCOMPLETE,
    PARTIALLY_REFUNDED,
    PARTIALLY_SHIPPED,
    REFUNDED,
    SHIPPED,
    STATUSES,
    VOID,
    Channel,
    Level,
    Line,
    Order,
    Shipment,
)
from app.sandbox.buyers import invent_buyer
from app.sandbox.records import Refused

Wanted = Sequence[tuple[int | str, int]]


@dataclass(frozen=True)
class OrderWish:
    """What a buyer asks for: (variant id, quantity), or (title, quantity) for a custom product."""

    lines: Wanted
    at: datetime | None = None
    note: str = ""
    message: str = ""
    channel: Channel = "online"
    pickup_at: int | None = None
    is_incomplete: bool = False
    discount: str = "0.0000"


def place(books: Books, wish: OrderWish) -> Order:
    """Take an order; one that is not paid yet is incomplete and takes no stock."""
    lines = [(_new_line(books, what, wish.pickup_at), quantity) for what, quantity in wish.lines]
    for line, quantity in lines:
        _refuse(books, line, quantity, channel=wish.channel)
    now = books.now()
    order = Order(
        order_id=books.new_id("Order"),
        channel=wish.channel,
        buyer=invent_buyer(books.random, books.new_id("Customer")),
        created_at=(wish.at or now).replace(microsecond=0),
        updated_at=now,
        staff_notes=wish.note,
        customer_message=wish.message,
        discount=wish.discount,
        status_id=INCOMPLETE if wish.is_incomplete else AWAITING_FULFILLMENT,
    )
    books.orders[order.order_id] = order
    for line, quantity in lines:
        _add(books, order, line, quantity)
    books.tell_order("created", order)
    return order


def _new_line(books: Books, what: int | str, pickup_at: int | None) -> Line:
    place = books.default_location() if pickup_at is None else pickup_at
    if isinstance(what, str):
        return Line(books.new_id("OrderProduct"), 0, 0, what, "", place, pickup_at is not None)
    if what not in books.variants:
        raise Refused(f"there is no variant {what}")
    variant = books.variants[what]
    return Line(
        books.new_id("OrderProduct"),
        what,
        variant.product_id,
        variant.product_title,
        variant.sku,
        place,
        pickup_at is not None,
    )


def _refuse(books: Books, line: Line, quantity: int, *, channel: Channel) -> None:
    if quantity < 1:
        raise Refused("a line needs at least one unit")
    stock.refuse_oversell(books, line, quantity, is_manual=channel == "manual")


def _add(books: Books, order: Order, line: Line, quantity: int) -> None:
    order.lines.append(line)
    line.quantity = quantity
    if order.status_id != INCOMPLETE:
        stock.take(books, order, line, quantity)


def change_status(books: Books, order: Order, status_id: int) -> None:
    """Give an order another status; its units are taken, given back or shipped accordingly."""
    if not 0 <= status_id < len(STATUSES) or order.is_archived:
        raise Refused(f"order {order.name} can't have the status {status_id}")
    previous, has_claim = order.status_id, order.is_open
    if previous == status_id:
        return
    if previous in VOID and status_id not in VOID:
        has_claim, order.status_id = True, AWAITING_FULFILLMENT
        for line in order.lines:
            stock.take(books, order, line, line.outstanding)
    if has_claim and status_id in VOID:
        _release(books, order, restock=books.settings.refund_order_stock_adjustment)
    if has_claim and status_id in DONE:
        _ship(books, order, {line.line_id: line.outstanding for line in order.lines})
    order.status_id = status_id
    books.touch(order)
    status = {"previous_status_id": previous, "new_status_id": status_id}
    books.tell_order("statusUpdated", order, status=status)


def _release(books: Books, order: Order, *, restock: bool) -> None:
    for line in order.lines:
        stock.give_back(books, line, line.outstanding, restock=restock)
        line.has_taken = False


def pay(books: Books, order: Order) -> None:
    """An incomplete order goes through: now it takes its stock, or does not get it."""
    if order.status_id != INCOMPLETE:
        raise Refused(f"order {order.name} is not waiting to be paid")
    for line in order.lines:
        _refuse(books, line, line.outstanding, channel=order.channel)
    change_status(books, order, AWAITING_FULFILLMENT)


def edit(books: Books, order: Order, quantities: Mapping[int, int], add: Wanted) -> None:
    """Set the units of lines (0 removes one) and add lines."""
    if order.is_archived or order.status_id in (VOID | DONE) - {INCOMPLETE}:
        raise Refused(f"order {order.name} is {STATUSES[order.status_id].lower()} or archived")
    changes = [(order.line(number), wanted) for number, wanted in quantities.items()]
    extra = [(_new_line(books, what, _pickup_of(order)), quantity) for what, quantity in add]
    for line, wanted in changes:
        # A returned unit counts as shipped and as refunded: of such a line nobody knows what is open.
        if line.shipped + line.refunded > min(wanted, line.quantity):
            raise Refused("units that are shipped or refunded can't be edited away")
    for line, more in [*((line, wanted - line.quantity) for line, wanted in changes), *extra]:
        if more > 0:
            _refuse(books, line, more, channel=order.channel)
    for line, wanted in changes:
        _resize(books, order, line, wanted - line.quantity)
    for line, quantity in extra:
        order.lines.append(line)
        _resize(books, order, line, quantity)
    order.lines = [line for line in order.lines if line.quantity]
    books.touch(order)


def _pickup_of(order: Order) -> int | None:
    return next((line.location_id for line in order.lines if line.is_pickup), None)


def _resize(books: Books, order: Order, line: Line, delta: int) -> None:
    """By the store's setting, stock follows an edit or is left alone, which the merchant must know."""
    follows = books.setting("edit_order_stock_adjustment", order)
    if delta < 0 and order.is_open:
        stock.give_back(books, line, -delta, restock=follows)
    line.quantity += delta
    if delta > 0 and order.is_open:
        if follows:
            stock.take(books, order, line, delta)
        else:
            stock.add_untaken(books, order, line, delta)


def cancel(books: Books, order: Order, *, restock: bool | None) -> None:
    """Cancel what has not shipped at all."""
    if (
        order.is_archived
        or order.status_id in {CANCELLED, REFUNDED, DECLINED}
        or any(line.shipped for line in order.lines)
    ):
        raise Refused(f"order {order.name} can't be cancelled")
    if restock is not None and order.is_open:
        _release(books, order, restock=restock)
    change_status(books, order, CANCELLED)


def refund(books: Books, order: Order, quantities: Mapping[int, int], *, restock: bool | None) -> None:
    """Refund units by line id, unshipped ones first; they go back into stock by the store's setting."""
    if order.is_archived or order.status_id in VOID:
        raise Refused(f"order {order.name} can't be refunded")
    lines = [(order.line(number), quantity) for number, quantity in quantities.items()]
    for line, quantity in lines:
        if not 0 < quantity <= line.current:
            raise Refused(f"{quantity} of {line.title} can't be refunded")
    goes_back = books.settings.refund_order_stock_adjustment if restock is None else restock
    for line, quantity in lines:
        unshipped = min(quantity, line.outstanding)
        if order.is_open:
            stock.give_back(books, line, unshipped, restock=goes_back)
        line.refunded += quantity
        if goes_back and quantity > unshipped:
            stock.put_back(books, line, quantity - unshipped)
    order.refund_count += 1
    books.touch(order)
    books.tell_order("refund/created", order, refund={"refund_id": books.new_id("Refund")})
    is_all = not any(line.current for line in order.lines)
    change_status(books, order, REFUNDED if is_all else PARTIALLY_REFUNDED)


def fulfil(books: Books, order: Order, quantities: Mapping[int, int] | None) -> None:
    """Ship units by line id, or all that are outstanding; buyers fetch what is to be picked up."""
    if not order.is_open:
        raise Refused(f"order {order.name} has nothing to ship")
    wanted = quantities or {line.line_id: line.outstanding for line in order.lines}
    units = {number: quantity for number, quantity in wanted.items() if quantity}
    for number, quantity in units.items():
        if quantity > order.line(number).outstanding:
            raise Refused(f"{order.line(number).title} has no {quantity} units to ship")
    if not units:
        raise Refused(f"nothing of order {order.name} can be shipped now")
    _ship(books, order, units)
    shipment = Shipment(books.new_id("Shipment"), books.now(), units)
    order.shipments.append(shipment)
    books.touch(order)
    _tell_shipment(books, order, shipment, "created")
    is_done = not any(line.outstanding for line in order.lines)
    is_fetched = all(line.is_pickup for line in order.lines)
    done = COMPLETED if is_fetched else SHIPPED
    change_status(books, order, done if is_done else PARTIALLY_SHIPPED)


def _ship(books: Books, order: Order, units: Mapping[int, int]) -> None:
    for number, quantity in units.items():
        line = order.line(number)
        stock.ship(books, line, quantity)
        line.shipped += quantity


def _tell_shipment(books: Books, order: Order, shipment: Shipment, event: str) -> None:
    data = {"type": "shipment", "id": shipment.shipment_id, "orderId": order.order_id}
    books.tell(f"store/shipment/{event}", data)


def unfulfil(books: Books, order: Order) -> None:
    """Delete the last shipment: its units are to ship again. A refunded unit can't be unshipped."""
    is_refunded = any(line.refunded for line in order.lines)
    if not order.shipments or order.is_archived or order.status_id in VOID or is_refunded:
        raise Refused(f"order {order.name} has no shipment that can be deleted")
    shipment = order.shipments.pop()
    for number, quantity in shipment.units.items():
        line = order.line(number)
        line.shipped -= quantity
        stock.unship(books, line, quantity)
    _tell_shipment(books, order, shipment, "deleted")
    books.touch(order)
    change_status(books, order, PARTIALLY_SHIPPED if order.shipments else AWAITING_FULFILLMENT)


def archive(books: Books, order: Order) -> None:
    """Hide an order from lists; what it had taken and not shipped is given back."""
    if order.is_open:
        kept = [(books.level_of(line), line.backordered) for line in order.lines]
        _release(books, order, restock=books.settings.refund_order_stock_adjustment)
        for level, short in kept if books.keeps_counter_of_archived else ():
            _keep_counter(books, level, short)
    order.is_archived = True
    books.touch(order)
    books.tell_order("archived", order)


def restore(books: Books, order: Order) -> None:
    """Bring an archived order back; it takes its units again, as one does that was cancelled."""
    if not order.is_archived:
        raise Refused(f"order {order.name} is not archived")
    order.is_archived = False
    for line in order.lines if order.is_open else ():
        stock.take(books, order, line, line.outstanding)
    books.touch(order)


def _keep_counter(books: Books, level: Level | None, short: int) -> None:
    if level is not None and short:
        books.watch(level, by_order=True)
        level.backordered += short


def delete(books: Books, order: Order) -> None:
    """Delete an order for good. BigCommerce has no webhook for it: the last one is that of archiving."""
    if not order.is_archived:
        archive(books, order)
    del books.orders[order.order_id]
    books.metafields = {
        number: one for number, one in books.metafields.items() if one.order_id != order.order_id
    }

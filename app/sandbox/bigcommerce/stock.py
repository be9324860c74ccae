"""The arithmetic of stock.

BigCommerce documents that an order lowers on-hand when it is placed (or, by a setting, when it is
shipped or completed), that units beyond on-hand are counted as backordered on the line and on the item,
and that available to sell is on hand − safety stock + limit − backordered. Its documents are silent
about the rest; assumed is what loses no unit:

- An order may take what is on hand although earlier ones still wait for a restock to reach them.
- A shipment takes a line's units that were there first; a backordered one leaves on-hand when it is
  shipped, and the item's counter with it. More cannot leave than is counted: on-hand stops at zero.
- An order that is reduced gives back its backordered units first.
- `lowers_backordered`: a restock pays off the item's counter. The lines keep what they showed, or
  (`lowers_lines`) are lowered with it, the oldest first.
- Units that staff add while stock does not follow edits are never taken: they leave untold. Of a line
  that has both, those are taken out first and shipped last.
- `keeps_counter_of_archived`: archiving an order leaves its backordered units on the item's counter.
- Under `order_completed_or_shipped` no line is backordered, since no order has taken anything.
- Without native backorders an order made by hand or through the API may take more than there is, and
  on-hand falls below zero.
"""

from app.sandbox.bigcommerce.books import Books
from app.sandbox.bigcommerce.records import Level, Line, Order
from app.sandbox.records import OutOfStock, Refused


class Shortage(OutOfStock):
    """A line may not have so many units of this stock."""

    def __init__(self, line: Line, level: Level) -> None:
        super().__init__(f"{line.title} is out of stock")
        self.line = line
        self.level = level

    def details(self) -> dict[str, str | int]:
        """As the API words it."""
        limit = self.level.backorder_limit or 0
        return {
            "type": "OutOfStock",
            "message": f"Insufficient stock of variant(id: {self.line.variant_id}).",
            "variant_id": self.line.variant_id,
            "location_id": self.level.location_id,
            "available_quantity": self.level.free,
            "available_quantity_for_backorder": max(0, limit - self.level.backordered),
        }


def may_take(books: Books, level: Level, quantity: int, *, is_manual: bool) -> bool:
    """Whether an order may have so many units."""
    if not books.settings.has_native_backorders:
        return is_manual or quantity <= level.free
    if level.backorder_limit is None:
        return True
    return quantity <= level.free + max(0, level.backorder_limit - level.backordered)


def refuse_oversell(books: Books, line: Line, quantity: int, *, is_manual: bool) -> None:
    """Raise `Shortage` where the line may not have so many."""
    level = books.level_of(line)
    if level and not may_take(books, level, quantity, is_manual=is_manual):
        raise Shortage(line, level)


def take(books: Books, order: Order, line: Line, quantity: int) -> None:
    """An order takes units: those there leave on-hand, the others are short."""
    level = books.level_of(line)
    if level is None or books.setting("update_stock_behavior", order) != "order_placed":
        if line.has_taken:
            line.untaken += quantity
        return
    line.has_taken = True
    books.watch(level, by_order=True)
    is_native = books.settings.has_native_backorders
    short = max(0, quantity - level.free) if is_native else 0
    level.on_hand -= quantity - short
    level.backordered += short
    line.backordered += short


def add_untaken(books: Books, order: Order, line: Line, quantity: int) -> None:
    """Staff add units without adjusting stock: where it is lowered at placement, they are not taken."""
    if line.has_taken or books.setting("update_stock_behavior", order) == "order_placed":
        line.has_taken = True
        line.untaken += quantity


def give_back(books: Books, line: Line, quantity: int, *, restock: bool) -> None:
    """An order no longer wants units; without restocking, those it had are gone from the books."""
    level = books.level_of(line)
    if level is None or not line.has_taken:
        return
    unseen = min(quantity, line.untaken)
    line.untaken -= unseen
    quantity -= unseen
    books.watch(level, by_order=True)
    short = min(quantity, line.backordered)
    unpaid = min(short, level.backordered)
    line.backordered -= short
    level.backordered -= unpaid
    if restock:
        level.on_hand += quantity - unpaid
    else:
        level.shelf -= quantity - unpaid


def ship(books: Books, line: Line, quantity: int) -> None:
    """Units leave the house. Call it before they are counted as shipped."""
    level = books.level_of(line)
    if level is None:
        return
    books.watch(level, by_order=True)
    if not line.has_taken:
        taken = min(quantity, max(0, level.on_hand))
        level.on_hand -= taken
        level.shelf -= taken
        return
    # Units that no figure was lowered for leave without any figure telling.
    unseen = max(0, quantity - (line.outstanding - line.untaken))
    line.untaken -= unseen
    quantity -= unseen
    reserved = min(quantity, line.outstanding - unseen - line.untaken - line.backordered)
    short = quantity - reserved
    paid = min(short, paid_off(books, level))
    unpaid = short - paid
    taken = min(unpaid, max(0, level.on_hand))
    line.backordered -= short
    level.backordered -= unpaid
    level.on_hand -= taken
    level.shelf -= reserved + paid + taken


def paid_off(books: Books, level: Level) -> int:
    """Units that a restock has set aside for backorders, of no line in particular. A counter above what
    open orders are short of holds units of archived ones: nothing was set aside for anybody then."""
    short = sum(line.backordered for _, line in books.open_lines_of(level))
    return max(0, short - level.backordered)


def unship(books: Books, line: Line, quantity: int) -> None:
    """Units turn out never to have left: they are to ship again, and they are there."""
    level = books.level_of(line)
    if level is None:
        return
    books.watch(level, by_order=True)
    level.shelf += quantity
    if not line.has_taken:
        level.on_hand += quantity


def put_back(books: Books, line: Line, quantity: int) -> None:
    """Shipped units come back and may be sold again."""
    if level := books.level_of(line):
        restock(books, level, quantity, by_order=True)


def restock(books: Books, level: Level, delta: int, *, by_order: bool = False) -> None:
    """Count units in or out; a count can't find less than nothing."""
    if delta < 0 and level.on_hand + delta < 0:
        raise Refused(f"only {level.on_hand} of item {level.item_id} are on hand")
    books.watch(level, by_order=by_order)
    level.on_hand += delta
    level.shelf += delta
    if books.lowers_backordered and delta > 0:
        paid = min(level.backordered, level.free)
        level.on_hand -= paid
        level.backordered -= paid
        if books.lowers_lines:
            _pay_lines(books, level, paid)


def _pay_lines(books: Books, level: Level, units: int) -> None:
    for order, line in sorted(books.open_lines_of(level), key=lambda one: one[0].order_id):
        paid = min(units, line.backordered)
        line.backordered -= paid
        units -= paid
        if paid:
            books.touch(order)


def set_figures(books: Books, level: Level, *, on_hand: int, backordered: int | None) -> None:
    """Set what the API lets an app set. A counter that is lowered says that units were set aside."""
    if on_hand < 0:
        raise Refused("stock can't be negative")
    restock(books, level, on_hand - level.on_hand)
    if backordered is not None:
        level.shelf -= backordered - level.backordered
        level.backordered = backordered

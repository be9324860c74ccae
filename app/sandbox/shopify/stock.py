"""The arithmetic of stock. `on_hand` is always the sum of its parts; `incoming` stands outside.

https://shopify.dev/docs/apps/build/orders-fulfillment/inventory-management-apps/manage-quantities-states
"""

from app.sandbox.records import Refused
from app.sandbox.shopify import payloads
from app.sandbox.shopify.books import Books
from app.sandbox.shopify.records import (
    ON_HAND_PARTS,
    QUANTITY_NAMES,
    Item,
    Level,
    Line,
    Location,
)


def shift(books: Books, level: Level, **deltas: int) -> None:
    """Add to named quantities; `on_hand` follows from its parts."""
    books.watch(level)
    deltas["on_hand"] = sum(deltas.get(name, 0) for name in ON_HAND_PARTS)
    now = books.now()
    for name, delta in deltas.items():
        if delta:
            level.quantities[name] += delta
            level.changed_at[name] = level.updated_at = now


def commit(
    books: Books, line: Line, location_id: int, *, quantity: int, is_reserved: bool = True
) -> None:
    """Promise units of a location to a line; without `is_reserved` the stock knows nothing of it yet."""
    line.open_at[location_id] = line.open_at.get(location_id, 0) + quantity
    if is_reserved:
        _shift_line(books, line, location_id, available=-quantity, committed=quantity)
    else:
        line.uncommitted_at[location_id] = line.uncommitted_at.get(location_id, 0) + quantity


def reserve(books: Books, line: Line, location_id: int, *, quantity: int) -> None:
    """Commit so many of the units that were promised without stock, or as many as there are."""
    waiting = min(quantity, line.uncommitted_at.get(location_id, 0))
    if waiting:
        line.uncommitted_at[location_id] -= waiting
        _shift_line(books, line, location_id, available=-waiting, committed=waiting)


def uncommit(books: Books, line: Line, location_id: int, *, quantity: int, restock: bool = True) -> None:
    """Take a promise back; without restocking, the units leave the stock as if they were gone."""
    waiting = min(quantity, line.uncommitted_at.get(location_id, 0))
    if waiting:
        line.uncommitted_at[location_id] -= waiting
    reserved = quantity - waiting
    available = reserved if restock else 0
    _shift_line(books, line, location_id, available=available, committed=-reserved)
    line.open_at[location_id] -= quantity
    if not line.open_at[location_id]:
        del line.open_at[location_id]


def recommit(books: Books, line: Line, location_id: int, *, quantity: int) -> None:
    """Units that had been shipped are back on hand, and still promised to the line."""
    _shift_line(books, line, location_id, committed=quantity)
    line.open_at[location_id] = line.open_at.get(location_id, 0) + quantity


def _shift_line(books: Books, line: Line, location_id: int, **deltas: int) -> None:
    """Untracked items and locations that don't stock the item have nothing to count."""
    if line.item_id is None or not books.is_counted(line):
        return
    if level := books.level(line.item_id, location_id):
        shift(books, level, **deltas)


def choose_location(books: Books, item_id: int | None, *, quantity: int) -> tuple[int, bool]:
    """Where an order's units are to ship from, and whether that place has them all.

    Locations stand in priority order: the first with enough, else the first that stocks the item,
    else the first at all.
    """
    active = [location.location_id for location in books.locations.values() if location.is_active]
    if not active:
        raise Refused("the shop has no active location")
    if item_id is None:
        return active[0], True
    levels = [level for i in active if (level := books.level(item_id, i))]
    for level in levels:
        if level.quantities["available"] >= quantity:
            return level.location_id, True
    return (levels[0].location_id if levels else active[0]), not books.items[item_id].is_tracked


def connect(books: Books, item: Item, location: Location) -> Level:
    """Make a location stock an item. Units it is already to ship are committed there and then."""
    level = books.levels.get((item.item_id, location.location_id))
    if level and level.is_active:
        return level
    now = books.now()
    if level is None:
        counts, changes = dict.fromkeys(QUANTITY_NAMES, 0), dict.fromkeys(QUANTITY_NAMES, now)
        level = Level(
            item.item_id, location.location_id, counts, changes, created_at=now, updated_at=now
        )
        books.add_level(level)
    level.is_active = True
    if item.is_tracked:
        owed = _owed(books, level)
        shift(books, level, available=-owed, committed=owed)
    books.tell("inventory_levels/connect", lambda: payloads.level(books, level))
    return level


def _owed(books: Books, level: Level) -> int:
    """What orders and reserving drafts want of an item there: it is committed while the item is counted.
    A transfer commits either way."""
    lines = (line for order in books.orders.values() for line in order.lines)
    ordered = sum(
        line.open_at.get(level.location_id, 0) - line.uncommitted_at.get(level.location_id, 0)
        for line in lines
        if line.item_id == level.item_id
    )
    drafts = (draft for draft in books.drafts.values() if draft.is_reserving)
    reserved = (line for draft in drafts for line in draft.lines if line.item_id == level.item_id)
    return ordered + sum(line.quantity for line in reserved if line.location_id == level.location_id)


def set_tracked(books: Books, item: Item, *, is_tracked: bool) -> None:
    """Start or stop counting an item. What open orders and drafts want is committed, or given back,
    accordingly."""
    if item.is_tracked == is_tracked:
        return
    item.is_tracked, item.updated_at = is_tracked, books.now()
    sign = 1 if is_tracked else -1
    for level in books.levels_of(item.item_id):
        if level.is_active:
            owed = sign * _owed(books, level)
            shift(books, level, available=-owed, committed=owed)
    books.tell("inventory_items/update", lambda: payloads.item(item))


def delete_item(books: Books, item: Item) -> None:
    """An item is gone with all that was counted of it; lines of orders name it no more."""
    for line in (line for order in books.orders.values() for line in order.lines):
        if line.item_id == item.item_id:
            line.item_id = line.variant_id = line.product_id = None
    books.forget_levels(item.item_id)
    del books.items[item.item_id]
    books.tell("inventory_items/delete", lambda: payloads.deleted_item(item))


def adjust(books: Books, level: Level, delta: int, *, name: str) -> None:
    """Correct the stock. Units counted as damaged, reserved and so on come out of `available`."""
    if name == "available":
        shift(books, level, available=delta)
    elif name in ON_HAND_PARTS and name != "committed":
        shift(books, level, available=-delta, **{name: delta})
    else:
        raise Refused(f"{name} can't be adjusted")


def set_to(books: Books, level: Level, quantity: int, *, name: str) -> None:
    """Count the stock anew, as `available` or as `on_hand`."""
    if name not in ("available", "on_hand"):
        raise Refused(f"{name} can't be set")
    shift(books, level, available=quantity - level.quantities[name])


def close_level(books: Books, level: Level) -> None:
    """Stop stocking an item at a location."""
    level.is_active = False
    level.updated_at = books.now()
    body = {"inventory_item_id": level.item_id, "location_id": level.location_id}
    books.tell("inventory_levels/disconnect", lambda: body)


def pour(books: Books, source: Level, target: Level) -> None:
    """Carry everything that isn't promised to an order over to another level."""
    moved = {name: n for name, n in source.quantities.items() if name not in ("on_hand", "committed")}
    shift(books, target, **moved)
    shift(books, source, **{name: -n for name, n in moved.items()})

"""Many orders begin or cease to wait at once: the platform writes their tags in the background.

Begin: the list of changed orders, the orders' marks and the stock are read again, and those orders that
are surely as they were settled go into a file of tags to write. Follow: ask how far it is, without
holding a worker. What it wrote is verified by the next pass, which reads each order before it writes
the note (`app.pipeline.write_back`); whatever it did not write is written there, as ever.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

import structlog
from msgspec.structs import replace

from app.core.states import BulkWriteState
from app.db import bulk_writes, due_orders, shops, showing
from app.db.due_orders import DueOrder
from app.db.models import BulkWriteRow
from app.pipeline.compliance import with_obligations
from app.pipeline.context import ShopContext, local_day
from app.pipeline.inbound import put_off_until_read
from app.pipeline.looking import settle_by_stock, surely_as_known
from app.pipeline.planning import Planned
from app.pipeline.quarantine import unless_poisoned
from app.pipeline.reading import read_changed_orders
from app.pipeline.write_back import changes_status, items_that_matter, plan_all, refuse
from app.platforms.base import BulkWriter, Glance, OrderChange

# A look at all of them takes half of the points that the smallest bucket holds.
_MOST_AT_ONCE = 1000
_POLL = timedelta(seconds=5)
# Minutes are usual for thousands of lines. What takes longer is stopped, and not waited for for ever.
_STOPPED_AFTER = timedelta(minutes=15)
_GIVEN_UP_AFTER = timedelta(minutes=20)
# Where it failed, the ordinary way is taken for a while.
_REST = timedelta(minutes=10)
# Where too few orders were left, others may come soon.
_SHORT_REST = timedelta(minutes=1)
_CAUSE = "before many orders are tagged or released"

log = structlog.get_logger()


def write_in_bulk(context: ShopContext) -> bool:
    """Follow the write that is under way, or begin one if enough orders wait for it. Returns whether
    there was anything to do."""
    with context.transaction() as session:
        row = bulk_writes.find(session, context.shop_id)
        now = context.clock()
        due = due_orders.count_changing_status(session, context.shop_id, now=now, limit=_MOST_AT_ONCE)
    if row is not None:
        return row.due_at <= context.clock() and _follow(context, row)
    if not due or not 0 < context.platform.traits.bulk_from <= due:
        return False
    writer = context.platform.bulk
    if writer is None:
        return False
    return unless_poisoned(partial(_begin, context, writer), partial(_rest, context, _REST))


def _rest(context: ShopContext, how_long: timedelta) -> bool:
    with context.transaction() as session:
        bulk_writes.rest(session, context.shop_id, until=context.clock() + how_long, now=context.clock())
    return False


def _begin(context: ShopContext, writer: BulkWriter) -> bool:
    """Plan, keep what is intended, and have it begun. Too few orders go the ordinary way; of those that
    were put off all come again together."""
    least = context.platform.traits.bulk_from
    orders, is_any_put_off = _due(context)
    if len(orders) < least and is_any_put_off:
        return False
    plans = _plans(context, orders) if len(orders) >= least else []
    if len(plans) < least:
        return _rest(context, _SHORT_REST)
    with context.transaction() as session:
        intents = [(plan.order.order_id, plan.before, plan.after) for plan in plans]
        showing.intend(session, context.shop_id, intents)
        order_ids = [plan.order.order_id for plan in plans]
        bulk_writes.begin(session, context.shop_id, order_ids, now=context.clock())
    log.info("writing tags in bulk", shop=context.shop_id, orders=len(plans))
    return _have_it_begun(context, writer, [_tags_of(plan.change) for plan in plans])


def _due(context: ShopContext) -> tuple[list[DueOrder], bool]:
    """The orders that change their status, unless a write of ours is still unanswered, or a date that
    they are to show must be read anew; and whether any was put off for that."""
    now = context.clock()
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        today = local_day(now, shop.time_zone)
        found = due_orders.orders_changing_status(session, context.shop_id, now=now, limit=_MOST_AT_ONCE)
        fresh = put_off_until_read(session, shop, found, now=now)
        due = with_obligations(session, shop, fresh, now=now)
    ready = [order for order in due if order.intent is None and changes_status(order, today)]
    return ready, len(fresh) < len(found)


def _plans(context: ShopContext, orders: Sequence[DueOrder]) -> list[Planned]:
    """What to write on those that are still to change, by all that was just read again."""
    order_ids, items = [order.order_id for order in orders], sorted(items_that_matter(orders))
    read_changed_orders(context, cause=_CAUSE, items=items)
    asked_at = context.clock()
    glance = context.platform.glance(order_ids, items) or Glance()
    seen = {one.now.order.order_id: one for one in glance.orders}
    settle_by_stock(context, glance.stock, asked_at=asked_at)
    sure = surely_as_known(context, glance.orders)
    pairs = [
        (order, seen[order.order_id].now)
        for order in _due(context)[0]
        if order.order_id in sure and items_that_matter([order]) <= set(items)
    ]
    return [plan for plan in plan_all(context, pairs) if _can_be_in_bulk(plan.change)]


def _can_be_in_bulk(change: OrderChange) -> bool:
    """Tags are taken off and put on by operations that run side by side: names that differ in case
    alone would be one tag there."""
    on, off = ({tag.casefold() for tag in tags} for tags in (change.add_tags, change.remove_tags))
    return bool(on | off) and not on & off and change.status_id is None


def _tags_of(change: OrderChange) -> OrderChange:
    return replace(change, note=None, metafields={}, remove_metafields=(), status_id=None)


def _have_it_begun(context: ShopContext, writer: BulkWriter, changes: Sequence[OrderChange]) -> bool:
    for part in writer.begin(changes):
        if part.operation_id is None:
            log.warning("a bulk operation was refused", shop=context.shop_id, reason=part.problem)
            continue
        with context.transaction() as session:
            bulk_writes.add_part(session, context.shop_id, part.operation_id, part.order_ids)
    with context.transaction() as session:
        bulk_writes.look_later(session, context.shop_id, at=context.clock() + _POLL)
    return True


def _follow(context: ShopContext, row: BulkWriteRow) -> bool:
    """How far is it? A worker that was killed while it began may have left operations unnamed."""
    writer = context.platform.bulk
    if row.state == BulkWriteState.RESTING or writer is None:
        _end(context, tagged=set(), failed=False)
        return False
    if row.state == BulkWriteState.BEGINNING:
        row = _adopt(context, writer, row)
    states = {part["operation_id"]: writer.state(part["operation_id"]) for part in row.parts}
    going = [operation_id for operation_id, state in states.items() if not state.is_over]
    age = context.clock() - row.begun_at
    if going and age < _GIVEN_UP_AFTER:
        if age >= _STOPPED_AFTER:
            _stop(writer, going)
        with context.transaction() as session:
            bulk_writes.look_later(session, context.shop_id, at=context.clock() + _POLL)
        return True
    done = {operation_id for operation_id, state in states.items() if state.is_done}
    _finish(context, writer, row, done)
    return True


def _adopt(context: ShopContext, writer: BulkWriter, row: BulkWriteRow) -> BulkWriteRow:
    """The operations of a write that was cut off while it began. Their lines are not known any more,
    so its orders are written the ordinary way once they are over."""
    begun = writer.begun_since(row.begun_at)
    known = {part["operation_id"] for part in row.parts}
    with context.transaction() as session:
        for operation_id in [one for one in begun if one not in known]:
            bulk_writes.add_part(session, context.shop_id, operation_id, [])
        bulk_writes.look_later(session, context.shop_id, at=context.clock())
    with context.transaction() as session:
        return bulk_writes.find(session, context.shop_id) or row


def _stop(writer: BulkWriter, operation_ids: Collection[int]) -> None:
    for operation_id in operation_ids:
        writer.cancel(operation_id)


def _finish(context: ShopContext, writer: BulkWriter, row: BulkWriteRow, done: Collection[int]) -> None:
    """Take the results: an order has its tags if each operation it was in says so of its line."""
    tagged: set[int] = set()
    missed: set[int] = set()
    refusals: dict[int, str] = {}
    for part in row.parts:
        results = writer.results(part["operation_id"]) if part["operation_id"] in done else {}
        for number, order_id in enumerate(part["order_ids"]):
            error = results.get(number)
            (tagged if number in results and error is None else missed).add(order_id)
            refusals |= {} if error is None else {order_id: error}
    with context.transaction() as session:
        for order_id, error in refusals.items():
            refuse(session, context, order_id, error)
    is_whole = bool(row.parts) and all(part["operation_id"] in done for part in row.parts)
    _end(context, tagged=tagged - missed, failed=not is_whole)
    log.info("tags written in bulk", shop=context.shop_id, orders=len(tagged - missed), whole=is_whole)


def _end(context: ShopContext, *, tagged: Collection[int], failed: bool) -> None:
    now = context.clock()
    rest_until = now + _REST if failed else None
    with context.transaction() as session:
        bulk_writes.end(session, context.shop_id, tagged=tagged, rest_until=rest_until, now=now)

"""Our copy of the shop's orders, and of the stock they wait for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.books import Account
from app.core.priority import PriorityRule, priority_of
from app.db import order_copies
from app.db.demand import Taken, forget_lines, lines_of, remember_taken
from app.db.foreign import hear_of_foreign_writes
from app.db.models import (
    IN_BULK,
    NAMES,
    SELLS,
    Item,
    LineRow,
    Order,
    OrderItemRow,
    PoolRow,
    PromiseRow,
    RouteRow,
    Shop,
    ShownRow,
    Variant,
)
from app.db.order_copies import OrderCopy
from app.db.statements import affected_rows, chunks, delete_some, upsert
from app.platforms.base import ItemStock, OrderItem, OrderSeen, Routing, VariantSeen

# An item with stock to spare is looked at a little later, so that many orders share one reading; one
# with plenty much later. A webhook that tells of stock below zero has it looked at at once.
LOOK_LATER = timedelta(seconds=10)
LOOK_MUCH_LATER = timedelta(minutes=5)
PLENTY = 10

# A copy made so soon after its change may miss what came after: a second, and one for two clocks.
_SAME_SECOND = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class OpenDemand:
    """One order's open demand for one item. `quantity` is what its line items say, `backordered` of it
    short at placement where the platform tells; `at` and `backordered_at` are the same by the location
    that ships it, once the order has been located, and `taken_at` those that have lowered the figures,
    where that depends on settings. `planned` units were bought by a selling plan; `waiting_at` are those
    by location that are on hold or scheduled. `is_doubtful`: see the function."""

    order_id: int
    placed_at: datetime
    priority: int
    is_located: bool
    is_stale: bool
    first_seen_at: datetime
    updated_at: datetime
    is_doubtful: bool
    asked_at: datetime | None
    quantity: int
    backordered: int
    at: Mapping[int, int]
    backordered_at: Mapping[int, int]
    taken_at: Mapping[int, int]
    planned: int = 0
    waiting_at: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """An order's open units as it was settled, by item and location, where it is located."""

    is_cancelled: bool
    is_located: bool
    lines: Mapping[tuple[int, int], int]


class StockMove(NamedTuple):
    """What a webhook told of an item's stock: its own number, and which delivery it was."""

    item_id: int
    hint: int | None
    cause: str


def see_orders(
    session: Session,
    shop_id: int,
    copies: Sequence[OrderSeen],
    *,
    now: datetime,
    cause: str,
    is_read: bool,
) -> set[int]:
    """Take copies of orders into the mirror; an older one never overwrites a newer one.

    `is_read`: they were just read from the platform, not told by a webhook. Items whose demand or
    queue changed become due, and orders that show something of ours are judged again. Returns the ids of
    orders that really changed.
    """
    known = order_copies.read(session, shop_id, {copy.order_id for copy in copies})
    rules = priority_rules(session, shop_id)
    lines = lines_of(session, shop_id, known.keys())
    changed: dict[int, dict[int, int]] = {}
    taken: list[Taken] = []
    told = []
    for copy in copies:
        order = known.get(copy.order_id)
        is_first = order is None
        if order is None:
            order = known[copy.order_id] = order_copies.begin(copy, now=now)
        elif order.is_gone or copy.updated_at < order.updated_at:
            continue
        told.append(copy)
        before = {} if order.is_cancelled else order.items
        was = {} if order.is_cancelled else lines.get(copy.order_id, {})
        is_moved = _rank(order, copy, rules)
        is_changed = _take_copy(order, copy, now=now, is_trusted=is_read or is_first)
        after = {} if copy.is_cancelled else order.items
        if copy.routing is not None:
            is_begun = any(item.outstanding for item in before.values())
            taken.append(Taken(copy, was, before, after, is_begun=is_begun))
        if is_changed or is_moved:
            _add_difference(changed.setdefault(copy.order_id, {}), before, after)
    order_copies.write(session, shop_id, known)
    _route(session, shop_id, known)
    remember_taken(session, shop_id, taken, now=now)
    _ask_for_looks(session, shop_id, changed, now=now, cause=cause)
    _judge_if_shown(session, shop_id, changed.keys(), now=now)
    hear_of_foreign_writes(session, shop_id, told, now=now)
    return set(changed)


def priority_rules(session: Session, shop_id: int) -> list[PriorityRule]:
    """The merchant's rules, the first that fits counts."""
    told = session.scalar(sa.select(Shop.priority_rules).where(Shop.id == shop_id))
    return [PriorityRule(rule["tag"], rule["priority"]) for rule in told or ()]


def _rank(order: OrderCopy, copy: OrderSeen, rules: Sequence[PriorityRule]) -> bool:
    """Give the order the priority that its tags earn it, unless a person did. Returns whether it moves
    in the queue."""
    if copy.tags is None or order.is_ranked_by_hand:
        return False
    before, order.priority = order.priority, priority_of(copy.tags, rules)
    return order.priority != before


def _orders(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, Order]:
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    return {order.order_id: order for order in session.scalars(sa.select(Order).where(*where))}


def _take_copy(order: OrderCopy, copy: OrderSeen, *, now: datetime, is_trusted: bool) -> bool:
    """Write one copy over what we know of the order. Returns whether its demand changed."""
    told = _told_items(copy, order.items)
    is_new_demand = told is not None and _without_prices(told) != _without_prices(order.items)
    is_changed = is_new_demand or copy.is_cancelled != order.is_cancelled
    # Two changes in one second carry the same `updated_at`: which of the copies is newer can't be
    # told, so the order is read when it matters.
    is_ambiguous = is_changed and not is_trusted and copy.updated_at == order.updated_at
    order.name, order.placed_at, order.updated_at = copy.name, copy.placed_at, copy.updated_at
    order.is_cancelled, order.seen_at = copy.is_cancelled, now
    order.is_written = False
    if told is not None and told != order.items:
        order.items, order.has_new_items = told, True
    if is_changed:
        order.is_located, order.asked_at, order.is_to_be_located = False, None, False
    if copy.routing is not None:
        order.routing, order.is_to_be_located = copy.routing, True
    order.is_stale = is_ambiguous or (order.is_stale and not (is_trusted and told is not None))
    return is_changed


def _told_items(copy: OrderSeen, known: Mapping[int, OrderItem]) -> dict[int, OrderItem] | None:
    """A copy's line items by their ids, at the prices and with the selling plans that are known where
    it tells none."""
    if copy.items is None:
        return None
    return {item.line_id: _with_known(item, known.get(item.line_id)) for item in copy.items}


def _with_known(item: OrderItem, known: OrderItem | None) -> OrderItem:
    if known is None or not (item.unit_price is None or item.selling_plan_id is None):
        return item
    price, plan = item.unit_price, item.selling_plan_id
    return msgspec.structs.replace(
        item,
        unit_price=known.unit_price if price is None else price,
        selling_plan_id=known.selling_plan_id if plan is None else plan,
    )


def _without_prices(items: Mapping[int, OrderItem]) -> dict[int, OrderItem]:
    """A price or a selling plan that becomes known is no demand."""
    return {
        line_id: msgspec.structs.replace(item, unit_price=None, selling_plan_id=None)
        for line_id, item in items.items()
    }


def _route(session: Session, shop_id: int, orders: Mapping[int, OrderCopy]) -> None:
    """Keep the routing of those orders that a read told of, and say which of them are located by it:
    not those of which a copy changed after it."""
    for order_id, order in orders.items():
        if order.routing is None:
            continue
        _replace_routing(session, shop_id, order_id, order.routing)
        if order.is_to_be_located:
            is_located = order.is_cancelled or (
                bool(order.routing.route_ids) and _covers(session, shop_id, order_id, order.routing)
            )
            where = (Order.shop_id == shop_id, Order.order_id == order_id)
            session.execute(sa.update(Order).where(*where).values(is_located=is_located))


def _replace_routing(session: Session, shop_id: int, order_id: int, routing: Routing) -> None:
    for table in (LineRow, RouteRow):
        session.execute(sa.delete(table).where(table.shop_id == shop_id, table.order_id == order_id))
    key = {"shop_id": shop_id, "order_id": order_id}
    lines = [
        key
        | {
            "item_id": line.item_id,
            "location_id": line.location_id,
            "quantity": line.quantity,
            "backordered": line.backordered,
            "waiting": line.waiting,
        }
        for line in routing.lines
    ]
    if lines:
        upsert(session, LineRow, lines)
    if routing.route_ids:
        upsert(session, RouteRow, [key | {"route_id": route_id} for route_id in routing.route_ids])


def _covers(session: Session, shop_id: int, order_id: int, routing: Routing) -> bool:
    """Whether the whole order is routed. Units that an edit adds are routed in the background; until
    then its line items tell more than its routing."""
    told = (
        sa.select(sa.func.coalesce(sa.func.sum(OrderItemRow.outstanding), 0))
        .join(Variant, NAMES)
        .where(OrderItemRow.shop_id == shop_id, OrderItemRow.order_id == order_id)
        .where(sa.or_(Variant.item_id.is_not(None), Variant.is_resolved.is_(False)))
    )
    return sum(line.quantity for line in routing.lines) >= int(session.scalar(told) or 0)


def _add_difference(
    total: dict[int, int], before: Mapping[int, OrderItem], after: Mapping[int, OrderItem]
) -> None:
    """Add to `total` how many more units of each variant are outstanding than before."""
    for sign, items in ((-1, before), (1, after)):
        for item in items.values():
            total[item.variant_id] = total.get(item.variant_id, 0) + sign * item.outstanding


def _ask_for_looks(
    session: Session,
    shop_id: int,
    changed: Mapping[int, Mapping[int, int]],
    *,
    now: datetime,
    cause: str,
) -> None:
    """More demand asks for a look at the item's stock; less demand can only help, so it matters only
    where somebody waits."""
    more: dict[int, int] = defaultdict(int)
    for differences in changed.values():
        for variant_id, units in differences.items():
            more[variant_id] += units
    for variant_id, item in _items_of_variants(session, shop_id, more.keys()).items():
        if more[variant_id] > 0:
            item.headroom = None if item.headroom is None else item.headroom - more[variant_id]
            ask_for_look(item, at=now + _patience(item, item.headroom), cause=cause)
        elif item.has_queue:
            ask_for_look(item, at=now, cause=cause)


def _patience(item: Item, free: int | None) -> timedelta:
    """How long a look may wait, by a guess of what is free: nothing, where somebody waits already."""
    if item.has_queue or free is None or free < 0:
        return timedelta(0)
    return LOOK_LATER if free < PLENTY else LOOK_MUCH_LATER


def _items_of_variants(session: Session, shop_id: int, variant_ids: Collection[int]) -> dict[int, Item]:
    statement = (
        sa.select(Variant.variant_id, Item)
        .join(Item, SELLS)
        .where(Variant.shop_id == shop_id, Variant.variant_id.in_(variant_ids))
    )
    return dict(session.execute(statement).all())


def ask_for_look(item: Item, *, at: datetime, cause: str) -> None:
    """The item's stock must be read by then; an earlier wish stands."""
    if item.look_at is None or at < item.look_at:
        item.look_at, item.cause = at, cause


def _judge_if_shown(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime
) -> None:
    """Orders that show something of ours, or were promised something, must be compared again."""
    if not order_ids:
        return
    shown = sa.exists().where(ShownRow.shop_id == shop_id, ShownRow.order_id == Order.order_id)
    promised = sa.exists().where(PromiseRow.shop_id == shop_id, PromiseRow.order_id == Order.order_id)
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids), sa.or_(shown, promised))
    session.execute(sa.update(Order).where(*where).values(judge_at=now))


def touch_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Something about these orders changed that no webhook told: read them before they matter."""
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*where).values(is_stale=True, asked_at=None))
    _look_at_queues_of(session, shop_id, order_ids, now=now, cause=cause)


def unroute(
    session: Session, shop_id: int, route_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Parts of orders went elsewhere. Those we know are located anew; for one we don't know, an
    item may be waiting."""
    where = (RouteRow.shop_id == shop_id, RouteRow.route_id.in_(route_ids))
    order_ids = set(session.scalars(sa.select(RouteRow.order_id).where(*where)))
    moved = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*moved).values(is_located=False, asked_at=None))
    _look_at_queues_of(session, shop_id, order_ids, now=now, cause=cause)
    waiting = (Item.shop_id == shop_id, Item.unbalanced_since.is_not(None), Item.look_at > now)
    session.execute(sa.update(Item).where(*waiting).values(look_at=now))


def _look_at_queues_of(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    variants = sa.select(OrderItemRow.variant_id).where(
        OrderItemRow.shop_id == shop_id, OrderItemRow.order_id.in_(order_ids)
    )
    for item in _items_of_variants(session, shop_id, set(session.scalars(variants))).values():
        if item.has_queue:
            ask_for_look(item, at=now, cause=cause)


def look_at_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Look at the stock of everything these orders name."""
    for items in items_of_orders(session, shop_id, order_ids).values():
        for item in items:
            ask_for_look(item, at=now, cause=cause)


def is_settled() -> sa.ColumnElement[bool]:
    """The condition on `Order` that none of its items must still be looked at: only then can it be
    judged, from all of them together."""
    unsettled = (
        sa.select(OrderItemRow.order_id)
        .join(Variant, NAMES)
        .outerjoin(Item, SELLS)
        .where(OrderItemRow.shop_id == Order.shop_id, OrderItemRow.order_id == Order.order_id)
        .where(sa.or_(Item.look_at.is_not(None), Variant.is_resolved.is_(False)))
    )
    return ~unsettled.correlate(Order).exists()


def is_ready() -> sa.ColumnElement[bool]:
    """The condition on `Order` that it can be judged, and that neither a person nor a write of many
    orders holds it back."""
    return sa.and_(is_settled(), Order.held_at.is_(None), Order.bulk != IN_BULK)


def forget_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """The platform deleted these orders: they wait for nothing any more."""
    forget_lines(session, shop_id, order_ids, now=now)
    _look_at_queues_of(session, shop_id, order_ids, now=now, cause=cause)
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    gone: dict[str, object] = {
        "is_gone": True,
        "is_cancelled": True,
        "is_stale": False,
        "judge_at": None,
    }
    gone |= {"short": 0, "short_value": None, "short_since": None, "expected_on": None}
    gone |= {"unbacked_on": None, "released_on": None, "waits_as": ""}
    session.execute(sa.update(Order).where(*where).values(**gone))
    for table in (LineRow, RouteRow, PromiseRow, ShownRow):
        session.execute(sa.delete(table).where(table.shop_id == shop_id, table.order_id.in_(order_ids)))


def move_stock(
    session: Session, shop_id: int, item_ids: Mapping[int, int | None], *, now: datetime, cause: str
) -> None:
    """Stock of these items changed (see `move_stocks`)."""
    moves = [StockMove(item_id, hint, cause) for item_id, hint in item_ids.items()]
    move_stocks(session, shop_id, moves, now=now)


def move_stocks(session: Session, shop_id: int, moves: Sequence[StockMove], *, now: datetime) -> None:
    """Stock of items changed, in this order; a webhook's own number (None if it told none: then what was
    free before) only says how soon to look. Items that no order names are nobody's business."""
    known = {item.item_id: item for item in _items(session, shop_id, {one.item_id for one in moves})}
    for move in moves:
        item = known.get(move.item_id)
        if item is not None:
            item.stirred_at = now
            free = item.headroom if move.hint is None else move.hint
            ask_for_look(item, at=now + _patience(item, free), cause=move.cause)


def look_at_item(session: Session, shop_id: int, item_id: int, *, now: datetime, cause: str) -> None:
    """An item's settings changed: whatever was known of its stock may not hold."""
    for item in _items(session, shop_id, [item_id]):
        item.stirred_at = now
        ask_for_look(item, at=now, cause=cause)


def move_stock_of_product(
    session: Session, shop_id: int, product_id: int, *, now: datetime, cause: str
) -> None:
    """Stock of a product changed; all its items that orders name are looked at."""
    where = (Variant.shop_id == shop_id, Variant.product_id == product_id, Variant.item_id.is_not(None))
    item_ids = set(session.scalars(sa.select(Variant.item_id).where(*where)))
    move_stock(session, shop_id, {one: None for one in item_ids if one}, now=now, cause=cause)


def look_at_location(
    session: Session, shop_id: int, location_id: int, *, now: datetime, cause: str
) -> None:
    """A location went out of use: whoever waited there must be looked at again."""
    where = (PoolRow.shop_id == shop_id, PoolRow.location_id == location_id)
    for item in _items(session, shop_id, set(session.scalars(sa.select(PoolRow.item_id).where(*where)))):
        ask_for_look(item, at=now, cause=cause)


def _items(session: Session, shop_id: int, item_ids: Collection[int]) -> Sequence[Item]:
    return session.scalars(
        sa.select(Item).where(Item.shop_id == shop_id, Item.item_id.in_(item_ids))
    ).all()


def unresolved_variants(session: Session, shop_id: int, *, limit: int) -> list[int]:
    """Variants that orders name and nobody has asked about yet."""
    where = (Variant.shop_id == shop_id, Variant.is_resolved.is_(False))
    return list(
        session.scalars(
            sa.select(Variant.variant_id).where(*where).order_by(Variant.variant_id).limit(limit)
        )
    )


def see_variants(
    session: Session, shop_id: int, told: Iterable[VariantSeen], *, now: datetime, only_known: bool
) -> None:
    """Remember which items variants sell. A new item is looked at now. `only_known` leaves out
    variants that no order names (a catalogue may have a million)."""
    seen = {variant.variant_id: variant for variant in told}
    where = (Variant.shop_id == shop_id, Variant.variant_id.in_(seen))
    known = {row.variant_id: row for row in session.scalars(sa.select(Variant).where(*where))}
    for variant_id, variant in seen.items():
        row = known.get(variant_id)
        if row is None:
            if only_known:
                continue
            row = Variant(shop_id=shop_id, variant_id=variant_id)
            session.add(row)
        row.item_id, row.product_id, row.is_resolved = variant.item_id, variant.product_id, True
        if variant.item_id is not None:
            _see_item(session, shop_id, variant, now)
    session.flush()


def _see_item(session: Session, shop_id: int, variant: VariantSeen, now: datetime) -> None:
    item = session.get(Item, (shop_id, variant.item_id))
    if item is None:
        item = Item(
            shop_id=shop_id,
            item_id=variant.item_id,
            look_at=now,
            attempts=0,
            cause="first order of the item",
            stirred_at=now,
        )
        session.add(item)
    item.sku, item.title = variant.sku, variant.title
    session.flush()


def find_items(session: Session, shop_id: int, sku: str) -> Sequence[Item]:
    """Items with that code, without regard to case."""
    where = (Item.shop_id == shop_id, sa.func.lower(Item.sku) == sku.lower())
    return session.scalars(sa.select(Item).where(*where)).all()


def begin_rechecks(session: Session, shop_id: int, *, now: datetime) -> None:
    """What was told of these items must show in the platform's readings by now: look once more."""
    due = (Item.shop_id == shop_id, Item.recheck_at <= now)
    values = {"look_at": now, "recheck_at": None, "cause": "looked at again, since readings lag"}
    session.execute(sa.update(Item).where(*due, Item.look_at.is_(None)).values(**values))
    session.execute(sa.update(Item).where(*due).values(recheck_at=None))


def due_items(session: Session, shop_id: int, *, now: datetime, limit: int) -> Sequence[Item]:
    """Items whose stock must be read now, longest due first."""
    where = (Item.shop_id == shop_id, Item.look_at <= now)
    return session.scalars(sa.select(Item).where(*where).order_by(Item.look_at).limit(limit)).all()


def unsettled_items(session: Session, shop_id: int) -> set[int]:
    """Items that are to be looked at, now or later."""
    where = (Item.shop_id == shop_id, Item.look_at.is_not(None))
    return set(session.scalars(sa.select(Item.item_id).where(*where)))


def pools_of(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[int, dict[int, PoolRow]]:
    """The pools of these items as last read, by item and location."""
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id.in_(item_ids))
    found: dict[int, dict[int, PoolRow]] = defaultdict(dict)
    for row in session.scalars(sa.select(PoolRow).where(*where)):
        found[row.item_id][row.location_id] = row
    return found


def set_aside(session: Session, shop_id: int, item_id: int, problem: str, *, now: datetime) -> None:
    """One item could not be settled: say why, and try it again later and later, at most hourly."""
    item = lock_item(session, shop_id, item_id)
    item.problem, item.attempts = problem, item.attempts + 1
    item.look_at = now + timedelta(seconds=min(3600, 15 * 2**item.attempts))


def lock_item(session: Session, shop_id: int, item_id: int) -> Item:
    """The item, held until the transaction ends, so that an arrival typed meanwhile is not missed."""
    where = (Item.shop_id == shop_id, Item.item_id == item_id)
    return session.scalars(
        sa.select(Item).where(*where).with_for_update().execution_options(populate_existing=True)
    ).one()


def record_stock(
    session: Session,
    shop_id: int,
    stock: ItemStock,
    accounts: Mapping[int, Account],
    drift: Mapping[int, int],
    *,
    now: datetime,
    drift_since: Mapping[int, Sequence[Sequence[float]]] | None = None,
) -> None:
    """Replace what we know of one item's pools; `accounts`, `drift` and `drift_since` by location, the
    last None where nobody asked."""
    since = drift_since or {}
    gone = (PoolRow.shop_id == shop_id, PoolRow.item_id == stock.item_id)
    session.execute(
        sa.delete(PoolRow).where(
            *gone, PoolRow.location_id.not_in([pool.location_id for pool in stock.pools])
        )
    )
    rows = [
        {
            "shop_id": shop_id,
            "item_id": stock.item_id,
            "location_id": pool.location_id,
            "location_name": pool.location_name,
            "on_hand": pool.on_hand,
            "available": pool.available,
            "committed": pool.committed,
            "backordered": pool.backordered,
            "supply": accounts[pool.location_id].supply,
            "drift": drift.get(pool.location_id, 0),
            "drift_since": [list(one) for one in since.get(pool.location_id, ())],
            "is_reckoned": drift_since is not None,
            "read_at": now,
        }
        for pool in stock.pools
    ]
    if rows:
        upsert(session, PoolRow, rows)


def mark_asked(session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime) -> None:
    """The platform has been asked for these orders, whatever it answered."""
    session.execute(
        sa.update(Order)
        .where(Order.shop_id == shop_id, Order.order_id.in_(order_ids))
        .values(asked_at=now)
    )


def outdated_orders(
    session: Session,
    shop_id: int,
    updated_at: Mapping[int, datetime],
    item_ids: Collection[int],
    *,
    untouched: Mapping[int, int] = MappingProxyType({}),
) -> list[int]:
    """Those orders of which our copy is older than that, or that we have none of; of those that name
    these items, also the doubtful ones that were not asked for since: read again within one second they
    would be read many times while orders stream in, and what they hide then the books tell. One that
    is `untouched` (see `ChangedOrders`) and as large as our copy is not doubtful."""
    known = _orders(session, shop_id, updated_at.keys())
    doubtful = {
        order_id
        for order_id, moment in updated_at.items()
        if order_id in known and _may_hide_more(known[order_id], moment)
    }
    doubtful &= _orders_naming(session, shop_id, doubtful, item_ids)
    told = {order_id: untouched[order_id] for order_id in doubtful & untouched.keys()}
    doubtful -= as_untouched(session, shop_id, told)
    return [
        order_id
        for order_id, moment in updated_at.items()
        if order_id not in known or known[order_id].updated_at < moment or order_id in doubtful
    ]


def _may_hide_more(order: Order, changed_at: datetime) -> bool:
    is_asked = order.asked_at is not None and order.asked_at >= changed_at
    return is_doubtful(changed_at, order.seen_at) and not is_asked


def as_untouched(session: Session, shop_id: int, units: Mapping[int, int]) -> set[int]:
    """Those of these orders, none of which was shipped, cancelled or edited, whose copies have as many
    units and say so too."""
    columns = (
        sa.func.sum(OrderItemRow.ordered),
        sa.func.sum(OrderItemRow.outstanding),
    )
    mine = sa.and_(Order.shop_id == OrderItemRow.shop_id, Order.order_id == OrderItemRow.order_id)
    statement = (
        sa.select(OrderItemRow.order_id, *columns)
        .join(Order, mine)
        .where(OrderItemRow.shop_id == shop_id, Order.is_cancelled.is_(False), Order.is_gone.is_(False))
        .group_by(OrderItemRow.order_id)
    )
    found: set[int] = set()
    for some in chunks(units):
        for row in session.execute(statement.where(OrderItemRow.order_id.in_(some))):
            order_id, ordered, outstanding = row
            found |= {order_id} if ordered == outstanding == units[order_id] else set()
    return found


def surely_as_known(
    session: Session, shop_id: int, updated_at: Mapping[int, datetime], *, untouched: Mapping[int, int]
) -> set[int]:
    """Those of these orders that have not changed since our copies of them, by the times of
    their last changes; a doubtful copy must say of an untouched order what is told of it now (see
    `outdated_orders`)."""
    known = _orders(session, shop_id, updated_at.keys())
    same = {
        order_id: order
        for order_id, order in known.items()
        if order.updated_at == updated_at[order_id] and not order.is_stale
    }
    doubtful = {key for key, order in same.items() if is_doubtful(order.updated_at, order.seen_at)}
    told = {order_id: untouched[order_id] for order_id in doubtful & untouched.keys()}
    return same.keys() - (doubtful - as_untouched(session, shop_id, told))


def _orders_naming(
    session: Session, shop_id: int, order_ids: Collection[int], item_ids: Collection[int]
) -> set[int]:
    statement = (
        sa.select(OrderItemRow.order_id)
        .join(Variant, NAMES)
        .where(OrderItemRow.shop_id == shop_id, Variant.item_id.in_(item_ids))
    )
    found: set[int] = set()
    for some in chunks(order_ids):
        found |= set(session.scalars(statement.where(OrderItemRow.order_id.in_(some))))
    return found


def is_doubtful(updated_at: datetime, seen_at: datetime) -> bool:
    """Whether an order may have changed after our copy of it and look as old, for platforms tell whole
    seconds. Most copies are so young, and hardly one is wrong: a webhook would have to be lost."""
    return seen_at < updated_at + _SAME_SECOND


def distrust_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, seen_before: datetime
) -> None:
    """Our copies of these orders may be stale, except those seen since."""
    for some in chunks(order_ids):
        where = (Order.shop_id == shop_id, Order.order_id.in_(some), Order.seen_at < seen_before)
        session.execute(sa.update(Order).where(*where).values(is_stale=True, asked_at=None))


def look_at_waiting_items(session: Session, shop_id: int, *, now: datetime) -> None:
    """Look again at every item that somebody waits for, and a little later at all others that open
    orders name: a webhook may have been lost, and a day may have passed."""
    queued = (Item.shop_id == shop_id, Item.has_queue, Item.look_at.is_(None))
    session.execute(sa.update(Item).where(*queued).values(look_at=now, cause="hourly check"))
    named = (
        sa.select(Variant.item_id)
        .join(OrderItemRow, NAMES)
        .where(Variant.shop_id == shop_id, OrderItemRow.outstanding > 0)
    )
    others = (Item.shop_id == shop_id, Item.look_at.is_(None), Item.item_id.in_(named))
    session.execute(
        sa.update(Item).where(*others).values(look_at=now + LOOK_LATER, cause="hourly check")
    )


def open_demand(
    session: Session, shop_id: int, item_ids: Collection[int]
) -> dict[int, list[OpenDemand]]:
    """Every order that takes, or may take, units of these items, by item."""
    orders: dict[tuple[int, int], Order] = {}
    told: dict[tuple[int, int], tuple[int, int, int]] = {}
    located: dict[tuple[int, int], list[LineRow]] = defaultdict(list)
    for item_id, order, units, short, planned in session.execute(_told_demand(shop_id, item_ids)):
        orders[item_id, order.order_id] = order
        told[item_id, order.order_id] = int(units), int(short), int(planned)
    for line, order in session.execute(_located_demand(shop_id, item_ids)):
        orders[line.item_id, order.order_id] = order
        located[line.item_id, order.order_id].append(line)
    result: dict[int, list[OpenDemand]] = {item_id: [] for item_id in item_ids}
    for key, order in orders.items():
        demand = _open_demand_of(order, told.get(key, (0, 0, 0)), located.get(key, []))
        if demand.quantity or order.is_stale:
            result[key[0]].append(demand)
    return result


def _open_demand_of(order: Order, told: tuple[int, int, int], located: Sequence[LineRow]) -> OpenDemand:
    """`told` are the units outstanding, backordered, and bought by a plan, by the line items."""
    lines, planned = located if order.is_located else [], told[2]
    if order.is_located:
        told = sum(line.quantity for line in lines), sum(line.backordered for line in lines), planned
    return OpenDemand(
        order_id=order.order_id,
        placed_at=order.placed_at,
        priority=order.priority,
        is_located=order.is_located,
        is_stale=order.is_stale,
        first_seen_at=order.first_seen_at,
        updated_at=order.updated_at,
        is_doubtful=is_doubtful(order.updated_at, order.seen_at),
        asked_at=order.asked_at,
        quantity=told[0],
        backordered=told[1],
        at={line.location_id: line.quantity for line in lines},
        backordered_at={line.location_id: line.backordered for line in lines},
        taken_at={line.location_id: line.taken for line in lines if line.taken is not None},
        planned=planned,
        waiting_at={line.location_id: line.waiting for line in lines},
    )


def _told_demand(shop_id: int, item_ids: Collection[int]) -> sa.Select[int, Order, int, int, int]:
    """Units outstanding, backordered, and bought by a selling plan, by item and order as the line items
    say; none outstanding only where the order is stale."""
    by_plan = sa.case((OrderItemRow.selling_plan_id > 0, OrderItemRow.outstanding), else_=0)
    told = (
        sa.select(
            Variant.item_id,
            OrderItemRow.order_id,
            sa.func.sum(OrderItemRow.outstanding).label("units"),
            sa.func.sum(OrderItemRow.backordered).label("short"),
            sa.func.sum(by_plan).label("planned"),
        )
        .join(Variant, NAMES)
        .where(OrderItemRow.shop_id == shop_id, Variant.item_id.in_(item_ids))
        .group_by(Variant.item_id, OrderItemRow.order_id)
        .subquery()
    )
    return (
        sa.select(told.c.item_id, Order, told.c.units, told.c.short, told.c.planned)
        .join(Order, sa.and_(Order.shop_id == shop_id, Order.order_id == told.c.order_id))
        .where(Order.is_cancelled.is_(False), sa.or_(told.c.units > 0, Order.is_stale))
    )


def _located_demand(shop_id: int, item_ids: Collection[int]) -> sa.Select[LineRow, Order]:
    return (
        sa.select(LineRow, Order)
        .join(Order, sa.and_(Order.shop_id == LineRow.shop_id, Order.order_id == LineRow.order_id))
        .where(LineRow.shop_id == shop_id, LineRow.item_id.in_(item_ids), Order.is_cancelled.is_(False))
    )


def outstanding_of(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, Outstanding]:
    """The open units of these orders, as the mirror has them."""
    lines: dict[int, dict[tuple[int, int], int]] = defaultdict(dict)
    where = (LineRow.shop_id == shop_id, LineRow.order_id.in_(order_ids))
    for row in session.scalars(sa.select(LineRow).where(*where)):
        lines[row.order_id][row.item_id, row.location_id] = row.quantity
    return {
        order_id: Outstanding(order.is_cancelled, order.is_located, lines[order_id])
        for order_id, order in _orders(session, shop_id, order_ids).items()
    }


def order_sizes(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, tuple[int, int]]:
    """How many line items and routed parts each order has, so that reads ask for no more."""
    items = _count_by_order(session, shop_id, order_ids, OrderItemRow)
    routes = _count_by_order(session, shop_id, order_ids, RouteRow)
    return {order_id: (items.get(order_id, 0), routes.get(order_id, 0)) for order_id in order_ids}


def _count_by_order(
    session: Session, shop_id: int, order_ids: Collection[int], table: type[OrderItemRow | RouteRow]
) -> dict[int, int]:
    statement = (
        sa.select(table.order_id, sa.func.count())
        .where(table.shop_id == shop_id, table.order_id.in_(order_ids))
        .group_by(table.order_id)
    )
    return dict(session.execute(statement).all())


def items_of_orders(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, list[Item]]:
    """The stock items that each order names."""
    statement = (
        sa.select(OrderItemRow.order_id, Item)
        .join(Variant, NAMES)
        .join(Item, SELLS)
        .where(OrderItemRow.shop_id == shop_id, OrderItemRow.order_id.in_(order_ids))
        .distinct()
    )
    found: dict[int, list[Item]] = defaultdict(list)
    for order_id, item in session.execute(statement):
        found[order_id].append(item)
    return found


def held_orders(session: Session, shop_id: int, order_ids: Collection[int]) -> Sequence[int]:
    """Which of these orders we hold a copy of."""
    return session.scalars(
        sa.select(Order.order_id).where(Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    ).all()


def erase_finished_orders(session: Session, shop_id: int, order_ids: Collection[int]) -> int:
    """Drop our copies of these orders, except those that still wait for stock: without them the books
    would not balance, and they hold no word of the buyer."""
    return _erase(session, shop_id, Order.order_id.in_(order_ids))


def forget_finished_orders(session: Session, shop_id: int, *, before: datetime) -> int:
    """Drop some orders that nothing is outstanding of, that show nothing of ours and rest since
    `before`. Returns how many."""
    return _forget(session, shop_id, ~_is_shown(shop_id), before=before)


def forget_shown_orders(session: Session, shop_id: int, *, before: datetime) -> int:
    """Likewise orders that were released so long ago that what they show is their own affair now."""
    return _forget(session, shop_id, _is_shown(shop_id), before=before)


def _is_shown(shop_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(ShownRow.shop_id == shop_id, ShownRow.order_id == Order.order_id)


def _forget(session: Session, shop_id: int, which: sa.ColumnElement[bool], *, before: datetime) -> int:
    rests = (Order.updated_at < before, Order.judge_at.is_(None), which)
    where = (Order.shop_id == shop_id, _is_finished(shop_id), *rests)
    return delete_some(session, Order, Order.order_id, where)


def _erase(session: Session, shop_id: int, which: sa.ColumnElement[bool]) -> int:
    where = (Order.shop_id == shop_id, _is_finished(shop_id), which)
    return affected_rows(session, sa.delete(Order).where(*where))


def _is_finished(shop_id: int) -> sa.ColumnElement[bool]:
    mine = (OrderItemRow.shop_id == shop_id, OrderItemRow.order_id == Order.order_id)
    waiting = sa.exists().where(*mine, OrderItemRow.outstanding > 0)
    # An order of which no item is known has only been heard of: it must be read first.
    known = sa.or_(sa.exists().where(*mine), Order.is_stale.is_(False))
    return sa.or_(Order.is_cancelled, sa.and_(known, ~waiting))


def drifting_pools(session: Session, shop_id: int) -> list[tuple[PoolRow, Item]]:
    """Pools that have more committed than any order we may read explains."""
    statement = (
        sa.select(PoolRow, Item)
        .join(Item, sa.and_(Item.shop_id == PoolRow.shop_id, Item.item_id == PoolRow.item_id))
        .where(PoolRow.shop_id == shop_id, PoolRow.drift != 0)
    )
    return [(pool, item) for pool, item in session.execute(statement)]


def stuck_items(session: Session, shop_id: int) -> Sequence[Item]:
    """Items that can't be settled now, with the reason."""
    where = (Item.shop_id == shop_id, Item.problem.is_not(None), Item.look_at.is_not(None))
    return session.scalars(sa.select(Item).where(*where).order_by(Item.item_id)).all()


def order_names(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, str]:
    """The names people know these orders by."""
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    return dict(session.execute(sa.select(Order.order_id, Order.name).where(*where)).all())

"""Our copies of the shop's orders."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.priority import PriorityRule, priority_of
from app.core.skew import as_skew
from app.db import order_copies
from app.db.demand import ItemLocation, Parts, Taken, forget_lines, lines_of, remember_taken
from app.db.due_items import ask_for_look, items_of_variants, look_at_queues_of, patience
from app.db.endings import items_with_untold_endings
from app.db.foreign import hear_of_foreign_writes
from app.db.models import LineItemRow, LineRow, Order, PromiseRow, RouteRow, Shop, ShownRow
from app.db.order_copies import OrderCopy, kept_tags
from app.db.order_history import OrderEvent, changes_of, tell_of_changes
from app.db.order_sums import sum_up
from app.db.routes import keep_routing
from app.db.statements import is_one_of
from app.platforms.base import LineItem, OrderSeen

_OUT_OF_SIGHT_AGAIN = timedelta(hours=1)


def upsert_orders(
    session: Session,
    shop_id: int,
    copies: Sequence[OrderSeen],
    *,
    now: datetime,
    cause: str,
    is_read: bool,
) -> set[int]:
    """Take copies of orders into the mirror; an older one never overwrites a newer one. What webhooks
    still tell of an order that is gone is old; one that is read is there again, as one that was archived
    and restored.

    `is_read`: they were just read from the platform, not told by a webhook. Items whose demand or queue
    changed become due (`now`, by our clock), and orders that show something of ours are judged again.
    Returns the ids of orders that really changed.
    """
    known = order_copies.read(session, shop_id, {copy.order_id for copy in copies})
    lines = lines_of(session, shop_id, known.keys())
    rules, skew = _rules_and_skew(session, shop_id)
    changed: dict[int, dict[int, int]] = {}
    steps: list[_Step] = []
    for copy in copies:
        is_first = copy.order_id not in known
        order = known.setdefault(copy.order_id, order_copies.begin(copy, now=now))
        if copy.updated_at < order.updated_at or (order.is_gone and not is_read):
            continue
        order.is_gone = False
        is_moved = _rank(order, copy, rules)
        step = _take_step(order, copy, lines, seen_at=now + skew, is_read=is_read, is_first=is_first)
        steps.append(step)
        if step.is_changed or is_moved:
            _add_difference(changed.setdefault(copy.order_id, {}), step.taken.before, step.taken.after)
    order_copies.write(session, shop_id, known)
    keep_routing(session, shop_id, known)
    _remember_steps(session, shop_id, steps, now=now, skew=skew, cause=cause)
    _ask_for_looks(session, shop_id, changed, now=now, cause=cause)
    _judge_if_shown(session, shop_id, changed.keys(), now=now)
    return set(changed)


def priority_rules(session: Session, shop_id: int) -> list[PriorityRule]:
    """The merchant's rules, the first that fits counts."""
    return _rules_and_skew(session, shop_id)[0]


def _rules_and_skew(session: Session, shop_id: int) -> tuple[list[PriorityRule], timedelta]:
    columns = sa.select(Shop.priority_rules, Shop.skew_s).where(Shop.id == shop_id)
    rules, skew_s = session.execute(columns).one_or_none() or (None, None)
    return [PriorityRule(rule["tag"], rule["priority"]) for rule in rules or ()], as_skew(skew_s)


def _rank(order: OrderCopy, copy: OrderSeen, rules: Sequence[PriorityRule]) -> bool:
    """Give the order the priority that its tags or marks earn it, unless a person did. Returns whether
    it moves in the queue."""
    carried = copy.tags if copy.marks is None else copy.marks
    if carried is None or order.is_ranked_by_hand:
        return False
    before, order.priority = order.priority, priority_of(carried, rules)
    return order.priority != before


class _Step(NamedTuple):
    """What one copy made of an order's demand, whether it changed it, and what happened to the order, if
    it was known."""

    taken: Taken
    is_changed: bool
    happened: Sequence[OrderEvent]


def _located(steps: Sequence[_Step]) -> list[Taken]:
    """Only a read tells where units ship from: a webhook's copy says nothing of what was taken."""
    return [step.taken for step in steps if step.taken.copy.routing is not None]


def _happened(steps: Sequence[_Step]) -> list[OrderEvent]:
    return [event for step in steps for event in step.happened]


def _remember_steps(
    session: Session,
    shop_id: int,
    steps: Sequence[_Step],
    *,
    now: datetime,
    skew: timedelta,
    cause: str,
) -> None:
    """Keep what copies tell beside the orders themselves."""
    # What is short was promised and added up before its price was told.
    sum_up(session, shop_id, {step.taken.copy.order_id for step in steps if _is_repriced(step.taken)})
    remember_taken(session, shop_id, _located(steps), seen_at=now + skew)
    tell_of_changes(session, shop_id, _happened(steps), now=now, cause=cause)
    hear_of_foreign_writes(session, shop_id, [step.taken.copy for step in steps], now=now)


def _take_step(
    order: OrderCopy,
    copy: OrderSeen,
    lines: Mapping[int, Mapping[ItemLocation, Parts]],
    *,
    seen_at: datetime,
    is_read: bool,
    is_first: bool,
) -> _Step:
    """Take a copy over. A cancelled order demands nothing."""
    was_cancelled, had = order.is_cancelled, order.items
    is_changed = _take_copy(order, copy, seen_at=seen_at, is_trusted=is_read or is_first)
    before = {} if was_cancelled else had
    taken = Taken(
        copy,
        {} if was_cancelled else lines.get(copy.order_id, {}),
        before,
        {} if copy.is_cancelled else order.items,
        is_begun=any(item.ordered for item in before.values()),
        is_first=is_first,
    )
    if is_first or not is_changed:
        return _Step(taken, is_changed, ())
    happened = changes_of(
        copy.order_id,
        had,
        order.items,
        was_cancelled=was_cancelled,
        is_cancelled=copy.is_cancelled,
        at=copy.updated_at,
    )
    return _Step(taken, is_changed, happened)


def _take_copy(order: OrderCopy, copy: OrderSeen, *, seen_at: datetime, is_trusted: bool) -> bool:
    """Write one copy over what we know of the order. Returns whether its demand changed."""
    told = _told_items(copy, order.items)
    is_new_demand = told is not None and _without_prices(told) != _without_prices(order.items)
    is_changed = is_new_demand or copy.is_cancelled != order.is_cancelled
    # Two changes in one second carry the same `updated_at`: which of the copies is newer can't be
    # told, so the order is read when it matters.
    is_ambiguous = is_changed and not is_trusted and copy.updated_at == order.updated_at
    order.name, order.placed_at, order.updated_at = copy.name, copy.placed_at, copy.updated_at
    order.is_cancelled, order.seen_at = copy.is_cancelled, seen_at
    # Written also where nothing of its demand changed: the times say how new our copy is.
    order.is_written = False
    if told is not None and told != order.items:
        order.items, order.has_new_items = told, True
    if is_changed:
        order.is_located, order.asked_at, order.is_to_be_located = False, None, False
    if copy.tags is not None:
        order.tags = kept_tags(copy.tags)
    if copy.routing is not None:
        order.routing, order.is_to_be_located = copy.routing, True
    order.is_stale = is_ambiguous or (order.is_stale and not (is_trusted and told is not None))
    return is_changed


def _told_items(copy: OrderSeen, known: Mapping[int, LineItem]) -> dict[int, LineItem] | None:
    """A copy's line items by their ids, at the prices and with the selling plans that are known where
    it tells none."""
    if copy.items is None:
        return None
    return {item.line_id: _with_known(item, known.get(item.line_id)) for item in copy.items}


def _with_known(item: LineItem, known: LineItem | None) -> LineItem:
    if known is None or not (item.unit_price is None or item.selling_plan_id is None):
        return item
    price, plan = item.unit_price, item.selling_plan_id
    return msgspec.structs.replace(
        item,
        unit_price=known.unit_price if price is None else price,
        selling_plan_id=known.selling_plan_id if plan is None else plan,
    )


def _without_prices(items: Mapping[int, LineItem]) -> dict[int, LineItem]:
    """A price or a selling plan that becomes known is no demand."""
    return {
        line_id: msgspec.structs.replace(item, unit_price=None, selling_plan_id=None)
        for line_id, item in items.items()
    }


def _is_repriced(taken: Taken) -> bool:
    """Whether a line item that we knew has another price than before, or its first."""
    return any(
        line_id in taken.after and taken.after[line_id].unit_price != item.unit_price
        for line_id, item in taken.before.items()
    )


def _add_difference(
    total: dict[int, int], before: Mapping[int, LineItem], after: Mapping[int, LineItem]
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
    where somebody waits, or is about to be told what ended the waiting: that may have been this."""
    more: dict[int, int] = defaultdict(int)
    for differences in changed.values():
        for variant_id, units in differences.items():
            more[variant_id] += units
    items = items_of_variants(session, shop_id, more.keys())
    less = {item.item_id for variant_id, item in items.items() if more[variant_id] <= 0}
    untold = items_with_untold_endings(session, shop_id, less) if less else set()
    for variant_id, item in items.items():
        if more[variant_id] > 0:
            item.headroom = None if item.headroom is None else item.headroom - more[variant_id]
            ask_for_look(item, at=now + patience(item, item.headroom), cause=cause)
        elif item.has_queue or item.item_id in untold:
            ask_for_look(item, at=now, cause=cause)


def _judge_if_shown(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime
) -> None:
    """Orders that show something of ours, or were promised something, must be compared again."""
    if not order_ids:
        return
    shown = sa.exists().where(ShownRow.shop_id == shop_id, ShownRow.order_id == Order.order_id)
    promised = sa.exists().where(PromiseRow.shop_id == shop_id, PromiseRow.order_id == Order.order_id)
    where = (Order.shop_id == shop_id, is_one_of(Order.order_id, order_ids), sa.or_(shown, promised))
    session.execute(sa.update(Order).where(*where).values(write_due_at=now))


def mark_stale(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """Something about these orders changed that no webhook told: read them before they matter."""
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*where).values(is_stale=True, asked_at=None))
    look_at_queues_of(session, shop_id, order_ids, now=now, cause=cause)


def forget_orders(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    """The platform deleted these orders: they wait for nothing any more. What they show is remembered:
    one that was archived only may be restored, with all that stood on it."""
    _forget_units(session, shop_id, order_ids, now=now, cause=cause)
    gone = {"is_gone": True, "is_cancelled": True, "waits_as": "", "problem": None}
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*where).values(**gone))


def lose_sight_of(
    session: Session,
    shop_id: int,
    order_ids: Collection[int],
    problem: str,
    *,
    now: datetime,
    cause: str,
) -> None:
    """These orders can't be read any more, which says nothing of their units: what is committed tells
    of those. Where it stands on one that it waits, the problem is told, and hourly it is tried again."""
    _forget_units(session, shop_id, order_ids, now=now, cause=cause)
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*where).values(is_located=False))
    stuck = {"problem": problem, "write_due_at": now + _OUT_OF_SIGHT_AGAIN}
    session.execute(sa.update(Order).where(*where, Order.waits_as != "").values(**stuck))


def orders_since_before(
    session: Session, shop_id: int, order_ids: Collection[int], moment: datetime
) -> set[int]:
    """Those of the orders that were placed, or that we knew, before a moment."""
    mine = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    is_old = sa.or_(Order.placed_at < moment, Order.first_seen_at < moment)
    return set(session.scalars(sa.select(Order.order_id).where(*mine, is_old)))


def _forget_units(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime, cause: str
) -> None:
    _, skew = _rules_and_skew(session, shop_id)
    forget_lines(session, shop_id, order_ids, seen_at=now + skew)
    look_at_queues_of(session, shop_id, order_ids, now=now, cause=cause)
    gone: dict[str, object] = {"is_stale": False, "write_due_at": None}
    gone |= {"short": 0, "short_value": None, "short_since": None, "expected_on": None}
    gone |= {"unbacked_on": None, "late_percent": None, "released_on": None}
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    session.execute(sa.update(Order).where(*where).values(**gone))
    for table in (LineRow, RouteRow, PromiseRow):
        session.execute(sa.delete(table).where(table.shop_id == shop_id, table.order_id.in_(order_ids)))


def order_sizes(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[int, tuple[int, int]]:
    """How many line items and routed parts each order has, so that reads ask for no more."""
    items = _count_by_order(session, shop_id, order_ids, LineItemRow)
    routes = _count_by_order(session, shop_id, order_ids, RouteRow)
    return {order_id: (items.get(order_id, 0), routes.get(order_id, 0)) for order_id in order_ids}


def _count_by_order(
    session: Session, shop_id: int, order_ids: Collection[int], table: type[LineItemRow | RouteRow]
) -> dict[int, int]:
    statement = (
        sa.select(table.order_id, sa.func.count())
        .where(table.shop_id == shop_id, table.order_id.in_(order_ids))
        .group_by(table.order_id)
    )
    return dict(session.execute(statement).all())


def held_orders(session: Session, shop_id: int, order_ids: Collection[int]) -> Sequence[int]:
    """Which of these orders we hold a copy of."""
    return session.scalars(
        sa.select(Order.order_id).where(Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    ).all()


def order_names(session: Session, shop_id: int, order_ids: Collection[int]) -> dict[int, str]:
    """The names people know these orders by."""
    where = (Order.shop_id == shop_id, Order.order_id.in_(order_ids))
    return dict(session.execute(sa.select(Order.order_id, Order.name).where(*where)).all())

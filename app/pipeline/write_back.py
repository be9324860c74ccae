"""Due orders → desired − shown = changes; send them, and record what is shown.

The orders and the stock that decided about them are read once more immediately before, in the
request that reads the note: what changed meanwhile is settled again, by that very reading.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from app.core.changes import is_worth_writing
from app.core.desired import Shown, Status, desired, says_what_is_unsure
from app.core.foreign import may_put_right
from app.db import audit, day_counts, due_orders, foreign, holds, moves, shops, showing
from app.db.demand import doubts_about
from app.db.due_orders import DueOrder
from app.db.models import Shop
from app.pipeline.ahead import look_ahead
from app.pipeline.compliance import with_obligations
from app.pipeline.context import ShopContext, local_day
from app.pipeline.inbound import put_off_until_read
from app.pipeline.looking import glance_at, settle_by
from app.pipeline.planning import (
    Planned,
    Rendering,
    must_write,
    plan,
    plan_if_due,
    rendering_of,
    sign_by_look,
)
from app.pipeline.quarantine import act_on_all
from app.pipeline.reading import acknowledge, asks_for, read_changed_orders
from app.platforms.base import Glance, OrderChange, OrderNow, PreWriteRead

# Small enough that the points for a batch come back within the few seconds a worker may wait for
# them: after a longer wait the orders would have to be looked at again.
_ORDERS_AT_ONCE = 8


def write_back(context: ShopContext) -> bool:
    """Bring the next due orders to what they should show. Returns whether there were any."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        today = local_day(context.clock(), shop.time_zone)
        found = due_orders.orders_to_judge(
            session, context.shop_id, now=context.clock(), limit=_ORDERS_AT_ONCE
        )
        due = with_obligations(session, shop, found, now=context.clock())
        loud = [
            order
            for order in due
            if must_write(order, today=today, quiet_days=shop.quiet_days)
            or may_put_right(order.foreign.told, order.foreign.answered, now=context.clock())
        ]
        for order_id in {order.order_id for order in due} - {order.order_id for order in loud}:
            due_orders.settle_order(session, context.shop_id, order_id)
        ready = put_off_until_read(session, shop, loud, now=context.clock())
    act_on_all(ready, partial(_write, context, shop, today), partial(_quarantine, context))
    return bool(due)


def _write(context: ShopContext, shop: Shop, today: date, orders: Sequence[DueOrder]) -> None:
    """Look, plan, send. A glance is enough for orders that have not changed; of others, one that changed
    or is not located is looked at whole, for its routing may be missing. Of one whose tags were written
    in bulk only the rest is.

    Before a status changes the list of changed orders is read: a cancellation and an order of as many
    units, neither of which was told, leave the stock as it was, and still somebody else is short.
    """
    orders = _write_notes(context, orders, today, quiet_days=shop.quiet_days)
    if not orders:
        return
    look = look_ahead(context, orders, items_that_matter(orders)) or _look(context, orders, today)
    _send(context, _still_due(context, look))


def _look(context: ShopContext, orders: Sequence[DueOrder], today: date) -> PreWriteRead:
    """The orders and the stock that decides about them, as they are now."""
    order_ids, item_ids = [order.order_id for order in orders], sorted(items_that_matter(orders))
    changed: set[int] = set()
    if any(changes_status(order, today) for order in orders):
        cause = "before orders are tagged or released"
        changed = read_changed_orders(context, cause=cause, items=item_ids, besides=order_ids)
    look = None if changed else glance_at(context, orders, item_ids)
    if look is None:
        asked_at = context.clock()
        look = context.platform.look(
            asks_for(context, order_ids),
            item_ids,
            with_items=bool(changed) or not all(order.is_located for order in orders),
        )
        settle_by(context, look, orders, asked_at=asked_at)
        acknowledge(context, changed)
    return look


def changes_status(order: DueOrder, today: date) -> bool:
    """Whether the order shows another status than it should."""
    return desired(order.state, order.shown, today=today).status is not order.shown.status


def _quarantine(context: ShopContext, order: DueOrder, problem: str) -> None:
    with context.transaction() as session:
        due_orders.quarantine(session, context.shop_id, order.order_id, problem, now=context.clock())


def items_that_matter(orders: Sequence[DueOrder]) -> set[int]:
    """The items that must still be as they were settled: those that make an order short, and all of an
    order that is short of nothing, for any of them could hold it back."""
    matter: set[int] = set()
    for order in orders:
        short = {item.item_id for item in order.state.items if item.short}
        matter |= short or {item.item_id for item in order.state.items}
    return matter


def _still_due(context: ShopContext, look: PreWriteRead) -> list[Planned]:
    """What to write on the orders of the look as they are now, in the shop's manner as it is now. One
    for which other items have come to matter than were looked at waits for the next look, one that may
    be short of more than the readings show until they must."""
    now_by_id = {now.order.order_id: now for now in look.orders}
    looked_at = {stock.item_id for stock in look.stock}
    with context.transaction() as session:
        now = context.clock()
        shop = shops.get_shop(session, context.shop_id)
        rendering = rendering_of(shop, context.platform.traits, now=now)
        found = due_orders.due_orders(session, context.shop_id, now_by_id.keys(), now=now)
        sure = _put_off_unsure(session, context, found)
        fresh = put_off_until_read(session, shop, sure, now=now)
        due = [
            order
            for order in with_obligations(session, shop, fresh, now=now)
            if items_that_matter([order]) <= looked_at
        ]
        return [
            planned
            for order in due
            if (planned := _plan_or_settle(session, order, now_by_id[order.order_id], rendering, at=now))
        ]


def _plan_or_settle(
    session: Session, order: DueOrder, now: OrderNow, rendering: Rendering, *, at: datetime
) -> Planned | None:
    """What to write on an order; one that shows what it should is due no more."""
    shop_id, order_id = rendering.shop_id, order.order_id
    planned = plan_if_due(order, now, rendering, at=at)
    if planned is None:
        if not sign_by_look(order, now, rendering):
            foreign.found_fine(session, shop_id, order_id, now.order.blocks or "")
        due_orders.settle_order(session, shop_id, order_id)
    elif planned.foreign:
        is_answer = order.shown.status is not Status.NONE or planned.want.status is Status.NONE
        foreign.put_right(session, shop_id, order_id, planned.foreign, is_answer=is_answer, now=at)
    return planned


def _put_off_unsure(
    session: Session, context: ShopContext, orders: Sequence[DueOrder]
) -> list[DueOrder]:
    """Those of which the figures can't tell yet what is to be said now are judged again when they can;
    returns the others."""
    doubts = doubts_about(session, context.shop_id, [order.order_id for order in orders])
    sure = []
    for order in orders:
        now = context.clock()
        lasting = {item: at for item, at in doubts.get(order.order_id, {}).items() if at > now}
        if says_what_is_unsure(order.state, order.shown, lasting):
            at = max(lasting.values())
            due_orders.judge_orders(session, context.shop_id, [order.order_id], at=at)
        else:
            sure.append(order)
    return sure


def plan_all(context: ShopContext, pairs: Sequence[tuple[DueOrder, OrderNow]]) -> list[Planned]:
    """What to send on each of these orders, as it is now."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
    rendering = rendering_of(shop, context.platform.traits, now=context.clock())
    return [plan(order, now, rendering) for order, now in pairs]


def _write_notes(
    context: ShopContext, orders: Sequence[DueOrder], today: date, *, quiet_days: int
) -> list[DueOrder]:
    """Write the rest on the orders whose tags were written in bulk, and returns the others. Each is read
    immediately before, its marks alone: what it is to show was decided and read again before its tags.
    One of which something else is to be said now, or whose tags are others, is looked at like any."""
    tagged = [order for order in orders if _is_as_intended(order, today, quiet_days)]
    if not tagged:
        return list(orders)
    glance = context.platform.glance([order.order_id for order in tagged], []) or Glance()
    seen = {one.now.order.order_id: one.now for one in glance.orders}
    pairs = [
        (order, seen[order.order_id])
        for order in tagged
        if order.order_id in seen and seen[order.order_id].order.is_cancelled == order.state.is_cancelled
    ]
    plans = [
        one for one in plan_all(context, pairs) if not (one.change.add_tags or one.change.remove_tags)
    ]
    _send(context, plans)
    written = {one.order.order_id for one in plans}
    return [order for order in orders if order.order_id not in written]


def _is_as_intended(order: DueOrder, today: date, quiet_days: int) -> bool:
    if not order.is_tagged or order.intent is None:
        return False
    want = desired(order.state, order.shown, today=today)
    return not is_worth_writing(want, order.intent, today=today, quiet_days=quiet_days)


def _send(context: ShopContext, plans: Sequence[Planned]) -> None:
    """Write intents, send, and record each request's results before the next is sent."""
    by_id = {one.order.order_id: one for one in plans}
    with context.transaction() as session:
        showing.intend(session, context.shop_id, [(p.order.order_id, p.before, p.after) for p in plans])
        for one in plans:
            if _is_empty(one.change):
                showing.record_shown(
                    session, context.shop_id, one.order.order_id, one.after, now=context.clock()
                )
    for results in context.platform.write([one.change for one in plans if not _is_empty(one.change)]):
        began = context.clock()
        with context.transaction() as session:
            for result in results:
                _record_result(session, context, by_id[result.order_id], result.error)
            day_counts.count_events(session, context.shop_id, since=began)


def _is_empty(change: OrderChange) -> bool:
    return change == OrderChange(order_id=change.order_id)


def refuse(session: Session, context: ShopContext, order_id: int, error: str) -> None:
    """The platform would not write on this order."""
    problem = f"The platform refused the write: {error}. It is tried again; look at the order there."
    due_orders.quarantine(session, context.shop_id, order_id, problem, now=context.clock())


def _record_result(session: Session, context: ShopContext, planned: Planned, error: str | None) -> None:
    now, order = context.clock(), planned.order
    if error is not None:
        refuse(session, context, order.order_id, error)
        return
    showing.record_shown(session, context.shop_id, order.order_id, planned.after, now=now)
    shop = shops.get_shop(session, context.shop_id)
    holds.ask_for_check_of(session, shop, order.order_id, now=now)
    moves.ask_for_move_of(session, shop, order.order_id, now=now)
    audit.record_event(
        session,
        context.shop_id,
        "shown",
        at=now,
        order_id=order.order_id,
        before=_in_words(order.shown),
        after=_in_words(planned.after),
        why=planned.remark,
    )


def _in_words(shown: Shown) -> str:
    if shown.status is Status.NONE:
        return "nothing"
    eta = "" if shown.eta is None else f" {shown.eta.isoformat()}"
    return f"{shown.status.value}{eta}{', delay notice due' if shown.owes_notice else ''}"

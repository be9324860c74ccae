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
from app.db import audit, foreign, promises, shops
from app.db.demand import doubts_about
from app.db.models import Shop
from app.db.promises import DueOrder
from app.pipeline.desk import Desk, local_day
from app.pipeline.duties import with_duties
from app.pipeline.inbound import put_off_until_read
from app.pipeline.looking import glance_at, settle_by
from app.pipeline.planning import (
    Manner,
    Planned,
    manner_of,
    must_write,
    plan,
    plan_if_due,
    sign_by_look,
)
from app.pipeline.poison import act_on_all
from app.pipeline.reading import asks_for, read_changed_orders, strike_off
from app.platforms.base import Glance, Look, OrderChange, OrderNow

# Small enough that the points for a batch come back within the few seconds a worker may wait for
# them: after a longer wait the orders would have to be looked at again.
_ORDERS_AT_ONCE = 8


def write_back(desk: Desk) -> bool:
    """Bring the next due orders to what they should show. Returns whether there were any."""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        today = local_day(desk.clock(), shop.time_zone)
        found = promises.orders_to_judge(session, desk.shop_id, now=desk.clock(), limit=_ORDERS_AT_ONCE)
        due = with_duties(session, shop, found, now=desk.clock())
        loud = [
            order
            for order in due
            if must_write(order, today=today, quiet_days=shop.quiet_days)
            or may_put_right(order.foreign.told, order.foreign.answered, now=desk.clock())
        ]
        for order_id in {order.order_id for order in due} - {order.order_id for order in loud}:
            promises.settle_order(session, desk.shop_id, order_id)
        ready = put_off_until_read(session, shop, loud, now=desk.clock())
    act_on_all(ready, partial(_write, desk, shop, today), partial(_set_aside, desk))
    return bool(due)


def _write(desk: Desk, shop: Shop, today: date, orders: Sequence[DueOrder]) -> None:
    """Look, plan, send. A glance is enough for orders that have not changed; of others, one that changed
    or is not located is looked at whole, for its routing may be missing. Of one whose tags were written
    in bulk only the rest is.

    Before a status changes the list of changed orders is read: a cancellation and an order of as many
    units, neither of which was told, leave the stock as it was, and still somebody else is short.
    """
    orders = _write_notes(desk, orders, today, quiet_days=shop.quiet_days)
    if not orders:
        return
    order_ids, item_ids = [order.order_id for order in orders], sorted(items_that_matter(orders))
    changed: set[int] = set()
    if any(changes_status(order, today) for order in orders):
        cause = "before orders are tagged or released"
        changed = read_changed_orders(desk, cause=cause, items=item_ids, besides=order_ids)
    look = None if changed else glance_at(desk, orders, item_ids)
    if look is None:
        asked_at = desk.clock()
        look = desk.platform.look(
            asks_for(desk, order_ids),
            item_ids,
            with_items=bool(changed) or not all(order.is_located for order in orders),
        )
        settle_by(desk, look, orders, asked_at=asked_at)
        strike_off(desk, changed)
    _send(desk, _still_due(desk, look))


def changes_status(order: DueOrder, today: date) -> bool:
    """Whether the order shows another status than it should."""
    return desired(order.state, order.shown, today=today).status is not order.shown.status


def _set_aside(desk: Desk, order: DueOrder, problem: str) -> None:
    with desk.transaction() as session:
        promises.set_aside(session, desk.shop_id, order.order_id, problem, now=desk.clock())


def items_that_matter(orders: Sequence[DueOrder]) -> set[int]:
    """The items that must still be as they were settled: those that make an order short, and all of an
    order that is short of nothing, for any of them could hold it back."""
    matter: set[int] = set()
    for order in orders:
        short = {item.item_id for item in order.state.items if item.short}
        matter |= short or {item.item_id for item in order.state.items}
    return matter


def _still_due(desk: Desk, look: Look) -> list[Planned]:
    """What to write on the orders of the look as they are now, in the shop's manner as it is now. One
    for which other items have come to matter than were looked at waits for the next look, one that may
    be short of more than the readings show until they must."""
    now_by_id = {now.order.order_id: now for now in look.orders}
    looked_at = {stock.item_id for stock in look.stock}
    with desk.transaction() as session:
        now = desk.clock()
        shop = shops.get_shop(session, desk.shop_id)
        manner = manner_of(shop, desk.platform.traits, now=now)
        found = promises.due_orders(session, desk.shop_id, now_by_id.keys(), now=now)
        sure = _put_off_unsure(session, desk, found)
        fresh = put_off_until_read(session, shop, sure, now=now)
        due = [
            order
            for order in with_duties(session, shop, fresh, now=now)
            if items_that_matter([order]) <= looked_at
        ]
        return [
            planned
            for order in due
            if (planned := _plan_or_settle(session, order, now_by_id[order.order_id], manner, at=now))
        ]


def _plan_or_settle(
    session: Session, order: DueOrder, now: OrderNow, manner: Manner, *, at: datetime
) -> Planned | None:
    """What to write on an order; one that shows what it should is due no more."""
    shop_id, order_id = manner.shop_id, order.order_id
    planned = plan_if_due(order, now, manner, at=at)
    if planned is None:
        if not sign_by_look(order, now, manner):
            foreign.found_fine(session, shop_id, order_id, now.order.blocks or "")
        promises.settle_order(session, shop_id, order_id)
    elif planned.foreign:
        foreign.put_right(session, shop_id, order_id, planned.foreign, now=at)
    return planned


def _put_off_unsure(session: Session, desk: Desk, orders: Sequence[DueOrder]) -> list[DueOrder]:
    """Those of which the figures can't tell yet what is to be said now are judged again when they can;
    returns the others."""
    doubts = doubts_about(session, desk.shop_id, [order.order_id for order in orders])
    sure = []
    for order in orders:
        now = desk.clock()
        lasting = {item: at for item, at in doubts.get(order.order_id, {}).items() if at > now}
        if says_what_is_unsure(order.state, order.shown, lasting):
            at = max(lasting.values())
            promises.judge_orders(session, desk.shop_id, [order.order_id], at=at)
        else:
            sure.append(order)
    return sure


def plan_all(desk: Desk, pairs: Sequence[tuple[DueOrder, OrderNow]]) -> list[Planned]:
    """What to send on each of these orders, as it is now."""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
    manner = manner_of(shop, desk.platform.traits, now=desk.clock())
    return [plan(order, now, manner) for order, now in pairs]


def _write_notes(
    desk: Desk, orders: Sequence[DueOrder], today: date, *, quiet_days: int
) -> list[DueOrder]:
    """Write the rest on the orders whose tags were written in bulk, and returns the others. Each is read
    immediately before, its marks alone: what it is to show was decided and read again before its tags.
    One of which something else is to be said now, or whose tags are others, is looked at like any."""
    tagged = [order for order in orders if _is_as_intended(order, today, quiet_days)]
    if not tagged:
        return list(orders)
    glance = desk.platform.glance([order.order_id for order in tagged], []) or Glance()
    seen = {one.now.order.order_id: one.now for one in glance.orders}
    pairs = [
        (order, seen[order.order_id])
        for order in tagged
        if order.order_id in seen and seen[order.order_id].order.is_cancelled == order.state.is_cancelled
    ]
    plans = [one for one in plan_all(desk, pairs) if not (one.change.add_tags or one.change.remove_tags)]
    _send(desk, plans)
    written = {one.order.order_id for one in plans}
    return [order for order in orders if order.order_id not in written]


def _is_as_intended(order: DueOrder, today: date, quiet_days: int) -> bool:
    if not order.is_tagged or order.intent is None:
        return False
    want = desired(order.state, order.shown, today=today)
    return not is_worth_writing(want, order.intent, today=today, quiet_days=quiet_days)


def _send(desk: Desk, plans: Sequence[Planned]) -> None:
    """Write intents, send, and record each request's results before the next is sent."""
    by_id = {one.order.order_id: one for one in plans}
    with desk.transaction() as session:
        promises.intend(
            session, desk.shop_id, [(p.order.order_id, p.order.shown, p.after) for p in plans]
        )
        for one in plans:
            if _is_empty(one.change):
                promises.record_shown(
                    session, desk.shop_id, one.order.order_id, one.after, now=desk.clock()
                )
    for results in desk.platform.write([one.change for one in plans if not _is_empty(one.change)]):
        with desk.transaction() as session:
            for result in results:
                _record_result(session, desk, by_id[result.order_id], result.error)


def _is_empty(change: OrderChange) -> bool:
    return change == OrderChange(order_id=change.order_id)


def refuse(session: Session, desk: Desk, order_id: int, error: str) -> None:
    """The platform would not write on this order."""
    problem = f"The platform refused the write: {error}. It is tried again; look at the order there."
    promises.set_aside(session, desk.shop_id, order_id, problem, now=desk.clock())


def _record_result(session: Session, desk: Desk, planned: Planned, error: str | None) -> None:
    now, order = desk.clock(), planned.order
    if error is not None:
        refuse(session, desk, order.order_id, error)
        return
    promises.record_shown(session, desk.shop_id, order.order_id, planned.after, now=now)
    audit.record_event(
        session,
        desk.shop_id,
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

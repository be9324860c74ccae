"""Due orders → desired − shown = changes; send them, and record what is shown.

The orders and the stock that decided about them are read once more immediately before, in the
request that reads the note: what changed meanwhile is settled again, by that very reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from app.core.changes import is_worth_writing, shown_after, status_change, tag_changes
from app.core.desired import (
    WAITING,
    Desired,
    Duty,
    Shown,
    Status,
    desired,
    endings_of,
    rename_tags,
)
from app.core.note import append_block, find_block, place_block, remove_block
from app.db import audit, promises, shops
from app.db.demand import doubts_about
from app.db.models import Shop
from app.db.promises import DueOrder
from app.pipeline.desk import Desk, local_day
from app.pipeline.duties import with_duties
from app.pipeline.looking import settle_by
from app.pipeline.poison import act_on_all
from app.pipeline.reading import asks_for, read_changed_orders, strike_off
from app.pipeline.sentences import Sentences, sentences_for
from app.pipeline.wording import METAFIELDS, block_texts, metafields
from app.platforms.base import (
    Look,
    OrderChange,
    OrderNow,
    Traits,
)

# Small enough that the points for a batch come back within the few seconds a worker may wait for
# them: after a longer wait the orders would have to be looked at again.
_ORDERS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the orders of a shop are written: on which day, in which language and words, with which
    tags, on what platform, with which order status while they wait."""

    today: date
    locale: str
    sentences: Sentences
    tags: Mapping[Status | Duty, frozenset[str]]
    traits: Traits
    waiting_status_id: int | None


@dataclass(frozen=True, slots=True)
class Planned:
    """One order's change, and what it shows once that is written."""

    order: DueOrder
    want: Desired
    change: OrderChange
    after: Shown
    remark: str = ""


def write_back(desk: Desk) -> bool:
    """Bring the next due orders to what they should show. Returns whether there were any."""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        today = local_day(desk.clock(), shop.time_zone)
        found = promises.orders_to_judge(session, desk.shop_id, now=desk.clock(), limit=_ORDERS_AT_ONCE)
        due = with_duties(session, shop, found, now=desk.clock())
        loud = [order for order in due if _must_write(order, today, shop.quiet_days)]
        for order_id in {order.order_id for order in due} - {order.order_id for order in loud}:
            promises.settle_order(session, desk.shop_id, order_id)
    act_on_all(loud, partial(_write, desk, shop, today), partial(_set_aside, desk))
    return bool(due)


def _write(desk: Desk, shop: Shop, today: date, orders: Sequence[DueOrder]) -> None:
    """Look, plan, send. An order that is not located is looked at whole: its routing may be missing; so
    is one that changed. Of one whose tags were written in bulk only the rest is.

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
    asked_at = desk.clock()
    look = desk.platform.look(
        asks_for(desk, order_ids),
        item_ids,
        with_items=bool(changed) or not all(order.is_located for order in orders),
    )
    settle_by(desk, look, orders, asked_at=asked_at)
    strike_off(desk, changed)
    manner = _manner(shop, today, desk.platform.traits)
    _send(desk, [_plan(order, now, manner) for order, now in _still_due(desk, look, today)])


def _manner(shop: Shop, today: date, traits: Traits) -> _Manner:
    sentences, tags = sentences_for(shop.locale, shop.wording), rename_tags(shop.tag_names)
    return _Manner(today, shop.locale, sentences, tags, traits, shop.waiting_status_id)


def changes_status(order: DueOrder, today: date) -> bool:
    """Whether the order shows another status than it should."""
    return desired(order.state, order.shown, today=today).status is not order.shown.status


def _set_aside(desk: Desk, order: DueOrder, problem: str) -> None:
    with desk.transaction() as session:
        promises.set_aside(session, desk.shop_id, order.order_id, problem, now=desk.clock())


def _must_write(order: DueOrder, today: date, quiet_days: int) -> bool:
    """An order whose last write was never answered is looked at, whatever it should show now."""
    want = desired(order.state, order.shown, today=today)
    return order.intent is not None or is_worth_writing(
        want, order.shown, today=today, quiet_days=quiet_days
    )


def items_that_matter(orders: Sequence[DueOrder]) -> set[int]:
    """The items that must still be as they were settled: those that make an order short, and all of an
    order that is short of nothing, for any of them could hold it back."""
    matter: set[int] = set()
    for order in orders:
        short = {item.item_id for item in order.state.items if item.short}
        matter |= short or {item.item_id for item in order.state.items}
    return matter


def _still_due(desk: Desk, look: Look, today: date) -> list[tuple[DueOrder, OrderNow]]:
    """The orders of the look that are to be written as they are now. One for which other items have
    come to matter than were looked at waits for the next look, one that may be short of more than the
    readings show until they must."""
    now_by_id = {now.order.order_id: now for now in look.orders}
    looked_at = {stock.item_id for stock in look.stock}
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
        found = promises.due_orders(session, desk.shop_id, now_by_id.keys(), now=desk.clock())
        sure = _put_off_unsure(session, desk, found)
        due = with_duties(session, shop, sure, now=desk.clock())
    return [
        (order, now_by_id[order.order_id])
        for order in due
        if _must_write(order, today, shop.quiet_days) and items_that_matter([order]) <= looked_at
    ]


def _put_off_unsure(session: Session, desk: Desk, orders: Sequence[DueOrder]) -> list[DueOrder]:
    """Those that would be released though the figures can't tell yet of all their items are judged again
    when they can; returns the others."""
    doubts = doubts_about(session, desk.shop_id, [order.order_id for order in orders])
    sure = []
    for order in orders:
        until = doubts.get(order.order_id)
        if until is not None and until > desk.clock() and _waits_for_nothing(order):
            promises.judge_orders(session, desk.shop_id, [order.order_id], at=until)
        else:
            sure.append(order)
    return sure


def _waits_for_nothing(order: DueOrder) -> bool:
    """Whether an order shows that it waits and has all that it waited for."""
    if order.shown.status not in WAITING or order.state.is_cancelled:
        return False
    return not any(item.short for item in order.state.items)


def plan_all(desk: Desk, pairs: Sequence[tuple[DueOrder, OrderNow]]) -> list[Planned]:
    """What to send on each of these orders, as it is now."""
    with desk.transaction() as session:
        shop = shops.get_shop(session, desk.shop_id)
    today = local_day(desk.clock(), shop.time_zone)
    manner = _manner(shop, today, desk.platform.traits)
    return [_plan(order, now, manner) for order, now in pairs]


def _write_notes(
    desk: Desk, orders: Sequence[DueOrder], today: date, *, quiet_days: int
) -> list[DueOrder]:
    """Write the rest on the orders whose tags were written in bulk, and returns the others. Each is read
    immediately before, its marks alone: what it is to show was decided and read again before its tags.
    One of which something else is to be said now, or whose tags are others, is looked at like any."""
    writer = desk.platform.bulk
    tagged = [order for order in orders if _is_as_intended(order, today, quiet_days)]
    if writer is None or not tagged:
        return list(orders)
    seen = {one.now.order.order_id: one.now for one in writer.glance([one.order_id for one in tagged])}
    pairs = [
        (order, seen[order.order_id])
        for order in tagged
        if order.order_id in seen and seen[order.order_id].order.is_cancelled == order.state.is_cancelled
    ]
    plans = [
        plan for plan in plan_all(desk, pairs) if not (plan.change.add_tags or plan.change.remove_tags)
    ]
    _send(desk, plans)
    written = {plan.order.order_id for plan in plans}
    return [order for order in orders if order.order_id not in written]


def _is_as_intended(order: DueOrder, today: date, quiet_days: int) -> bool:
    if not order.is_tagged or order.intent is None:
        return False
    want = desired(order.state, order.shown, today=today)
    return not is_worth_writing(want, order.intent, today=today, quiet_days=quiet_days)


def _plan(order: DueOrder, now: OrderNow, manner: _Manner) -> Planned:
    """What to send so that the order, as it is now, shows what it should."""
    shown, is_answer_lost = _really_shown(order, now)
    want = desired(order.state, shown, today=manner.today, tags=manner.tags)
    tags = tag_changes(want.tags if manner.traits.has_tags else (), shown, now.tags)
    note, glue, has_block = _new_note(want, shown, now.note, manner)
    status = status_change(want, shown, present=now.status_id, waiting=manner.waiting_status_id)
    after = shown_after(want, tags.ours, glue=glue, has_block=has_block, status=status)
    values = metafields(want)
    change = OrderChange(
        order_id=order.order_id,
        add_tags=tuple(sorted(tags.add)),
        remove_tags=tuple(sorted(tags.remove)),
        note=None if note == now.note else note,
        metafields=values,
        remove_metafields=tuple(
            key for key in METAFIELDS if key not in values and _has_metafield(order, key)
        ),
        status_id=status.set_to,
    )
    is_all_there = is_answer_lost and after == shown and manner.traits.has_tags
    if is_all_there and not (tags.add or tags.remove or change.note is not None):
        change = OrderChange(order_id=order.order_id)
    is_full = not has_block and want.status is not Status.NONE
    remark = "the note is full: tag and metafields only" if is_full else _why_ended(order, want, shown)
    return Planned(order, want, change, after, remark)


def _why_ended(order: DueOrder, want: Desired, shown: Shown) -> str:
    """Why an order waits no more though nothing came for it."""
    if want.status is not Status.NONE or order.state.is_cancelled:
        return ""
    return "; ".join(sorted(ending.value for ending in endings_of(order.state, shown)))


def _really_shown(order: DueOrder, now: OrderNow) -> tuple[Shown, bool]:
    """What the order shows by our doing, and whether that is a write of ours whose answer was lost:
    all of it stands on the order then. If only a part does, that part is ours all the same."""
    intent, shown = order.intent, order.shown
    if intent is None:
        return shown, False
    present = set(now.tags)
    is_done = intent.tags <= present and not (shown.tags - intent.tags) & present
    if is_done and (find_block(now.note) is not None) is intent.has_block:
        return intent, True
    has_block = shown.has_block or (intent.has_block and find_block(now.note) is not None)
    glue = shown.glue if shown.has_block else intent.glue
    return replace(
        shown, tags=shown.tags | (intent.tags & present), glue=glue, has_block=has_block
    ), False


def _new_note(want: Desired, shown: Shown, note: str, manner: _Manner) -> tuple[str, str, bool]:
    """The whole new note, the glue before our block, and whether the block is in it. The fullest
    wording that fits is taken; a note too full for any loses our old block, which would be wrong. Where
    orders carry no tags, their words stand in the block."""
    words = () if manner.traits.has_tags else sorted(want.tags)
    for text in block_texts(want, locale=manner.locale, sentences=manner.sentences, words=words):
        placed = (
            place_block(note, text, glue=shown.glue) if shown.has_block else append_block(note, text)
        )
        if len(placed.note) <= manner.traits.note_limit:
            return placed.note, placed.glue, True
    return remove_block(note, glue=shown.glue) if shown.has_block else note, "", False


def _has_metafield(order: DueOrder, key: str) -> bool:
    """Whether we set the metafield: in what is shown, or in a write whose answer was lost."""
    states = [order.shown] if order.intent is None else [order.shown, order.intent]
    return any(
        state.status is not Status.NONE and (key != "eta" or state.eta is not None) for state in states
    )


def _send(desk: Desk, plans: Sequence[Planned]) -> None:
    """Write intents, send, and record each request's results before the next is sent."""
    by_id = {plan.order.order_id: plan for plan in plans}
    with desk.transaction() as session:
        promises.intend(
            session, desk.shop_id, [(p.order.order_id, p.order.shown, p.after) for p in plans]
        )
        for plan in plans:
            if _is_empty(plan.change):
                promises.record_shown(
                    session, desk.shop_id, plan.order.order_id, plan.after, now=desk.clock()
                )
    for results in desk.platform.write([plan.change for plan in plans if not _is_empty(plan.change)]):
        with desk.transaction() as session:
            for result in results:
                _record_result(session, desk, by_id[result.order_id], result.error)


def _is_empty(change: OrderChange) -> bool:
    return change == OrderChange(order_id=change.order_id)


def refuse(session: Session, desk: Desk, order_id: int, error: str) -> None:
    """The platform would not write on this order."""
    problem = f"The platform refused the write: {error}. It is tried again; look at the order there."
    promises.set_aside(session, desk.shop_id, order_id, problem, now=desk.clock())


def _record_result(session: Session, desk: Desk, plan: Planned, error: str | None) -> None:
    now, order = desk.clock(), plan.order
    if error is not None:
        refuse(session, desk, order.order_id, error)
        return
    promises.record_shown(session, desk.shop_id, order.order_id, plan.after, now=now)
    audit.record_event(
        session,
        desk.shop_id,
        "shown",
        at=now,
        order_id=order.order_id,
        before=_in_words(order.shown),
        after=_in_words(plan.after),
        why=plan.remark,
    )


def _in_words(shown: Shown) -> str:
    if shown.status is Status.NONE:
        return "nothing"
    eta = "" if shown.eta is None else f" {shown.eta.isoformat()}"
    return f"{shown.status.value}{eta}{', delay notice due' if shown.owes_notice else ''}"

"""Holds on the platform, by the merchant's wish: what waits is not shipped before the queue serves it.

Comes after the order shows what it waits for, or that it waits no more. Read the order's parts, compare
them with what should be held, send one step, and look again until nothing is left to do. A hold that
somebody let go is never put back.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.holds import (
    STANDING,
    HoldState,
    ItemLocation,
    Lift,
    OrderParts,
    Part,
    Policy,
    Put,
    fate_of,
    is_same_day,
    next_steps,
    still_to_ship,
    wanted,
    without,
)
from app.db import audit, holds, shops
from app.db.holds import HeldOrder
from app.db.models import HoldRow, Shop
from app.pipeline.context import ShopContext
from app.pipeline.moves import move_orders
from app.pipeline.sentences import sentences_for
from app.pipeline.wording import waiting_in_words
from app.platforms.base import HoldAnswer, Holder, HoldWish

# Of each one hold or two and as many releases: a request of mutations that costs half of its limit.
_ORDERS_AT_ONCE = 8
# What does not fit the order any more is tried again when it has been read again, less and less often,
# for ten minutes. So is an order that the platform has not routed yet, which it does in the background.
_AGAIN = timedelta(seconds=5)
_MOST_ATTEMPTS = 7

_WHY = {
    HoldState.LIFTED: "somebody let it go; it is not held again",
    HoldState.SHIPPED: "it was shipped though it was on hold",
    HoldState.GONE: "",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """The next step of one order, with the numbers of the rows that keep its new holds. `is_last` if
    nothing is left to do once it is done."""

    order: HeldOrder
    puts: Sequence[tuple[int, Put]]
    lifts: Sequence[Lift]
    is_last: bool


def keep_holds(context: ShopContext) -> bool:
    """Bring the next due orders a step nearer to what should be held of them. Returns whether there were
    any."""
    holder = context.platform.holds
    with context.transaction() as session:
        due = holds.due_orders(session, context.shop_id, now=context.clock(), limit=_ORDERS_AT_ONCE)
        if holder is None:
            for order in due:
                holds.done(session, context.shop_id, order.order_id)
    if holder is None or not due:
        return False
    plans = [plan for order in due if (plan := _let_all_go(context, order))]
    others = [order for order in due if order.order_id not in {plan.order.order_id for plan in plans}]
    parts = holder.parts_of([order.order_id for order in others]) if others else {}
    found = [(order, parts.get(order.order_id, OrderParts(()))) for order in others]
    moved = move_orders(context, holder, found)
    plans += _let_go_to_move(context, due, moved)
    found = [(order, there) for order, there in found if order.order_id not in moved]
    plans += [plan for order, there in found if (plan := _plan(context, order, there))]
    _send(context, holder, plans)
    return True


def _let_all_go(context: ShopContext, order: HeldOrder) -> _Plan | None:
    """Where nothing is to be held any more, what we know to be held is let go without reading it first;
    if it can't be, it is read."""
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
        rows = holds.of_order(session, context.shop_id, order.order_id)
        standing = [row for row in rows if row.state in STANDING]
        held = [row for row in standing if row.state == HoldState.HELD]
        lifts = [Lift(row.part_id, row.hold_id) for row in held if row.hold_id is not None]
        is_known = bool(lifts) and len(lifts) == len(standing) and not (order.is_over or order.must_read)
        if not is_known or (order.short and holds.may_hold(shop)):
            return None
        holds.intend_to_lift(session, context.shop_id, [lift.hold_id for lift in lifts])
        return _Plan(order, [], lifts, is_last=True)


def _let_go_to_move(
    context: ShopContext, due: Sequence[HeldOrder], moved: Mapping[int, Sequence[Lift]]
) -> list[_Plan]:
    """What was moved is done until it has been read again; what is on hold by us is moved at the next
    look."""
    if not moved:
        return []
    with context.transaction() as session:
        for order_id, lifts in moved.items():
            holds.intend_to_lift(session, context.shop_id, [lift.hold_id for lift in lifts])
            if not lifts:
                holds.done(session, context.shop_id, order_id)
    return [
        _Plan(order, [], moved[order.order_id], is_last=False)
        for order in due
        if moved.get(order.order_id)
    ]


def _plan(context: ShopContext, order: HeldOrder, there: OrderParts | None) -> _Plan | None:
    """Take what is there for the truth, and keep what is about to be sent. None where nothing is to be
    done."""
    with context.transaction() as session:
        now, shop = context.clock(), shops.get_shop(session, context.shop_id)
        rows = holds.of_order(session, context.shop_id, order.order_id)
        if there is None:
            why = "it has more parts than can be read"
            audit.record_event(
                session, shop.id, "hold refused", at=now, order_id=order.order_id, why=why
            )
            holds.done(session, context.shop_id, order.order_id)
            return None
        parts, policy = there.parts, holds.policy_for(shop, there.tags)
        holds.know_parts(session, context.shop_id, order.order_id, [one.part_id for one in parts])
        for row in rows:
            _compare(session, row, parts, order, now)
        want = wanted(policy, order.short, still_to_ship(parts))
        steps = _steps(shop, want, order, parts, rows)
        is_routed = policy is Policy.OFF or Counter(order.short) <= still_to_ship(parts)
        if not steps:
            _look_for_parts(session, context.shop_id, order, now, is_routed=is_routed)
            return None
        new, lifts = _sorted(steps)
        puts = [
            (holds.intend(session, context.shop_id, order.order_id, one, now=now), one) for one in new
        ]
        holds.intend_to_lift(session, context.shop_id, [lift.hold_id for lift in lifts])
        held = {part.part_id for part in parts if part.ours}
        is_last = is_routed and not lifts and held.isdisjoint(one.part_id for one in new)
        return _Plan(order, puts, lifts, is_last)


def _look_for_parts(
    session: Session, shop_id: int, order: HeldOrder, now: datetime, *, is_routed: bool
) -> None:
    """Nothing is to be done now; later, where parts must still come."""
    if order.is_over or is_routed or order.attempts >= _MOST_ATTEMPTS:
        holds.done(session, shop_id, order.order_id)
        return
    at = now + _AGAIN * 2**order.attempts
    holds.again(session, shop_id, order.order_id, at=at, attempts=order.attempts + 1)


def _sorted(steps: Sequence[Put | Lift]) -> tuple[list[Put], list[Lift]]:
    return (
        [one for one in steps if isinstance(one, Put)],
        [one for one in steps if isinstance(one, Lift)],
    )


def _compare(
    session: Session, row: HoldRow, parts: Sequence[Part], order: HeldOrder, now: datetime
) -> None:
    """Whether a hold that should stand does, by what is there now."""
    if row.state not in STANDING:
        return
    part = next((one for one in parts if one.part_id == row.part_id), None)
    there = {} if part is None else {hold.handle: hold.hold_id for hold in part.ours}
    found = there.get(row.handle)
    if found is not None:
        holds.adopt(row, found, now=now)
    elif row.state == HoldState.PLACING:
        holds.forget_intent(session, row)
    elif row.state == HoldState.LIFTING:
        holds.end(session, row, HoldState.RELEASED, now=now, name=order.name)
    else:
        fate = HoldState.GONE if order.is_over else fate_of(part)
        holds.end(session, row, fate, now=now, name=order.name, why=_WHY[fate])


def _steps(
    shop: Shop,
    want: Mapping[ItemLocation, int],
    order: HeldOrder,
    parts: Sequence[Part],
    rows: Sequence[HoldRow],
) -> list[Put | Lift]:
    """What to do now. Of an order that is over nothing is held any more: what still is goes with it."""
    if order.is_over:
        return []
    let_go = {
        ItemLocation(item_id, row.location_id)
        for row in rows
        if row.state in (HoldState.LIFTED, HoldState.SHIPPED)
        for item_id, _ in row.units
    }
    until = _until(order.until, want)
    return next_steps(without(want, let_go), parts, until=until, said=_said(shop, rows, until))


def _until(
    until: Mapping[ItemLocation, date | None], want: Mapping[ItemLocation, int]
) -> dict[int, date | None]:
    """The day until when units are held, by location: that of the last; None where one has none. Where
    the whole order waits, ready units wait for the last day of all."""
    days: dict[int, date | None] = {}
    for location_id in {place.location_id for place in want}:
        here = [day for place, day in until.items() if place.location_id == location_id]
        some = here or list(until.values())
        known = [day for day in some if day is not None]
        days[location_id] = max(known) if len(known) == len(some) else None
    return days


def _said(
    shop: Shop, rows: Sequence[HoldRow], until: Mapping[int, date | None]
) -> dict[int, date | None]:
    """What each hold says; a day that has moved a little counts as the same."""
    said: dict[int, date | None] = {}
    for row in rows:
        if row.hold_id is not None and row.state in STANDING:
            now = until.get(row.location_id)
            is_same = is_same_day(row.until, now, quiet_days=shop.quiet_days)
            said[row.hold_id] = now if is_same else row.until
    return said


def _send(context: ShopContext, holder: Holder, plans: Sequence[_Plan]) -> None:
    if not plans:
        return
    with context.transaction() as session:
        shop = shops.get_shop(session, context.shop_id)
    puts = [(plan.order, number, put) for plan in plans for number, put in plan.puts]
    wishes = [HoldWish(order.order_id, put, _words(shop, put.until)) for order, _, put in puts]
    answers, refusals = holder.send(wishes, [lift for plan in plans for lift in plan.lifts])
    with context.transaction() as session:
        now = context.clock()
        problems: dict[int, list[str]] = {plan.order.order_id: [] for plan in plans}
        for (order, number, _), answer in zip(puts, answers, strict=True):
            problems[order.order_id] += _record_put(session, order, number, answer, now)
        lifts = [(plan.order, lift) for plan in plans for lift in plan.lifts]
        for (order, lift), refusal in zip(lifts, refusals, strict=True):
            if refusal:
                holds.could_not_let_go(session, context.shop_id, lift.hold_id)
                problems[order.order_id].append(refusal)
            else:
                holds.let_go(session, context.shop_id, lift.hold_id, now=now)
        for plan in plans:
            _look_again(session, context.shop_id, plan, problems[plan.order.order_id], now)


def _words(shop: Shop, until: date | None) -> str:
    """What staff read beside the hold."""
    return waiting_in_words(until, shop.locale, sentences_for(shop.locale, shop.wording))


def _record_put(
    session: Session, order: HeldOrder, number: int, answer: HoldAnswer, now: datetime
) -> list[str]:
    row = session.get_one(HoldRow, number)
    if answer.hold_id is None:
        holds.forget_intent(session, row)
        return [answer.error or "no hold was placed"]
    holds.adopt(row, answer.hold_id, now=now)
    holds.know_parts(session, row.shop_id, order.order_id, answer.part_ids)
    return []


def _look_again(
    session: Session, shop_id: int, plan: _Plan, problems: Sequence[str], now: datetime
) -> None:
    """What was refused is tried again when it has been read again, a few times; then it is said, and
    left until something changes."""
    order = plan.order
    attempts = order.attempts + 1 if problems else 0
    if attempts < _MOST_ATTEMPTS and (problems or not plan.is_last):
        pause = _AGAIN * 2**attempts if problems else timedelta()
        holds.again(session, shop_id, order.order_id, at=now + pause, attempts=attempts)
        return
    holds.done(session, shop_id, order.order_id)
    if problems:
        why = "; ".join(problems)
        audit.record_event(session, shop_id, "hold refused", at=now, order_id=order.order_id, why=why)

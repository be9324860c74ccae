"""Holds of ours on parts of orders, what became of them, and which orders are to be looked at."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.holds import STANDING, HoldState, ItemLocation, Policy, Put, TagRule, policy_of
from app.core.steps import counted
from app.db.audit import record_event
from app.db.models import HoldCheckRow, HoldRow, Order, PromiseRow, RouteRow, Shop
from app.db.statements import chunks, upsert

# The webhook of a release of ours comes within minutes, if it comes.
_OWN_NEWS = timedelta(minutes=10)
# Every hour changed orders are looked at, and a check may come late.
_CHANGED_WITHIN = timedelta(hours=2)


class HeldOrder(NamedTuple):
    """An order whose holds are to be compared: what of it is short, and until when, by item and
    location. `is_over`: it was cancelled or deleted. `attempts`: how often it was looked at in vain.
    `must_read`: others may have done something to its holds. `may_move`: the merchant wants what waits
    to be moved to where it is in stock."""

    order_id: int
    name: str
    is_over: bool
    short: Mapping[ItemLocation, int]
    until: Mapping[ItemLocation, date | None]
    attempts: int
    must_read: bool = True
    may_move: bool = False


def may_hold(shop: Shop) -> bool:
    """Whether the merchant wants anything of orders that wait to be held."""
    policies = [shop.holds, *(rule["holds"] for rule in shop.hold_rules)]
    return not shop.gives_back and any(policy != Policy.OFF for policy in policies)


def policy_for(shop: Shop, tags: Collection[str]) -> Policy:
    """What of an order with such tags the merchant wants to be held while it waits."""
    if shop.gives_back:
        return Policy.OFF
    rules = [TagRule(rule["tag"], Policy(rule["holds"])) for rule in shop.hold_rules]
    return policy_of(tags, rules, otherwise=Policy(shop.holds))


def ask_for_checks(
    session: Session, shop_id: int, order_ids: Iterable[int], *, at: datetime, must_read: bool = True
) -> None:
    """Compare what these orders have on hold with what they should, by then. Where nobody but
    us can have done anything (`must_read` false, and nobody asked for it before) we know what it has."""
    known = {"must_read": True} if must_read else {}
    rows = [
        {"shop_id": shop_id, "order_id": one, "due_at": at, "attempts": 0} | known
        for one in sorted(set(order_ids))  # one that is short at two locations is named twice
    ]
    if rows:
        upsert(session, HoldCheckRow, rows)


def ask_for_check_of(session: Session, shop: Shop, order_id: int, *, now: datetime) -> None:
    """An order has been written: what waits, or waits no more, may have to be held or let go."""
    if may_hold(shop) or _standing(session, shop.id, [order_id]):
        ask_for_checks(session, shop.id, [order_id], at=now, must_read=False)


def ask_for_checks_of_held(
    session: Session, shop_id: int, order_ids: Collection[int], *, now: datetime
) -> None:
    """Other units of these orders are short than before, which need not show on them: they may be short
    elsewhere. What they have on hold may not be right any more."""
    if order_ids:
        held = {row.order_id for row in _standing(session, shop_id, order_ids)}
        ask_for_checks(session, shop_id, held, at=now, must_read=False)


def ask_for_checks_of_all(session: Session, shop: Shop, now: datetime) -> None:
    """The merchant wants something else to be held, or is back: look at whatever waits or is held."""
    found = _orders_held(session, shop.id)
    if may_hold(shop):
        mine = (Order.shop_id == shop.id, Order.short > 0, Order.waits_as != "")
        found |= set(session.scalars(sa.select(Order.order_id).where(*mine)))
    ask_for_checks(session, shop.id, found, at=now)


def ask_for_checks_of_parts(
    session: Session, shop_id: int, part_ids: Collection[int], *, now: datetime
) -> None:
    """Something happened to parts of orders: look at what we hold of those orders, or should."""
    shop = session.get_one(Shop, shop_id)
    routes = (RouteRow.shop_id == shop_id, RouteRow.route_id.in_(part_ids))
    order_ids = set(session.scalars(sa.select(RouteRow.order_id).where(*routes)))
    where = (HoldRow.shop_id == shop_id, HoldRow.part_id.in_(part_ids))
    order_ids |= set(session.scalars(sa.select(HoldRow.order_id).where(*where)))
    due = {row.order_id for row in _standing(session, shop_id, order_ids)}
    if may_hold(shop):
        mine = (Order.shop_id == shop_id, Order.order_id.in_(order_ids), Order.short > 0)
        due |= set(session.scalars(sa.select(Order.order_id).where(*mine, Order.waits_as != "")))
    ask_for_checks(session, shop_id, due, at=now)


def ask_for_checks_of_changed(session: Session, shop_id: int, *, now: datetime) -> None:
    """For a webhook may have been lost: orders that have something on hold and changed since; and of
    those that wait and changed of late, all that have fewer units on hold than are short (another app
    may have let go of a part in the very second in which we looked), or, where tags say what is held
    (which we do not keep), all."""
    shop = session.get_one(Shop, shop_id)
    mine = sa.and_(HoldRow.shop_id == Order.shop_id, HoldRow.order_id == Order.order_id)
    standing = (HoldRow.shop_id == shop_id, HoldRow.state.in_(STANDING))
    columns = sa.select(Order.order_id, Order.updated_at, HoldRow.seen_at)
    held_orders = session.execute(columns.join(HoldRow, mine).where(*standing))
    found = {one for one, updated_at, seen_at in held_orders if updated_at > seen_at + shop.skew}
    if may_hold(shop):
        of_late = Order.updated_at > now + shop.skew - _CHANGED_WITHIN
        waiting = (Order.shop_id == shop_id, Order.short > 0, of_late)
        short = dict(session.execute(sa.select(Order.order_id, Order.short).where(*waiting)).all())
        held: Counter[int] = Counter()
        for (order_id, _, _), units in held_units(session, shop_id, short).items():
            held[order_id] += units
        found |= {one for one, units in short.items() if shop.hold_rules or held[one] < units}
    ask_for_checks(session, shop_id, found, at=now)


def is_own_news(
    session: Session, shop_id: int, part_ids: Collection[int], handle: str, *, now: datetime
) -> bool:
    """Whether a webhook tells of a hold that we placed, or (without a name) of one that we let go a
    moment ago: that moved nothing. Whose hold it was that ended is not told, so of orders that wait
    still it counts as somebody's."""
    where = (HoldRow.shop_id == shop_id, HoldRow.part_id.in_(part_ids))
    rows = session.scalars(sa.select(HoldRow).where(*where)).all()
    standing = [row for row in rows if row.state in (HoldState.PLACING, HoldState.HELD)]
    if handle:
        return any(row.handle == handle for row in standing)
    ours = {row.order_id for row in rows if _is_fresh(row, now)}
    waits = sa.exists().where(Order.shop_id == shop_id, Order.order_id.in_(ours), Order.short > 0)
    return bool(ours) and not standing and not session.scalar(sa.select(waits))


def _is_fresh(row: HoldRow, now: datetime) -> bool:
    """Whether we let it go a moment ago, or are about to."""
    if row.state == HoldState.LIFTING:
        return True
    if row.state != HoldState.RELEASED or row.ended_at is None:
        return False
    return row.ended_at > now - _OWN_NEWS


def due_orders(session: Session, shop_id: int, *, now: datetime, limit: int) -> list[HeldOrder]:
    """Orders whose time has come, longest waiting first."""
    mine = sa.and_(Order.shop_id == HoldCheckRow.shop_id, Order.order_id == HoldCheckRow.order_id)
    statement = (
        sa.select(
            Order,
            HoldCheckRow.attempts,
            HoldCheckRow.must_read,
            sa.and_(Shop.moves, Shop.gives_back.is_(False)),
        )
        .join(HoldCheckRow, mine)
        .join(Shop, Shop.id == HoldCheckRow.shop_id)
        .where(HoldCheckRow.shop_id == shop_id, HoldCheckRow.due_at <= now, _may_be_touched())
        .order_by(Order.priority.desc(), Order.placed_at, Order.order_id)
        .limit(limit)
    )
    return [
        _held_order(session, order, attempts, must_read=must_read, may_move=may_move)
        for order, attempts, must_read, may_move in session.execute(statement)
    ]


def next_check_at(shop_id: InstrumentedAttribute[int]) -> sa.ScalarSelect[datetime]:
    """When the next of a shop's orders is to be looked at."""
    mine = sa.and_(Order.shop_id == HoldCheckRow.shop_id, Order.order_id == HoldCheckRow.order_id)
    return (
        sa.select(sa.func.min(HoldCheckRow.due_at))
        .join(Order, mine)
        .where(HoldCheckRow.shop_id == shop_id, _may_be_touched())
        .scalar_subquery()
    )


def _may_be_touched() -> sa.ColumnElement[bool]:
    """Not what a person holds back from us, until it is let go; nor orders that can't be read any more:
    whether they still wait nobody can tell, so what is on hold of them stays so."""
    is_seen = sa.or_(Order.problem.is_(None), Order.is_located, Order.is_cancelled)
    return sa.and_(Order.held_at.is_(None), is_seen)


def _held_order(
    session: Session, order: Order, attempts: int, *, must_read: bool, may_move: bool
) -> HeldOrder:
    promises = session.scalars(
        sa.select(PromiseRow).where(
            PromiseRow.shop_id == order.shop_id, PromiseRow.order_id == order.order_id
        )
    ).all()
    short = [row for row in promises if row.short > 0]
    return HeldOrder(
        order.order_id,
        order.name,
        order.is_cancelled or order.is_gone,
        {ItemLocation(row.item_id, row.location_id): row.short for row in short},
        {ItemLocation(row.item_id, row.location_id): row.expected_on for row in short},
        attempts,
        must_read,
        may_move,
    )


def of_order(session: Session, shop_id: int, order_id: int) -> Sequence[HoldRow]:
    """All holds that we ever placed on the order, oldest first."""
    where = (HoldRow.shop_id == shop_id, HoldRow.order_id == order_id)
    return session.scalars(sa.select(HoldRow).where(*where).order_by(HoldRow.id)).all()


def intend(session: Session, shop_id: int, order_id: int, put: Put, *, now: datetime) -> int:
    """Keep, before it is sent, that a hold is about to be placed. Returns the row's number."""
    row = HoldRow(
        shop_id=shop_id,
        order_id=order_id,
        location_id=put.location_id,
        part_id=put.part_id,
        handle=put.handle,
        until=put.until,
        units=[[place.item_id, units] for place, units in sorted(put.units.items())],
        state=HoldState.PLACING,
        placed_at=now,
        seen_at=now,
    )
    session.add(row)
    session.flush()
    return row.id


def adopt(row: HoldRow, hold_id: int, *, now: datetime) -> None:
    """The hold stands now, under this number."""
    row.hold_id, row.state, row.seen_at = hold_id, HoldState.HELD, now


def end(
    session: Session, row: HoldRow, state: HoldState, *, now: datetime, name: str, why: str = ""
) -> None:
    """It stands no more. What others did to it is told as an event."""
    row.state, row.ended_at = state, now
    if why:
        record_event(
            session,
            row.shop_id,
            f"hold {state}",
            at=now,
            order_id=row.order_id,
            before=f"{counted(sum(units for _, units in row.units), 'unit')} of {name} on hold",
            after="not on hold",
            why=why,
        )


def intend_to_lift(session: Session, shop_id: int, hold_ids: Collection[int]) -> None:
    """Keep, before it is sent, that these are about to be let go: else nobody could tell it from what
    others do, if our worker were killed."""
    where = (HoldRow.shop_id == shop_id, HoldRow.hold_id.in_(hold_ids), HoldRow.state == HoldState.HELD)
    session.execute(sa.update(HoldRow).where(*where).values(state=HoldState.LIFTING))


def let_go(session: Session, shop_id: int, hold_id: int, *, now: datetime) -> None:
    """We let it go. One that we kept no record of is nobody's concern any more."""
    where = (HoldRow.shop_id == shop_id, HoldRow.hold_id == hold_id)
    session.execute(sa.update(HoldRow).where(*where).values(state=HoldState.RELEASED, ended_at=now))


def could_not_let_go(session: Session, shop_id: int, hold_id: int) -> None:
    """The platform refused to: perhaps somebody was sooner. What became of it must be read."""
    where = (HoldRow.shop_id == shop_id, HoldRow.hold_id == hold_id, HoldRow.state == HoldState.LIFTING)
    session.execute(sa.update(HoldRow).where(*where).values(state=HoldState.HELD))


def forget_intent(session: Session, row: HoldRow) -> None:
    """It was never placed."""
    where = (HoldRow.shop_id == row.shop_id, HoldRow.id == row.id)
    session.execute(sa.delete(HoldRow).where(*where))


def know_parts(session: Session, shop_id: int, order_id: int, part_ids: Iterable[int]) -> None:
    """Parts that an order has by a hold of ours: webhooks name them."""
    rows = [{"shop_id": shop_id, "order_id": order_id, "route_id": one} for one in sorted(set(part_ids))]
    if rows:
        upsert(session, RouteRow, rows)


def done(session: Session, shop_id: int, order_id: int) -> None:
    """The order has on hold what it should."""
    session.execute(
        sa.delete(HoldCheckRow).where(HoldCheckRow.shop_id == shop_id, HoldCheckRow.order_id == order_id)
    )


def again(session: Session, shop_id: int, order_id: int, *, at: datetime, attempts: int) -> None:
    """The order is to be looked at once more."""
    row = session.get_one(HoldCheckRow, (shop_id, order_id))
    row.due_at, row.attempts, row.must_read = at, attempts, True


def held_units(
    session: Session, shop_id: int, order_ids: Collection[int]
) -> dict[tuple[int, int, int], int]:
    """Units that are held by us, by order, item and location."""
    found: dict[tuple[int, int, int], int] = {}
    for row in _standing(session, shop_id, order_ids):
        for item_id, units in row.units:
            key = (row.order_id, item_id, row.location_id)
            found[key] = max(found.get(key, 0), units)
    return found


def _standing(session: Session, shop_id: int, order_ids: Collection[int]) -> Sequence[HoldRow]:
    where = (HoldRow.shop_id == shop_id, HoldRow.state.in_(STANDING))
    return [
        row
        for some in chunks(order_ids)
        for row in session.scalars(sa.select(HoldRow).where(*where, HoldRow.order_id.in_(some)))
    ]


def count_orders_held(session: Session, shop_id: int) -> int:
    """How many orders of the shop have something on hold by us."""
    return len(_orders_held(session, shop_id))


def _orders_held(session: Session, shop_id: int) -> set[int]:
    where = (HoldRow.shop_id == shop_id, HoldRow.state.in_(STANDING))
    return set(session.scalars(sa.select(HoldRow.order_id).where(*where)))

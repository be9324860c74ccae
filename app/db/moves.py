"""What was moved to ship from elsewhere, by us or by others, and which orders may be."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.core.holds import ItemLocation
from app.core.moving import Move, PoolFigures, Waiting, first_served
from app.core.states import MoveState
from app.db.holds import ask_for_checks
from app.db.models import MoveRow, Order, PoolRow, PromiseRow, RouteRow, Shop
from app.db.queue_heads import is_before
from app.db.statements import upsert

_EVERY_ITEM = 0
_OURS = (MoveState.SENDING, MoveState.DONE)
_IS_SETTLED = MoveRow.state.not_in((MoveState.SENDING, MoveState.NOT_NOW))
"""Of what was being sent when its worker was stopped nobody knows whether it was moved: the order's
parts tell."""
_NOT_NOW = timedelta(hours=1)
"""So long an order that could not be moved is left alone, unless its parts change before, or how many
units of it are short."""
_QUEUE = (Order.priority.desc(), Order.placed_at, Order.order_id)


def ask_for_moves(session: Session, shop: Shop, item_id: int, *, now: datetime) -> None:
    """Look at the orders that wait for an item at one location and can have it from another, of those
    that show already that they wait: at as many as can be served there, longest waiting first."""
    if shop.gives_back or not shop.moves:
        return
    figures = known_figures(session, shop.id, [item_id])
    free = {place: one.available for place, one in figures.items() if one.available > 0}
    if not free:
        return
    columns = (PromiseRow.order_id, PromiseRow.item_id, PromiseRow.location_id, PromiseRow.short)
    rows = session.execute(_movable(shop.id, item_id, now).with_only_columns(*columns).order_by(*_QUEUE))
    waiting = (Waiting(order_id, ItemLocation(*place), short) for order_id, *place, short in rows)
    ask_for_checks(session, shop.id, first_served(waiting, free), at=now)


def ask_for_move_of(session: Session, shop: Shop, order_id: int, *, now: datetime) -> None:
    """An order shows by now that it waits: look at it if it can have what it waits for from another
    location, unless orders before it take all that is there."""
    if shop.gives_back or not shop.moves:
        return
    columns = (PromiseRow.item_id, PromiseRow.location_id, PromiseRow.short)
    where = (PromiseRow.shop_id == shop.id, PromiseRow.order_id == order_id, PromiseRow.short > 0)
    rows = session.execute(sa.select(*columns).where(*where)).all()
    lines = [Waiting(order_id, ItemLocation(*place), short) for *place, short in rows]
    if any(_has_turn(session, shop, line, now) for line in lines):
        ask_for_checks(session, shop.id, [order_id], at=now)


def _has_turn(session: Session, shop: Shop, line: Waiting, now: datetime) -> bool:
    (item_id, location_id), order_id = line.place, line.order_id
    figures = known_figures(session, shop.id, [item_id])
    free = sum(max(0, one.available) for place, one in figures.items() if place != line.place)
    movable = _movable(shop.id, item_id, now)
    is_mine = sa.and_(PromiseRow.order_id == order_id, PromiseRow.location_id == location_id)
    if free < line.units or session.scalar(movable.where(is_mine)) is None:
        return False
    # Each of them takes one unit at least, so that no more of them matter.
    is_older = is_before(session.get_one(Order, (shop.id, order_id)))
    before = movable.with_only_columns(PromiseRow.short).where(is_older).limit(free).subquery()
    taken = session.scalar(sa.select(sa.func.coalesce(sa.func.sum(before.c.short), 0))) or 0
    return taken + line.units <= free


def _movable(shop_id: int, item_id: int, now: datetime) -> sa.Select[Any]:
    """Lines that wait for an item at one location and of which another has enough."""
    elsewhere = aliased(PoolRow)
    enough = sa.exists().where(
        elsewhere.shop_id == PromiseRow.shop_id,
        elsewhere.item_id == PromiseRow.item_id,
        elsewhere.location_id != PromiseRow.location_id,
        elsewhere.available >= PromiseRow.short,
    )
    is_not_now = sa.and_(
        MoveRow.state == MoveState.NOT_NOW,
        MoveRow.at > now - _NOT_NOW,
        MoveRow.units == PromiseRow.short,
    )
    is_left_alone = sa.exists().where(
        MoveRow.shop_id == PromiseRow.shop_id,
        MoveRow.order_id == PromiseRow.order_id,
        MoveRow.item_id.in_((PromiseRow.item_id, _EVERY_ITEM)),
        MoveRow.from_id == PromiseRow.location_id,
        sa.or_(_IS_SETTLED, is_not_now),
    )
    mine = sa.and_(Order.shop_id == PromiseRow.shop_id, Order.order_id == PromiseRow.order_id)
    return (
        sa.select(PromiseRow)
        .select_from(PromiseRow)
        .join(Order, mine)
        .where(PromiseRow.shop_id == shop_id, PromiseRow.item_id == item_id, PromiseRow.short > 0)
        .where(Order.waits_as != "", Order.held_at.is_(None), enough, ~is_left_alone)
    )


def leave_for_now(
    session: Session, shop_id: int, order_id: int, short: Mapping[ItemLocation, int], *, now: datetime
) -> None:
    """So many units of an order can't be moved as its parts are: being packed, or on hold by others."""
    for place, units in short.items():
        move = Move(0, place.item_id, place.location_id, place.location_id, {0: units})
        keep(session, shop_id, order_id, move, MoveState.NOT_NOW, now=now)


def parts_changed(session: Session, shop_id: int, part_ids: Collection[int]) -> None:
    """Something happened to parts of orders: what could not be moved may be now."""
    routes = (RouteRow.shop_id == shop_id, RouteRow.route_id.in_(part_ids))
    orders = sa.select(RouteRow.order_id).where(*routes)
    left = (MoveRow.shop_id == shop_id, MoveRow.state == MoveState.NOT_NOW)
    session.execute(sa.delete(MoveRow).where(*left, MoveRow.order_id.in_(orders)))


def settled_places(
    session: Session, shop_id: int, order_id: int, places: Iterable[ItemLocation]
) -> set[ItemLocation]:
    """From which of these places nothing of the order is moved any more."""
    where = (MoveRow.shop_id == shop_id, MoveRow.order_id == order_id, _IS_SETTLED)
    rows = session.execute(sa.select(MoveRow.item_id, MoveRow.from_id).where(*where)).all()
    known = {(item_id, from_id) for item_id, from_id in rows}
    return {
        place
        for place in places
        if known & {(place.item_id, place.location_id), (_EVERY_ITEM, place.location_id)}
    }


def known_figures(
    session: Session, shop_id: int, item_ids: Collection[int]
) -> dict[ItemLocation, PoolFigures]:
    """The pools of these items as last read."""
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id.in_(item_ids))
    return {
        ItemLocation(row.item_id, row.location_id): PoolFigures(row.available, row.committed or 0)
        for row in session.scalars(sa.select(PoolRow).where(*where))
    }


def location_names(session: Session, shop_id: int, item_id: int) -> dict[int, str]:
    """What the places are called that have an item."""
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id == item_id)
    statement = sa.select(PoolRow.location_id, PoolRow.location_name).where(*where)
    return {number: name or str(number) for number, name in session.execute(statement)}


def unanswered(session: Session, shop_id: int, order_ids: Collection[int]) -> Sequence[MoveRow]:
    """Moves of these orders that were being sent when their worker was stopped."""
    where = (MoveRow.shop_id == shop_id, MoveRow.order_id.in_(order_ids))
    sending = MoveRow.state == MoveState.SENDING
    queue = (MoveRow.order_id, MoveRow.item_id, MoveRow.from_id)
    return session.scalars(sa.select(MoveRow).where(*where, sending).order_by(*queue)).all()


def keep(
    session: Session,
    shop_id: int,
    order_id: int,
    move: Move,
    state: MoveState,
    *,
    now: datetime,
    there_before: int = 0,
) -> None:
    """That it is about to be sent, and how many units of the item were to ship from there before, so
    that a worker that is stopped does not move it twice; or what became of it."""
    row = {
        "shop_id": shop_id,
        "order_id": order_id,
        "item_id": move.item_id,
        "from_id": move.from_id,
        "to_id": move.to_id,
        "units": move.units,
        "there_before": there_before,
        "state": state,
        "at": now,
    }
    upsert(session, MoveRow, [row])


def note_move(
    session: Session, shop_id: int, part_ids: Collection[int], to_id: int, *, now: datetime
) -> None:
    """Parts were moved to a location. Where it was not us, somebody wants them to ship from there."""
    routes = (RouteRow.shop_id == shop_id, RouteRow.route_id.in_(part_ids))
    ours = sa.exists().where(
        MoveRow.shop_id == shop_id,
        MoveRow.order_id == RouteRow.order_id,
        MoveRow.to_id == to_id,
        MoveRow.state.in_(_OURS),
    )
    order_ids = set(session.scalars(sa.select(RouteRow.order_id).where(*routes, ~ours)))
    for order_id in order_ids:
        move = Move(0, _EVERY_ITEM, to_id, to_id, {})
        keep(session, shop_id, order_id, move, MoveState.THEIRS, now=now)

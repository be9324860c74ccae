"""What was moved to ship from elsewhere, by us or by others, and which orders may be."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.core.holds import Place
from app.core.moving import Move, PoolFigures
from app.core.states import MoveState
from app.db.holds import ask_for_checks
from app.db.models import MoveRow, Order, PoolRow, PromiseRow, RouteRow, Shop
from app.db.statements import upsert

_EVERY_ITEM = 0
_OURS = (MoveState.SENDING, MoveState.DONE)
_IS_ANSWERED = MoveRow.state != MoveState.SENDING
"""Of what was being sent when its worker was stopped nobody knows whether it was moved: the order's
parts tell."""


def ask_for_moves(
    session: Session,
    shop: Shop,
    *,
    now: datetime,
    item_id: int | None = None,
    order_id: int | None = None,
) -> None:
    """Look at the orders that wait at one location for what another has enough of, of those that show
    already that they wait: at all of an item, or at one."""
    if not shop.moves:
        return
    elsewhere = aliased(PoolRow)
    enough = sa.exists().where(
        elsewhere.shop_id == PromiseRow.shop_id,
        elsewhere.item_id == PromiseRow.item_id,
        elsewhere.location_id != PromiseRow.location_id,
        elsewhere.available >= PromiseRow.short,
    )
    moved = sa.exists().where(
        MoveRow.shop_id == PromiseRow.shop_id,
        MoveRow.order_id == PromiseRow.order_id,
        MoveRow.item_id.in_((PromiseRow.item_id, _EVERY_ITEM)),
        MoveRow.from_id == PromiseRow.location_id,
        _IS_ANSWERED,
    )
    mine = sa.and_(Order.shop_id == PromiseRow.shop_id, Order.order_id == PromiseRow.order_id)
    statement = (
        sa.select(PromiseRow.order_id)
        .join(Order, mine)
        .where(PromiseRow.shop_id == shop.id, PromiseRow.short > 0, Order.waits_as != "")
        .where(enough, ~moved)
    )
    if item_id is not None:
        statement = statement.where(PromiseRow.item_id == item_id)
    if order_id is not None:
        statement = statement.where(PromiseRow.order_id == order_id)
    ask_for_checks(session, shop.id, set(session.scalars(statement)), at=now)


def settled_places(session: Session, shop_id: int, order_id: int, places: Iterable[Place]) -> set[Place]:
    """From which of these places nothing of the order is moved any more."""
    where = (MoveRow.shop_id == shop_id, MoveRow.order_id == order_id)
    rows = session.execute(sa.select(MoveRow.item_id, MoveRow.from_id).where(*where)).all()
    known = {(item_id, from_id) for item_id, from_id in rows}
    return {
        place
        for place in places
        if known & {(place.item_id, place.location_id), (_EVERY_ITEM, place.location_id)}
    }


def known_figures(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[Place, PoolFigures]:
    """The pools of these items as last read."""
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id.in_(item_ids))
    return {
        Place(row.item_id, row.location_id): PoolFigures(row.available, row.committed or 0)
        for row in session.scalars(sa.select(PoolRow).where(*where))
    }


def location_names(session: Session, shop_id: int, item_id: int) -> dict[int, str]:
    """What the places are called that have an item."""
    where = (PoolRow.shop_id == shop_id, PoolRow.item_id == item_id)
    statement = sa.select(PoolRow.location_id, PoolRow.location_name).where(*where)
    return {number: name or str(number) for number, name in session.execute(statement)}


def unanswered(session: Session, shop_id: int, order_ids: Collection[int]) -> Sequence[MoveRow]:
    """Moves of these orders that were being sent when their worker was stopped."""
    where = (MoveRow.shop_id == shop_id, MoveRow.order_id.in_(order_ids), ~_IS_ANSWERED)
    queue = (MoveRow.order_id, MoveRow.item_id, MoveRow.from_id)
    return session.scalars(sa.select(MoveRow).where(*where).order_by(*queue)).all()


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

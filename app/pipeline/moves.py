"""Where the merchant wants it, what waits at one location ships from another that has it in stock.

Each item of an order is moved once at most, and not where somebody else moved it to. The stock is read
anew right before, for what is free is free for one order only.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.holds import Lift, OrderParts, Part, Place, still_to_ship
from app.core.moving import Move, next_moves
from app.core.states import MoveState
from app.db import audit, moves, routes, shops
from app.db.holds import HeldOrder
from app.db.models import MoveRow
from app.pipeline.context import ShopContext
from app.platforms.base import Holder

Found = Sequence[tuple[HeldOrder, OrderParts | None]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    order: HeldOrder
    parts: Sequence[Part]
    settled: set[Place]

    def steps(self, free: Mapping[Place, int]) -> list[Move | Lift]:
        """What to do if so many units are free."""
        return next_moves(self.order.short, self.parts, free, settled=self.settled)


def move_orders(context: ShopContext, holder: Holder, found: Found) -> dict[int, list[Lift]]:
    """Move what may be moved of these orders. Returns those of which something was, or can be once
    these holds of ours are let go: their holds are looked at anew after that."""
    acted: dict[int, list[Lift]] = {order_id: [] for order_id in _take_up(context, found)}
    candidates = _candidates(context, [one for one in found if one[0].order_id not in acted])
    if not candidates:
        return acted
    items = sorted({place.item_id for one in candidates for place in one.order.short})
    left = Counter(
        {
            Place(stock.item_id, pool.location_id): pool.available
            for stock in context.platform.fetch_stock(items)
            for pool in stock.pools
            if pool.available > 0
        }
    )
    for one in candidates:
        steps = one.steps(left)
        if steps:
            acted[one.order.order_id] = [step for step in steps if isinstance(step, Lift)]
        for step in steps:
            if isinstance(step, Move):
                to = Place(step.item_id, step.to_id)
                left[to] -= step.units
                _move(context, holder, one.order, step, still_to_ship(one.parts)[to])
    return acted


def _candidates(context: ShopContext, found: Found) -> list[_Candidate]:
    """By the figures as they were last read."""
    with context.transaction() as session:
        if not shops.get_shop(session, context.shop_id).moves:
            return []
        items = {place.item_id for order, _ in found for place in order.short}
        free = moves.free_units(session, context.shop_id, items)
        all_ = [
            _Candidate(
                order,
                there.parts,
                moves.settled_places(session, context.shop_id, order.order_id, order.short),
            )
            for order, there in found
            if there is not None and not order.is_over
        ]
        return [one for one in all_ if one.steps(free)]


def _take_up(context: ShopContext, found: Found) -> set[int]:
    """What was being sent when its worker was stopped: more units at the other location tell that it was
    moved; else it may be moved now. Returns the orders of which something was."""
    parts = {order.order_id: there.parts for order, there in found if there is not None}
    moved: set[int] = set()
    with context.transaction() as session:
        for row in moves.unanswered(session, context.shop_id, list(parts)):
            there = still_to_ship(parts[row.order_id])[Place(row.item_id, row.to_id)]
            if there < row.there_before + row.units:
                session.delete(row)
                continue
            row.state = MoveState.DONE
            part_ids = [part.part_id for part in parts[row.order_id]]
            _tell(session, context, row.order_id, row, part_ids=part_ids)
            moved.add(row.order_id)
    return moved


def _move(context: ShopContext, holder: Holder, order: HeldOrder, move: Move, there: int) -> None:
    """`there`: units of the item that are to ship from the other location already."""
    shop_id, order_id = context.shop_id, order.order_id
    with context.transaction() as session:
        now, sending = context.clock(), MoveState.SENDING
        moves.keep(session, shop_id, order_id, move, sending, now=now, there_before=there)
    refusal = holder.move(move)
    with context.transaction() as session:
        state = MoveState.REFUSED if refusal else MoveState.DONE
        moves.keep(session, shop_id, order_id, move, state, now=context.clock())
        part_ids = [] if refusal else [move.part_id]
        _tell(session, context, order_id, move, part_ids=part_ids, refusal=refusal)


def _tell(
    session: Session,
    context: ShopContext,
    order_id: int,
    move: Move | MoveRow,
    *,
    part_ids: Sequence[int],
    refusal: str = "",
) -> None:
    """In the order's history; what was moved is located anew by these parts."""
    shop_id, now = context.shop_id, context.clock()
    if part_ids:
        routes.unroute(session, shop_id, part_ids, now=now, cause="moved by Backline")
    names = moves.location_names(session, shop_id, move.item_id)
    places = {place: names.get(place, str(place)) for place in (move.from_id, move.to_id)}
    audit.record_event(
        session,
        shop_id,
        "move refused" if refusal else "moved",
        at=now,
        order_id=order_id,
        item_id=move.item_id,
        before=f"{move.units} to ship from {places[move.from_id]}",
        after=f"{move.units} to ship from {places[move.to_id]}",
        why=refusal or "it is in stock there",
    )

"""Where the merchant wants it, what waits at one location ships from another that has it in stock.

Each item of an order is moved once at most, and not where somebody else moved it to. The stock is read
anew right before, for what is free is free for one order only.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.core.holds import Lift, OrderParts, Part, Place
from app.core.moving import Move, next_moves
from app.core.states import MoveState
from app.db import audit, moves, routes, shops
from app.db.holds import HeldOrder
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
    candidates = _candidates(context, found)
    if not candidates:
        return {}
    items = sorted({place.item_id for one in candidates for place in one.order.short})
    left = Counter(
        {
            Place(stock.item_id, pool.location_id): pool.available
            for stock in context.platform.fetch_stock(items)
            for pool in stock.pools
            if pool.available > 0
        }
    )
    acted: dict[int, list[Lift]] = {}
    for one in candidates:
        steps = one.steps(left)
        if steps:
            acted[one.order.order_id] = [step for step in steps if isinstance(step, Lift)]
        for step in steps:
            if isinstance(step, Move):
                left[Place(step.item_id, step.to_id)] -= step.units
                _move(context, holder, one.order, step)
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


def _move(context: ShopContext, holder: Holder, order: HeldOrder, move: Move) -> None:
    shop_id, order_id = context.shop_id, order.order_id
    with context.transaction() as session:
        moves.keep(session, shop_id, order_id, move, MoveState.SENDING, now=context.clock())
    refusal = holder.move(move)
    with context.transaction() as session:
        now = context.clock()
        state = MoveState.REFUSED if refusal else MoveState.DONE
        moves.keep(session, shop_id, order_id, move, state, now=now)
        if not refusal:
            routes.unroute(session, shop_id, [move.part_id], now=now, cause="moved by Backline")
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

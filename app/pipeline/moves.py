"""Where the merchant wants it, what waits at one location ships from another that has it in stock.

Each item of an order is moved once at most, and not where somebody else moved it to. The stock is read
anew right before: what is free is free for one order only, and what waited may be served by now.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.holds import ItemLocation, Lift, OrderParts, Part, still_to_ship
from app.core.moving import Move, PoolFigures, next_moves, stuck_places
from app.core.states import MoveState
from app.db import audit, due_items, moves, routes, shops
from app.db.holds import HeldOrder
from app.db.models import MoveRow
from app.pipeline.context import ShopContext
from app.platforms.base import Holder

Found = Sequence[tuple[HeldOrder, OrderParts | None]]
Figures = Mapping[ItemLocation, PoolFigures]


@dataclass(frozen=True, slots=True)
class _Candidate:
    order: HeldOrder
    parts: Sequence[Part] | None
    settled: set[ItemLocation]

    def steps(
        self, free: Mapping[ItemLocation, int], *, not_from: Collection[ItemLocation] = ()
    ) -> list[Move | Lift]:
        """What to do if so many units are free, and nothing is to be moved from these places."""
        settled = self.settled.union(not_from)
        return next_moves(self.order.short, self.parts or (), free, settled=settled)

    def stuck(self, free: Mapping[ItemLocation, int]) -> dict[ItemLocation, int]:
        """What of it can't be moved as its parts are, if so many units are free."""
        return stuck_places(self.order.short, self.parts, free, settled=self.settled)


def move_orders(context: ShopContext, holder: Holder, found: Found) -> dict[int, list[Lift]]:
    """Move what may be moved of these orders. Returns those of which something was, or can be once
    these holds of ours are let go: their holds are looked at anew after that."""
    found = [one for one in found if one[0].may_move]
    if not found:
        return {}
    acted: dict[int, list[Lift]] = {order_id: [] for order_id in _take_up(context, found)}
    candidates, known = _candidates(context, [one for one in found if one[0].order_id not in acted])
    if not candidates:
        return acted
    now = _figures_now(context, candidates)
    eased = _look_at_eased(context, candidates, known, now)
    left = Counter(_free(now))
    for one in candidates:
        steps = one.steps(left, not_from=eased)
        if steps:
            acted[one.order.order_id] = [step for step in steps if isinstance(step, Lift)]
        there = still_to_ship(one.parts or ())
        for step in steps:
            if isinstance(step, Move):
                to = ItemLocation(step.item_id, step.to_id)
                left[to] -= step.units
                if _move(context, holder, one.order, step, there[to]):
                    there[to] += step.units
    return acted


def _candidates(context: ShopContext, found: Found) -> tuple[list[_Candidate], Figures]:
    """Those that may be moved by the figures as they were last read, which are returned. Others take
    the place of those that can't be moved as they are."""
    with context.transaction() as session:
        items = {place.item_id for order, _ in found for place in order.short}
        known = moves.known_figures(session, context.shop_id, items)
        all_ = [
            _Candidate(
                order,
                None if there is None else there.parts,
                moves.settled_places(session, context.shop_id, order.order_id, order.short),
            )
            for order, there in found
            if not order.is_over
        ]
        free = _free(known)
        _let_others_go_first(session, context, {one.order.order_id: one.stuck(free) for one in all_})
        return [one for one in all_ if one.steps(free)], known


def _let_others_go_first(
    session: Session, context: ShopContext, stuck: Mapping[int, Mapping[ItemLocation, int]]
) -> None:
    now, shop = context.clock(), shops.get_shop(session, context.shop_id)
    for order_id, places in stuck.items():
        moves.leave_for_now(session, shop.id, order_id, places, now=now)
    for item_id in sorted({place.item_id for places in stuck.values() for place in places}):
        moves.ask_for_moves(session, shop, item_id, now=now)


def _free(figures: Figures) -> dict[ItemLocation, int]:
    return {place: one.available for place, one in figures.items() if one.available > 0}


def _figures_now(context: ShopContext, candidates: Sequence[_Candidate]) -> Figures:
    items = sorted({place.item_id for one in candidates for place in one.order.short})
    return {
        ItemLocation(stock.item_id, pool.location_id): PoolFigures(pool.available, pool.committed or 0)
        for stock in context.platform.fetch_stock(items)
        for pool in stock.pools
    }


def _look_at_eased(
    context: ShopContext, candidates: Sequence[_Candidate], known: Figures, now: Figures
) -> set[ItemLocation]:
    """Where fewer units may be short by now than was decided: something came, or was canceled, and its
    webhook is late. Who waits there still is decided anew; nothing is moved before."""
    waiting = {place for one in candidates for place in one.order.short}
    told = waiting & known.keys() & now.keys()
    eased = {place for place in told if now[place].is_easier_than(known[place])}
    if eased:
        with context.transaction() as session:
            at, cause = context.clock(), "its stock changed right before a move"
            for item_id in sorted({place.item_id for place in eased}):
                due_items.look_at_item(session, context.shop_id, item_id, now=at, cause=cause)
    return eased


def _take_up(context: ShopContext, found: Found) -> set[int]:
    """What was being sent when its worker was stopped: more units at the other location tell that it was
    moved; else it may be moved now. Returns the orders of which something was."""
    parts = {order.order_id: there.parts for order, there in found if there is not None}
    moved: set[int] = set()
    with context.transaction() as session:
        for row in moves.unanswered(session, context.shop_id, list(parts)):
            there = still_to_ship(parts[row.order_id])[ItemLocation(row.item_id, row.to_id)]
            if there < row.there_before + row.units:
                session.delete(row)
                continue
            row.state = MoveState.DONE
            part_ids = [part.part_id for part in parts[row.order_id]]
            _tell(session, context, row.order_id, row, part_ids=part_ids)
            moved.add(row.order_id)
    return moved


def _move(context: ShopContext, holder: Holder, order: HeldOrder, move: Move, there: int) -> bool:
    """`there`: units of the item that are to ship from the other location already. Returns whether it
    was moved."""
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
        if refusal:
            shop = shops.get_shop(session, shop_id)
            moves.ask_for_moves(session, shop, move.item_id, now=context.clock())
    return not refusal


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

"""Where the merchant wants it, a restock passes over orders that it can't complete: who goes before whom
now (see `app.core.passing`), and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core.freshness import Supply
from app.core.passing import Pass, Restocked, Restocks, has_come, passes
from app.core.reckoning import Queue
from app.core.states import QueueEvent
from app.db import audit, promises, turns
from app.db.models import PromiseRow, Shop
from app.db.orders import order_names
from app.pipeline.gathering import Gathered

_TIMES = {1: "once", 2: "twice"}


def let_pass(
    session: Session, shop: Shop, gathered: Gathered, queue: Queue, supply: Mapping[int, Supply]
) -> Gathered:
    """Whom what has come completes goes before those whom it doesn't, pool by pool; the lines are in
    their new turns then. Where figures may not show all yet, or nobody can say who is short, it goes to
    everybody in their turn."""
    if shop.restocks != Restocks.SKIP:
        return gathered
    rows = promises.promises_of_item(session, shop.id, gathered.item.item_id)
    doubtful = {place for _, place in queue.doubtful}
    for place, units in supply.items():
        if units.low != units.high or gathered.unshown.get(place) or place in doubtful:
            continue
        known = {order_id: row for (order_id, at), row in rows.items() if at == place}
        said = {order_id: row.short for order_id, row in known.items()}
        pool = Restocked(queue.lines.at(place), units.low, queue.owed_before[place], said, {})
        if not has_come(pool):
            continue
        whole = {line.order_id: line.quantity for line in gathered.books.at(place)}
        bounded = passes(_with_bounds(session, shop, gathered, pool, known))
        # Units that wait outside are not in the queue, and are the order's all the same.
        if found := [one._replace(units=whole[one.order_id]) for one in bounded]:
            item_id = gathered.item.item_id
            turns.record_passes(session, shop.id, item_id, place, found, now=gathered.now)
            _tell(session, gathered, found)
            gathered = gathered.moving(place, {one.order_id: one.moved for one in found})
    return gathered


def _with_bounds(
    session: Session, shop: Shop, gathered: Gathered, pool: Restocked, rows: Mapping[int, PromiseRow]
) -> Restocked:
    """The same with what bounds it: who has let others go how often, and for how long everybody has
    waited; and with who is short of something else."""
    shop_id, item = shop.id, gathered.item
    waiting = [order_id for order_id, row in rows.items() if row.short > 0]
    others = [one.order_id for one in pool.lines if one.order_id not in rows and not one.reserved_by]
    patient_since = gathered.now - timedelta(days=shop.skip_days)
    counts = turns.count_passed(session, shop_id, waiting)
    place = pool.lines[0].location_id
    asked = [*waiting, *others]
    return replace(
        pool,
        may_let={
            one: max(0, shop.skip_times - counts[one])
            for one in waiting
            if rows[one].short_since > patient_since
        },
        incomplete=turns.short_elsewhere(
            session, shop_id, asked, item_id=item.item_id, location_id=place
        ),
        undecided=turns.due_elsewhere(session, shop_id, asked, item_id=item.item_id),
    )


def _tell(session: Session, gathered: Gathered, found: Sequence[Pass]) -> None:
    """Both orders' histories say it."""
    item, now = gathered.item, gathered.now
    ids = {one.order_id for one in found} | {line.order_id for one in found for line in one.over}
    names = order_names(session, item.shop_id, ids)
    for one in found:
        passed = [line.order_id for line in one.over]
        for order_id, kind, what in (
            (one.order_id, QueueEvent.WENT_FIRST, f"before {_names([names[n] for n in passed])}"),
            *((n, QueueEvent.PASSED_OVER, f"{names[one.order_id]} goes first") for n in passed),
        ):
            audit.record_event(
                session,
                item.shop_id,
                kind,
                at=now,
                order_id=order_id,
                item_id=item.item_id,
                after=what,
                why="the stock that came completes the newer order and not the older",
                cause=item.cause,
            )


def passed_in_words(session: Session, shop: Shop, gathered: Gathered) -> Mapping[int, str]:
    """What to say of the orders that were passed over, by order."""
    if not gathered.moved and shop.restocks != Restocks.SKIP:
        return {}
    passed = turns.passed_over(session, shop.id, gathered.item.item_id)
    return {
        order_id: _in_words(names, most=shop.skip_times)
        for order_id, names in turns.went_before(session, shop.id, passed).items()
    }


def _in_words(names: Sequence[str], *, most: int) -> str:
    times = _TIMES.get(len(names), f"{len(names)} times")
    what = "order" if len(names) == 1 else "orders"
    bound = _TIMES.get(most, f"{most} times")
    said = f"Passed over {times} so that {what} {_names(names)} could ship complete"
    return f"{said}; no more than {bound}."


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

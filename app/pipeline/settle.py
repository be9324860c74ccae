"""Due items → who is short, and until when.

Gather (read the pools, and the orders that may be short), decide (balance, allocate, promise),
record. Nothing is decided from books that do not balance.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.core.balancing import (
    Balance,
    balance_books,
    explain_away,
    is_heard_out,
    is_sold_ahead,
    unlocated_plans,
)
from app.core.books import Verdict
from app.core.decide import Decided, decide
from app.core.doubt import Bounds
from app.core.freshness import Snapshot, Supply, behind_unshown
from app.core.model import Promise
from app.core.promise import explain
from app.core.reckoning import Key, Queue, Reckoning, queue_of
from app.core.weighing import Context, Settlement, most_short, sighting, weigh_lines
from app.db import due_items, due_orders, moves, promises, selling_plans, variants
from app.db.arrivals import adopt_arrivals
from app.db.showing import orders_showing
from app.db.stock import pools_of
from app.pipeline.context import ShopContext
from app.pipeline.gathering import (
    Gathered,
    gather,
    hang_on_old_claims,
    has_old_claims,
    has_read_changes,
    has_unknown_orders,
    needs_queue,
    pool_states,
    unclear_orders,
    with_claims,
)
from app.pipeline.lead_time_policy import terms_of
from app.pipeline.long_queues import forget_long_queue, keep_long_queue
from app.pipeline.passing import let_pass, passed_in_words
from app.pipeline.quarantine import act_on_all
from app.pipeline.reading import read_changed_orders, read_orders
from app.pipeline.recording import (
    postpone,
    record,
    record_all_covered,
    record_drift,
    record_stock,
    take_tracking,
)
from app.pipeline.reservations import read_reservations
from app.pipeline.risk import record_risk
from app.platforms.base import ItemStock, Pool

_ITEMS_AT_ONCE = 100
_ORDERS_AT_ONCE = 50
# How often one reading of stock is looked at: orders may have to be read, then the list of changed ones,
# then orders that it brought, then what is committed to no order.
_TRIES = 5


def settle(context: ShopContext) -> bool:
    """Settle the next due items. Returns whether there were any."""
    if _resolve_variants(context):
        return True
    with context.transaction() as session:
        due_items.begin_rechecks(session, context.shop_id, now=context.clock())
        plans = selling_plans.unread_plans(session, context.shop_id, now=context.clock())
        due_orders.hasten_looks(session, context.shop_id, now=context.clock())
        items = due_items.due_items(session, context.shop_id, now=context.clock(), limit=_ITEMS_AT_ONCE)
        due = [item.item_id for item in items]
    if items and plans:
        _read_selling_plans(context, plans)
    act_on_all(due, partial(_settle_items, context), partial(_quarantine, context))
    return bool(due)


def _settle_items(context: ShopContext, item_ids: Sequence[int]) -> None:
    asked_at = context.clock()
    for stock in context.platform.fetch_stock(item_ids):
        settle_item(context, stock, asked_at=asked_at)


def _quarantine(context: ShopContext, item_id: int, problem: str) -> None:
    with context.transaction() as session:
        due_items.quarantine(session, context.shop_id, item_id, problem, now=context.clock())


def _resolve_variants(context: ShopContext) -> bool:
    """Ask which items the variants sell that orders name and nobody knows yet."""
    with context.transaction() as session:
        unknown = variants.unresolved_variants(session, context.shop_id, limit=250)
    if not unknown:
        return False
    told = context.platform.fetch_variants(unknown)
    with context.transaction() as session:
        variants.upsert_variants(session, context.shop_id, told, now=context.clock(), only_known=True)
    return True


def _read_selling_plans(context: ShopContext, plan_ids: Sequence[int]) -> None:
    """Ask when the plans by which orders were bought reserve stock."""
    told = context.platform.fetch_selling_plans(plan_ids)
    with context.transaction() as session:
        selling_plans.keep_plans(session, context.shop_id, plan_ids, told, now=context.clock())


def settle_item(context: ShopContext, stock: ItemStock, *, asked_at: datetime) -> None:
    """Settle an item by one reading of its stock, which was asked for at `asked_at`.

    What is missing is asked for, and the same reading looked at again: while an item sells fast, a new
    one would be as old again by the time its orders are known.
    """
    read: list[Callable[[], object]] = []
    for _ in range(_TRIES):
        missing = _try_to_settle(context, stock, asked_at, read_count=len(read))
        if missing is None:
            return
        missing()
        read.append(missing)


def _try_to_settle(
    context: ShopContext, stock: ItemStock, asked_at: datetime, *, read_count: int
) -> Callable[[], object] | None:
    """Decide, or postpone, and return None; else return what must be read first: orders, then the list
    of changed ones, then what stock is committed to besides orders. Where orders were read and the books
    still do not balance, the item is postponed: it reads the list at its next look, if it has to."""
    with context.transaction() as session:
        gathered = _gather_queue(session, context, stock, asked_at)
        if gathered is None:
            return None
        is_old = has_old_claims(gathered, context.platform.traits)
        has_list = has_read_changes(gathered)
        is_ahead = is_sold_ahead(gathered.facts)
        is_all_read = read_count > 0 and not is_old and (has_list or not is_ahead)
        unclear = unclear_orders(gathered)
        unread = _not_asked_yet(gathered, unclear)
        must_hear = has_unknown_orders(gathered)
        if (unread or must_hear) and _news_come_first(gathered):
            return None
        if unread:
            return partial(read_orders, context, unread, cause=f"item {stock.item_id} is short")
        if is_ahead and is_old:
            # Units that a draft took may be as many as those sold ahead: then any books balance.
            return partial(read_reservations, context)
        verdict = Verdict.ORDERS_MISSING
        if not must_hear:
            verdict = _settle_queue(
                session,
                context,
                gathered,
                is_clear=not unclear,
                is_all_read=is_all_read,
                # At the second look: what changed in the moment of the first has been told by then.
                may_wait=has_list and gathered.item.attempts > 0,
            )
        if verdict is Verdict.BALANCED or (is_all_read and not must_hear):
            return None
        ahead = _plans_to_ask_for(gathered) if verdict is Verdict.COPY_STALE else []
    needs_list = verdict is not Verdict.CLAIMS_OLD and (read_count == 0 or (is_ahead and not has_list))
    return _explaining_read(context, stock.item_id, ahead, needs_list=needs_list)


def _gather_queue(
    session: Session, context: ShopContext, stock: ItemStock, asked_at: datetime
) -> Gathered | None:
    """Everything that is known of an item that somebody may wait for; None if nobody does, which is
    recorded."""
    item = due_items.lock_item(session, context.shop_id, stock.item_id)
    snapshot = Snapshot.asked(asked_at, lag=_lag(context))
    gathered = gather(session, item, stock, snapshot, now=context.clock())
    if needs_queue(gathered):
        return with_claims(session, gathered, context.platform.traits)
    record_all_covered(session, gathered)
    forget_long_queue(session, item, now=gathered.now)
    return None


def _plans_to_ask_for(gathered: Gathered) -> list[int]:
    return _not_asked_yet(gathered, [order.order_id for order in unlocated_plans(gathered.facts)])


def _explaining_read(
    context: ShopContext, item_id: int, ahead: Sequence[int], *, needs_list: bool
) -> Callable[[], object]:
    """What may explain books that do not balance: whether the orders sold `ahead` may ship by now, then
    what no webhook told of orders, then what stock is committed to besides them."""
    if ahead:
        return partial(read_orders, context, ahead, cause=f"item {item_id} is sold ahead")
    if not needs_list:
        return partial(read_reservations, context)
    cause = f"the books of item {item_id} do not balance"
    return partial(read_changed_orders, context, cause=cause, items=[item_id])


def _lag(context: ShopContext) -> timedelta:
    return timedelta(seconds=context.platform.traits.stock_lag_s)


def _news_come_first(gathered: Gathered) -> bool:
    """Where webhooks named orders without telling them, a list of them all is about to be read: the item
    is looked at after that."""
    poll_due_at = gathered.shop.poll_due_at
    if poll_due_at is None:
        return False
    gathered.item.stock_due_at = poll_due_at
    return True


def _not_asked_yet(gathered: Gathered, order_ids: Collection[int]) -> list[int]:
    """Those of the orders to ask the platform for. One asked for since the item became due has not
    been routed yet: it is asked for again when the item is looked at next."""
    due_since = gathered.item.stock_due_at
    asked = {
        order.order_id
        for order in gathered.demand
        if order.asked_at and due_since and order.asked_at >= due_since
    }
    return [order_id for order_id in order_ids if order_id not in asked][:_ORDERS_AT_ONCE]


def _settle_queue(
    session: Session,
    context: ShopContext,
    gathered: Gathered,
    *,
    is_clear: bool,
    is_all_read: bool,
    may_wait: bool,
) -> Verdict:
    """Balance the books of an item that somebody waits for and, if they do, decide about its lines."""
    item = gathered.item
    item.has_queue, item.headroom = True, 0
    take_tracking(session, gathered)
    balance = _balance(session, gathered, is_clear=is_clear, is_all_read=is_all_read, may_wait=may_wait)
    if balance.is_balanced:
        if hang_on_old_claims(session, gathered, balance, context.platform.traits):
            return Verdict.CLAIMS_OLD
        record_stock(session, gathered, balance.positions, balance.drift, balance.drift_since)
        _decide(session, gathered, balance)
    elif is_all_read:
        postpone(session, gathered, balance.verdict)
    return balance.verdict


def _balance(
    session: Session, gathered: Gathered, *, is_clear: bool, is_all_read: bool, may_wait: bool
) -> Balance:
    """How the books compare; if all that may explain them has been read and nothing more is waited for,
    with what nobody explains."""
    item, facts = gathered.item, gathered.facts
    before = pools_of(session, item.shop_id, [item.item_id])[item.item_id]
    balance = balance_books(facts, before, has_read=is_all_read, may_wait=may_wait)
    if balance.is_balanced and not is_clear:
        balance = replace(balance, verdict=Verdict.ORDERS_MISSING)
    if balance.is_balanced or not is_all_read:
        return balance
    read_at = gathered.shop.changes_read_at
    since, now = item.unbalanced_since, gathered.now
    if is_heard_out(facts, balance, since=since, read_at=read_at, now=now):
        balance = explain_away(facts, balance, before, now=now + gathered.shop.skew)
        record_drift(session, gathered, balance)
    return balance


def _decide(session: Session, gathered: Gathered, balance: Balance) -> None:
    """Walk each pool's queue, all lines we know, at both bounds of its supply, and say what is short and
    until when."""
    item, shop = gathered.item, gathered.shop
    # What the platform counts itself is of one moment: so are the positions that balance.
    supply = {pool.location_id: _supply_of(pool, gathered, balance) for pool in gathered.stock.pools}
    high = {location_id: one.high for location_id, one in supply.items()}
    queue = _queue(gathered, balance, high)
    before, gathered = gathered, let_pass(session, shop, gathered, queue, supply)
    if gathered is not before:
        queue = _queue(gathered, balance, high)
    terms = terms_of(session, shop, item, now=gathered.now)
    adopt_arrivals(session, shop.id, item.item_id)
    pools = pool_states(
        *(session, shop, terms, queue.lines),
        supply=high,
        owed_before=queue.owed_before,
        now=gathered.now,
    )
    decided = decide(
        pools,
        today=terms.today,
        lead_time_days=terms.lead_time_days,
        ready_on=terms.ready_on,
    )
    passed = passed_in_words(session, shop, gathered)
    made = _in_words(decided, high, passed, lead_time=terms.lead_time_words)
    settlement = _weigh(session, gathered, made, most_short(pools, supply), queue.doubtful)
    record(session, gathered, settlement, sighting(decided, settlement, supply))
    record_risk(session, shop.id, terms, pools, decided)
    keep_long_queue(
        *(session, shop, item, decided),
        states=pools,
        waiting=queue.waiting,
        today=terms.today,
        now=gathered.now,
    )
    if len(pools) > 1:
        moves.ask_for_moves(session, shop, item.item_id, now=gathered.now)


def _in_words(
    decided: Mapping[int, Sequence[Decided]],
    on_hand: Mapping[int, int],
    passed: Mapping[int, str],
    *,
    lead_time: str,
) -> list[tuple[Promise, str]]:
    """What is promised of the lines that are short, and why; `passed` is said besides, by order."""
    made = []
    for location_id, lines in decided.items():
        for allocation, promise in lines:
            if promise.short and not promise.line.reserved_by:
                why = explain(allocation, promise, on_hand=on_hand[location_id], lead_time=lead_time)
                also = passed.get(promise.line.order_id)
                made.append((promise, f"{why} {also}" if also else why))
    return made


def _queue(gathered: Gathered, balance: Balance, supply: Mapping[int, int]) -> Queue:
    positions = balance.positions.items()
    return queue_of(
        Reckoning(balance.verdict, balance.books, balance.waiting),
        gathered.books,
        committed={location_id: position.committed for location_id, position in positions},
        drift=balance.drift,
        since=balance.drift_since,
        supply=supply,
    )


def _supply_of(pool: Pool, gathered: Gathered, balance: Balance) -> Supply:
    if pool.committed is None:
        return gathered.supply[pool.location_id]
    units = balance.positions[pool.location_id].supply
    return Supply(units, units)


def _weigh(
    session: Session,
    gathered: Gathered,
    made: Sequence[tuple[Promise, str]],
    most: Mapping[Key, int],
    undecided: Mapping[Key, Bounds],
) -> Settlement:
    """What may be said of the lines, by what we say of them now and what their orders show."""
    item, books = gathered.item, gathered.books
    rows = promises.promises_of_item(session, item.shop_id, item.item_id)
    unshown = {
        place: set(missing) | behind_unshown(books.at(place), missing)
        for place, missing in gathered.unshown.items()
    }
    changed = {order_id for some in unshown.values() for order_id in some}
    showing = orders_showing(session, item.shop_id, changed) if changed else set()
    standing = {key: row.short for key, row in rows.items()}
    return weigh_lines(books, made, most, Context(standing, unshown, showing, undecided))

"""Record: what was decided about an item, and when to look at it again."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.core.balancing import Balance, suspects
from app.core.books import StockPosition, Verdict
from app.core.endings import SupplyEvidence
from app.core.freshness import next_look, next_reading
from app.core.reckoning import DriftSince
from app.core.steps import counted
from app.core.weighing import Settlement
from app.db import audit, due_items, due_orders, promises, selling, shops, stale_orders
from app.db.arrivals import supply_awaiting_shipments
from app.db.demand import keep_doubts
from app.db.models import Shop
from app.db.stock import record_stock as db_record_stock
from app.pipeline.context import local_day
from app.pipeline.gathering import Gathered

_PROBLEMS = {
    Verdict.ORDERS_MISSING: "More units are committed than our orders take: waiting for the others.",
    Verdict.COPY_STALE: "Fewer units are committed than our orders take: reading them again.",
}


def record_all_covered(session: Session, gathered: Gathered) -> None:
    item = gathered.item
    free = (
        supply.low - gathered.positions[location_id].committed
        for location_id, supply in gathered.supply.items()
    )
    item.headroom = max(free, default=None)
    item.has_queue = False
    take_tracking(session, gathered)
    record_stock(session, gathered, gathered.positions, {}, None)
    least = {location_id: supply.low for location_id, supply in gathered.supply.items()}
    record(session, gathered, Settlement([], {}, ()), SupplyEvidence(least=least))


def take_tracking(session: Session, gathered: Gathered) -> None:
    """Orders that call an item in stock must not any more once nobody counts it, and the other way
    round."""
    item = gathered.item
    if item.is_tracked is not gathered.stock.is_tracked:
        item.is_tracked = gathered.stock.is_tracked
        due_orders.judge_showing(session, item.shop_id, item.item_id, at=gathered.now)


def record_stock(
    session: Session,
    gathered: Gathered,
    positions: Mapping[int, StockPosition],
    drift: Mapping[int, int],
    since: DriftSince | None,
) -> None:
    stock, now, shop_id = gathered.stock, gathered.now, gathered.item.shop_id
    shop = gathered.shop
    if _may_come_from_shipments(session, shop, stock.item_id, positions):
        shops.expect_inbound(shop, now=now)
    db_record_stock(session, shop_id, stock, positions, drift, now=now, drift_since=since)


def _may_come_from_shipments(
    session: Session, shop: Shop, item_id: int, positions: Mapping[int, StockPosition]
) -> bool:
    """Whether shipments must be read: for a place of which nobody asked what comes there, or because
    more is there of what was to come, which must not be expected once more."""
    if not positions.keys() <= set(shop.inbound_places):
        return True
    before = supply_awaiting_shipments(session, shop.id, item_id)
    return any(positions[place].supply > units for place, units in before.items() if place in positions)


def record(session: Session, gathered: Gathered, settlement: Settlement, seen: SupplyEvidence) -> None:
    """Record what is said of an item, how its lines stand, and when to look at it again."""
    item, shop, changes = gathered.item, gathered.shop, gathered.changes
    latest = max((gathered.snapshot.sure_at(one.at) for one in changes), default=gathered.now)
    keep_doubts(session, item.shop_id, item.item_id, settlement.unsure, until=latest)
    promises.record_promises(
        session,
        item.shop_id,
        item.item_id,
        settlement.made,
        now=gathered.now,
        cause=item.cause,
        held=settlement.held,
        today=local_day(gathered.now, shop.time_zone),
        is_counted=gathered.stock.is_tracked,
        seen=seen,
    )
    item.stock_due_at, item.cause, item.problem = None, None, None
    selling.ask_for_check_of(session, shop, item.item_id, now=gathered.now)
    item.unbalanced_since, item.attempts = None, 0
    is_sure = not settlement.unsure and (settlement.is_exact or not gathered.changes)
    item.settle_again_at = _next_reading(gathered, is_sure=is_sure)


def _next_reading(gathered: Gathered, *, is_sure: bool) -> datetime | None:
    """When to look again; what is told of the stock of an item that has plenty does not matter."""
    item = gathered.item
    is_plenty = not item.has_queue and (item.headroom or 0) >= due_items.PLENTY
    return next_reading(
        gathered.snapshot,
        gathered.changes,
        now=gathered.now,
        is_sure=is_sure,
        last_event_at=None if is_plenty else item.last_event_at,
    )


def record_drift(session: Session, gathered: Gathered, balance: Balance) -> None:
    """Tell what nobody explains."""
    units = sum(balance.drift.values())
    if not any(balance.drift.values()):
        return
    audit.record_event(
        session,
        gathered.item.shop_id,
        "drift",
        at=gathered.now,
        item_id=gathered.item.item_id,
        after=counted(units, "unit"),
        why=_drift_in_words(units),
        cause=gathered.item.cause,
    )


def _drift_in_words(units: int) -> str:
    if units < 0:
        return (
            "open in orders but not committed by the platform: only what is certain whichever orders "
            "these are is said"
        )
    return "committed to something we can't see: served first, or, if it came later, in its turn"


def postpone(session: Session, gathered: Gathered, verdict: Verdict) -> None:
    """Look again in a while, longer each time, and at the orders whose copies may be to blame."""
    item, now = gathered.item, gathered.now
    item.unbalanced_since = item.unbalanced_since or now
    blamed = suspects(gathered.facts, verdict, attempts=item.attempts)
    stale_orders.mark_unseen_stale(
        session, item.shop_id, blamed, seen_before=item.unbalanced_since + gathered.shop.skew
    )
    item.problem = _PROBLEMS[verdict]
    item.stock_due_at = next_look(item.unbalanced_since, item.attempts, now)
    item.attempts += 1

"""What makes a shop due: the one list of it, for the sweep over all shops and for the look at one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.due_orders import is_ready
from app.db.holds import next_check_at
from app.db.models import BulkWriteRow, DeliveryRow, FeedRow, Order, Shop, StockItem, Variant

# After a stop of an hour every shop's hourly check is due. So that they are spread over an hour again,
# one sweep rings for no more than this share of the shops, by chance, if they have nothing else to do.
_HOURLY_SHARE = 1 / 160
_HOURLY_AT_LEAST = 20


class DueWork(NamedTuple):
    """What a shop has to do: when each thing is due (None: not), and what stands in its way.

    `is_told`: deliveries wait. `is_unresolved`: a variant is not known. `judge_at` is of orders that can
    be judged; `is_to_judge`: there is one whose time has come, whether it can be or not.
    """

    status: str
    erase_at: datetime | None
    wait_until: datetime | None
    subscribed_at: datetime | None
    import_state: str
    reconcile_at: datetime
    news_at: datetime | None
    inbound_at: datetime | None
    is_told: bool
    is_unresolved: bool
    is_to_judge: bool
    look_at: datetime | None
    recheck_at: datetime | None
    judge_at: datetime | None
    bulk_at: datetime | None
    feed_at: datetime | None
    hold_at: datetime | None

    def is_leaving(self, now: datetime) -> bool:
        """Whether every row of the shop is to go now."""
        is_over = self.erase_at is not None and self.erase_at <= now
        return self.status == "erasing" or (self.status == "removed" and is_over)

    def may_call(self, now: datetime) -> bool:
        """Whether its platform may be called."""
        return self.status == "active" and (self.wait_until is None or self.wait_until <= now)

    def steps(self, now: datetime) -> frozenset[str]:
        """Which steps have something to do now (see `app.pipeline.advance`), deliveries aside."""
        items = _is_over(self.look_at, now) or _is_over(self.recheck_at, now) or self.is_unresolved
        due = {
            "check": self.subscribed_at is None,
            "import": self.import_state == "running",
            "news": _is_over(self.news_at, now),
            "inbound": _is_over(self.inbound_at, now),
            # An order that is to be judged has its items looked at now, not later.
            "items": items or self.is_to_judge,
            # Many of them begin one write for all.
            "bulk": self.is_to_judge or _is_over(self.bulk_at, now),
            "orders": self.is_to_judge,
            "feeds": _is_over(self.feed_at, now),
            "holds": _is_over(self.hold_at, now),
            "hourly": self.reconcile_at <= now,
        }
        return frozenset(name for name, is_due in due.items() if is_due)

    def next_at(self, now: datetime) -> datetime | None:
        """When there is something to do again: now, later, or (None) only when rung."""
        if self.is_told:
            return now
        if self.status != "active":
            return now if self.status == "erasing" else self.erase_at
        if self.subscribed_at is None or self.import_state == "running" or self.is_unresolved:
            soonest = now
        else:
            wishes = (self.reconcile_at, self.news_at, self.inbound_at)
            of_stock = (self.look_at, self.recheck_at)
            of_orders = (self.judge_at, self.bulk_at, self.hold_at)
            of_rows = (*of_stock, *of_orders, self.feed_at)
            soonest = min(moment for moment in (*wishes, *of_rows) if moment is not None)
        return max(soonest, self.wait_until or now, now)


def _is_over(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def read(session: Session, shop_id: int, *, now: datetime) -> DueWork | None:
    """What this shop has to do, by one read; None for no shop."""
    found = session.execute(_WHAT_IS_DUE, {"shop_id": shop_id, "now": now}).one_or_none()
    return None if found is None else DueWork(*found)


def _what_is_due() -> sa.Select[Any]:
    mine = Shop.id
    exist: dict[str, sa.ColumnElement[Any]] = {
        "is_told": sa.exists().where(DeliveryRow.shop_id == mine, DeliveryRow.state == "due"),
        "is_unresolved": sa.exists().where(Variant.shop_id == mine, Variant.is_resolved.is_(False)),
        "is_to_judge": sa.exists().where(Order.shop_id == mine, Order.judge_at <= sa.bindparam("now")),
    }
    soonest = {
        "look_at": sa.select(sa.func.min(StockItem.look_at)).where(StockItem.shop_id == mine),
        "recheck_at": sa.select(sa.func.min(StockItem.recheck_at)).where(StockItem.shop_id == mine),
        "judge_at": sa.select(sa.func.min(Order.judge_at)).where(Order.shop_id == mine, is_ready()),
        "bulk_at": sa.select(sa.func.min(BulkWriteRow.look_at)).where(BulkWriteRow.shop_id == mine),
        "feed_at": sa.select(sa.func.min(FeedRow.due_at)).where(FeedRow.shop_id == mine),
    }
    found: dict[str, Any] = {name: one.label(name) for name, one in exist.items()}
    found |= {name: one.scalar_subquery().label(name) for name, one in soonest.items()}
    found["hold_at"] = next_check_at(mine).label("hold_at")
    columns: list[Any] = [
        found[name] if name in found else getattr(Shop, name) for name in DueWork._fields
    ]
    return sa.select(*columns).where(Shop.id == sa.bindparam("shop_id"))


_WHAT_IS_DUE = _what_is_due()


def shops_with_work(session: Session, *, now: datetime) -> Sequence[int]:
    """Ids of all shops whose next step is due; of those with their hourly check alone to do, some."""
    soon = session.scalars(sa.select(Shop.id).where(_has_work(now))).all()
    most = sa.select(sa.func.count() * _HOURLY_SHARE).select_from(Shop)
    share = max(_HOURLY_AT_LEAST, int(session.scalar(most) or 0))
    hourly = (
        sa.select(Shop.id)
        .where(_may_be_called(now), Shop.reconcile_at <= now)
        .order_by(sa.func.random())
        .limit(share)
    )
    return list(dict.fromkeys([*soon, *session.scalars(hourly)]))


def _may_be_called(now: datetime) -> sa.ColumnElement[bool]:
    is_patient = sa.or_(Shop.wait_until.is_(None), Shop.wait_until <= now)
    return sa.and_(Shop.status == "active", is_patient)


def _has_work(now: datetime) -> sa.ColumnElement[bool]:
    """The condition under which a shop's next step is due, its hourly check aside."""
    mine = Shop.id
    due = sa.or_(
        Shop.subscribed_at.is_(None),
        Shop.import_state == "running",
        Shop.news_at <= now,
        Shop.inbound_at <= now,
        sa.exists().where(Variant.shop_id == mine, Variant.is_resolved.is_(False)),
        sa.exists().where(StockItem.shop_id == mine, StockItem.look_at <= now),
        sa.exists().where(StockItem.shop_id == mine, StockItem.recheck_at <= now),
        sa.exists().where(Order.shop_id == mine, Order.judge_at <= now, is_ready()),
        sa.exists().where(BulkWriteRow.shop_id == mine, BulkWriteRow.look_at <= now),
        sa.exists().where(FeedRow.shop_id == mine, FeedRow.due_at <= now),
        next_check_at(mine) <= now,
    )
    told = sa.exists().where(DeliveryRow.shop_id == mine, DeliveryRow.state == "due")
    going = sa.or_(Shop.status == "erasing", sa.and_(Shop.status == "removed", Shop.erase_at <= now))
    return sa.or_(told, sa.and_(_may_be_called(now), due), going)

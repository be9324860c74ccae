"""The registry of due work: each kind says here how it is found, of one shop and of all of them, and
which steps do something about it. `app.db.due_work` asks, `app.pipeline.advance` does the steps.

A new kind of work is one row of `SOURCES`, and a step.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from app.core.states import DeliveryState, ImportState
from app.db.due_orders import is_ready
from app.db.holds import next_check_at
from app.db.models import (
    BulkWriteRow,
    DeliveryRow,
    FeedRow,
    Order,
    SellingCheckRow,
    Shop,
    StockItem,
    Variant,
)

Condition = sa.ColumnElement[bool]


class Step(StrEnum):
    """What a worker does for a shop."""

    ABSORB = "absorb"
    CHECK = "check"
    IMPORT = "import"
    CHANGES = "changes"
    INBOUND = "inbound"
    ITEMS = "items"
    BULK = "bulk"
    ORDERS = "orders"
    HOLDS = "holds"
    SELLING = "selling"
    FEEDS = "feeds"
    HOURLY = "hourly"


class DueSource(NamedTuple):
    """One kind of work and the steps that it makes due.

    `found`: SQL of one shop, correlated to `Shop`: when it is due (null: never), or whether it is now.
    `is_due`: the sweep's condition on `Shop`; None for what rings no shop, and only widens what a worker
    does that is there. Both go into statements of all sources together: a look at a shop is one read.
    """

    name: str
    steps: frozenset[Step]
    found: sa.ColumnElement[Any] | InstrumentedAttribute[Any]
    is_due: Callable[[datetime], Condition] | None
    calls_platform: bool = True
    """Whether it waits while the platform may not be called."""
    is_spread: bool = False
    """Whether a sweep rings for it at no more than some of the shops."""


def _so_long_as(name: str, condition: Condition, *steps: Step, calls_platform: bool = True) -> DueSource:
    return DueSource(name, frozenset(steps), condition, lambda _now: condition, calls_platform)


def _at(
    name: str, moment: InstrumentedAttribute[Any], *steps: Step, is_spread: bool = False
) -> DueSource:
    """A moment in the shop's own row."""
    return DueSource(name, frozenset(steps), moment, lambda now: moment <= now, is_spread=is_spread)


def _at_first_of(name: str, moment: InstrumentedAttribute[Any], *steps: Step) -> DueSource:
    """A moment in each of the shop's rows of another table."""
    mine = moment.class_.shop_id == Shop.id
    soonest = sa.select(sa.func.min(moment)).where(mine).scalar_subquery()
    return DueSource(name, frozenset(steps), soonest, lambda now: sa.exists().where(mine, moment <= now))


def _while_there_is(
    name: str, row: type[Any], condition: Condition, *steps: Step, calls_platform: bool = True
) -> DueSource:
    exists = sa.exists().where(row.shop_id == Shop.id, condition)
    return _so_long_as(name, exists, *steps, calls_platform=calls_platform)


def _first_ready_order() -> sa.ColumnElement[Any]:
    """When the first order is to be judged of those that can be. Not asked while anything must be
    looked at now: that comes first, makes the same steps due, and may be what thousands of orders wait
    for, each of which would be gone through at every look at the shop."""
    is_theirs = (Order.shop_id == Shop.id, Order.write_due_at.is_not(None), is_ready())
    first = sa.select(Order.write_due_at).where(*is_theirs).order_by(Order.write_due_at).limit(1)
    unread = sa.exists().where(
        StockItem.shop_id == Shop.id, StockItem.stock_due_at <= sa.bindparam("now")
    )
    unknown = sa.exists().where(Variant.shop_id == Shop.id, Variant.is_resolved.is_(False))
    return sa.case((sa.or_(unread, unknown), None), else_=first.scalar_subquery())


# Many orders to judge begin one write for all.
_JUDGING = (Step.ITEMS, Step.BULK, Step.ORDERS)

SOURCES: tuple[DueSource, ...] = (
    _while_there_is(
        "deliveries",
        DeliveryRow,
        DeliveryRow.state == DeliveryState.DUE,
        Step.ABSORB,
        calls_platform=False,
    ),
    _so_long_as("first check", Shop.subscribed_at.is_(None), Step.CHECK),
    _so_long_as("import", Shop.import_state == ImportState.RUNNING, Step.IMPORT),
    _at("changed orders", Shop.poll_due_at, Step.CHANGES),
    _at("inbound", Shop.inbound_at, Step.INBOUND),
    _while_there_is("unknown variants", Variant, Variant.is_resolved.is_(False), Step.ITEMS),
    _at_first_of("items", StockItem.stock_due_at, Step.ITEMS),
    _at_first_of("second looks", StockItem.settle_again_at, Step.ITEMS),
    DueSource(
        "orders",
        frozenset(_JUDGING),
        _first_ready_order(),
        lambda now: sa.exists().where(Order.shop_id == Shop.id, Order.write_due_at <= now, is_ready()),
    ),
    # Its time has come, but one of its items is still to be looked at: that is done now, not later.
    DueSource(
        "orders of unsettled items",
        frozenset(_JUDGING),
        sa.exists().where(Order.shop_id == Shop.id, Order.write_due_at <= sa.bindparam("now")),
        is_due=None,
    ),
    _at_first_of("bulk writes", BulkWriteRow.due_at, Step.BULK),
    DueSource(
        "holds",
        frozenset({Step.HOLDS}),
        next_check_at(Shop.id),
        lambda now: next_check_at(Shop.id) <= now,
    ),
    _at_first_of("selling", SellingCheckRow.due_at, Step.SELLING),
    _at_first_of("feeds", FeedRow.due_at, Step.FEEDS),
    _at("hourly check", Shop.hourly_check_at, Step.HOURLY, is_spread=True),
)

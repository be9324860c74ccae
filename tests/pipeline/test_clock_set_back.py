"""A clock that was ahead and is set back: nothing stays undone for as long as it was wrong."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import due_work, shops
from app.db.models import Order, Shop, StockItem
from app.pipeline.runtime import ring_shops_with_work
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop

HOURS = timedelta(hours=5)


@dataclass
class Machine:
    """A shop whose platform's clock is right, and ours ahead by so much."""

    stage: Stage
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        """Ours is told."""
        self.stage.world.runtime = replace(self.stage.world.runtime, clock=self.clock)

    def clock(self) -> datetime:
        """What we take the time for."""
        return self.stage.world.clock() + self.ahead

    def change(self, **columns: object) -> None:
        """Something of the shop's row is otherwise."""
        with self.stage.world.runtime.sessions.begin() as session:
            session.execute(sa.update(Shop).values(**columns))

    def shop(self) -> Shop:
        """The shop's row."""
        with self.stage.world.runtime.sessions.begin() as session:
            return session.get_one(Shop, self.stage.world.shop_id)


@pytest.fixture
def machine(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Machine:
    """A shop with a mug, where all is at rest."""
    stage = open_shop(clean_pg, redis, settings, stock=0)
    stage.settle_down()
    return Machine(stage)


def test_what_no_webhook_told_is_seen_within_the_hour_though_checks_were_planned_far_ahead(
    machine: Machine,
) -> None:
    stage = machine.stage
    order_id = stage.ordered()
    machine.ahead = HOURS
    stage.settle_down()
    machine.ahead = timedelta()
    stage.restock(5)
    stage.world.shop.webhooks.take_due(stage.world.clock() + timedelta(days=1))  # they are lost

    ring_shops_with_work(stage.world.runtime)
    stage.settle_down()

    assert stage.world.tags(order_id) == {"backorder-released"}


@pytest.mark.parametrize(
    "moment", [StockItem.stock_due_at, StockItem.settle_again_at, Order.write_due_at]
)
def test_what_was_put_off_by_the_clock_that_was_ahead_is_due_when_it_is_set_back(
    machine: Machine, moment: sa.orm.InstrumentedAttribute[datetime]
) -> None:
    machine.stage.ordered()
    later = machine.clock() + HOURS
    machine.change(hourly_check_at=later + timedelta(hours=1))
    with machine.stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(moment.class_).values({moment: later}))

    ring_shops_with_work(machine.stage.world.runtime)

    with machine.stage.world.runtime.sessions.begin() as session:
        assert session.scalars(sa.select(moment)).all() == [machine.clock()]


def test_the_lease_of_a_worker_that_was_killed_while_the_clock_was_ahead_runs_out(
    machine: Machine,
) -> None:
    runtime, shop_id = machine.stage.world.runtime, machine.stage.world.shop_id
    machine.change(lease_owner="killed", lease_until=machine.clock() + HOURS)

    ring_shops_with_work(runtime)
    now = machine.clock() + shops.LEASE

    with runtime.sessions.begin() as session:
        assert not shops.take_lease(session, shop_id, "next", now=machine.clock())
        assert shops.take_lease(session, shop_id, "next", now=now)


def test_a_platform_that_asked_for_patience_is_not_left_alone_for_hours(machine: Machine) -> None:
    machine.change(wait_until=machine.clock() + HOURS)

    ring_shops_with_work(machine.stage.world.runtime)

    until = machine.shop().wait_until
    assert until is not None
    assert until - machine.clock() <= timedelta(hours=1)


def test_where_no_clock_was_wrong_nothing_is_brought_forward(machine: Machine) -> None:
    """Not what is planned for a day to come, either."""
    machine.stage.ordered()
    later = machine.clock() + timedelta(days=30)
    with machine.stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(StockItem).values(stock_due_at=later))
    before = machine.shop()

    ring_shops_with_work(machine.stage.world.runtime)

    after = machine.shop()
    with machine.stage.world.runtime.sessions.begin() as session:
        assert session.scalars(sa.select(StockItem.stock_due_at)).all() == [later]
        assert machine.stage.world.shop_id not in due_work.shops_with_work(session, now=machine.clock())
    assert (after.hourly_check_at, after.wait_until) == (before.hourly_check_at, before.wait_until)

"""An item that sells faster than its stock can be read: every reading is older than the newest order."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.settings import Settings
from tests.histories import truth
from tests.pipeline.stage import Stage, open_shop

# What one request and its answer take: long enough that somebody buys between any two of them.
REQUEST_S = 0.5
WEBHOOK_S = 2


@dataclass
class Sale:
    """Buyers who keep ordering one mug each, also while our worker talks to the shop."""

    stage: Stage
    per_second: float
    began_at: datetime
    ends_at: datetime
    ordered: dict[int, datetime] = field(default_factory=dict)
    waited_s: list[float] = field(default_factory=list)
    false_tags: list[int | None] = field(default_factory=list)
    _journal_read: int = 0
    _is_buying: bool = False

    def __post_init__(self) -> None:
        """From now on each request takes its time."""
        self.stage.world.shop.before_request = self._let_time_pass
        self.stage.world.after_request = self._look_at_tags

    def run(self, seconds: float) -> None:
        """Let it go on for so long, webhooks and worker included."""
        world = self.stage.world
        self.ends_at = world.clock() + timedelta(seconds=seconds)
        while world.clock() < self.ends_at:
            self._buy()
            world.clock.sleep(0.1)
            world.deliver()
            world.work()

    def _let_time_pass(self) -> None:
        if not self._is_buying:
            self._is_buying = True
            self.stage.world.clock.sleep(REQUEST_S)
            self._buy()
            self._is_buying = False

    def _buy(self) -> None:
        now = min(self.stage.world.clock(), self.ends_at)
        while len(self.ordered) < self.per_second * (now - self.began_at).total_seconds():
            self.ordered[self.stage.order()] = now

    def _look_at_tags(self) -> None:
        shop, now = self.stage.world.shop, self.stage.world.clock()
        new, self._journal_read = shop.journal[self._journal_read :], len(shop.journal)
        put = [one.order_id for one in new if (one.kind, one.detail) == ("tag added", "backordered")]
        short = truth(shop) if put else {}
        for order_id in put:
            self.waited_s.append((now - self.ordered[order_id]).total_seconds())
            if order_id not in short:
                self.false_tags.append(order_id)


@pytest.fixture
def sale(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Sale:
    """20 mugs, three buyers a second, webhooks that take two seconds."""
    stage = open_shop(clean_pg, redis, settings, stock=20)
    stage.world.shop.webhooks.knobs.delay_s = (WEBHOOK_S, WEBHOOK_S)
    return Sale(stage, 3, began_at=stage.world.clock(), ends_at=stage.world.clock())


def test_tags_do_not_wait_for_the_sale_to_end(sale: Sale) -> None:
    """The books would never balance if a new reading were taken whenever an order came after one."""
    sale.run(30)

    short = len(truth(sale.stage.world.shop))
    assert (short, len(sale.waited_s)) == (70, 70)
    assert max(sale.waited_s) < 15
    assert sale.false_tags == []


def test_a_cancellation_amid_the_sale_frees_a_unit_for_the_oldest(sale: Sale) -> None:
    """While the books are read again and again, the one who waits longest is served first, once."""
    sale.run(20)
    shop = sale.stage.world.shop
    (first, *_), covered = sorted(truth(shop)), min(sale.ordered)
    shop.cancel_order(covered)
    sale.run(30)

    assert sale.stage.world.tags(first) == {"backorder-released"}
    assert sale.false_tags == []
    released = [entry.order_id for entry in shop.journal if entry.kind == "tag removed"]
    assert released == [first]

"""What grows for ever is forgotten by the hourly check, by what the settings say."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.core.regimes import NoticeKind
from app.db import notices, refunds, statements
from app.db.models import DeliveryRow, Event, NoticeRow, Order, RefundRow
from app.platforms.base.refunds import RefundQuote
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop with a mug."""
    return open_shop(clean_pg, redis, settings)


def counts(stage: Stage) -> tuple[int, int, int]:
    """Deliveries, events and orders that are kept."""
    with stage.world.runtime.sessions.begin() as session:
        tables = (DeliveryRow, Event, Order)
        found = [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]
    return found[0], found[1], found[2]


def test_after_years_nothing_is_left_but_what_still_waits(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "AT_ONCE", 3)
    released = [stage.ordered() for _ in range(4)]
    stage.restock(20)
    stage.settle_down()
    for order_id in released:
        stage.world.shop.fulfil(order_id)
    stage.settle_down()
    waiting = stage.order(100)
    stage.settle_down()
    assert counts(stage)[2] == 5

    stage.pass_hours(24 * 800)

    deliveries, events, orders = counts(stage)
    assert orders == 1
    assert deliveries == 0
    with stage.world.runtime.sessions.begin() as session:
        assert session.scalars(sa.select(Order.order_id)).all() == [waiting]
        oldest = session.scalar(sa.select(sa.func.min(Event.at)))
    assert oldest is None or oldest > stage.world.clock() - timedelta(days=730)
    assert events < 30


def test_the_settings_say_how_long(stage: Stage) -> None:
    kept = {"deliveries_kept_days": 1, "events_kept_days": 1}
    told = stage.world.runtime.settings.model_copy(update=kept)
    stage.world.runtime = replace(stage.world.runtime, settings=told)
    stage.ordered()
    assert counts(stage)[0] > 0

    stage.pass_hours(24 * 2)

    assert counts(stage)[:2] == (0, 0)


def kept_records(stage: Stage) -> list[set[int]]:
    """The orders of which a notice, and those of which a cancellation is kept."""
    with stage.world.runtime.sessions.begin() as session:
        return [set(session.scalars(sa.select(table.order_id))) for table in (NoticeRow, RefundRow)]


def test_records_of_an_order_end_after_it_with_the_events_and_not_before(stage: Stage) -> None:
    """An order that is delayed, or of which units are canceled, may wait for years."""
    finished, waiting = stage.ordered(), stage.order(100)
    stage.settle_down()
    now = stage.world.clock()
    with stage.world.runtime.sessions.begin() as session:
        for order_id in (finished, waiting):
            order = session.get_one(Order, (stage.world.shop_id, order_id))
            notices.record_notice(
                session, order, NoticeKind.DELAY, at=now, revised_on=None, by="ann", now=now
            )
            refunds.prepare(session, order, (), RefundQuote(), why=(), by="ann", now=now)
    stage.world.shop.cancel_order(finished)
    stage.settle_down()

    stage.pass_hours(24 * 700)
    before = kept_records(stage)
    stage.pass_hours(24 * 40)
    after = kept_records(stage)

    assert before == [{finished, waiting}, {finished, waiting}]
    assert after == [{waiting}, {waiting}]

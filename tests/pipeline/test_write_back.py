"""Due orders: what differs from what they show is written, and recorded once the platform has it."""

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db import showing
from app.db.models import Event, Order, ShownRow
from app.settings import Settings
from tests.pipeline.stage import Stage, mutations, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has no mug left."""
    return open_shop(clean_pg, redis, settings)


def row(stage: Stage, order_id: int) -> Order:
    """The order as the database has it."""
    with stage.world.runtime.sessions.begin() as session:
        return session.get_one(Order, (stage.world.shop_id, order_id))


def test_a_short_order_is_tagged_and_what_it_shows_is_remembered(stage: Stage) -> None:
    order_id = stage.first_order()

    with stage.world.runtime.sessions.begin() as session:
        kept = session.get_one(ShownRow, (stage.world.shop_id, order_id))
        showing_now = showing.orders_showing(session, stage.world.shop_id, [order_id])
    assert stage.world.tags(order_id) == {"backordered"}
    assert showing_now == {order_id}
    assert kept.intent is None  # it was answered, so nothing is open
    assert row(stage, order_id).write_due_at is None


def test_an_order_that_shows_what_it_should_is_not_written_again(stage: Stage) -> None:
    stage.first_order()
    since = len(stage.world.shop.requests)

    stage.order(1)  # another one waits behind it
    stage.settle_down()

    written = mutations(stage.world, since=since)
    assert len(written) == 1


def test_other_peoples_words_stay_as_they_are(stage: Stage) -> None:
    order_id = stage.order(1, note="Gift wrap, please.", tags=["VIP"])

    stage.settle_down()
    waiting = stage.world.tags(order_id), stage.world.note(order_id)
    stage.restock(1)
    stage.settle_down()

    assert waiting[0] == {"VIP", "backordered"}
    assert waiting[1].startswith("Gift wrap, please.\n\n[backorder]\n")
    assert stage.world.tags(order_id) == {"VIP", "backorder-released"}
    assert stage.world.note(order_id).startswith("Gift wrap, please.")


def test_the_chart_of_days_counts_what_was_written(stage: Stage) -> None:
    order_id = stage.first_order()
    stage.restock(1)
    stage.settle_down()

    with stage.world.runtime.sessions.begin() as session:
        told = sa.select(Event.counts_as, Event.counted_in).where(
            Event.kind == "shown", Event.order_id == order_id
        )
        events = session.execute(told.order_by(Event.id)).all()
    assert [counts_as for counts_as, _ in events] == ["backordered", "released"]
    assert all(counted_in % 900 == 0 for _, counted_in in events)


def test_the_hourly_check_counts_what_a_build_before_wrote(stage: Stage) -> None:
    stage.first_order()
    with stage.world.runtime.sessions.begin() as session:
        session.execute(sa.update(Event).values(counts_as=None, counted_in=None))

    stage.world.clock.sleep(3600)
    stage.settle_down()

    with stage.world.runtime.sessions.begin() as session:
        counted = sa.select(sa.func.count()).where(Event.counts_as == "backordered")
        assert session.scalar(counted) == 1

"""Events that a build before recorded, or that were there before events said so, count in the chart."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from redis import Redis

from app.db.models import Event
from app.settings import Settings
from tests.pipeline.stage import Stage, open_shop


@pytest.fixture
def stage(clean_pg: sa.Engine, redis: Redis, settings: Settings) -> Stage:
    """A shop that has run out of mugs."""
    return open_shop(clean_pg, redis, settings, stock=0)


@pytest.mark.parametrize(("days", "is_counted"), [(0, True), (30, True), (40, False)])
def test_the_hourly_check_asks_each_event_of_the_chart(
    stage: Stage, days: int, is_counted: bool
) -> None:
    stage.order(1)
    stage.settle_down()
    is_shown = Event.kind == "shown"
    with stage.world.runtime.sessions.begin() as session:
        before = {
            "counts_as": None,
            "counted_in": None,
            "at": stage.world.clock() - timedelta(days=days),
        }
        session.execute(sa.update(Event).where(is_shown).values(**before))

    stage.world.clock.sleep(3601)
    stage.settle_down()

    with stage.world.runtime.sessions.begin() as session:
        (found,) = session.scalars(sa.select(Event.counts_as).where(is_shown)).all()
    assert (found == "backordered") is is_counted

"""The chart of days: what an event counts as, and when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import audit
from app.db.day_counts import count_days, count_events
from app.db.models import Event, Shop
from tests.builders import NOW, day, seconds
from tests.db.waiting import placed, sells

DAYS = [day("2026-11-23"), day("2026-11-24"), day("2026-11-25")]
ZONE = ZoneInfo("Asia/Kolkata")
BEGIN = datetime(2026, 11, 23, tzinfo=ZONE)


def counted(session: Session, shop: Shop) -> list[tuple[int, int]]:
    """Backordered and released, by day."""
    days = count_days(session, shop.id, days=DAYS, since=BEGIN, zone=ZONE)
    return [(one.backordered, one.released) for one in days]


def test_a_day_of_the_chart_is_a_day_of_the_shop(session: Session, shop: Shop) -> None:
    """18:30 UTC is midnight in Calcutta, half an hour off every full one."""
    for hour, minute, before, after in [
        (18, 29, "nothing", "backordered 2026-12-05"),
        (18, 30, "nothing", "backordered"),
        (20, 0, "backordered", "released 2026-11-24"),
        (20, 1, "backordered", "backordered 2026-12-06"),
        (20, 2, "released 2026-11-24", "nothing"),
    ]:
        at = datetime(2026, 11, 23, hour, minute, tzinfo=UTC)
        audit.record_event(session, shop.id, "shown", at=at, before=before, after=after)
    audit.record_event(session, shop.id, "promise", at=NOW, before="covered", after="backordered")

    count_events(session, shop.id, since=BEGIN)

    assert counted(session, shop) == [(1, 0), (1, 1), (0, 0)]


def test_an_order_counts_on_the_day_since_which_it_waits_and_stays_there(
    session: Session, shop: Shop
) -> None:
    """It was bought on the 23rd, written on the 25th, and is released later."""
    sells(session, shop)
    bought_at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    order = placed(session, shop, 1, short=2, since=bought_at)
    audit.record_event(session, shop.id, "shown", at=NOW, order_id=1, before="nothing", after="preorder")
    count_events(session, shop.id, since=NOW)
    before = counted(session, shop)

    order.short, order.short_since = 0, None
    audit.record_event(
        session, shop.id, "shown", at=NOW, order_id=1, before="backordered", after="released 2026-11-25"
    )
    count_events(session, shop.id, since=NOW)

    assert before == [(1, 0), (0, 0), (0, 0)]
    assert counted(session, shop) == [(1, 0), (0, 0), (0, 1)]


def test_an_event_is_asked_once_and_what_a_build_before_recorded_later(
    session: Session, shop: Shop
) -> None:
    for number in (1, 2, 3):
        audit.record_event(session, shop.id, "shown", at=seconds(number), before="", after="backordered")

    asked = [count_events(session, shop.id, since=seconds(at)) for at in (3, 2, 2, 1)]

    assert asked == [1, 1, 0, 1]
    counted_ones = sa.select(sa.func.count()).where(
        Event.shop_id == shop.id, Event.counts_as == "backordered"
    )
    assert session.scalar(counted_ones) == 3

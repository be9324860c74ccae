"""How many orders became backordered, and how many were released, by day.

Each event of what was written on an order says itself whether it counts, and when, so that a count reads
one index, however many orders wait: an order that waits counts on the day since which it does.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.desired import WAITING, Status
from app.db.models import Event, Order
from app.db.statements import affected_rows

CHARTED = timedelta(days=32)
"""The chart has thirty days, of whichever zone."""

_QUARTER_S = 900  # every zone's midnight falls on one
# Spelled out, as its index is: of a value that is told beside a statement the planner may not know it.
_COUNTS = Event.counts_as != sa.literal_column("''")


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many orders became backordered on a day, and how many were released."""

    day: date
    backordered: int
    released: int


def count_days(
    session: Session, shop_id: int, *, days: Sequence[date], since: datetime, zone: ZoneInfo
) -> list[DayCount]:
    """How many orders became backordered, or were released, on each of these days, the first of which
    begins at `since`."""
    statement = (
        sa.select(Event.counted_in, Event.counts_as, sa.func.count())
        .where(Event.shop_id == shop_id, _COUNTS, Event.counted_in >= int(since.timestamp()))
        .group_by(Event.counted_in, Event.counts_as)
    )
    counts: Counter[tuple[date, str]] = Counter()
    for second, status, count in session.execute(statement):
        day = datetime.fromtimestamp(second or 0, UTC).astimezone(zone).date()
        counts[day, status or ""] += count
    return [
        DayCount(day, counts[day, Status.BACKORDERED.value], counts[day, Status.RELEASED.value])
        for day in days
    ]


def count_events(session: Session, shop_id: int, *, since: datetime) -> int:
    """Have each event since then say whether it counts. Whoever records one calls this in the same
    transaction; the hourly check does for all of the chart that a build before recorded, or that were
    there before events said so. Returns how many had not said it."""
    statement = (
        sa.update(Event)
        .where(
            Event.shop_id == shop_id,
            Event.kind == sa.literal_column("'shown'"),
            Event.at >= since,
            Event.counts_as.is_(None),
        )
        .values(counts_as=_COUNTS_AS, counted_in=_COUNTED_IN)
    )
    return affected_rows(session, statement)


def _says(words: Any, *which: Status) -> sa.ColumnElement[bool]:
    """Whether the words of an event begin with one of these."""
    return sa.or_(*(words.startswith(status.value) for status in which))


_BECOMES_BACKORDERED = sa.and_(
    _says(Event.after, *sorted(WAITING)), sa.not_(_says(Event.before, *sorted(WAITING)))
)
_COUNTS_AS = sa.case(
    (_BECOMES_BACKORDERED, Status.BACKORDERED.value),
    (
        sa.and_(_says(Event.after, Status.RELEASED), sa.not_(_says(Event.before, Status.RELEASED))),
        Status.RELEASED.value,
    ),
    else_="",
)
_WAITS_SINCE = (
    sa.select(Order.short_since)
    .where(Order.shop_id == Event.shop_id, Order.order_id == Event.order_id)
    .scalar_subquery()
)
_EPOCH = sa.extract(
    "epoch", sa.case((_BECOMES_BACKORDERED, sa.func.coalesce(_WAITS_SINCE, Event.at)), else_=Event.at)
)
_COUNTED_IN = sa.cast(_EPOCH - _EPOCH % _QUARTER_S, sa.BigInteger)

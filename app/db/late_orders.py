"""The orders that wait, counted by what the law sees of them, without reading each."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.zones import OffsetSpan, offset_spans
from app.db.models import NoticeRow, Order
from app.db.statements import add_days, day_of, is_one_of

_IS_WAITING = sa.and_(Order.short > 0, Order.is_cancelled.is_(False), Order.is_gone.is_(False))


@dataclass(frozen=True, slots=True)
class Cohort:
    """So many orders that wait, placed on one day, from `begins` to before `ends`, and expected after
    `after` by `until` (None: no bound; both None: no day is known)."""

    begins: datetime
    ends: datetime
    after: date | None
    until: date | None
    number: int

    @property
    def expected_on(self) -> date | None:
        """A day on which one of them may be expected."""
        return self.until or (None if self.after is None else self.after + timedelta(days=1))

    def condition(self) -> sa.ColumnElement[bool]:
        """What is so of their rows."""
        where = [Order.placed_at >= self.begins, Order.placed_at < self.ends]
        if self.expected_on is None:
            where.append(Order.expected_on.is_(None))
        if self.after is not None:
            where.append(Order.expected_on > self.after)
        if self.until is not None:
            where.append(Order.expected_on <= self.until)
        return sa.and_(*where)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A shop's days: its `zone`, and by how many days after an order was placed the law tells apart what
    is expected of it."""

    zone: tzinfo
    limits: tuple[int, int]

    def begin(self, day: date) -> datetime:
        """When a day begins."""
        return datetime.combine(day, time(), self.zone)


def count_cohorts(
    session: Session, shop_id: int, calendar: Calendar, *, but: Collection[int]
) -> list[Cohort]:
    """All orders that wait, `but` for these, by the day on which they were placed and by where the day
    they are expected on stands to the two limits."""
    numbers: dict[_Kind, int] = defaultdict(int)
    for span in _spans(session, shop_id, calendar.zone):
        for placed_on, kind, number in session.execute(_counted(shop_id, span, calendar.limits, but)):
            numbers[placed_on, kind] += int(number)
    return [_cohort(calendar, kind, number) for kind, number in sorted(numbers.items())]


_Kind = tuple[date, int]
_UNDATED, _BY_FIRST, _BY_SECOND, _LATER = range(4)


def _cohort(calendar: Calendar, found: _Kind, number: int) -> Cohort:
    placed_on, kind = found
    first, second = (placed_on + timedelta(days=days) for days in calendar.limits)
    after = {_BY_SECOND: first, _LATER: second}.get(kind)
    until = {_BY_FIRST: first, _BY_SECOND: second}.get(kind)
    next_day = placed_on + timedelta(days=1)
    return Cohort(calendar.begin(placed_on), calendar.begin(next_day), after, until, number)


def _counted(
    shop_id: int, span: OffsetSpan, limits: tuple[int, int], but: Collection[int]
) -> sa.Select[Any]:
    """By day and by `_Kind`, of the time in which a zone's clocks stand at one offset. First by the day
    they are expected on: that is cheaper than to tell the kind of each order."""
    is_within = sa.and_(Order.placed_at >= span.begins, Order.placed_at < span.ends)
    placed_on = day_of(Order.placed_at, span.offset_s).label("placed_on")
    by_days = (
        sa.select(placed_on, Order.expected_on, sa.func.count().label("number"))
        .where(Order.shop_id == shop_id, _IS_WAITING, is_within, ~is_one_of(Order.order_id, but))
        .group_by(sa.text("1"), Order.expected_on)
        .subquery()
    )
    first, second = (add_days(by_days.c.placed_on, days) for days in limits)
    kind = sa.case(
        (by_days.c.expected_on.is_(None), _UNDATED),
        (by_days.c.expected_on <= first, _BY_FIRST),
        (by_days.c.expected_on <= second, _BY_SECOND),
        else_=_LATER,
    ).label("kind")
    return sa.select(by_days.c.placed_on, kind, sa.func.sum(by_days.c.number)).group_by(
        by_days.c.placed_on, sa.text("2")
    )


def _spans(session: Session, shop_id: int, zone: tzinfo) -> list[OffsetSpan]:
    """The times in which orders that wait were placed."""
    where = (Order.shop_id == shop_id, Order.short > 0)
    asked = sa.select(Order.placed_at).where(*where).limit(1)
    oldest = session.scalar(asked.order_by(Order.placed_at))
    newest = session.scalar(asked.order_by(Order.placed_at.desc()))
    return [] if oldest is None or newest is None else offset_spans(zone, oldest, newest)


def first_of(
    session: Session, shop_id: int, some: Sequence[Cohort], *, but: Collection[int], most: int
) -> Sequence[int]:
    """The orders of these cohorts that were placed first, `but` for these."""
    if not some:
        return ()
    statement = (
        sa.select(Order.order_id)
        .where(Order.shop_id == shop_id, _IS_WAITING, ~is_one_of(Order.order_id, but))
        .where(sa.or_(*(one.condition() for one in some)))
        .order_by(Order.placed_at, Order.order_id)
        .limit(most)
    )
    return session.scalars(statement).all()


def logged_orders(session: Session, shop_id: int) -> Sequence[int]:
    """The orders that wait of whose buyers something is logged."""
    mine = sa.and_(Order.shop_id == NoticeRow.shop_id, Order.order_id == NoticeRow.order_id)
    statement = (
        sa.select(NoticeRow.order_id)
        .join(Order, mine)
        .where(NoticeRow.shop_id == shop_id, _IS_WAITING)
        .distinct()
    )
    return session.scalars(statement).all()

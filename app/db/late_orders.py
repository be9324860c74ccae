"""The orders that wait, counted by what the law sees of them, without reading each."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db.models import NoticeRow, Order
from app.db.statements import is_one_of

_DAYS_AT_ONCE = 400
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
class Days:
    """A shop's days: that of a moment, when one begins, and the two by which the law tells apart what is
    expected of an order placed then."""

    of: Callable[[datetime], date]
    begin: Callable[[date], datetime]
    limits: Callable[[date], tuple[date, date]]


def count_cohorts(
    session: Session, shop_id: int, days: Days, *, but: Collection[int]
) -> Iterator[Cohort]:
    """All orders that wait, `but` for these, by the day on which they were placed and by where the day
    they are expected on stands to its two limits. Many days on which none was placed cost little."""
    since = _first_placed(session, shop_id)
    while since is not None:
        first = days.of(since)
        spans = [_span(first + timedelta(days=count), days) for count in range(_DAYS_AT_ONCE)]
        yield from _count(session, shop_id, spans, but)
        since = _first_placed(session, shop_id, since=spans[-1][1])


_Span = tuple[datetime, datetime, date, date]


def _span(day: date, days: Days) -> _Span:
    return (days.begin(day), days.begin(day + timedelta(days=1)), *days.limits(day))


def _count(
    session: Session, shop_id: int, spans: Sequence[_Span], but: Collection[int]
) -> Iterator[Cohort]:
    told = _as_rows(spans)
    expected, first, second = Order.expected_on, told.c.first, told.c.second
    kinds = {
        (None, None): expected.is_(None),
        (None, "first"): expected <= first,
        ("first", "second"): sa.and_(expected > first, expected <= second),
        ("second", None): expected > second,
    }
    is_within = sa.and_(Order.placed_at >= told.c.begins, Order.placed_at < told.c.ends)
    statement = (
        sa.select(told, *(sa.func.sum(sa.case((kind, 1), else_=0)) for kind in kinds.values()))
        .join(Order, is_within)
        .where(Order.shop_id == shop_id, _IS_WAITING, ~is_one_of(Order.order_id, but))
        .group_by(*told.c)
    )
    for begins, ends, *limits_and_numbers in session.execute(statement):
        day = {None: None, "first": limits_and_numbers[0], "second": limits_and_numbers[1]}
        for (after, until), number in zip(kinds, limits_and_numbers[2:], strict=True):
            if number:
                yield Cohort(begins, ends, day[after], day[until], int(number))


def _as_rows(spans: Sequence[_Span]) -> sa.CTE:
    moment, day = Order.placed_at.type, Order.expected_on.type
    columns = [sa.column("begins", moment), sa.column("ends", moment)]
    columns += [sa.column("first", day), sa.column("second", day)]
    return sa.values(*columns).data(list(spans)).cte("spans")


def _first_placed(session: Session, shop_id: int, *, since: datetime | None = None) -> datetime | None:
    where = [Order.shop_id == shop_id, Order.short > 0]
    where += [] if since is None else [Order.placed_at >= since]
    return session.scalar(sa.select(Order.placed_at).where(*where).order_by(Order.placed_at).limit(1))


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

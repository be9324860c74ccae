"""Pages of a long list by the place of their last row: the last one is as quick as the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from app.core.bounds import LARGEST_ID, is_possible, is_within_reach, read_whole

PAGE = 50

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sort:
    """An order of rows: by `column`, then by the id of the row. Rows without a value come last."""

    column: InstrumentedAttribute[Any]
    row_id: InstrumentedAttribute[int]
    is_descending: bool = False

    def beyond(self, place: "Cursor", *, backwards: bool) -> sa.ColumnElement[bool]:
        """The rows after a place, or before it. There are no rows without a value in a descending
        list."""
        is_upwards = self.is_descending is backwards
        if place.value is None:
            ids = self.row_id > place.row_id if is_upwards else self.row_id < place.row_id
            rest = sa.and_(self.column.is_(None), ids)
            return sa.or_(rest, self.column.is_not(None)) if backwards else rest
        here = sa.tuple_(self.column, self.row_id)
        there = sa.tuple_(
            sa.literal(place.value, self.column.type), sa.literal(place.row_id, sa.BigInteger())
        )
        found = here > there if is_upwards else here < there
        is_optional = bool(self.column.property.columns[0].nullable)
        return sa.or_(found, self.column.is_(None)) if is_optional and not backwards else found

    def clauses(self, *, backwards: bool) -> list[sa.ColumnElement[Any]]:
        """What to order by."""
        if self.is_descending is backwards:
            column = self.column.asc()
            is_optional = bool(self.column.property.columns[0].nullable)
            return [column.nulls_last() if is_optional else column, self.row_id.asc()]
        column = self.column.desc()
        return [column.nulls_first() if backwards else column, self.row_id.desc()]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a sorted list, as it stands in an address."""

    value: datetime | date | None
    row_id: int

    def __str__(self) -> str:
        """2026-12-05~17; a row without a value is ~17."""
        return f"{self.value.isoformat() if self.value else ''}~{self.row_id}"


def read_cursor(text: str, sort: Sort) -> Cursor | None:
    """The place that an address names; None for none and for one that makes no sense."""
    value, separator, digits = text.rpartition("~")
    row_id = read_whole(digits, least=0, most=LARGEST_ID)
    if not separator or row_id is None:
        return None
    if not value:
        return Cursor(None, row_id)
    is_moment = not isinstance(sort.column.type, sa.Date)
    try:
        read = datetime.fromisoformat(value) if is_moment else date.fromisoformat(value)
    except ValueError:
        return None
    if isinstance(read, datetime):
        is_usable = read.tzinfo is not None and is_within_reach(read)
    else:
        is_usable = is_possible(read)
    return Cursor(read, row_id) if is_usable else None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `before` and `after` are where its neighbours begin, None at the ends."""

    rows: Sequence[T]
    before: Cursor | None
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted: the first, the one after a place, or the one before it."""

    place: Cursor | None = None
    backwards: bool = False


FIRST_PAGE = PageRequest()


def cut_page(found: Sequence[Any], sort: Sort, turn: PageRequest) -> Page[Any]:
    """A page of the rows that were found in the turn's direction, one more than a page if there are
    more."""
    has_more = len(found) > PAGE
    rows = list(found[:PAGE])
    if turn.backwards:
        rows.reverse()
    if not rows:
        return Page(rows, None, None)
    has_before = has_more if turn.backwards else turn.place is not None
    has_after = has_more or turn.backwards
    first, last = (_cursor_of(row, sort) for row in (rows[0], rows[-1]))
    return Page(rows, first if has_before else None, last if has_after else None)


def _cursor_of(row: Any, sort: Sort) -> Cursor:
    return Cursor(getattr(row, sort.column.key), getattr(row, sort.row_id.key))

"""What is on its way by day, supplier and purchase order, and how a supplier keeps its days."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.arrivals import same_reference
from app.core.states import ArrivalState
from app.db.arrivals import OPEN
from app.db.models import ArrivalRow, PoolRow, StockItem
from app.db.pages.paging import FIRST_PAGE, PAGE, Page, PageRequest, Sort, cut_page

SOONEST_FIRST = Sort(ArrivalRow.expected_on, ArrivalRow.id)
WEEK_DAYS = 7

_CASES = 200
_SUPPLIERS = 200

SHOWS = ("all", "week", "late", "undated", "received")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries: all that are open, those of the next seven days, late ones, those without a
    date, or received ones; of one supplier or purchase order; and which page of them."""

    today: date
    show: str = "all"
    supplier: str = ""
    reference: str = ""
    turn: PageRequest = FIRST_PAGE


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of one item, with what people call the item and the place."""

    row: ArrivalRow
    title: str
    sku: str
    location: str


def list_deliveries(session: Session, shop_id: int, wanted: Wanted) -> Page[Delivery]:
    """One page of deliveries, soonest first; those without a date by the day they were entered."""
    turn = wanted.turn
    where = _where(shop_id, wanted)
    if turn.place is not None:
        where.append(SOONEST_FIRST.beyond(turn.place, backwards=turn.backwards))
    clauses = SOONEST_FIRST.clauses(backwards=turn.backwards)
    statement = sa.select(ArrivalRow).where(*where).order_by(*clauses).limit(PAGE + 1)
    found = cut_page(session.scalars(statement).all(), SOONEST_FIRST, turn)
    return Page(_named(session, shop_id, found.rows), found.before, found.after)


def _where(shop_id: int, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    today = wanted.today
    shown: dict[str, list[sa.ColumnElement[bool]]] = {
        "all": [ArrivalRow.state.in_(OPEN)],
        "week": [
            ArrivalRow.state == ArrivalState.EXPECTED,
            ArrivalRow.expected_on.between(today, today + timedelta(days=WEEK_DAYS - 1)),
        ],
        "late": [ArrivalRow.state == ArrivalState.EXPECTED, ArrivalRow.expected_on < today],
        "undated": [ArrivalRow.state == ArrivalState.UNDATED],
        "received": [ArrivalRow.state == ArrivalState.RECEIVED],
    }
    where = [ArrivalRow.shop_id == shop_id, *shown[wanted.show]]
    if wanted.supplier:
        where.append(sa.func.lower(ArrivalRow.supplier) == wanted.supplier.lower())
    if wanted.reference:
        same = same_reference(wanted.reference)
        where.append(sa.func.lower(ArrivalRow.reference).in_((same, f"#{same}")))
    return where


def _named(session: Session, shop_id: int, rows: Sequence[ArrivalRow]) -> list[Delivery]:
    items = _items(session, shop_id, {row.item_id for row in rows if row.item_id is not None})
    places = location_names(session, shop_id, {row.location_id for row in rows})
    return [
        Delivery(
            row,
            items[row.item_id].title if row.item_id in items else "",
            items[row.item_id].sku if row.item_id in items else row.sku,
            places.get(row.location_id, str(row.location_id)),
        )
        for row in rows
    ]


def find_delivery(session: Session, shop_id: int, arrival_id: int) -> Delivery | None:
    """One delivery of the shop."""
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.id == arrival_id)
    row = session.scalar(sa.select(ArrivalRow).where(*where))
    return None if row is None else _named(session, shop_id, [row])[0]


def _items(session: Session, shop_id: int, item_ids: Collection[int]) -> dict[int, StockItem]:
    where = (StockItem.shop_id == shop_id, StockItem.item_id.in_(item_ids))
    return {item.item_id: item for item in session.scalars(sa.select(StockItem).where(*where))}


def location_names(session: Session, shop_id: int, location_ids: Collection[int]) -> dict[int, str]:
    """What the shop calls these locations."""
    where = (PoolRow.shop_id == shop_id, PoolRow.location_id.in_(location_ids))
    statement = sa.select(PoolRow.location_id, sa.func.max(PoolRow.location_name)).where(*where)
    return dict(session.execute(statement.group_by(PoolRow.location_id)).all())


class Counts(NamedTuple):
    """How many deliveries each list of the page holds, and the units of the open ones still to come."""

    all: int
    week: int
    late: int
    undated: int
    units: int


def count_deliveries(session: Session, shop_id: int, *, today: date) -> Counts:
    """All that are open, by list."""
    is_dated = ArrivalRow.state == ArrivalState.EXPECTED
    last = today + timedelta(days=WEEK_DAYS - 1)
    open_units = sa.case(
        (ArrivalRow.quantity > ArrivalRow.received, ArrivalRow.quantity - ArrivalRow.received), else_=0
    )
    statement = sa.select(
        sa.func.count(),
        sa.func.count().filter(is_dated, ArrivalRow.expected_on.between(today, last)),
        sa.func.count().filter(is_dated, ArrivalRow.expected_on < today),
        sa.func.count().filter(ArrivalRow.state == ArrivalState.UNDATED),
        sa.func.coalesce(sa.func.sum(open_units), 0),
    ).where(ArrivalRow.shop_id == shop_id, ArrivalRow.state.in_(OPEN))
    return Counts(*(int(each) for each in session.execute(statement).one()))


def open_suppliers(session: Session, shop_id: int) -> Sequence[str]:
    """Who has anything open, by name."""
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.state.in_(OPEN), ArrivalRow.supplier != "")
    statement = sa.select(ArrivalRow.supplier).where(*where).distinct()
    return session.scalars(statement.order_by(ArrivalRow.supplier).limit(_SUPPLIERS)).all()


def has_supplier(session: Session, shop_id: int, supplier: str) -> bool:
    """Whether any delivery of the shop, open or not, is from this supplier."""
    where = (ArrivalRow.shop_id == shop_id, ArrivalRow.supplier == supplier)
    return session.scalar(sa.select(ArrivalRow.id).where(*where).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Record:
    """How a supplier kept its days in its newest received deliveries: how many there are, how many came
    by the day first named, and how many days late half of the late ones, and the latest, came."""

    received: int
    on_time: int
    typical_days_late: int
    most_days_late: int

    @property
    def percent(self) -> int:
        """Deliveries on time, of a hundred."""
        return round(100 * self.on_time / self.received) if self.received else 0


def record_of(session: Session, shop_id: int, supplier: str, *, zone: ZoneInfo) -> Record:
    """Of the newest deliveries that were received whole or in part; `zone` is the shop's."""
    where = (
        ArrivalRow.shop_id == shop_id,
        ArrivalRow.supplier == supplier,
        ArrivalRow.state == ArrivalState.RECEIVED,
        ArrivalRow.received > 0,
        ArrivalRow.received_at.is_not(None),
    )
    statement = sa.select(ArrivalRow.received_at, ArrivalRow.first_expected_on).where(*where)
    newest = session.execute(statement.order_by(ArrivalRow.id.desc()).limit(_CASES)).all()
    days = [(at.astimezone(zone).date() - first).days for at, first in newest if at is not None]
    late = [each for each in days if each > 0]
    return Record(
        len(days), len(days) - len(late), round(median(late)) if late else 0, max(late, default=0)
    )
